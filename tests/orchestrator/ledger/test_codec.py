"""Ledgers read back: what was written, event by event, and clear words for what was not."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.ledger import (
    BrokenLedger,
    Entry,
    Transition,
    line,
    read_entries,
    read_ledger,
    recorded_calls,
)
from orchestrator.states import (
    Call,
    Clear,
    Command,
    Event,
    Finish,
    IllegalEvent,
    Mark,
    Policy,
    Standby,
    Started,
    Taken,
    Target,
    step,
)
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS
from tests.orchestrator.lab.simulation.incidents import entries as incident
from tests.states_strategies import calls, events


@st.composite
def transitions(draw: st.DrawFn) -> list[Transition]:
    """The moves of a drawn call, for as long as the drawn events are possible."""
    call: Call = draw(calls())
    made: list[Transition] = []
    for event in draw(st.lists(events(call.route), max_size=12)):
        moved = _moved(call, event)
        if moved is not None:
            call, entry = moved
            made.append(entry)
    return made


def _moved(call: Call, event: Event) -> tuple[Call, Transition] | None:
    try:
        after = step(call, event)
    except IllegalEvent:
        return None
    command: Command = after.command
    return after.call, Transition(
        *("id", call.state.value, type(event).__name__, after.row, None),
        *(after.call.state.value, event, command),
    )


def back(written: list[Entry]) -> list[Entry]:
    return list(read_entries([line(entry) for entry in written]))


@given(transitions())
def test_any_move_is_read_as_it_was_written(moves: list[Transition]) -> None:
    assert back([*moves]) == moves


@pytest.mark.parametrize("name", INCIDENTS)
def test_every_kind_of_entry_is_read_as_it_was_written(name: str) -> None:
    written = list(incident(name))

    assert back(written) == written


TAKEN, STANDBY = Taken(Target("a", "m"), "key#1"), Standby(("key#1",), (Target("a", "m"),))
"""As a board gives them where nothing is marked: the very same, call after call."""


@given(
    st.lists(
        st.tuples(
            st.text("abc", min_size=1),
            st.builds(
                Policy,
                deadline=st.sampled_from([5.0, 300.0]),
                max_attempts=st.sampled_from([1, 16]),
            ),
            st.booleans(),
            st.sampled_from([0.0, 1.0]),
        ),
        max_size=12,
    )
)
def test_first_moves_that_begin_alike_are_told_apart(
    drawn: list[tuple[str, Policy, bool, float]],
) -> None:
    moves: list[Entry] = []
    for name, policy, streamed, at in drawn:
        call, started = (
            Call((TAKEN.target,), policy, streamed=streamed),
            Started(at, TAKEN, STANDBY),
        )
        moved = step(call, started)
        state = moved.call.state.value
        move = Transition(name, "ready", "Started", moved.row, None, state, started, moved.command)
        moves.append(move)

    assert back(moves) == moves


def test_instants_that_never_come_come_back() -> None:
    target = Target("a", "m")
    clear = Clear(target, Mark.DEAD, math.inf, since=-math.inf)
    event = Started(0.0, None, Standby((), (), (clear,)))
    moved = step(Call((target,)), event)
    entry = Transition(
        *("id", "ready", "Started", moved.row, None, "fail_terminal", event, moved.command)
    )
    (found,) = back([entry])

    assert isinstance(moved.command, Finish)
    assert found == entry


LINES = (FOLDER / "a2.jsonl").read_bytes().splitlines(keepends=True)


def test_a_call_that_never_closed_is_read_as_far_as_it_goes() -> None:
    (found,) = recorded_calls([*LINES[:4], LINES[4][:30]])

    assert (found.closed, found.answered, len(found.transitions)) == (None, False, 3)
    assert found.seconds == found.transitions[-1].facts.at


def test_a_call_that_began_before_the_file_is_passed_over() -> None:
    assert recorded_calls(LINES[1:]) == ()


def torn(number: int, at: int) -> list[bytes]:
    """The lines, of which one was cut and the next glued to it or begun anew."""
    return [*LINES[: number - 1], LINES[number - 1][:at] + b"\n", *LINES[number:]]


@given(st.integers(1, len(LINES)), st.integers(20, 60))
def test_a_call_of_which_a_line_was_torn_breaks_off_there(number: int, at: int) -> None:
    found = recorded_calls(torn(number, at))
    (whole,) = recorded_calls(LINES)

    if number == 1:
        assert found == ()
        return
    (call,) = found
    before = read_entries(LINES[: number - 1])
    known = [entry for entry in before if isinstance(entry, Transition)]
    is_move = b'"transition"' in LINES[number - 1]
    assert call.transitions == (tuple(known) if is_move else whole.transitions)
    assert (call.closed is None) == (is_move or number == len(LINES))


def test_two_calls_of_one_file_lose_nothing_by_each_others_torn_lines() -> None:
    others = [text.replace(b"a2-1", b"a2-2") for text in LINES]
    mixed = [part for pair in zip(torn(3, 40), others, strict=True) for part in pair]
    broken, sound = recorded_calls(mixed)

    assert (broken.call, broken.closed) == ("a2-1", None)
    assert (sound.call, len(sound.transitions)) == ("a2-2", 9)


def test_lines_of_before_the_format_was_said_are_read() -> None:
    old = [json.loads(text) for text in LINES]
    for entry in old:
        for name in ("format", "pools", "usage", "billed", "operation"):
            entry.pop(name, None)
    (found,) = recorded_calls([json.dumps(entry).encode() + b"\n" for entry in old])

    assert found.answered is False
    assert len(found.transitions) == 9
    assert found.opened.pools == {}
    assert found.opened.operation == "generate"


def changed(number: int, **fields: Any) -> list[bytes]:
    entry = json.loads(LINES[number - 1]) | fields
    return [*LINES[: number - 1], json.dumps(entry).encode() + b"\n", *LINES[number:]]


BAD = {
    "no json": ([LINES[0], b"{\n"], "line 2 is not JSON"),
    "a list": ([b"[]\n"], "line 1: found a list; allowed: a JSON object"),
    "a kind": (changed(3, kind="moved"), "line 3: kind is 'moved'; allowed: 'opened', "),
    "an event": (changed(2, event="Begun"), "line 2: event is 'Begun'; allowed: Started, "),
    "a state": (changed(2, to="nowhere"), "line 2: to is 'nowhere'; allowed: attempt, "),
    "facts": (changed(2, facts=7), "line 2: facts is 7; allowed: an object"),
    "a fact": (changed(2, facts={"at": "now", "taken": None, "standby": {}}), "line 2: "),
    "a route": (changed(1, route=[{"provider": 3}]), "line 1: "),
    "a later format": (changed(1, format=2), "line 1: format is 2; this version reads up to 1"),
    "an operation": (changed(1, operation="dance"), "line 1: "),
    "a pool": (changed(1, pools={"a": {"credentials": "many"}}), "line 1: "),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_broken_is_named_with_file_and_line(name: str, tmp_path: Path) -> None:
    lines, said = BAD[name]
    path = tmp_path / "calls.jsonl"
    path.write_bytes(b"".join(lines))

    with pytest.raises(BrokenLedger, match=re.escape(f"{path}, {said}")):
        read_ledger(path)


@given(st.lists(st.binary().map(lambda text: text.replace(b"\n", b"") + b"\n"), min_size=1))
def test_whatever_the_bytes_the_error_is_one(lines: list[bytes]) -> None:
    try:
        found = recorded_calls(lines)
    except BrokenLedger as broken:
        assert "line " in str(broken)  # noqa: PT017 - most bytes are no ledger, a few are empty
    else:
        assert found == ()
