"""Models of providers: their answers in a call that is not made, recorded or assumed."""

from __future__ import annotations

import enum
import statistics
from collections.abc import Iterable, Iterator
from math import inf
from typing import Protocol

import attrs

from orchestrator.ledger import Recording, Transition
from orchestrator.states import (
    Call,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Error,
    Failed,
    Reason,
    Scope,
    Send,
    Started,
    Streaming,
    Succeeded,
)
from orchestrator.states.limits import CLOCK_GRAIN

UNKNOWN_SECONDS = 1.0
"""Seconds of an assumed answer of a target that the ledger never saw answer (our assumption)."""

_OF_ITS_KEY = frozenset({None, Reason.RATE_LIMIT, Reason.AUTH})
"""What one credential met says nothing about another: throttled, refused, or answered."""


class Assume(enum.StrEnum):
    """Assumptions for an attempt of which no record tells."""

    FAIL = "fail"
    """As that target failed last in the call or, by its mark, before it; else a 500. The
    default, so that no policy is praised for a rescue that nobody saw."""

    OK = "ok"
    """An answer."""


@attrs.frozen
class AttemptOutcome:
    """The outcome of one attempt, recorded or assumed.

    Attributes:
        target, credential: Where it went.
        error: The classified failure, ``None`` for an answer.
        seconds: From the send to its end; where ``silent``, for how long it was.
        content_after: Seconds until content reached the caller, ``None`` where none did.
        tool_call: True where a part of a tool call was delivered.
        waited: Of a failure: seconds since anything reached the caller.
        total, first_token, idle: The limits of these names that the attempt was under, in
            seconds.
        cut_first_token: Of a failure: the limit of the first content, in seconds, that cut it.
        silent: True where the caller or the call's own end did not wait for an end.
        assumed: True where no record tells it.
    """

    target: str
    credential: str
    error: Error | None
    seconds: float
    content_after: float | None = None
    tool_call: bool = False
    waited: float = 0.0
    total: float = 0.0
    first_token: float | None = None
    idle: float = 0.0
    cut_first_token: float | None = None
    silent: bool = False
    assumed: bool = False


class ProviderModel(Protocol):
    """A model of the providers of a call."""

    def answer(self, call: Call, send: Send, left: float) -> AttemptOutcome:
        """The outcome of ``send``.

        Args:
            call: The machine that asks for it.
            send: The attempt.
            left: Seconds until the attempt's own end.
        """


class RecordedProviders:
    """The providers of a recorded call, as its record tells: a :class:`ProviderModel`.

    Args:
        recording: The call.
        assume: What to do where it does not tell.
        usual: Seconds that an answer of each target takes, by its name.
    """

    def __init__(self, recording: Recording, assume: Assume, usual: dict[str, float]) -> None:
        self._left = list(outcomes(recording.transitions))
        self._last = _remembered(recording)
        self._assume = assume
        self._usual = usual

    def answer(self, _call: Call, send: Send, left: float) -> AttemptOutcome:
        """The first outcome left that tells, or what is assumed; see :class:`ProviderModel`."""
        name, label = send.target.name, send.credential
        for index, known in enumerate(self._left):
            if known.target == name and (known.credential == label or _speaks_for_all(known)):
                self._left.pop(index)
                if known.error is not None:
                    self._last[name] = known.error
                return known if _still_true(known, send, left) else self._assumed(send)
        return self._assumed(send)

    def _assumed(self, send: Send) -> AttemptOutcome:
        name = send.target.name
        seconds = self._usual.get(name, UNKNOWN_SECONDS)
        error = None if self._assume is Assume.OK else self._last.get(name, _NEVER_ASKED)
        return AttemptOutcome(name, send.credential, error, seconds, assumed=True)


def outcomes(transitions: Iterable[Transition]) -> Iterator[AttemptOutcome]:
    """The outcome of every recorded attempt, in order."""
    sent: Send | None = None
    began = ended = waited = 0.0
    content: float | None = None
    tool_call = False
    for move in transitions:
        event = move.facts
        match event:
            case Streaming():
                content = event.at - began
            case Failed():
                ended, tool_call, waited = event.at, event.tool_call, event.waited
            case Diagnosed() | Succeeded() if sent is not None:
                error = event.error if isinstance(event, Diagnosed) else None
                until = ended if error is not None else event.at
                yield AttemptOutcome(
                    *(sent.target.name, sent.credential, error, until - began),
                    content_after=content,
                    tool_call=tool_call,
                    waited=waited,
                    total=sent.timeouts.total,
                    first_token=sent.timeouts.first_token,
                    idle=sent.timeouts.idle,
                    cut_first_token=_cut_first_token(sent, error, until - began),
                )
            case Cancelled() | DeadlineReached() if sent is not None:
                # Who cancels goes away at the same instant again, whatever would have come.
                until = inf if isinstance(event, Cancelled) else event.at
                yield AttemptOutcome(
                    *(sent.target.name, sent.credential, None, until - began),
                    content_after=content,
                    total=sent.timeouts.total,
                    first_token=sent.timeouts.first_token,
                    idle=sent.timeouts.idle,
                    silent=True,
                )
            case _:
                pass
        if isinstance(event, Diagnosed | Succeeded):
            sent = None
        if isinstance(move.command, Send):
            sent, began, content, tool_call = move.command, event.at, None, False


def _cut_first_token(sent: Send, error: Error | None, seconds: float) -> float | None:
    """The limit of the first content that ended the attempt, where no hurry had shortened it."""
    cut = error is not None and error.rule == "timeout.first_token"
    if error is None or not cut or error.scope is Scope.REQUEST:
        return None
    # Who said that it was at work had longer; the record tells it by when the limit was passed.
    if sent.kept_alive and seconds >= sent.kept_alive - CLOCK_GRAIN:
        return sent.kept_alive
    return sent.timeouts.first_token


def usual_seconds(recordings: Iterable[Recording]) -> dict[str, float]:
    """The median of the seconds that each target's attempts took, by its name."""
    found: dict[str, list[float]] = {}
    for recording in recordings:
        for answered in outcomes(recording.transitions):
            if not answered.silent:
                found.setdefault(answered.target, []).append(answered.seconds)
    return {name: statistics.median(seconds) for name, seconds in found.items()}


_NEVER_ASKED = Error(
    Reason.SERVER_ERROR, "assumed", message="assumed: the record does not tell what it answers"
)


def _speaks_for_all(known: AttemptOutcome) -> bool:
    """Whether any other credential would have met the same."""
    return (known.error.reason if known.error is not None else None) not in _OF_ITS_KEY


_LIMITS = {"timeout.total": "total", "timeout.first_token": "first_token"}
"""The limit that a rule speaks of."""


def _still_true(known: AttemptOutcome, send: Send, left: float) -> bool:
    """False where a limit of ours ended the attempt and now leaves it more time."""
    if known.silent:
        return known.seconds >= left - CLOCK_GRAIN
    limit = _LIMITS.get(known.error.rule) if known.error is not None else None
    if limit is None:
        return True
    then, now = getattr(known, limit), getattr(send.timeouts, limit)
    return then is not None and now is not None and now <= then + CLOCK_GRAIN


def _remembered(recording: Recording) -> dict[str, Error]:
    """The failures that marks at the call's start remembered, by target."""
    first = recording.transitions[0].facts if recording.transitions else None
    if not isinstance(first, Started):
        return {}
    return {
        clear.target.name: clear.error for clear in first.standby.clears if clear.error is not None
    }
