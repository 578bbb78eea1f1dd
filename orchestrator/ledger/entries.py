"""The entries of a record: what was sent, what came back, and every move of the machine.

They hold the events themselves, with all the facts that the machine was told, so that a call
can be drawn, explained and replayed. Provider messages in them are masked before they arrive
here; they never hold a secret, a header or the request's content.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import attrs

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.operations import Operation
from orchestrator.json_values import legible
from orchestrator.states import (
    Call,
    Clear,
    Command,
    Error,
    Event,
    Policy,
    Reason,
    State,
    StoppedBy,
    Target,
)
from orchestrator.states.reasons import SPECS


class Billed(enum.StrEnum):
    """Whether an attempt may stand on the provider's bill, as far as can be known here."""

    SERVED = "served"
    """Its answer reached the caller."""

    FAILED = "failed"
    """A model ran, or may have run, and its answer came to nothing."""

    ABANDONED = "abandoned"
    """The caller went away, or the call's time ended, while it was under way."""

    NONE = "none"
    """Nothing was sent, or it was refused before a model ran."""


_REFUSED = frozenset(reason for reason, spec in SPECS.items() if spec.turned_away)
"""Reasons for which a provider turns a request away before any model sees it."""


def billed(error: Error | None, state: State, usage: Usage | None, *, unsent: bool) -> Billed:
    """Whether an attempt may be on a bill.

    Args:
        error: How it failed; ``None`` where it did not.
        state: Where the call went from it.
        usage: The tokens that the provider told of.
        unsent: True where no request can have reached the provider.
    """
    if error is None or state is State.SUCCEED:
        return Billed.SERVED
    if unsent:
        return Billed.NONE
    if error.reason in (Reason.CANCELLED, Reason.DEADLINE):
        return Billed.ABANDONED
    refused = error.reason in _REFUSED or (error.status is not None and 300 <= error.status < 500)
    return Billed.NONE if refused and usage is None else Billed.FAILED


@attrs.frozen
class RecordedPool:
    """The credentials that a provider had when a call began.

    Attributes:
        credentials: Their labels; a number where they are ``key#1`` up to it.
        strategy: In which order they were used.
    """

    credentials: int | tuple[str, ...]
    strategy: str = "fill_first"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels, in order."""
        if isinstance(self.credentials, int):
            return tuple(f"key#{number}" for number in range(1, self.credentials + 1))
        return self.credentials


Pools = Mapping[str, RecordedPool]
"""By provider."""


@attrs.frozen
class Opened:
    """The first entry: what the call was asked.

    Attributes:
        call: The call's id.
        time: The wall clock at ``Started``, seconds since the epoch.
        route: The targets in order.
        policy: What the call may do.
        reasoning: True where the request asks the model to think.
        metadata: What the caller handed in beside the request; what JSON cannot say is text in
            it, and it is cut where it is deep.
        pools: What the providers of its route had: what was seen to stand by is true of these
            pools alone. Empty in ledgers of before 2026-11-29.
        streamed: True where the caller takes the answer as a stream.
        operation: What is asked of the targets; ``generate`` in ledgers of before 2026-12.
    """

    kind: ClassVar[str] = "opened"
    call: str
    time: float
    route: tuple[Target, ...]
    policy: Policy
    reasoning: bool
    metadata: Any = attrs.field(converter=legible)
    pools: Pools = attrs.field(factory=dict)
    streamed: bool = False
    operation: Operation = Operation.GENERATE

    def begin(self) -> Call:
        """The machine as it was before ``Started``."""
        return Call(self.route, self.policy, reasoning=self.reasoning, streamed=self.streamed)


@attrs.frozen
class Transition:
    """One move of the machine.

    Attributes:
        call: The call's id.
        state, event, row, guard, to: The row of the table that was taken; ``guard`` is
            ``None`` where the row always holds.
        facts: The event, with everything that it told the machine.
        command: What the machine asked for next.
    """

    kind: ClassVar[str] = "transition"
    call: str
    state: str
    event: str
    row: str
    guard: str | None
    to: str
    facts: Event
    command: Command


@attrs.frozen
class Attempt:
    """One HTTP request that was sent, and what it brought.

    Attributes:
        call: The call's id.
        number: Its number over the whole call, from 1.
        target: ``provider/model``.
        provider, model: The same in parts.
        credential: The label of the credential; never its secret.
        status: The HTTP status, ``None`` where no answer came.
        reason: The class of the failure, ``None`` on success.
        rule: The rule that matched, ``None`` on success.
        message: The provider's own words, masked; ``None`` on success.
        retry_after: Seconds that the answer asked to wait.
        request_id: The provider's id of the request, for its support.
        started: Seconds since ``Started``.
        seconds: How long it took.
        next: The state after ``classify``, or the final one.
        probe: True where it tested a bench or circuit that had ended.
        hint: Who must act and what to do; empty on success.
        notes: What besides is worth knowing: events of a stream that could not be read,
            what was repaired, left out or asked in another way than the caller asked.
        usage: Tokens as the provider counted them, also of an attempt that failed or was
            abandoned; ``None`` where it did not tell.
        billed: Whether the attempt may be on the provider's bill.
    """

    kind: ClassVar[str] = "attempt"
    call: str
    number: int
    target: str
    provider: str
    model: str
    credential: str
    status: int | None
    reason: Reason | None
    rule: str | None
    message: str | None
    retry_after: float | None
    request_id: str | None
    started: float
    seconds: float
    next: str
    probe: bool = False
    hint: str = ""
    notes: tuple[str, ...] = ()
    usage: Usage | None = None
    billed: Billed = Billed.NONE

    def __str__(self) -> str:
        """``attempt 1 deepseek/v4 key#1 → 402 billing (status.402) → eager_fallback``."""
        words = ["answer"] if self.status is None and self.reason is None else []
        words += [] if self.status is None else [str(self.status)]
        words += [] if self.reason is None else [self.reason.value]
        words += [f"({self.rule})"] if self.rule not in (None, self.reason) else []
        who = f"attempt {self.number} {self.target} {self.credential}"
        return f"{who} → {' '.join(words)} → {self.next}"


