"""A finished call played again under another policy, by the machine that ships.

Nothing is sent, and nothing of the running gateway is touched: the machine and a health board of
its own are fed with what the record tells, and what it does not tell is assumed and counted (see
:mod:`orchestrator.lab.simulation.replay_call`). It needs only the record, so the call's targets
and keys may be gone from the config since.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.gateway.inspector.policy_text import read_policy
from orchestrator.lab.simulation.provider_model import AttemptOutcome, outcomes
from orchestrator.lab.simulation.replay_call import Replay, SentAttempt
from orchestrator.lab.simulation.replay_changes import changes
from orchestrator.lab.simulation.replay_config import replay
from orchestrator.lab.simulation.script_from_ledger import own_config
from orchestrator.ledger import FORMAT, Attempt, Ledger, Recording, Transition, recorded_call
from orchestrator.states import Cancelled, Error, Finish, Reason, Send, State, StoppedBy

MOST_LINES = 20
"""Attempts that the difference names: more nobody reads."""

_SAME = 0.001
"""Seconds in which two ends of a call are the same."""


@attrs.frozen
class PlayedAttempt:
    """One attempt of a call, as it was or would be.

    Attributes:
        number: Its number over the whole call, from 1.
        target: ``provider/model``.
        credential: The label of the key.
        status: The HTTP status; ``None`` where no answer came, or nobody knows.
        reason: The class of the failure; ``None`` where it did not fail.
        message: The provider's own words.
        seconds: How long it took.
        assumed: True where no record tells what it would meet.
    """

    number: int
    target: str
    credential: str
    status: int | None
    reason: Reason | None
    message: str | None
    seconds: float
    assumed: bool = False

    @property
    def deed(self) -> tuple[str, str, Reason | None]:
        """What makes it the same attempt as another."""
        return self.target, self.credential, self.reason

    def __str__(self) -> str:
        """``openai/gpt-5 key#1 (429 rate_limit)``."""
        reason = "answered" if self.reason is None else self.reason.value
        met = reason if self.status is None or self.reason is None else f"{self.status} {reason}"
        return f"{self.target} {self.credential} ({met}{', assumed' if self.assumed else ''})"


@attrs.frozen
class PlayedCall:
    """A call, as it was or would be.

    Attributes:
        outcome: The final state, ``succeed`` or ``fail_terminal``.
        stopped_by: Why it failed.
        reason: The class of the real cause.
        path: Its states in one line.
        attempts: In order.
        seconds: How long it takes.
        assumed: Attempts of which no record tells what they would meet.
    """

    outcome: str
    stopped_by: StoppedBy | None
    reason: Reason | None
    path: str
    attempts: tuple[PlayedAttempt, ...]
    seconds: float
    assumed: int = 0

    @property
    def end(self) -> str:
        """How it ended, in words."""
        if self.stopped_by is None:
            return f"answered by {self.attempts[-1].target}" if self.attempts else "answered"
        why = "" if self.reason is None else f" with {self.reason.value}"
        return f"failed{why} (stopped by {self.stopped_by.value})"


def replayed_call(ledger: Ledger, policy: str) -> dict[str, Any]:
    """A call as it was, and as it would be; JSON-ready.

    Args:
        ledger: The record of a call that is over.
        policy: TOML; see :mod:`.policy_text`.

    Raises:
        ConfigError: The policy cannot be used.
    """
    recording = recorded_call(ledger, "the call's record")
    opened = recording.opened
    wanted = read_policy(policy, opened.policy, opened.route)
    own = own_config((recording,))
    config = attrs.evolve(own, policy=wanted.policy, routes={DEFAULT_ROUTE: wanted.route})
    found = replay((recording,), config, route=DEFAULT_ROUTE)
    (again,) = found.replays
    before = _as_it_was(recording)
    after = before if again.followed and again.is_as_recorded else _as_it_would_be(again, before)
    return {
        "format": FORMAT,
        "call": opened.call,
        "before": attrs.asdict(before),
        "after": attrs.asdict(after),
        "changes": changes((recording,), config, found.routes),
        "difference": tuple(difference(before, after)),
    }


