"""The records: how a config answers, and that nothing in it shows a secret."""

from __future__ import annotations

import pickle

import attrs
import pytest

from orchestrator.config import ConfigError, UnknownRoute
from orchestrator.config.config import Config
from orchestrator.config.loading import loads

FILE = """
[providers.corp]
base_url = "http://llm.corp/v1"
[targets."corp/big"]
context = 8192
reasoning = true
overrides = { temperature = 0 }
timeouts = { total = "200s" }
[timeouts]
idle = "7s"
[routes]
default = ["corp/small", "corp/maker/model:free"]
fast = ["corp/big"]
"""


@pytest.fixture
def config() -> Config:
    return loads(FILE, {})


def test_no_name_is_the_default_route(config: Config) -> None:
    assert config.route() == config.route("default")
    assert [target.name for target in config.route()] == ["corp/small", "corp/maker/model:free"]


def test_a_target_is_split_at_the_first_slash(config: Config) -> None:
    (target,) = config.route("corp/maker/other/model")

    assert (target.provider, target.model) == ("corp", "maker/other/model")


def test_a_target_carries_what_the_file_says_of_it(config: Config) -> None:
    (routed,), (named,) = config.route("fast"), config.route("corp/big")

    assert routed == named
    assert (routed.context, routed.reasoning) == (8192, True)
    assert (routed.timeouts.total, routed.timeouts.idle) == (200, 7)
    assert config.settings("corp/big").overrides == {"temperature": 0}
    assert config.settings("corp/small").timeouts == config.timeouts


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("fsat", "near: fast$"),
        ("corpp/new", "near: corp/new$"),
        ("corp/", "near: corp/big, corp/small$"),
        ("zzz", "routes: default, fast$"),
        ("", "routes: default, fast$"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(config: Config, name: str, near: str) -> None:
    with pytest.raises(UnknownRoute, match=near) as refused:
        config.route(name)

    assert isinstance(refused.value, LookupError)
    assert isinstance(refused.value, ConfigError)
    assert str(pickle.loads(pickle.dumps(refused.value))) == str(refused.value)


def test_where_nothing_is_named_and_there_is_no_default_it_is_said_so(config: Config) -> None:
    routes = {name: route for name, route in config.routes.items() if name != "default"}
    without = attrs.evolve(config, routes=routes, preferred={})
    for ask in (without.route, without.first_model):
        with pytest.raises(UnknownRoute) as refused:
            ask(None)

        said = str(refused.value)
        assert said == "no model was named, and there is no route default; routes: fast"
        assert str(pickle.loads(pickle.dumps(refused.value))) == said
    with pytest.raises(UnknownRoute, match="'default' is neither"):
        without.route("default")
