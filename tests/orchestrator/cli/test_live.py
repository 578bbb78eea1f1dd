"""What moves on a terminal while something lasts, and is gone when it has ended."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import pytest

from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import COLOUR, COLUMNS, Place, configured
from tests.slow import slow

CTRL_C = "\x03"


def plain(shown: str) -> list[str]:
    """The lines on the screen, without colours and blanks at their ends."""
    return [line.rstrip() for line in COLOUR.sub("", shown).splitlines()]


@pytest.mark.parametrize("options", [(), ("--no-stream",)], ids=["streamed", "whole"])
def test_an_attempt_is_seen_while_it_runs_and_is_one_line_in_the_end(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    slow = attrs.evolve(replies.ok("hello\nyou"), delay=2.0)
    with ScriptedProviders({"a": slow}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        terminal = place.on_terminal("run", "hi", *options)
        terminal.see(r"attempt 1/16 a/m key#1 … \d s")
        ended = terminal.ended()

    lines = plain(ended.out)
    (line,) = [line for line in lines if line.startswith("attempt 1/16")]
    assert ended.status == 0
    assert re.fullmatch(r"attempt 1/16 a/m key#1 → 200 → succeed \([\d.]+ s\)", line)
    assert [one for one in lines if one in ("hello", "you")] == ["hello", "you"]
    assert all(len(line) <= COLUMNS for line in lines)


def test_a_wait_counts_down_and_is_one_line_in_the_end(tmp_path: Path) -> None:
    limited = [replies.rate_limited(2), replies.ok("hello")]
    with ScriptedProviders({"a": limited}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        terminal = place.on_terminal("run", "hi")
        terminal.see(r"waiting 1\.\d s for a/m …")
        terminal.see(r"waiting 0\.\d s for a/m …")
        lines = plain(terminal.ended().out)

    assert lines[1].startswith("attempt 1/16 a/m key#1 → 429 rate_limit")
    assert re.fullmatch(r"waited 2\.\d s for a/m", lines[2])
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
    limited = [replies.rate_limited(1), attrs.evolve(replies.ok("hello"), delay=1.0)]
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
        terminal.see(r"attempt 1/16 a/m key#1 … \d s")
        terminal.type(CTRL_C)
        ended = terminal.ended()

    lines = [line for line in plain(ended.out) if line]
    assert ended.status == 130
    assert lines[-2:] == ["attempt 1/16 a/m key#1 → cancelled → fail_terminal", "interrupted"]
    assert not any("…" in line for line in lines)
    assert "\x1b[?25l" not in terminal.written  # what is never hidden need not come back


WORKS = {
    "simulate": (("simulate", "--random", "3000"), r"calls [━╸╺]+ *[\d,]+ of 3,000"),
    "verify": (("verify",), r"routes [━╸╺]+ 0 of 1"),
}


@pytest.mark.parametrize("name", WORKS)
def test_ctrl_c_ends_what_shows_a_bar(tmp_path: Path, name: str) -> None:
    arguments, bar = WORKS[name]
    terminal = Place(tmp_path).on_terminal(*arguments)
    terminal.see(bar)
    terminal.type(CTRL_C)
    ended = terminal.ended()

    lines = [line for line in plain(ended.out) if line]
    assert ended.status == 130
    assert lines == ["config: none is found; a built-in example stands in", "interrupted"]


def test_a_bar_leaves_nothing_behind(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ended = place.run_on_terminal("simulate", "--random", "48")
    piped = place.run("simulate", "--random", "48")

    assert [*piped.said, *map(str.rstrip, piped.out.splitlines())] == plain(ended.out)


@slow("a search of seconds; the others here watch short ones")
def test_a_long_search_speaks_seldom_where_no_person_watches(tmp_path: Path) -> None:
    said = Place(tmp_path).run("verify", "--repairs", "2").said

    assert len(said) <= 1 + len([line for line in said if line.startswith("default: level")])
