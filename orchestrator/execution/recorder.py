"""Recorder of a call: it writes the ledger while the call runs."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import attrs

from orchestrator.api.request import Request
from orchestrator.dialects import Usage
from orchestrator.execution.call_log import CALL_ID
from orchestrator.execution.classify_failure import masked
from orchestrator.http_messages import ResponseHead
from orchestrator.ledger import (
    Attempt,
    Closed,
    Entry,
    FiledCall,
    Ledger,
    LedgerFile,
    Opened,
    Pools,
    RecordedPool,
    Skipped,
    Transition,
    billed,
    ended,
)
from orchestrator.provider import Provider
from orchestrator.secrets import Masker
from orchestrator.states import (
    TABLE,
    Call,
    Cancelled,
    Clear,
    Command,
    DeadlineReached,
    Diagnosed,
    Error,
    Event,
    Reason,
    Rotated,
    Send,
    Started,
    State,
    Step,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.reasons import SPECS

_log = logging.getLogger("orchestrator")

_GUARDS = {row.name: row.guard.__name__ if row.guard else None for row in TABLE}

_REQUEST_IDS = ("x-request-id", "request-id", "x-ds-trace-id", "x-amzn-requestid", "cf-ray")
"""Headers that hold the provider's id of a request, the most specific first."""

_RAW_REQUEST_IDS = frozenset(name.encode() for name in _REQUEST_IDS)

_UNTOLD = Usage()
"""What a dialect reads where a provider told nothing."""

_TAKES = (Started, Switched, Waited, Rotated)
"""Events with what was taken, which may have passed over targets. Here, since a union of them that
stands in a call is made anew each time."""

_ENDINGS = {Cancelled: Reason.CANCELLED, DeadlineReached: Reason.DEADLINE}


def pools(providers: Iterable[Provider]) -> dict[str, RecordedPool]:
    """The labels of each provider's credentials, as :class:`.Opened` records them.

    Made once for all calls: a pool may have a thousand credentials, and most have no labels
    but ``key#1``, ``key#2`` and so on.
    """
    return {each.name: pool_of(each) for each in providers}


def pool_of(provider: Provider) -> RecordedPool:
    """The same for one provider."""
    labels = tuple(one.label for one in provider.credentials)
    numbered = all(label == f"key#{number}" for number, label in enumerate(labels, 1))
    return RecordedPool(len(labels) if numbered else labels, provider.strategy.value)


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id of the request, as it wrote it."""
    named = dict(headers.items())
    return next(filter(None, map(named.get, _REQUEST_IDS)), None)


@lru_cache(maxsize=256)
def _is_request_id(name: bytes) -> bool:
    """Whether the header of that name may hold the provider's id of a request."""
    return name.lower() in _RAW_REQUEST_IDS


@attrs.define
class _Sent:
    """An attempt under way."""

    command: Send
    at: float
    head: ResponseHead | None = None
    masker: Masker | None = None
    is_released: bool = False
    received_at: float | None = None
    error: Error | None = None
    unsent: bool = True
    usage: Usage | None = None
    notes: dict[str, None] = attrs.field(factory=dict)  # an ordered set

    @property
    def status(self) -> int | None:
        """The HTTP status, once the head of the answer is here."""
        return None if self.head is None else self.head.status

    @property
    def request_id(self) -> str | None:
        """The provider's id of the request, fit to be shown."""
        if self.head is None or self.masker is None:
            return None
        self.release_head()  # to read the others would be most of the work
        return masked(request_id(self.head.headers), self.masker)

    def release_head(self) -> None:
        """Let go of the answer's headers, but for the provider's id of the request."""
        # A head may have 64 KiB, and a gateway keeps the records of a thousand calls.
        if self.head is not None and not self.is_released:
            self.is_released = True
            ids = self.head.headers.only(_is_request_id)
            self.head = ResponseHead(self.head.status, ids)


