"""What is written for programs to read is what docs/schemas says, and says its format."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.cli import main
from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.call_filter import CallFilter
from orchestrator.gateway.call_store import CallStore
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.ledger import FORMAT
from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import configured
from tests.orchestrator.gateway.inspector.watching import until_over, watching
from tests.orchestrator.gateway.played import Asked, Player, asked_calls
from tests.orchestrator.gateway.running import running
from tests.orchestrator.gateway.tiny_processes import started
from tests.orchestrator.lab.simulation.incidents import FOLDER as INCIDENTS
from tests.orchestrator.lab.simulation.incidents import config, of

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "docs" / "schemas"


def closed(schema: Any, *, here: bool = True) -> Any:
    """``schema`` without room for fields that it does not name.

    A reader must let new fields pass; here, one that no schema names is a fault.
    """
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: closed(value) for name, value in schema.items()}
    if here and "properties" in schema:
        made.setdefault("additionalProperties", False)
    return made


@cache
def validator(name: str) -> Any:
    schema = json.loads((SCHEMAS / f"{name}.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    # What else a chat.completion holds is its provider's. Not jsonschema's own, which takes ten
    # times as long, and thousands of values are looked at.
    return jsonschema_rs.Draft202012Validator(closed(schema, here=name != "run"))


def wrong(name: str, value: Any) -> Iterator[str]:
    """What of ``value`` is not as the schema says."""
    for error in validator(name).iter_errors(value):
        yield f"/{'/'.join(map(str, error.instance_path))}: {error.message}"


def test_the_schemas_are_what_the_records_say() -> None:
    written = subprocess.run(
        [sys.executable, ROOT / "scripts" / "schemas.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )

    assert (written.stdout, written.returncode) == ("", 0), written.stderr


@pytest.mark.parametrize("path", sorted(INCIDENTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_every_line_of_a_ledger_is_as_its_schema_says(path: Path) -> None:
    for line in path.read_text("utf-8").splitlines():
        entry = json.loads(line)
        assert entry["format"] == FORMAT
        assert list(wrong("ledger", entry)) == []


SCRIPTS = (
    *("402, ok", "429(retry_after=400), ok", "stall, cut, ok", "429*8, billing, 401*3, ok"),
    *("timeout, silence, ok", "connect*9", "400(message='max_tokens is not supported'), ok"),
)


@settings(max_examples=20)
@given(st.sampled_from(SCRIPTS), st.booleans(), st.sampled_from([None, {"a": object()}, "x"]))
def test_whatever_a_call_meets_its_lines_are_as_the_schema_says(
    script: str,
    stream: bool,  # noqa: FBT001 - drawn
    metadata: Any,
) -> None:
    with Simulation(of(config()), ScriptPlayer(parse(script))) as simulation:
        lines = [line for _ in range(2) for line in simulation.call(stream=stream).ledger.lines()]

    assert metadata is None or lines
    for line in lines:
        assert list(wrong("ledger", json.loads(line))) == []


def test_a_line_with_another_field_or_without_its_format_is_noticed() -> None:
    entry = json.loads((INCIDENTS / "a1.jsonl").read_text("utf-8").splitlines()[0])

    assert list(wrong("ledger", {**entry, "more": 1}))
    assert list(wrong("ledger", {name: entry[name] for name in entry if name != "format"}))


COMMANDS: dict[str, tuple[str, ...]] = {
    "run": ("run", "--json", "hi"),
    "run, explained": ("run", "--json", "--explain", "hi"),
    "error, of a call": ("run", "--json", "--route", "down/m", "hi"),
    "error, explained": ("run", "--json", "--explain", "--route", "down/m", "hi"),
    "error, of usage": ("run", "--json", "--timeout", "soon", "hi"),
    "error, of the config": ("run", "--json", "--config", "broken.toml", "hi"),
    "check": ("check", "--json"),
    "check, live": ("check", "--json", "--live"),
    "classify": ("classify", "--json", "--status", "402"),
    "classify, of a provider": ("classify", "--json", "--status", "429", "--provider", "down"),
    "status": ("status", "--json"),
    "stats, of nothing": ("stats", "--json"),
    "status, reset": ("status", "--json", "--reset"),
    "init": ("init", "--json", "--output", "new.toml"),
    "import": ("import", "litellm", "other.yaml", "--json"),
    "import, written": ("import", "hermes", "other.yaml", "--json", "--output", "other.toml"),
    "demo": ("demo", "--json"),
    "simulate": ("simulate", "402@down, ok", "--json", "--keep-ledger", "calls.jsonl"),
    "simulate, failed": ("simulate", "503", "--json"),
    "simulate-random": ("simulate", "--random", "3", "--json"),
    "simulate, a ledger": ("simulate", "calls.jsonl", "--json"),
    "replay": ("replay", "calls.jsonl", "--json"),
    "stats": ("stats", "calls.jsonl", "--json"),
    "audit": ("audit", "calls.jsonl", "--json"),
    "audit, of what failed": ("audit", "spoiled.log", "--json"),
    "status, of calls": ("status", "--json"),
    "verify": ("verify", "--json"),
    "error, of a restart": ("restart", "--json", "--port", "1"),
    "restart": ("restart", "--json"),
    "key, new": ("key", "new", "ci", "--keys", "keys.json", "--tokens-per-day", "9", "--json"),
    "key": ("key", "list", "--keys", "keys.json", "--json"),
    "key, remove": ("key", "remove", "ci", "--keys", "keys.json", "--json"),
}


OTHER = "model_list: [{model_name: a, litellm_params: {model: gpt-5}}]\nmodel: a/b\nmore: 1\n"
TOP = 'health = "file"\nledger = "calls.jsonl"'


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each command prints, run in the order above in one folder."""
    folder = tmp_path_factory.mktemp("place")
    scripts = {"down": replies.billing_402(), "well": replies.ok()}
    (folder / "gateway").mkdir()
    with (
        ScriptedProviders(scripts) as providers,
        started(folder / "gateway", state=folder / "state"),  # what `restart` restarts
    ):
        urls = {name: providers.url(name) for name in scripts}
        place = configured(folder, urls, ["down/m", "well/m"], top=TOP)
        (folder / "other.yaml").write_text(OTHER)
        first = (INCIDENTS / "a2.jsonl").read_text("utf-8")
        (folder / "spoiled.log").write_text(first.replace('"until":', '"until":1'))
        (folder / "broken.toml").write_text("[providers.x]\nbase_urls = 1\n")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(folder)
            for name, value in place.environment().items():
                patch.setenv(name, value)
            return {name: printed(words) for name, words in COMMANDS.items()}


