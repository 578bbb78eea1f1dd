"""A real call holds; where one value of its record is changed, something objects."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestrator.lab.audit import CallVerdict, audit_call
from orchestrator.ledger import read_ledger
from tests.orchestrator.lab.audit.recorded import (
    SCRIPTS,
    Line,
    Path,
    audited,
    first_call,
    leaves,
    lines_of,
    put,
)
from tests.orchestrator.lab.simulation.incidents import FOLDER, INCIDENTS

FACTS = re.compile(
    r"""
      .*\.format                                     # of the line, and no later one
    | .*(target|targets\.\d+|route\.\d+)\.name       # provider/model, which is not read
    | opened\.(time|policy\..*|pools\..*|reasoning|streamed)  # what changed no move
    | attempt\.(notes.*|request_id|started|seconds|status|usage.*|billed)
    | attempt\.(hint|message|retry_after|rule)
    | closed\.at
    | transition\..*facts\.(at|jitter|waited|tool_call)       # the world's, and what came of it
    | transition\..*standby\.clears\.\d+\.(at|since|expected|probed|error.*)
    | transition\..*facts\.error\.(repair|empty|quoted|revoked)
    | transition\..*standby\.(retry_affordable|credentials.*)
    | transition\..*facts\.taken\.(seen_first_token|cut_first_token|stream)
    """,
    re.VERBOSE,
)
"""What the world told and nothing else in a ledger says, so that it may be what it is.

Much of it is noticed where a move depends on it; that is the table's to say.
"""


def changes(value: Any) -> tuple[Any, ...]:
    match value:
        case bool():
            return (not value,)
        case int() | float():
            return (value + 1, value - 1)
        case str():
            return (f"{value}x",)
        case _:
            return ("x", 1, True)


def placed(line: Line, path: Path) -> str:
    return ".".join(map(str, (line["kind"], *path)))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_whatever_is_changed_in_a_record_something_objects(data: st.DataObject) -> None:
    script, stream = data.draw(st.sampled_from(SCRIPTS))
    lines = lines_of(script, stream=stream)
    line = data.draw(st.sampled_from(lines))
    path, value = data.draw(st.sampled_from(list(leaves(line))))
    assume(FACTS.fullmatch(placed(line, path)) is None)
    put(line, path, data.draw(st.sampled_from(changes(value))))

    report = audited(lines)
    assert report.calls[CallVerdict.HELD] == 0, placed(line, path)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_an_audit_ends_in_a_verdict_whatever_stands_in_a_record(data: st.DataObject) -> None:
    lines = lines_of(*data.draw(st.sampled_from([(script,) for script, _ in SCRIPTS])))
    for _ in range(data.draw(st.integers(1, 4))):
        line = data.draw(st.sampled_from(lines))
        path, _value = data.draw(st.sampled_from(list(leaves(line))))
        put(line, path, data.draw(st.sampled_from((None, -1, 0, 1e308, "", "x", True, [], {}))))

    report = audited(lines)
    assert report.total + report.damaged_lines > 0


@pytest.mark.parametrize(("script", "stream"), SCRIPTS)
def test_a_real_call_holds(script: str, stream: object) -> None:
    report = audited(lines_of(script, stream=bool(stream)))

    assert dict(report.calls) == {CallVerdict.HELD: 1}, report.failed


@pytest.mark.parametrize("name", INCIDENTS)
def test_an_incident_holds(name: str) -> None:
    for recording in read_ledger(FOLDER / f"{name}.jsonl"):
        assert audit_call(recording).verdict is CallVerdict.HELD


def move(lines: list[Line], row: str) -> Line:
    return next(line for line in lines if line.get("row") == row)


def of_kind(lines: list[Line], kind: str) -> Line:
    return next(line for line in lines if line["kind"] == kind)


def renamed(lines: list[Line]) -> None:
    move(lines, "billing_fallback")["row"] = "fallback"


def later(lines: list[Line]) -> None:
    move(lines, "retry")["command"]["until"] += 1e-5


def another_key(lines: list[Line]) -> None:
    sent = move(lines, "started_send")
    sent["command"]["credential"] = sent["facts"]["taken"]["credential"] = "key#2"
    sent["facts"]["standby"]["credentials"] = ["key#1"]


def barred(lines: list[Line]) -> None:
    """What was taken is open to others only: its circuit is, says the same breath."""
    facts = move(lines, "started_send")["facts"]
    target = facts["taken"]["target"]
    standby = facts["standby"]
    standby["targets"] = [one for one in standby["targets"] if one != target]


def foreign(lines: list[Line]) -> None:
    move(lines, "started_send")["facts"]["standby"]["targets"][-1]["context"] = 17


def unknown_key(lines: list[Line]) -> None:
    standby = move(lines, "started_send")["facts"]["standby"]
    standby["credentials"] = [*standby["credentials"], "stranger"]


def uncounted(lines: list[Line]) -> None:
    of_kind(lines, "closed")["attempts"] = 1


def mistold(lines: list[Line]) -> None:
    of_kind(lines, "attempt")["reason"] = "auth"


def endless(lines: list[Line]) -> None:
    lines.remove(next(line for line in lines if line.get("to") == "succeed"))


def back_in_time(lines: list[Line]) -> None:
    next(line for line in lines if line.get("to") == "succeed")["facts"]["at"] = 0.0


def other_cause(lines: list[Line]) -> None:
    """A later target's failure in the place of the one on which the first was left."""
    finish = [line for line in lines if line.get("to") == "fail_terminal"][-1]["command"]
    finish["cause"] = [
        line["facts"]["error"] for line in lines if line.get("event") == "Diagnosed"
    ][-1]


SPOILED: tuple[tuple[str, str, Callable[[list[Line]], None]], ...] = (
    ("402, ok", "move 3: the table: the ledger says fallback → fallback to", renamed),
    ("503*9", "retry → wait for deepseek/v4 until .* with until .*, not .*", later),
    ("ok", "only what is ready is sent to: key#2 of .* was not ready", another_key),
    ("ok", "only what is ready is sent to: .* did not stand by", barred),
    ("ok", "a call knows its own route and keys alone: .* is not of the route", foreign),
    ("ok", "a call knows its own route and keys alone: .* has no key 'stranger'", unknown_key),
    ("402, ok", "the record: the end: attempts is 1; its moves say 2", uncounted),
    ("402, ok", "the record: the record of attempt 1: reason is .*auth", mistold),
    ("402, ok", "the record: the call is closed, and no move ends it", endless),
    ("402, ok", "the record: happens at 0 s, before the move before it", back_in_time),
    ("402@deepseek, 503, 401*9", "the cause is real", other_cause),
)


@pytest.mark.parametrize(("script", "words", "spoil"), SPOILED)
def test_what_objects_says_where_and_what(
    script: str, words: str, spoil: Callable[[list[Line]], None]
) -> None:
    lines = first_call(script)
    spoil(lines)

    (failed,) = audited(lines).failed
    assert any(re.search(words, str(fault)) for fault in failed.faults), failed.faults


@pytest.mark.parametrize("path", [("row",), ("guard",), ("facts", "taken", "credential")])
def test_a_key_in_the_place_of_a_name_is_not_told(path: Path) -> None:
    key = "sk-proj-0123456789abcdefghij"
    lines = first_call("ok")
    moves = (line for line in lines if line["kind"] == "transition")
    put(next(moves), path, key)

    report = audited(lines)

    assert report.failed or report.versions
    assert key not in repr(report.failed) + repr(report.versions)