class Recorder:
    """Writes down what the flow does.

    Where nobody observes, it leaves it to the ledger to put the entries together.

    Attributes:
        ledger: The record.
        is_closed: True once the call is over.
        passed_over: What keeps targets from being taken, by their names.
    """

    def __init__(self, call: str, observers: Sequence[Callable[[Entry], None]]) -> None:
        self.ledger = Ledger(call)
        self.is_closed = False
        self._entries: Ledger | ObservedEntries | ObservedParts = self.ledger
        self._files: Sequence[LedgerFile] = ()
        self._filed: Sequence[FiledCall] = ()
        if observers:
            self._observe(observers)
        self._sent: _Sent | None = None
        self._errors: list[tuple[Error, str]] = []
        self.passed_over: dict[str, Clear] = {}

    def record_opened(self, call: Call, time: float, request: Request, pools: Pools) -> None:
        """The call begins.

        Args:
            call: The machine, not started.
            time: The wall clock, seconds since the epoch.
            request: What the caller asked.
            pools: The credentials of every provider.
        """
        if self._files:
            self._filed = [file.begin(self.ledger) for file in self._files]
        route, metadata = call.route, request.metadata
        known = {each.provider: pools[each.provider] for each in route}
        asked = (self.ledger.call, time, route, call.policy, call.reasoning)
        if type(metadata) is dict and not metadata:
            operation = request.operation
            self._entries.defer(Opened, _as_told, *asked, {}, known, call.streamed, operation)
        else:
            # The caller's own is made legible now: it may change once the call is over.
            taken = call.streamed, request.operation
            self._entries.append(Opened(*asked, metadata, known, *taken))

    def begin_attempt(self, command: Send, at: float) -> None:
        """An attempt goes out."""
        self._sent = _Sent(command, at)

    def note(self, text: str) -> None:
        """Something besides is worth knowing of the attempt under way."""
        if self._sent is not None:
            self._sent.notes[text] = None

    def record_sent(self) -> None:
        """Its request goes to the provider now."""
        if self._sent is not None:
            self._sent.unsent = False

    def record_head(self, head: ResponseHead, masker: Masker) -> None:
        """The head of its answer is here.

        Args:
            head: What the provider's id of the request is read from, once somebody asks.
            masker: Takes out what may not be shown of it.
        """
        if self._sent is not None:
            self._sent.head, self._sent.masker = head, masker

    def end_attempt(self, at: float) -> None:
        """All of its answer is here, or no more of it will come."""
        if self._sent is not None:
            self._sent.received_at = at

    def record_usage(self, usage: Usage | None) -> None:
        """What its provider told of the tokens that it cost."""
        if self._sent is None or usage is None:
            return
        if usage.total_tokens or usage != _UNTOLD:  # to compare all of it takes ten times as long
            self._sent.usage = usage

    def record_error(self, error: Error, *, unsent: bool = False) -> None:
        """The failure of the attempt was classified.

        Args:
            error: The failure.
            unsent: True where no request can have reached the provider.
        """
        if self._sent is not None:
            self._sent.error = error
            self._sent.unsent |= unsent
            self._errors.append((error, self._sent.command.target.name))

    def record_transition(self, before: Call, event: Event, moved: Step) -> None:
        """The machine took a row."""
        try:
            self._entries.defer(
                Transition,
                _transition,
                self.ledger.call,
                before.state,
                event,
                moved.row,
                moved.call.state,
                moved.command,
            )
        finally:
            # Also where who observes is interrupted: the attempt that the move ends is on a bill,
            # and a record without it would contradict itself.
            if isinstance(event, _TAKES):
                # What a take passes over has a clear; on an empty board there is none.
                if event.standby.clears:
                    self._pass_over(event, moved.call)
            elif self._sent is not None:
                self._settle(self._sent, event, moved.call.state)
            if self._filed and isinstance(event, Streaming):
                self._file()

    def skipped(self, call: Call) -> tuple[Skipped, ...]:
        """The targets passed over without a send, in route order."""
        if not self.passed_over:
            return ()
        clears = (self.passed_over.get(target.name) for target in call.route)
        # A target that was asked after all is told of by its attempts.
        return tuple(
            Skipped.passed_over(clear)
            for clear in clears
            if clear is not None and clear.target.name not in call.asked
        )

    def target_of(self, error: Error) -> str | None:
        """The name of the target that answered with ``error`` in this call."""
        # By identity: two targets may have failed with the same words.
        return next((name for known, name in self._errors if known is error), None)

    def record_closed(self, call: Call, at: float, skipped: tuple[Skipped, ...]) -> None:
        """The call is over."""
        self.is_closed = True
        try:
            self._entries.defer(
                Closed,
                _as_told,
                self.ledger.call,
                at,
                call.state._value_,
                call.cause.reason if call.stopped_by is not None and call.cause else None,
                call.stopped_by,
                call.number,
                skipped,
            )
        finally:
            for filed in self._filed:
                filed.end()
        ended(self.ledger)

    def _observe(self, observers: Sequence[Callable[[Entry], None]]) -> None:
        # A ledger file needs no entry, but what is in it, and that not before it is written.
        self._files = [each for each in observers if isinstance(each, LedgerFile)]
        others = [each for each in observers if not isinstance(each, LedgerFile | PartObserver)]
        if others:
            self._entries = ObservedEntries(self.ledger, others)
        for each in observers:
            if isinstance(each, PartObserver):
                self._entries = ObservedParts(self._entries, each)

    def _file(self) -> None:
        """Have written what befell the call: much may be to come of it yet."""
        for filed in self._filed:
            filed.write()

    def _settle(self, sent: _Sent, event: Event, state: State) -> None:
        """Close the record of the attempt that ``event`` ends."""
        error: Error | None = None
        match event:
            case Succeeded() | Cancelled(complete=True):
                pass
            case Diagnosed():
                error = event.error
            case Cancelled() | DeadlineReached():
                # Where its failure had come and was classified, that is what ended it.
                error = sent.error or _cut_short(event)
            case _:
                return
        # Nothing changes it from here on.
        self._sent = None
        self._entries.defer(Attempt, _attempt, self.ledger.call, sent, event.at, state, error)
        if error is not None:
            self._file()

    def _pass_over(self, event: Started | Switched | Waited | Rotated, call: Call) -> None:
        names = [target.name for target in call.route]
        # What stands behind the target that was taken was not passed over, whatever bars it.
        until = names.index(event.taken.target.name) if event.taken else len(names)
        for clear in event.standby.clears:
            if clear.target.name in names[:until]:
                # The first reason stays: later ones are often of this call's own making.
                self.passed_over.setdefault(clear.target.name, clear)


