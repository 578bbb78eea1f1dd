"""The commands besides ``run`` and ``check``, as they are started."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from errno import EBADF
from pathlib import Path

import attrs
import pytest

from orchestrator.cli.app import COMMANDS, EXAMPLES, build_app
from orchestrator.cli.screen import Screen
from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import COLUMNS, ROOT, Place, configured
from tests.slow import slow_but
from tests.waiting import AMPLE

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def test_demo_shows_the_incident_in_time_and_leaves_nothing_behind(tmp_path: Path) -> None:
    began = time.monotonic()
    ended = Place(tmp_path).run_on_terminal("demo")
    took = time.monotonic() - began

    plain = _COLOUR.sub("", ended.out)
    assert ended.status == 0
    assert took < AMPLE
    assert list(tmp_path.iterdir()) == []
    assert all(len(line) <= COLUMNS for line in plain.splitlines())
    assert len(plain.splitlines()) <= 25
    # A question stands before its answer, and the next step at the end.
    first, second = plain.split("2  “And the next one?”")
    assert first.index("“Why did the night's job die?”") < first.index("“It did not:")
    assert re.search(r"\nnext: \S.* init +writes a config", plain)
    assert "ready → attempt → classify → eager_fallback → attempt → succeed" in plain
    # What the call has just asked is not skipped by it, but by the one after it.
    assert "skipped" not in first
    assert second.count("skipped deepseek/deepseek-v4-pro") == 1
    assert re.search(r"deepseek +1 request +1 of 3 keys", plain)


def test_demo_in_json_keeps_what_is_asked_for(tmp_path: Path) -> None:
    ended = Place(tmp_path).run("demo", "--json", "--keep", "kept")

    assert (ended.status, ended.err, ended.json["ok"]) == (0, "", True)
    assert ended.json["calls"][0]["question"] == ended.json["question"]
    assert ended.json["received"]["deepseek"]["requests"] == 1
    drawn = Place(tmp_path).run("diagram", "--call", "kept/calls.jsonl", "--output", "path.svg")
    assert (drawn.status, drawn.said) == (0, ["wrote path.svg"])
    assert "<svg" in (tmp_path / "path.svg").read_text()


def test_init_writes_a_config_that_loads_and_never_writes_over_one(tmp_path: Path) -> None:
    place = Place(tmp_path, {"DEEPSEEK_API_KEY": "canary.Q7x.deepseek"})
    first, again, checked = place.run("init"), place.run("init"), place.run("check")

    config = tmp_path / "orchestrator.toml"
    assert first.status == 0
    assert "found $DEEPSEEK_API_KEY, so deepseek is in it" in first.out
    assert config.stat().st_mode & 0o777 == 0o600
    assert "canary" not in config.read_text()
    assert (again.status, again.out, len(again.said)) == (2, "", 1)
    assert "--force" in again.err
    assert checked.status == 0


def test_classify_reads_what_curl_printed_and_says_what_would_follow(tmp_path: Path) -> None:
    printed = (
        "HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
        "HTTP/2 402 \r\ncontent-type: application/json\r\n\r\n"
        '{"error":{"message":"Insufficient Balance"}}'
    )
    place = configured(
        tmp_path, dict.fromkeys(("deepseek", "b"), "http://h/v1"), ["deepseek/m", "b/n"]
    )
    ended = place.run("classify", "--provider", "deepseek", stdin=printed)
    listed = place.run("classify", "--provider", "deepseek", "--json", stdin=printed)
    nothing = place.run("classify")

    assert (ended.status, ended.err) == (0, "")
    told = " ".join(ended.out.split())
    for words in (
        "reason billing",
        "rule deepseek.insufficient-balance",
        'why it says "insufficient balance"',
        "status 402",
        "then attempt 1 deepseek/m key#1 → billing → eager_fallback",
        "attempt 2 b/n key#1 → answered → succeed",
        "hint Your DeepSeek balance",
    ):
        assert words in told
    assert (listed.json["reason"], listed.json["moves"]) == ("billing", ["fallback"])
    assert [ask["target"] for ask in listed.json["then"]] == ["deepseek/m", "b/n"]
    assert (nothing.status, len(nothing.said)) == (2, 1)


def test_status_remembers_across_processes_until_it_is_reset(tmp_path: Path) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.error(200, {"error": "zonk"})}
    with ScriptedProviders(scripts) as providers:
        urls = {name: providers.url(name) for name in scripts}
        extra = "attempts_per_target = 1"
        place = configured(tmp_path, urls, ["a/m", "b/n"], top='health = "file"', extra=extra)
        place.run("run", "hi")
        shown = place.run_on_terminal("status")
        wrong = place.run("status", "--reset", "c")
        reset = place.run("status", "--reset", "a", "--json")
        after, listed = place.run("status"), place.run("status", "--json")

    plain = _COLOUR.sub("", shown.out)
    assert "benched, due in 5 min" in " ".join(plain.split())
    assert all(len(line.rstrip()) <= COLUMNS for line in plain.splitlines())
    assert (wrong.status, wrong.said[0], len(wrong.said)) == (2, "config: orchestrator.toml", 2)
    assert "configured: a, b" in wrong.err
    assert reset.json == {
        "format": 1, "config": "orchestrator.toml", "reset": "a", "removed": 1,
    }  # fmt: skip
    # Failures that no rule knew are counted, with what to do about them.
    note = " ".join(after.out.split())
    assert "b/n ready" in note
    # Where each key is from, and no key behind an account without money that is "ready".
    for words in ("key#1 env:A_KEY not asked while its provider", "key#1 env:B_KEY ready"):
        assert words in " ".join(plain.split())
    assert "a/m not asked while its provider is out" in " ".join(plain.split())
    assert "key#1 env:A_KEY ready" in note
    assert [one["source"] for one in listed.json["entries"]] == [
        None, "env:A_KEY", None, None, "env:B_KEY", None,
    ]  # fmt: skip
    assert "note: no rule knew 1 failure of b: let `orchestrator classify`" in note
    assert "[[providers.b.rules]]" in note
    assert {entry["state"] for entry in listed.json["entries"]} == {"ready"}


def test_status_tells_of_a_long_wait_when_it_is_due_and_when_it_is_expected_to_end(
    tmp_path: Path,
) -> None:
    with ScriptedProviders({"a": replies.rate_limited(590_000)}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"], top='health = "file"')
        place.run("run", "hi")

    shown = _COLOUR.sub("", place.run_on_terminal("status").out)
    (entry,) = [one for one in place.run("status", "--json").json["entries"] if one["mark"]]
    lines = [" ".join(line.split()) for line in shown.splitlines()]

    assert all(len(line.rstrip()) <= COLUMNS for line in shown.splitlines())
    (line,) = [number for number, words in enumerate(lines) if words.startswith("key#1")]
    assert "benched, due in" in lines[line]
    assert "expected to end in 7 d; rate_limit (HTTP 429: Rate limit" in lines[line + 1]
    assert entry["until"] - entry["since"] == pytest.approx(60)
    assert entry["expected"] - entry["since"] == pytest.approx(590_000)


@pytest.mark.parametrize("arguments", [("status",), ("status", "--reset"), ("run", "hi")])
def test_a_damaged_health_file_is_said_once_and_fails_no_command(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    with ScriptedProviders({"a": replies.ok("there")}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"], top='health = "file"')
        place.run("status")
        (file,) = (tmp_path / "state").rglob("health.sqlite3")
        whole = file.read_bytes()
        at = whole.index(b"CREATE TABLE")
        file.write_bytes(whole[:at] + b"\xb9" + whole[at + 1 :])
        ended = place.run(*arguments)
        again = place.run("status")

    assert (ended.status, again.status) == (0, 0)
    assert again.said == ["config: orchestrator.toml"]
    assert ended.err.count("it was set aside as health.sqlite3.damaged-") == 1


def test_status_says_that_a_target_waits_for_its_keys(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.rate_limited(600)}) as providers:
        urls = {"a": providers.url("a")}
        place = configured(tmp_path, urls, ["a/m"], top='health = "file"')
        place.run("run", "hi")

    states = {one["model"]: one["state"] for one in place.run("status", "--json").json["entries"]}
    assert states["m"] == "not asked while all its keys are out"


def test_status_shows_who_has_no_key_and_who_needs_none(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text(
        'health = "memory"\n[routes]\ndefault = ["ollama/a", "groq/b"]'
    )
    board = Place(tmp_path).run("status").out.partition("\n\n")[0]
    shown = [" ".join(line.split()) for line in board.splitlines()]

    assert shown == ["ollama ready", "anonymous ready", "ollama/a ready", "groq no credential"]


def test_what_sends_nothing_works_where_no_key_is_set(tmp_path: Path) -> None:
    place = attrs.evolve(configured(tmp_path, {"a": "http://h/v1"}, ["a/m"]), variables={})
    shown, said = place.run("status"), place.run("classify", "--status", "402", "-p", "a")

    assert (shown.status, said.status) == (0, 0)
    assert shown.said[0] == "config: orchestrator.toml"
    assert said.said[0] == "note: not set, and not needed for this: A_KEY"
    assert shown.said[1].startswith(
        "note: not set, so what a gateway may know of their accounts is not shown here: "
    )
    board = shown.out.partition("\n\n")[0]
    lines = [re.split(r"  +", line.strip()) for line in board.splitlines()]
    assert lines == [
        ["a", "not known here, its keys are not set"],
        ["key#1 env:A_KEY", "not set"],
        ["a/m", "not known here, its keys are not set"],
    ]
    assert "attempt 1 a/m key#1 → billing → fail_terminal" in said.out


def test_diagram_writes_each_format_but_no_picture_to_a_terminal(tmp_path: Path) -> None:
    place = Place(tmp_path)
    text = place.run("diagram", "--picture", "classify")
    png = place.run("diagram", "--output", "machine.png")
    refused = place.run_on_terminal("diagram", "--format", "png")
    broken = place.run("diagram", "--call", "-", stdin="{}\n")
    read = place.run("classify", "--file", "-", stdin="HTTP/2 402\n\n{}")

    assert text.out.startswith(("flowchart", "stateDiagram", "---", "%%"))
    assert png.said == ["wrote machine.png"]
    assert (tmp_path / "machine.png").read_bytes().startswith(b"\x89PNG")
    assert refused.status == 2
    assert "png is not for a terminal" in " ".join(refused.out.split())
    assert "billing" in read.out
    assert (broken.status, broken.out, len(broken.said)) == (2, "", 1)


_NAMED = {
    ("run", "--route", "b/n", "hi"): "",
    ("check",): "verdict",
    ("classify", "--status", "402"): "verdict",
    ("status",): "",
    ("verify", "--repairs", "0"): "",
    ("simulate", "402, ok"): "",
    ("replay", "calls.jsonl"): "",
    ("diagram", "--route", "default"): "",
}
"""How the commands are asked that use a config, and whether the result itself names it."""


@pytest.mark.parametrize("arguments", _NAMED, ids=" ".join)
def test_a_command_names_its_config_and_the_one_that_it_passes_over(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    place = configured(tmp_path, {"a": "http://127.0.0.1:9/v1"}, ["a/m"])
    Place(tmp_path).run("simulate", "402, ok", "--keep-ledger", "calls.jsonl")
    (tmp_path / "elsewhere").mkdir()
    other = configured(tmp_path / "elsewhere", {"b": "http://127.0.0.1:9/v1"}, ["b/n"])
    named = str(tmp_path / "elsewhere" / "orchestrator.toml")
    both = {**place.variables, **other.variables, "ORCHESTRATOR_CONFIG": named}
    told = f"config: {named} ($ORCHESTRATOR_CONFIG; ./orchestrator.toml is passed over)"

    ended = attrs.evolve(place, variables=both).run(*arguments)
    assert ended.said.count(told) == 1
    if _NAMED[arguments]:
        assert named in "".join(ended.out.split())  # a table folds it
    given = attrs.evolve(place, variables=both).run(*arguments, "--config", named)
    assert not any("passed over" in line for line in given.said)


def test_an_unknown_command_and_an_unknown_option_name_what_is_there(tmp_path: Path) -> None:
    for arguments, near in (("statsu",), "status"), (("run", "--rout", "x"), "--route"):
        ended = Place(tmp_path).run(*arguments)

        assert (ended.status, ended.out, len(ended.said)) == (2, "", 2)
        assert near in ended.err


def test_an_unknown_command_lists_all(tmp_path: Path) -> None:
    first, second = Place(tmp_path).run("verfy", "--json").said

    assert first == (
        f"error: unknown command 'verfy' (did you mean 'verify'?); allowed: {', '.join(COMMANDS)}"
    )
    assert second == "see: orchestrator --help"


def test_the_page_lists_every_command() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text("utf-8")

    assert re.findall(r"^\| `([a-z]+)` \|", page, re.MULTILINE) == list(COMMANDS)


def test_only_the_first_page_says_where_to_begin(tmp_path: Path) -> None:
    place = Place(tmp_path)
    first, run = place.run("--help").out, place.run("run", "--help").out

    assert "Begin with orchestrator demo" in " ".join(first.split())
    assert "Begin with" not in run
    assert ' • orchestrator run "Why is the sky blue?"' in run


@pytest.mark.parametrize("name", COMMANDS)
def test_the_examples_of_a_command_fit_and_can_be_typed(name: str) -> None:
    examples = EXAMPLES[name]

    assert 1 <= len(examples) <= 3
    for example in examples:
        assert len(example) <= COLUMNS - 3
        typed = example.partition("$(")[2].rstrip('")') or example.rpartition(" | ")[2]
        words = shlex.split(re.split(" [<>] ", typed)[0])
        assert words[:2] == ["orchestrator", name]
        build_app(Screen()).parse_args(words[1:], exit_on_error=False, print_error=False)


_OUTPUTS = (("--help",), ("diagram",), ("classify", "--status", "402", "--json"))


@pytest.mark.parametrize(
    "arguments", slow_but([("diagram",)], _OUTPUTS, "each is three processes"), ids=" ".join
)
def test_output_that_nobody_can_read_ends_a_command_without_a_traceback(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    unread, gone = os.pipe()
    os.close(unread)
    # What is open for reading alone cannot be written to, like a disk that is full.
    refusing = os.open(os.devnull, os.O_RDONLY)
    command = shlex.join([sys.executable, "-m", "orchestrator", *arguments])
    ended = {
        "nobody reads on": _shell(tmp_path, command, gone),
        "it cannot be written": _shell(tmp_path, command, refusing),
        "it was closed": _shell(tmp_path, f"{command} >&-", refusing),
    }
    os.close(gone)
    os.close(refusing)

    assert {name: one.returncode for name, one in ended.items()} == {
        "nobody reads on": 141,
        "it cannot be written": 2,
        "it was closed": 0,
    }
    assert ended["nobody reads on"].stderr == ended["it was closed"].stderr == ""
    assert ended["it cannot be written"].stderr.splitlines() == [f"error: {os.strerror(EBADF)}"]


def _shell(folder: Path, command: str, stdout: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=Place(folder).environment(),
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=2 * AMPLE,
    )


def test_status_without_a_config_shows_the_known_providers_that_have_a_key(tmp_path: Path) -> None:
    place = Place(tmp_path, {"OPENAI_API_KEY": "canary.Q7x.openai"})
    shown, nothing = place.run("status"), Place(tmp_path).run("status")

    assert shown.status == 0
    assert shown.said[0].startswith("config: none is found; known providers")
    assert shown.out.startswith("openai ")
    assert nothing.status == 2
    assert "there is no config" in nothing.err
