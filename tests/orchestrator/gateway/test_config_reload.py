"""A config that is read anew: taken as a whole, or not at all, while calls go on."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from orchestrator.gateway.config_reload import reload
from orchestrator.gateway.keys import GatewayKey, KeyFile
from orchestrator.sim import Completion, Reply, ScriptedProviders, replies
from tests.orchestrator.gateway.running import CHAT, HI, Running, running
from tests.waiting import eventually

CONFIG = """
health = "memory"
[gateway]
{gateway}
[routes]
default = ["{first}/m", "other/m"]
[providers.up]
base_url = "{up}"
credentials = ["made-up-key-0123456789"]
proxy = ""
[providers.other]
base_url = "{other}"
credentials = ["made-up-key-0123456789"]
proxy = ""
"""
SCRIPTS = {
    "up": replies.ok("from up"),
    "other": Reply(completion=Completion(text="from other " * 8), pace=0.05),
}


def written(file: Path, providers: ScriptedProviders, first: str, gateway: str = "") -> None:
    urls = {name: providers.url(name) for name in SCRIPTS}
    file.write_text(CONFIG.format(first=first, gateway=gateway, **urls))


def said(served: Running) -> str:
    return str(served.post().json()["choices"][0]["message"]["content"])


def test_calls_begin_with_the_new_config_and_end_with_their_own(tmp_path: Path) -> None:
    file = tmp_path / "orchestrator.toml"
    with ThreadPoolExecutor(1) as pool, running(SCRIPTS, source=file) as served:
        written(file, served.providers, "other")
        before = said(served)
        streamed = {**HI, "model": "other/m", "stream": True}
        running_call = pool.submit(served.post, CHAT, streamed)
        assert eventually(lambda: served.gateway.in_flight == 1)
        assert served.call(reload(served.gateway)) == ""
        after = said(served)
        stream = running_call.result().text

    assert before == "from up"
    assert after.startswith("from other")
    assert stream.count("from") == 8
    assert stream.rstrip().endswith("[DONE]")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[routes", "not TOML"),
        ('[routes]\ndefault = ["nobody/m"]', "no provider of that name"),
        ('[gateway]\nkeys = "none.json"\n[routes]\ndefault = ["ollama/m"]', "none.json"),
        ("[gateway]\nmax_in_flight = 0\n", "max_in_flight"),
    ],
)
def test_a_wrong_one_is_refused_and_the_one_before_goes_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, text: str, words: str
) -> None:
    file = tmp_path / "orchestrator.toml"
    file.write_text(text)
    with running(SCRIPTS, source=file) as served:
        with caplog.at_level(logging.ERROR, "orchestrator"):
            assert words in served.call(reload(served.gateway))
        after = said(served)

    assert after == "from up"
    assert len(caplog.records) == 1
    assert words in caplog.text
    assert "the one before goes on" in caplog.text


def test_what_is_benched_stays_benched(tmp_path: Path) -> None:
    """The board of health = "memory" belongs to the process, not to the config."""
    file = tmp_path / "orchestrator.toml"
    scripts = {"up": replies.billing_402(), "other": replies.ok("from other")}
    with running(scripts, source=file) as served:
        written(file, served.providers, "up")
        said(served)
        assert served.call(reload(served.gateway)) == ""
        assert said(served) == "from other"
        assert len(served.providers.received("up")) == 1


def test_keys_that_are_named_later_are_asked_for(tmp_path: Path) -> None:
    file, keys = tmp_path / "orchestrator.toml", KeyFile(tmp_path / "keys.json")
    token = keys.add(GatewayKey("ci"))
    with running(SCRIPTS, source=file) as served:
        written(file, served.providers, "up", 'keys = "keys.json"')
        assert served.call(reload(served.gateway)) == ""
        without, with_key = (
            served.post(headers=headers).status_code
            for headers in ({}, {"authorization": f"Bearer {token}"})
        )

    assert (without, with_key) == (401, 200)


SHADOWED = "[policy]\nmax_attempts = 1\n"


def test_one_whose_routes_break_a_property_is_refused_with_the_way_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "orchestrator.toml"
    with running(SCRIPTS, source=file) as served:
        written(file, served.providers, "up")
        sound = file.read_text("utf-8")
        file.write_text(sound.replace("[routes]", f"{SHADOWED}[routes]"))
        with caplog.at_level(logging.ERROR, "orchestrator"):
            refused = served.call(reload(served.gateway))
            # With --watch it is tried again and again: nothing is searched, and nothing said.
            again = served.call(reload(served.gateway, known=refused))
        before = said(served)
        file.write_text(sound)
        assert served.call(reload(served.gateway)) == ""

    assert refused == again
    assert (
        'routes.default: breaks "every target can be reached": no error leads to other/m' in refused
    )
    assert "the shortest way there: " in refused
    assert (before, len(caplog.records)) == ("from up", 1)
    assert "the one before goes on" in caplog.text


def test_what_is_not_searched_to_its_end_is_no_reason_to_refuse(tmp_path: Path) -> None:
    """More targets than a second is enough for."""
    file = tmp_path / "orchestrator.toml"
    models = ", ".join(f'"{one}/m{number}"' for number in range(5) for one in SCRIPTS)
    with running(SCRIPTS, source=file) as served:
        written(file, served.providers, "up")
        file.write_text(file.read_text("utf-8").replace('"up/m", "other/m"', models))
        assert served.call(reload(served.gateway)) == ""