def printed(words: tuple[str, ...]) -> Any:
    """What a command prints, run in this process: twenty interpreters would take a minute."""
    out, err = StringIO(), StringIO()
    with redirect_stdout(out), redirect_stderr(err), suppress(SystemExit):
        main(words)
    assert out.getvalue(), err.getvalue()
    return json.loads(out.getvalue())


@pytest.mark.parametrize("name", COMMANDS)
def test_what_a_command_prints_is_as_its_schema_says(name: str, outputs: dict[str, Any]) -> None:
    found = outputs[name]

    assert found["format"] == FORMAT
    assert list(wrong(name.partition(",")[0], found)) == []


SERVED = {"call", "calls"}
INSPECTED = {f"inspector-{name}" for name in ("board", "edges", "event", "figures", "replay")}


@settings(max_examples=20)
@given(asked_calls)
def test_what_a_gateway_tells_of_a_call_is_as_its_schema_says(asked: Asked) -> None:
    player, store = Player(), CallStore(10)
    told: list[tuple[str, bytes | None]] = []

    def look(run: CallRun) -> None:
        told.append(("call", store.call(run.recorder.ledger.call)))

    run = player.begun(asked)
    store.begin(run)
    player.run(run, asked, look)
    told.append(("calls", store.calls(CallFilter())))
    store.add(run)
    look(run)
    told.append(("calls", store.calls(CallFilter())))

    assert {name for name, _ in told} == SERVED
    for name, text in told:
        found = json.loads(text or b"")
        assert found["format"] == FORMAT
        assert list(wrong(name, found)) == []


def test_what_the_inspector_tells_is_as_its_schema_says() -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok()}
    with running(scripts) as served, watching(served) as events:
        seen = [next(events)]
        call = served.post().headers["x-orchestrator-call-id"]
        seen += [*until_over(events), {"kind": "behind", "missed": 3}]
        told = [("inspector-event", event) for event in seen]
        for path in ("board", "figures", "edges?from=attempt&to=classify"):
            name = f"inspector-{path.partition('?')[0]}"
            told.append((name, served.get(f"/inspector/{path}").json()))
        asked = {"call": call, "policy": "[policy]\nmax_attempts = 1"}
        told.append(("inspector-replay", served.post("/inspector/replay", asked).json()))

    assert {name for name, _ in told} == INSPECTED
    for name, found in told:
        assert list(wrong(name, found)) == []


def test_every_schema_is_held_against_an_output() -> None:
    named = {path.stem for path in SCHEMAS.glob("*.json")}

    assert named == {"ledger", *SERVED, *INSPECTED, *(name.partition(",")[0] for name in COMMANDS)}