def _as_it_was(recording: Recording) -> PlayedCall:
    return _played(
        recording.transitions, tuple(_recorded(attempt) for attempt in recording.attempts)
    )


def _recorded(attempt: Attempt) -> PlayedAttempt:
    return PlayedAttempt(
        *(attempt.number, attempt.target, attempt.credential, attempt.status),
        *(attempt.reason, attempt.message, attempt.seconds),
    )


def _as_it_would_be(again: Replay, before: PlayedCall) -> PlayedCall:
    moves = tuple(_moves(again))
    ended = zip(again.sent, outcomes(moves), strict=False)
    attempts = [
        _attempt(number, sent, _cut(met, moves) if met.silent else met)
        for number, (sent, met) in enumerate(ended, 1)
    ]
    # Of attempts that are the recorded ones, the record knows more.
    known = zip(before.attempts, attempts, strict=False)
    same = len(list(itertools.takewhile(lambda pair: pair[0].deed == pair[1].deed, known)))
    return _played(moves, (*before.attempts[:same], *attempts[same:]), again.assumed)


def _attempt(number: int, sent: SentAttempt, met: AttemptOutcome) -> PlayedAttempt:
    who, error = (number, sent.target, sent.credential), met.error
    if error is None:
        return PlayedAttempt(*who, None, None, None, met.seconds, sent.assumed)
    said = (error.status, error.reason, error.message)
    return PlayedAttempt(*who, *said, met.seconds, sent.assumed)


def _cut(met: AttemptOutcome, moves: Sequence[Transition]) -> AttemptOutcome:
    """An attempt that the call's end came before."""
    end = moves[-1].facts
    reason = Reason.CANCELLED if isinstance(end, Cancelled) else Reason.DEADLINE
    sent_at = next(one.facts.at for one in reversed(moves) if isinstance(one.command, Send))
    return attrs.evolve(met, error=Error(reason, reason.value), seconds=end.at - sent_at)


def _moves(again: Replay) -> Iterator[Transition]:
    call, state = again.recording.call, State.READY.value
    for event, step in zip(again.events, again.steps, strict=True):
        to = step.call.state.value
        name = type(event).__name__
        yield Transition(call, state, name, step.row, None, to, event, step.command)
        state = to


def _played(
    moves: Sequence[Transition], attempts: tuple[PlayedAttempt, ...], assumed: int = 0
) -> PlayedCall:
    last = moves[-1]
    end = last.command if isinstance(last.command, Finish) else Finish()
    reason = None if end.cause is None or end.stopped_by is None else end.cause.reason
    return PlayedCall(
        *(last.to, end.stopped_by, reason, str(Ledger("", list(moves)))),
        *(attempts, last.facts.at, assumed),
    )


def difference(before: PlayedCall, after: PlayedCall) -> Iterator[str]:
    """What would go otherwise, line by line; nothing where nothing would."""
    if before == after:
        return
    if before.end != after.end:
        yield f"it was {before.end}; it would be {after.end}"
    yield from _other_attempts(before.attempts, after.attempts)
    if before.path != after.path and [one.deed for one in before.attempts] == [
        one.deed for one in after.attempts
    ]:
        yield f"the same attempts, by another way: {after.path}"
    if abs(after.seconds - before.seconds) > _SAME:
        yield f"it took {before.seconds:.1f} s; it would take {after.seconds:.1f} s"
    if after.assumed:
        what = "1 attempt" if after.assumed == 1 else f"{after.assumed} attempts"
        yield f"{what} of which no record tells, taken to fail as that target did last"


def _other_attempts(
    before: Sequence[PlayedAttempt], after: Sequence[PlayedAttempt]
) -> Iterator[str]:
    pairs = enumerate(itertools.zip_longest(before, after), 1)
    others = [
        (number, then, now)
        for number, (then, now) in pairs
        if then is None or now is None or then.deed != now.deed
    ]
    for number, then, now in others[:MOST_LINES]:
        was = "was not sent" if then is None else f"went to {then}"
        would = "would not be sent" if now is None else f"would go to {now}"
        yield f"attempt {number} {was}; it {would}"
    if len(others) > MOST_LINES:
        yield f"and {len(others) - MOST_LINES} more attempts that differ"
