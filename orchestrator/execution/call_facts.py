"""Facts of a call that metrics count and lists show, read without putting its record together.

Most calls succeed, and nobody reads their record; but each is counted. So this reads what the
:mod:`.recorder` handed the ledger to make entries of, in the order in which it did.
"""

from __future__ import annotations

from typing import Any

import msgspec

from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.dialects import Usage
from orchestrator.execution.call_run import CallRun
from orchestrator.ledger import Attempt, Billed, Closed, Ledger, Opened, Transition, billed
from orchestrator.ledger.figures import ending_of, rescue_reason
from orchestrator.ledger.record import parts_of
from orchestrator.states import (
    Call,
    Command,
    Diagnosed,
    Event,
    Reason,
    State,
    StoppedBy,
    Streaming,
    Wait,
)

LONGEST_ROUTE = 256
"""Characters of a route's name that are kept: a client may ask for whatever it likes."""


class AttemptFacts(msgspec.Struct, frozen=True):
    """What is counted of an attempt that is over.

    Attributes:
        target: ``provider/model``.
        provider, model: The same in parts.
        status: The HTTP status of the answer's head; ``None`` where none came.
        reason: The class of the failure; ``None`` where it did not fail.
        started: Seconds since ``Started``.
        seconds: How long it took.
        probe: True where it tested a bench or circuit that had ended.
        usage: Tokens as the provider counted them; ``None`` where it did not tell.
        billed: Whether it may be on the provider's bill.
    """

    target: str
    provider: str
    model: str
    status: int | None
    reason: Reason | None
    started: float
    seconds: float
    probe: bool
    usage: Usage | None
    billed: Billed


class CallFacts(msgspec.Struct):
    """What is counted of a call, and what a list shows of it.

    Attributes:
        call: The call's id.
        route: What the caller asked for: a route, or ``provider/model``.
        time: When it began, seconds since the epoch.
        seconds: How long it took, or has taken until now.
        state: The final state, or where the call is.
        is_over: True once the state is final.
        reason: The class of the real cause of a failed call.
        stopped_by: Why a failed call ended.
        target: Where it was sent last; ``None`` where nothing was sent.
        attempts: Those that are over, in order.
        rows: The names of the rows that were taken, in order.
        first_content: When content first reached the caller, seconds since ``Started``; ``None``
            where the answer is no stream, or nothing did.
        overhead: Seconds that were neither an attempt's nor a wait's, up to the last move.
        rescued: What the first choice of a rescued call was not to be had for; ``None`` where
            the call is none.
        unpaid: Places in ``attempts`` of those after which no retry could be paid for.
    """

    call: str
    route: str
    time: float = 0.0
    seconds: float = 0.0
    state: str = ""
    is_over: bool = False
    reason: Reason | None = None
    stopped_by: StoppedBy | None = None
    target: str | None = None
    attempts: list[AttemptFacts] = []
    rows: list[str] = []
    first_content: float | None = None
    overhead: float = 0.0
    rescued: str | None = None
    unpaid: list[int] = []

    @property
    def seconds_lost(self) -> float:
        """How long the attempt waited that a rescued call was answered by.

        What the rescue cost, without the answer's own time, which a healthy call takes too.
        """
        return self.attempts[-1].started if self.attempts else 0.0


def call_facts(run: CallRun) -> CallFacts:
    """The facts of a call that has begun, whether it is over or not."""
    call, ledger = run.call, run.recorder.ledger
    facts, times = CallFacts(ledger.call, route_asked(run.request.wants)), _Times()
    _read(ledger, facts, times)
    facts.state, facts.is_over = call.state._value_, call.state.final
    facts.target = None if call.target is None else call.target.name
    if not facts.is_over:
        facts.seconds = run.at
        facts.overhead = times.overhead_until(_under_way_since(run))
        return facts
    facts.overhead = times.overhead_until(None)
    if call.stopped_by is not None:
        facts.stopped_by = call.stopped_by
        facts.reason = None if call.cause is None else call.cause.reason
    elif _is_rescue(facts, call):
        skipped = (each.reason for each in run.skipped)
        facts.rescued = rescue_reason((each.reason for each in facts.attempts), skipped)
    return facts


