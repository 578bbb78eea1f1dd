"""The options of a call: the same everywhere, seen by who asks for help, and no other taken."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

import orchestrator as library
from orchestrator import ConfigError, Orchestrator, RequestError
from orchestrator.api.options import CallOptions, check_names
from orchestrator.health import MemoryStore
from orchestrator.ledger import Entry
from orchestrator.sim import replies
from tests.acceptance.world import HI, world
from tests.slow import slow_but

OPTIONS = ("route", "timeout", "require_complete", "metadata", "observe")
METHODS = ("run", "arun", "stream", "astream")


@pytest.mark.parametrize("name", METHODS)
def test_each_way_to_call_takes_the_same_options(name: str) -> None:
    for function in (getattr(library, name), getattr(Orchestrator, name)):
        kinds = {one.name: one for one in inspect.signature(function).parameters.values()}
        assert kinds["options"].annotation == "Unpack[CallOptions]"
        assert inspect.getdoc(function)
    assert tuple(CallOptions.__annotations__) == OPTIONS


def test_help_names_every_option() -> None:
    for function in (*(getattr(library, name) for name in METHODS), Orchestrator.run):
        text = inspect.getdoc(function) or ""
        assert [one for one in OPTIONS if f"    {one}: " not in text] == []
    for name in get_type_hints(Orchestrator.__init__)["options"].__args__[0].__annotations__:
        assert f"``{name}``" in (inspect.getdoc(Orchestrator) or "")


@pytest.mark.parametrize("name", METHODS)
def test_an_unknown_option_is_refused_with_the_nearest_name(name: str) -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        method: Callable[..., Any] = getattr(orchestrator, name)

        async def call() -> None:
            made = method(HI, timout=3)
            if inspect.isawaitable(made):
                await made

        with pytest.raises(TypeError, match=rf"^{name}\(\) .* 'timout'; did you mean 'timeout'\?"):
            asyncio.run(call())
        assert providers.received("a") == ()


def test_an_orchestrator_refuses_unknown_options_too(tmp_path: Path) -> None:
    (tmp_path / "o.toml").write_text('health = "memory"\n[routes]\ndefault = ["ollama/x"]\n')

    with pytest.raises(TypeError, match="'clokc'; did you mean 'clock'"):
        Orchestrator.from_file(tmp_path / "o.toml", clokc=None)  # type: ignore[call-arg]
    with pytest.raises(RequestError, match="observe is of type int"):
        Orchestrator.from_file(tmp_path / "o.toml", observe=3)  # type: ignore[arg-type]


def test_a_config_in_code_says_what_a_file_would(tmp_path: Path) -> None:
    providers = {"corp": {"base_url": "http://llm.corp/v1", "credentials": ["a-quiet-key-in-code"]}}
    routes, policy = {"default": ("corp/a", "corp/b")}, {"max_attempts": 3}
    (tmp_path / "o.toml").write_text(
        '[policy]\nmax_attempts = 3\n[providers.corp]\nbase_url = "http://llm.corp/v1"\n'
        'credentials = ["a-quiet-key-in-code"]\n[routes]\ndefault = ["corp/a", "corp/b"]\n'
    )
    store = MemoryStore()
    filed = Orchestrator.from_file(tmp_path / "o.toml", store=store)
    whole = {"routes": routes, "providers": providers, "policy": policy}
    for made in (
        Orchestrator(routes=routes, providers=providers, policy=policy, store=store),
        Orchestrator.from_dict(whole, store=store),
    ):
        assert attrs.evolve(made.config, path="") == attrs.evolve(filed.config, path="")


@pytest.mark.parametrize(
    ("tables", "where"),
    [
        ({"routes": {"default": ["nobody/m"]}}, "routes.default[0]"),
        ({"routes": {"default": "ollama/m"}}, "routes.default"),
        ({"routes": {"default": ["ollama/m"]}, "policy": {"max_attemps": 3}}, "policy.max_attemps"),
        ({"routes": [], "providers": 3}, "providers"),
    ],
)
def test_a_config_in_code_is_refused_with_its_places(tables: dict[str, Any], where: str) -> None:
    for make in (partial(Orchestrator, **tables), partial(Orchestrator.from_dict, tables)):
        with pytest.raises(ConfigError) as refused:
            make()
        assert where in [one.where for one in refused.value.problems]


def test_a_mapping_without_a_route_is_refused_as_a_file_is() -> None:
    with pytest.raises(ConfigError, match="routes: there is none"):
        Orchestrator.from_dict({})


@pytest.mark.parametrize(
    ("handed_in", "right_way"),
    [
        ("lo.toml", "from_file"),
        (Path("lo.toml"), "from_file"),
        ({"routes": {}}, "from_dict"),
        (["a/m"], "routes="),
        (("a/m",), "routes="),
        (5, "allowed: a Config"),
    ],
)
def test_what_is_no_config_is_refused_with_the_right_way(handed_in: Any, right_way: str) -> None:
    with pytest.raises(TypeError, match=f"is of type {type(handed_in).__name__}.*{right_way}"):
        Orchestrator(handed_in)


def test_what_is_no_path_and_no_mapping_is_refused_with_the_right_way() -> None:
    with pytest.raises(TypeError, match=r"path is of type dict; .*from_dict"):
        Orchestrator.from_file({"routes": {}})  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"config is of type str; .*from_file"):
        Orchestrator.from_dict("lo.toml")  # type: ignore[arg-type]


def test_a_misspelled_table_has_the_nearest_name() -> None:
    with pytest.raises(TypeError, match="did you mean 'routes'"):
        Orchestrator(rutes={"default": ["ollama/m"]})  # type: ignore[call-arg]


def test_a_config_and_tables_are_too_much() -> None:
    config = Orchestrator(routes={"default": ["ollama/m"]}, store=MemoryStore()).config

    with pytest.raises(TypeError, match="a config or policy, not both"):
        Orchestrator(config, policy={})


@given(st.text(max_size=12))
def test_any_other_name_is_refused(name: str) -> None:
    if name in OPTIONS:
        check_names("run", {name: None}, CallOptions)
        return

    with pytest.raises(TypeError, match=r"allowed: route, timeout"):
        check_names("run", {name: None}, CallOptions)


def test_an_orchestrators_observer_sees_every_call_and_the_calls_own_its_call() -> None:
    every: list[Entry] = []
    one: list[Entry] = []
    with world({"a": replies.ok()}, observe=every.append) as (_, orchestrator):
        orchestrator.run(HI)
        asyncio.run(orchestrator.arun(HI, observe=one.append))

    assert [entry.kind for entry in every].count("closed") == 2
    assert [entry.kind for entry in one].count("closed") == 1


PROGRAM = """
import asyncio, time
import orchestrator

