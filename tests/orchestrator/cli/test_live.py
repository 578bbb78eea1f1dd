"""What moves on a terminal while something lasts, and is gone when it has ended."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.cli.live import working
from orchestrator.cli.screen import Screen
from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import COLOUR, COLUMNS, Place, configured
from tests.orchestrator.cli.gate import Gate
from tests.slow import slow_but

CTRL_C = "\x03"


def plain(shown: str) -> list[str]:
    """The lines on the screen, without colours and blanks at their ends."""
    return [line.rstrip() for line in COLOUR.sub("", shown).splitlines()]


@pytest.mark.parametrize("options", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_an_attempt_is_seen_while_it_runs_and_is_one_line_in_the_end(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    answer = replies.ok("hello\nyou")
    with ScriptedProviders({"a": answer}) as providers, Gate(providers.url("a")) as gate:
        terminal = configured(tmp_path, {"a": gate.url}, ["a/m"]).on_terminal("run", "hi", *options)
        terminal.see(r"attempt 1/16 a/m key#1 … \d+ s")
        gate.open()
        ended = terminal.ended()

    lines = plain(ended.out)
    (line,) = [line for line in lines if line.startswith("attempt 1/16")]
    assert ended.status == 0
    assert re.fullmatch(r"attempt 1/16 a/m key#1 → 200 → succeed \([\d.]+ s\)", line)
    assert [one for one in lines if one in ("hello", "you")] == ["hello", "you"]
    assert all(len(line) <= COLUMNS for line in lines)


def test_a_wait_counts_down(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.rate_limited(60)}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        terminal = place.on_terminal("run", "hi")
        first = terminal.see(r"waiting [\d.]+ s for a/m …")
        terminal.see(rf"(?!{re.escape(first)})waiting [\d.]+ s for a/m …")
        terminal.type(CTRL_C)
        lines = plain(terminal.ended().out)

    assert not any("…" in line for line in lines)


def test_a_wait_is_one_line_in_the_end(tmp_path: Path) -> None:
    limited = [replies.rate_limited(1), replies.ok("hello")]
    with ScriptedProviders({"a": limited}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        lines = plain(place.run_on_terminal("run", "hi").out)

    assert lines[1].startswith("attempt 1/16 a/m key#1 → 429 rate_limit")
    assert re.fullmatch(r"waited [\d.]+ s for a/m", lines[2])
    assert not any("…" in line for line in lines)


_CHUNK = '{"choices": [{"index": 0, "delta": {"content": "a part, "}}]}'


def test_what_is_said_while_a_text_is_written_has_lines_of_its_own(tmp_path: Path) -> None:
    broken = [replies.stream(_CHUNK), replies.ok("and the rest")]
    extra = 'on_interrupted = "continue"'
    with ScriptedProviders({"a": broken}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"], extra=extra)
        lines = plain(place.run_on_terminal("run", "hi").out)

    (attempt,) = [at for at, line in enumerate(lines) if line.startswith("attempt 1/16")]
    assert "stream_interrupted" in lines[attempt]
    assert lines[attempt - 1] == "a part,"
    assert "and the rest" in lines


def test_where_no_person_watches_a_wait_is_a_line_and_nothing_moves(tmp_path: Path) -> None:
    limited = [replies.rate_limited(1), replies.ok("hello")]
    with ScriptedProviders({"a": limited}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        said = place.run("run", "hi").said

    assert len(said) == 4
    assert re.fullmatch(r"waiting [\d.]+ s for a/m", said[2])


@pytest.mark.parametrize("options", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_ctrl_c_takes_the_line_away_and_ends_the_call(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    with ScriptedProviders({"a": replies.hang()}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        terminal = place.on_terminal("run", "hi", *options)
        terminal.see(r"attempt 1/16 a/m key#1 … \d+ s")
        terminal.type(CTRL_C)
        ended = terminal.ended()

    lines = [line for line in plain(ended.out) if line]
    assert ended.status == 130
    assert lines[-2:] == ["attempt 1/16 a/m key#1 → cancelled → fail_terminal", "interrupted"]
    assert not any("…" in line for line in lines)
    assert "\x1b[?25l" not in terminal.written  # what is never hidden need not come back


WORKS = {
    "simulate": (("simulate", "--random", "50000"), r"calls [━╸╺]+ *[\d,]+ of 50,000"),
    "verify": (("verify",), r"routes [━╸╺]+ 0 of 1"),
    "replay": (
        ("replay", "calls.ledger", "-c", "own.toml"),
        r"(checking|replaying) [━╸╺]+ +[\d,]+ of 3,000",
    ),
}
"""What is typed, and the bar that must be seen before Ctrl-C is."""


def long_ledger(folder: Path) -> None:
    """A config, and 3,000 calls: one that was played, under other names.

    No ``.jsonl``, each of which the tests play again when they end: here it would take 10 s.
    """
    place = Place(folder)
    place.run("simulate", "402, ok", "--keep-ledger", "one.jsonl")
    one = (folder / "one.jsonl").read_text()
    (name,) = {json.loads(line)["call"] for line in one.splitlines()}
    (folder / "calls.ledger").write_text("".join(one.replace(name, f"{n}") for n in range(3_000)))
    (folder / "own.toml").write_text('[routes]\ndefault = ["ollama/m"]')


@pytest.mark.parametrize(
    "name", slow_but(["verify"], WORKS, "a long ledger, or a long day, is begun; verify is quick")
)
def test_ctrl_c_ends_what_shows_a_bar(tmp_path: Path, name: str) -> None:
    arguments, bar = WORKS[name]
    if name == "replay":
        long_ledger(tmp_path)
    terminal = Place(tmp_path).on_terminal(*arguments)
    terminal.see(bar)
    terminal.type(CTRL_C)
    ended = terminal.ended()

    lines = [line for line in plain(ended.out) if line]
    assert ended.status == 130
    assert lines[0].startswith("config: ")
    assert lines[1:] == ["interrupted"]


def test_a_bar_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ended = place.run_on_terminal("simulate", "--random", "48")
    piped = place.run("simulate", "--random", "48")

    assert [*piped.said, *map(str.rstrip, piped.out.splitlines())] == plain(ended.out)


def test_a_check_says_how_long_it_asks(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers, Gate(providers.url("a")) as gate:
        terminal = configured(tmp_path, {"a": gate.url}, ["a/m"]).on_terminal("check", "--live")
        terminal.see(r"asking 1 target, at most 30 s … \d+ s")
        gate.open()
        lines = plain(terminal.ended().out)

    assert lines[-1] == "orchestrator.toml: no problems; 1 of 1 target answered"
    assert not any("…" in line for line in lines)


def test_work_speaks_seldom_where_no_person_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with working(Screen(), "routes", 3, talks=True) as work:
        for number in range(10_000):
            work.tell(f"level {number}")
            work.step()

    # A line every five seconds: this takes a few milliseconds, wherever it runs.
    assert len(capsys.readouterr().err.splitlines()) <= 1
