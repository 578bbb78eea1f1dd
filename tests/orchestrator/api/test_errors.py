"""What a call that failed raises, and how it reads."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import orchestrator
from orchestrator import CallFailed, Ledger
from orchestrator.api.errors import leaf
from orchestrator.ledger import Attempt, Skipped
from orchestrator.states import Error, Reason, StoppedBy

LEAVES = {
    Reason.BILLING: orchestrator.BillingExhausted,
    Reason.RATE_LIMIT: orchestrator.RateLimited,
    Reason.AUTH: orchestrator.AuthFailed,
    Reason.FORBIDDEN: orchestrator.Refused,
    Reason.MODEL_NOT_FOUND: orchestrator.Refused,
    Reason.CONTENT_POLICY: orchestrator.Refused,
    Reason.OVERLOADED: orchestrator.Overloaded,
    Reason.SERVER_ERROR: orchestrator.Overloaded,
    Reason.TIMEOUT: orchestrator.TimedOut,
    Reason.DEADLINE: orchestrator.TimedOut,
    Reason.CONNECTION: orchestrator.ConnectionFailed,
    Reason.CONTEXT_OVERFLOW: orchestrator.ContextTooLong,
    Reason.PAYLOAD_TOO_LARGE: orchestrator.ContextTooLong,
    Reason.BAD_REQUEST: orchestrator.BadRequest,
    Reason.STREAM_INTERRUPTED: orchestrator.StreamInterrupted,
    Reason.INVALID_RESPONSE: CallFailed,
    Reason.OUTPUT_TRUNCATED: CallFailed,
    Reason.UNKNOWN: CallFailed,
    Reason.CANCELLED: CallFailed,
}


def attempt(number: int, target: str, error: Error | None, **fields: object) -> Attempt:
    provider, _, model = target.partition("/")
    values = {
        "call": "id",
        "number": number,
        "target": target,
        "provider": provider,
        "model": model,
        "credential": "key#1",
        "status": error.status if error else 200,
        "reason": error.reason if error else None,
        "rule": error.rule if error else None,
        "message": error.message if error else None,
        "retry_after": None,
        "request_id": None,
        "started": 0.0,
        "seconds": 0.1,
        "next": "classify",
        "hint": error.hint if error else "",
    }
    return Attempt(**(values | fields))  # type: ignore[arg-type]


def failed(
    error: Error,
    *others: tuple[str, Error],
    asked: bool = True,
    skipped: tuple[Skipped, ...] = (),
    stopped_by: StoppedBy = StoppedBy.EXHAUSTED,
) -> CallFailed:
    """A call whose cause arose at ``acme/one``, and what the others answered."""
    ledger = Ledger("id")
    answers = [("acme/one", error), *others] if asked else list(others)
    for number, (target, answer) in enumerate(answers, 1):
        ledger.append(attempt(number, target, answer))
    return leaf(error.reason)(
        error,
        target="acme/one",
        stopped_by=stopped_by,
        skipped=skipped,
        ledger=ledger,
        seconds=0.84,
    )


BROKE = Error(Reason.BILLING, "r", 402, "Insufficient Balance", hint="Top up.")
BUSY = Error(Reason.RATE_LIMIT, "r", 429, "Slow down", hint="Wait.")
DOWN = Error(Reason.CONNECTION, "r", None, "refused", hint="Check.")


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_its_class_and_a_headline_that_names_where(reason: Reason) -> None:
    found = failed(Error(reason, "r", hint="Act."))

    assert type(found) is LEAVES[reason]
    assert found.reason is reason
    # Whoever cancelled a call knows where it was.
    assert ("acme" in str(found).split(";")[0]) == (reason is not Reason.CANCELLED)
    assert str(found).endswith("; 1 attempt in 0.8 s. Act.")


def test_it_reads_as_the_contract_says() -> None:
    found = failed(BROKE, ("openrouter/gpt-oss-120b", BUSY))

    assert str(found) == (
        "billing exhausted on acme (HTTP 402: Insufficient Balance); "
        "fallback openrouter/gpt-oss-120b rejected: rate_limit (HTTP 429: Slow down); "
        "2 attempts in 0.8 s. Top up."
    )


def test_rejected_is_what_each_fallback_answered_last() -> None:
    found = failed(BROKE, ("b/two", BUSY), ("c/three", DOWN), ("b/two", DOWN), ("acme/one", BUSY))

    assert [(each.target, each.reason, each.hint) for each in found.rejected] == [
        ("b/two", Reason.CONNECTION, "Check."),
        ("c/three", Reason.CONNECTION, "Check."),
    ]
    assert str(found.rejected[0]) == "connection (refused)"


def test_a_remembered_cause_says_since_when_and_until_when() -> None:
    bench = Skipped("acme/one", Reason.BILLING, 402, "Insufficient Balance", "bench", -120.0, 180.0)
    other = Skipped("d/four", "circuit", None, "", "circuit", 0.0, None)
    found = failed(BROKE, ("b/two", BUSY), asked=False, skipped=(bench, other))

    text = str(found)
    assert text.startswith(
        "billing exhausted on acme (HTTP 402: Insufficient Balance, for 2 min, due in 3 min); "
    )
    assert "d/four skipped: circuit;" in text
    assert [each.target for each in found.rejected] == ["b/two"]


@pytest.mark.parametrize("stopped_by", StoppedBy)
def test_why_it_ended_is_told_unless_everything_was_tried(stopped_by: StoppedBy) -> None:
    told = f"stopped by {stopped_by}" in str(failed(BROKE, stopped_by=stopped_by))

    assert told == (stopped_by is not StoppedBy.EXHAUSTED)


words = st.text(max_size=600)
errors = st.builds(
    Error,
    reason=st.sampled_from(Reason),
    rule=st.just("r"),
    status=st.none() | st.integers(100, 599),
    message=words,
    hint=st.just("Act."),
)


@given(errors, st.lists(st.tuples(st.sampled_from(["b/two", "c/three"]), errors), max_size=3))
def test_whatever_providers_say_it_is_one_readable_line_and_pickles(
    error: Error, others: list[tuple[str, Error]]
) -> None:
    found = failed(error, *others)
    copy = pickle.loads(pickle.dumps(found))

    assert str(found).isprintable()
    assert len(str(found)) < 300 * (len(others) + 1)
    assert (type(copy), str(copy), copy.ledger) == (type(found), str(found), found.ledger)
    assert (copy.error, copy.rejected, copy.stopped_by) == (
        found.error,
        found.rejected,
        found.stopped_by,
    )


def test_the_message_itself_is_kept_whole() -> None:
    long = Error(Reason.BILLING, "r", 402, "two\nlines " + "x" * 900, hint="Top up.")

    assert failed(long).error.message == long.message