def _is_rescue(facts: CallFacts, call: Call) -> bool:
    """What `orchestrator stats` calls one."""
    first = facts.attempts[0].target if facts.attempts else ""
    target, stopped_by = call.route[0].name, facts.stopped_by
    if call.number == 1 and first == target:
        return False
    ending = ending_of(
        *(facts.state, stopped_by),
        attempts=call.number,
        first_asked=first,
        first_of_route=target,
    )
    return ending == "rescued"


def _under_way_since(run: CallRun) -> float | None:
    """When the attempt began that is under way or not yet recorded; ``None``: there is none."""
    exchange, call = run.exchange, run.call
    if call.state not in (State.ATTEMPT, State.STREAM, State.CLASSIFY) or exchange is None:
        return None
    # Between a move and its attempt stands the exchange of the attempt before.
    return exchange.sent_at if exchange.command.number == call.number else None


def release_heads(ledger: Ledger) -> None:
    """Let go of what a ledger holds of answers' headers, before it is kept."""
    for part in parts_of(ledger):
        if type(part) is tuple and part[0] is Attempt:
            part[2][1].release_head()


def route_asked(wanted: Any) -> str:
    """The name of what a request asks for, cut where it is long."""
    if wanted is None:
        return DEFAULT_ROUTE
    name = wanted if isinstance(wanted, str) else " ".join(wanted)
    return name if len(name) <= LONGEST_ROUTE else f"{name[: LONGEST_ROUTE - 1]}…"


class _Times:
    """Sums the time of a call that is none of ours: its attempts', and its waits'."""

    __slots__ = ("_since", "last", "others")

    def __init__(self) -> None:
        self.last = self.others = 0.0
        self._since: float | None = None

    def overhead_until(self, at: float | None) -> float:
        """Ours, up to the last move, or to ``at`` where an attempt is under way since then."""
        # Not to the call's end: what follows a stream's end mark is read after it.
        # An attempt's end and the move after it may lie a rounding apart.
        return max(0.0, (self.last if at is None else at) - self.others)

    def add_move(self, at: float, command: Command) -> None:
        if self._since is not None:  # whatever ends a wait
            self.others += at - self._since
        self._since = at if type(command) is Wait else None
        self.last = at


def _read(ledger: Ledger, facts: CallFacts, times: _Times) -> None:
    facts.rows, facts.attempts = rows, attempts = [], []
    for part in parts_of(ledger):
        if type(part) is not tuple:  # somebody observes the call, or has read its record
            _read_entry(part, facts, times)
            continue
        kind, _, given = part
        if kind is Transition:
            _, _, event, row, _, command = given
            rows.append(row)
            times.add_move(event.at, command)
            _note(event, facts)
        elif kind is Attempt:
            _, sent, at, state, error = given
            attempts.append(_attempt(sent, at, state, error))
            times.others += attempts[-1].seconds
        elif kind is Opened:
            facts.time = given[1]
        elif kind is Closed:
            facts.seconds = given[1]


def _note(event: Event, facts: CallFacts) -> None:
    if type(event) is Streaming and facts.first_content is None:
        facts.first_content = event.at
    elif type(event) is Diagnosed and not event.standby.retry_affordable:
        # Each failed attempt came by one of these rows; its entry may follow the move.
        failed = sum(facts.rows.count(row) for row in ("failed", "interrupted"))
        facts.unpaid.append(failed - 1)


def _read_entry(entry: Any, facts: CallFacts, times: _Times) -> None:
    match entry:
        case Transition():
            facts.rows.append(entry.row)
            times.add_move(entry.facts.at, entry.command)
            _note(entry.facts, facts)
        case Attempt():
            told = (getattr(entry, name) for name in AttemptFacts.__struct_fields__)
            facts.attempts.append(AttemptFacts(*told))
            times.others += entry.seconds
        case Opened():
            facts.time = entry.time
        case Closed():
            facts.seconds = entry.at


def _attempt(sent: Any, at: float, state: Any, error: Any) -> AttemptFacts:
    command = sent.command
    target, unsent = command.target, sent.unsent
    received = at if sent.received_at is None else sent.received_at
    return AttemptFacts(
        target.name,
        target.provider,
        target.model,
        sent.status if error is None or error.status is None else error.status,
        None if error is None else error.reason,
        sent.at,
        received - sent.at,
        command.probe,
        sent.usage,
        billed(error, state, sent.usage, unsent=unsent),
    )