async def longest_pause(task):
    longest, last = 0.0, time.monotonic()
    while not task.done():
        await asyncio.sleep(0.005)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest

async def iterated():
    async with orchestrator.astream("hi") as chunks:
        return [chunk async for chunk in chunks]

async def main(call):
    task = asyncio.ensure_future(call())
    print(await longest_pause(task) < 1.5, type(task.exception()).__name__)

asyncio.run(main(CALL))
"""


CALLS = ["lambda: orchestrator.arun('hi')", "iterated"]


@pytest.mark.parametrize("call", slow_but(["iterated"], CALLS, "its key takes 2 s to come"))
def test_the_default_is_built_beside_the_event_loop(tmp_path: Path, call: str) -> None:
    """Reading the config may take a while: here a command that prints a key takes 2 s."""
    (tmp_path / "orchestrator.toml").write_text(
        'health = "memory"\n[providers.a]\nbase_url = "http://127.0.0.1:9"\n'
        "credentials = [\"command:sh -c 'sleep 2; echo quiet-key'\"]\n"
        '[policy]\nmax_attempts = 1\n[routes]\ndefault = ["a/m"]\n'
    )
    (tmp_path / "program.py").write_text(PROGRAM.replace("CALL", call))
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == ["True", "ConnectionFailed"], done.stderr


class Foreign:
    """A transport of another library, by its methods."""

    def handle_request(self, request: Any) -> Any:
        raise NotImplementedError

    async def handle_async_request(self, request: Any) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize("option", ["transport", "async_transport"])
@pytest.mark.parametrize("given", [partial(httpx.Timeout, 1.0), Foreign, str])
def test_what_is_no_transport_of_httpx_is_refused_where_it_is_handed_in(
    option: str, given: Callable[..., Any]
) -> None:
    handed = given()
    options: Any = {option: handed}

    with pytest.raises(TypeError, match=rf"{option} is of type .*; allowed: an httpx\.") as error:
        Orchestrator(routes={"default": ["openai/m"]}, **options)

    assert type(handed).__name__ in str(error.value)
