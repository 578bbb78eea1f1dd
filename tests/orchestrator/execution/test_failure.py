"""What an attempt can bring besides an answer, and how a call's failure is told."""

from __future__ import annotations

import pytest

from orchestrator import NoTarget, TimedOut
from orchestrator.execution.call_errors import failed_call, no_target
from orchestrator.execution.failure import LimitReached, TooLarge, Truncated
from orchestrator.execution.recorder import Recorder
from orchestrator.ledger import Skipped
from orchestrator.provider import LARGEST_ANSWER
from orchestrator.states import Call, Error, Finish, Reason, StoppedBy, Target

CALL = Call((Target("a", "one"), Target("b", "two")))


@pytest.mark.parametrize(
    ("failure", "reason", "rule", "status"),
    [
        (LimitReached("connect", 5.0), Reason.TIMEOUT, "timeout.connect", None),
        (LimitReached("first_token", 12.0), Reason.TIMEOUT, "timeout.first_token", None),
        (LimitReached("idle", 30.0), Reason.TIMEOUT, "timeout.idle", None),
        (LimitReached("total", 120.0), Reason.TIMEOUT, "timeout.total", None),
        (TooLarge(LARGEST_ANSWER), Reason.INVALID_RESPONSE, "answer.too-large", None),
        (Truncated(200, tool_call=True), Reason.OUTPUT_TRUNCATED, "answer.length", 200),
        (Truncated(200, tool_call=False), Reason.OUTPUT_TRUNCATED, "answer.length", 200),
    ],
)
def test_what_we_find_ourselves_is_classified_and_hinted(
    failure: LimitReached | TooLarge | Truncated, reason: Reason, rule: str, status: int | None
) -> None:
    error = failure.error()

    assert (error.reason, error.rule, error.status) == (reason, rule, status)
    assert error.message
    assert error.hint


def test_a_limit_is_told_with_its_seconds() -> None:
    assert "connect = 2.5 s" in LimitReached("connect", 2.5).error().message


def test_a_size_is_told_in_mebibytes() -> None:
    assert "larger than 64 MiB" in TooLarge(LARGEST_ANSWER).error().message
    assert "larger than 1.5 MiB" in TooLarge(3 * 2**19).error().message


def test_what_the_machine_says_of_itself_gets_a_hint_too() -> None:
    late = Error(Reason.DEADLINE, "deadline", message="no answer within the deadline of 1 s")
    found = failed_call(Finish(late, StoppedBy.DEADLINE), CALL, (), Recorder("id", ()), seconds=1.0)

    assert type(found) is TimedOut
    assert found.target == "a/one"
    assert "deadline" in found.hint
    assert str(found).endswith(found.hint)


@pytest.mark.parametrize("mark", ["cooldown", "circuit", "bench", "dead"])
def test_a_mark_that_nobody_remembers_the_reason_of_is_no_traceback(mark: str) -> None:
    passed_over = Skipped("a/one", mark, None, "", mark, -1.0, None)
    found = failed_call(
        Finish(None, StoppedBy.EXHAUSTED), CALL, (passed_over,), Recorder("id", ()), seconds=0.0
    )

    assert type(found) is NoTarget
    assert found.reason is Reason.UNKNOWN
    assert f"a/one skipped: {mark}" in str(found)


def test_nobody_to_ask_is_told_with_what_stood_in_the_way() -> None:
    small = Skipped("a/one", Reason.CONTEXT_OVERFLOW, None, "too long", "unfit", None, None)

    assert no_target((small,), Recorder("id", ()), seconds=0.0).reason is Reason.CONTEXT_OVERFLOW
    assert no_target((), Recorder("id", ()), seconds=0.0).reason is Reason.UNKNOWN