class PartObserver:
    """Who observes a call without needing its entries put together, which costs a fifth of a call.

    Called with an entry that is put together already. Never raises.
    """

    def __call__(self, entry: Entry) -> None:
        """Take note of ``entry``."""

    def take(
        self, kind: type[Entry], values: Callable[..., Iterable[Any]], facts: tuple[Any, ...]
    ) -> None:
        """Take note of what the next entry is made of; see :meth:`.Ledger.defer`."""


class ObservedParts:
    """The entries of a call, and who observes what they are made of."""

    def __init__(self, entries: Ledger | ObservedEntries | ObservedParts, to: PartObserver) -> None:
        self._entries, self._observer = entries, to

    def defer(self, kind: type[Entry], values: Callable[..., tuple[Any, ...]], *facts: Any) -> None:
        """Add an entry; see :meth:`.Ledger.defer`."""
        self._entries.defer(kind, values, *facts)
        self._observer.take(kind, values, facts)

    def append(self, entry: Entry) -> None:
        """Add ``entry``."""
        self._entries.append(entry)
        self._observer(entry)


class ObservedEntries:
    """The entries of a call that somebody observes: each is handed on as it is written down.

    Who raises is told no more of this call: what is broken breaks at each entry, and one
    traceback says as much as five.
    """

    def __init__(self, ledger: Ledger, observers: Sequence[Callable[[Entry], None]]) -> None:
        self._ledger, self._observers = ledger, tuple(observers)

    def defer(self, kind: type[Entry], values: Callable[..., tuple[Any, ...]], *facts: Any) -> None:
        """Add the entry of ``kind`` that has ``values(*facts)``; see :meth:`.Ledger.defer`."""
        self.append(kind(*values(*facts)))

    def append(self, entry: Entry) -> None:
        """Add ``entry``."""
        self._ledger.append(entry)
        for observer in self._observers:
            try:
                observer(entry)
            except Exception:  # noqa: BLE001 - what an observer breaks must not cost the answer
                said = "an observer of the call raised; the call goes on without it"
                _log.exception(said, extra={CALL_ID: self._ledger.call})
                self._observers = tuple(one for one in self._observers if one is not observer)


def _as_told(*facts: Any) -> tuple[Any, ...]:
    return facts


def _transition(
    call: str, before: State, event: Event, row: str, after: State, command: Command
) -> tuple[Any, ...]:
    name = type(event).__name__
    # `_value_` is what `value` reads through two calls of Python's, and a record has eight of them.
    return call, before._value_, name, row, _GUARDS[row], after._value_, event, command


def _attempt(
    call: str, sent: _Sent, at: float, state: State, error: Error | None
) -> tuple[Any, ...]:
    command, target = sent.command, sent.command.target
    # A failure inside a stream has a status of its own, after the head said 200.
    status = sent.status if error is None or error.status is None else error.status
    # The answer was all here at that instant; to judge it is none of the provider's time.
    received = at if sent.received_at is None else sent.received_at
    return (
        call,
        command.number,
        target.name,
        target.provider,
        target.model,
        command.credential,
        status,
        error.reason if error else None,
        error.rule if error else None,
        error.message if error else None,
        error.retry_after if error else None,
        sent.request_id,
        sent.at,
        received - sent.at,
        state._value_,
        command.probe,
        error.hint if error else "",
        tuple(sent.notes),
        sent.usage,
        billed(error, state, sent.usage, unsent=sent.unsent),
    )


def _cut_short(event: Cancelled | DeadlineReached) -> Error:
    reason = _ENDINGS[type(event)]
    return Error(reason, reason.value, hint=SPECS[reason].hint)