@attrs.frozen
class Skipped:
    """A target that the call passed over without a send.

    Attributes:
        target: ``provider/model``.
        reason: Why: the remembered failure's class, or what the target cannot express.
        status, message: The remembered failure, in the provider's own words.
        mark: ``cooldown``, ``circuit``, ``bench``, ``dead`` or ``unfit``.
        since: When it began, seconds since ``Started`` (negative: before this call).
        until: When it may be sent to again; ``None`` where no time ends it.
        expected: When the failure itself said that it ends, where that is a long wait:
            ``until`` is then when it is looked at next, for the window may open early.
    """

    target: str
    reason: str
    status: int | None
    message: str
    mark: str
    since: float | None
    until: float | None
    expected: float | None = None

    def __str__(self) -> str:
        """``a/m skipped: billing (HTTP 402: Insufficient Balance), due in 300 s``."""
        http = () if self.status is None else (f"HTTP {self.status}",)
        words = ": ".join((*http, *filter(None, (self.message,))))
        due = "" if self.until is None else f", due in {max(0.0, self.until):.0f} s"
        return f"{self.target} skipped: {self.reason}{f' ({words})' if words else ''}{due}"

    @classmethod
    def passed_over(cls, clear: Clear) -> Skipped:
        """The record of a target that a mark keeps from being sent to."""
        error = clear.error
        return cls(
            target=clear.target.name,
            reason=error.reason if error else clear.mark.value,
            status=error.status if error else None,
            message=error.message if error else "",
            mark=clear.mark.value,
            since=clear.since,
            until=clear.at if clear.at != math.inf else None,
            expected=clear.expected,
        )


@attrs.frozen
class Closed:
    """The last entry: how the call ended.

    Attributes:
        call: The call's id.
        at: Seconds since ``Started``.
        outcome: The final state, ``succeed`` or ``fail_terminal``.
        reason: The class of the real cause; ``None`` on success.
        stopped_by: Why a failed call ended; ``None`` on success.
        attempts: How many requests were sent.
        skipped: Targets that were passed over, and why.
    """

    kind: ClassVar[str] = "closed"
    call: str
    at: float
    outcome: str
    reason: Reason | None
    stopped_by: StoppedBy | None
    attempts: int
    skipped: tuple[Skipped, ...]


Entry = Opened | Transition | Attempt | Closed
