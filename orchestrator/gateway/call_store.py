"""Store of a gateway's calls: those in flight, and the newest of those that are over.

A call that ends is kept as its record, of which no entry is put together before somebody asks,
and as the few facts that a list shows. Nothing of its request or its answer is in either, nor
is anything that holds them: what is kept of a call of many MiB is some kB.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator

import attrs
import msgspec

from orchestrator.execution.call_facts import CallFacts, call_facts, release_heads
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.move_reasons import MoveReason, move_reasons
from orchestrator.gateway.call_filter import CallFilter, outcome_of
from orchestrator.ledger import FORMAT, Attempt, Ledger, Skipped
from orchestrator.states import Reason, StoppedBy


@attrs.frozen
class AttemptSummary:
    """One attempt of a call, as a list of calls shows it.

    Attributes:
        target: ``provider/model``.
        status: The HTTP status, ``None`` where no answer came.
        reason: The class of the failure, ``None`` where it did not fail.
    """

    target: str
    status: int | None
    reason: Reason | None


@attrs.frozen
class CallSummary:
    """A call, as a list of calls shows it.

    Attributes:
        call: The call's id.
        time: When it began, seconds since the epoch.
        key: The name of the key that it came with; ``None`` where none is needed.
        route: What the caller asked for: a route, or ``provider/model``.
        target: The target that was asked last, ``None`` where none was.
        outcome: The final state, ``succeed`` or ``fail_terminal``; ``running`` before the end.
        state: Where the call is.
        reason: The class of the real cause of a failed call.
        stopped_by: Why a failed call ended.
        rescued: What the first choice of a rescued call was not to be had for; ``None`` where
            the call is none.
        seconds: How long it took, or has taken until now.
        overhead: Those of them that were neither an attempt's nor a wait's.
        attempts: The attempts that are over, in order.
    """

    call: str
    time: float
    key: str | None
    route: str
    target: str | None
    outcome: str
    state: str
    reason: Reason | None
    stopped_by: StoppedBy | None
    rescued: str | None
    seconds: float
    overhead: float
    attempts: tuple[AttemptSummary, ...]


@attrs.frozen
class CallDetails:
    """All that is known of one call, besides its summary.

    Attributes:
        path: Its states in one line.
        moves: Why each move was made, in order.
        attempts: Every attempt that is over, in order.
        skipped: Targets that were passed over, and why.
    """

    path: str
    moves: tuple[MoveReason, ...]
    attempts: tuple[Attempt, ...]
    skipped: tuple[Skipped, ...]


SHORTEST = 8
"""Digits of an id by which a call is found: so many stand before a line of the log."""


class KeptCall(msgspec.Struct, frozen=True):
    """A call that is kept; of one in flight, as it is now.

    Attributes:
        key: The name of the key that it came with; ``None`` where none is needed.
        facts: What it came to, as far as it has.
        ledger: Its record.
        skipped: Targets that it passed over, and why.
    """

    key: str | None
    facts: CallFacts
    ledger: Ledger
    skipped: tuple[Skipped, ...]


class CallStore:
    """Keeps calls for those who ask what became of them.

    A caller sees its own calls alone, by the name of its key; an admin sees those of all.

    Args:
        calls_kept: How many are kept after their end, the newest ones.

    Attributes:
        calls_kept: The same; another number holds from the next end of a call on.
        on_end: Told of each call that is over; ``None`` while nobody wants to know.
    """

    def __init__(self, calls_kept: int) -> None:
        self.calls_kept = calls_kept
        self.on_end: Callable[[KeptCall], None] | None = None
        self._running: dict[CallRun, str | None] = {}
        self._kept: OrderedDict[str, KeptCall] = OrderedDict()

    def begin(self, run: CallRun, key: str | None = None) -> None:
        """A call is about to run.

        Args:
            run: The call.
            key: The name of the key that it came with; ``None`` where none is needed.
        """
        self._running[run] = key

    def add(self, run: CallRun, facts: CallFacts | None = None) -> None:
        """A call is over; one that never began is forgotten.

        Args:
            run: The call, which :meth:`begin` was told of.
            facts: What it came to, where the caller has read that already.
        """
        key = self._running.pop(run, None)
        if not has_begun(run):
            return
        ledger = run.recorder.ledger
        release_heads(ledger)
        facts = call_facts(run) if facts is None else facts
        self._kept[ledger.call] = kept = KeptCall(key, facts, ledger, run.skipped)
        if self.on_end is not None:
            self.on_end(kept)
        while len(self._kept) > self.calls_kept:
            self._kept.popitem(last=False)

    def call(self, call: str, key: str | None = None, *, is_admin: bool = False) -> bytes | None:
        """A call as JSON: its summary, its record, and why each move was made.

        ``None`` where :meth:`find`, which takes the same, finds none.
        """
        kept = self.find(call, key, is_admin=is_admin)
        if kept is None:
            return None
        ledger = kept.ledger
        details = CallDetails(str(ledger), move_reasons(ledger), ledger.attempts, kept.skipped)
        shown = {
            "format": FORMAT,
            **attrs.asdict(summary_of(kept), recurse=False),
            **attrs.asdict(details, recurse=False),
            "ledger": [msgspec.Raw(line.rstrip()) for line in ledger.lines()],
        }
        return msgspec.json.encode(shown)

    def calls(self, wanted: CallFilter, key: str | None = None, *, is_admin: bool = False) -> bytes:
        """A list of calls as JSON, the newest first, those in flight before those that are over.

        Args:
            wanted: Which calls.
            key: Who asks.
            is_admin: True where he sees the calls of all.
        """
        found: list[CallSummary] = []
        for kept in self.newest(key, is_admin=is_admin):
            if len(found) >= wanted.limit:
                break
            if wanted.takes(kept.facts, kept.key):
                found.append(summary_of(kept))
        return msgspec.json.encode({"format": FORMAT, "calls": found})

    def newest(self, key: str | None = None, *, is_admin: bool = False) -> Iterator[KeptCall]:
        """The calls that ``key`` may see, newest first, those in flight before those over."""
        running = [
            (run, owner)
            for run, owner in self._running.items()
            if (is_admin or owner == key) and has_begun(run)
        ]
        yield from (_as_of_now(run, owner) for run, owner in reversed(running))
        yield from (kept for kept in reversed(self._kept.values()) if is_admin or kept.key == key)

    def in_flight(self) -> Iterator[tuple[str | None, CallRun]]:
        """The calls that have begun and are not over, each after the name of its key."""
        return ((key, run) for run, key in self._running.items() if has_begun(run))

    def find(self, call: str, key: str | None = None, *, is_admin: bool = False) -> KeptCall | None:
        """The one call of that id, or of an id that begins so, which ``key`` may see.

        Args:
            call: The call's id, or its first digits, at least :data:`SHORTEST` of them.
            key: Who asks.
            is_admin: True where he may see the calls of all.

        Returns:
            ``None`` where there is no such call, it is not his, or his are several.
        """
        exact = self._kept.get(call)
        if exact is not None:
            return exact if is_admin or exact.key == key else None

        def is_meant(known: str, owner: str | None) -> bool:
            # Others' calls do not count: nobody learns of an id by what he may not see.
            is_his = is_admin or owner == key
            return is_his and (known == call or (is_long and known.startswith(call)))

        is_long = len(call) >= SHORTEST
        kept = [one for known, one in self._kept.items() if is_meant(known, one.key)]
        runs = [one for one in self._running.items() if has_begun(one[0])]
        running = [one for one in runs if is_meant(one[0].recorder.ledger.call, one[1])]
        if len(kept) + len(running) != 1:
            return None
        return kept[0] if kept else _as_of_now(*running[0])


def has_begun(run: CallRun) -> bool:
    """True once a call has an id and a record."""
    return hasattr(run, "recorder")


def _as_of_now(run: CallRun, key: str | None) -> KeptCall:
    return KeptCall(key, call_facts(run), run.recorder.ledger, run.skipped)


def summary_of(kept: KeptCall) -> CallSummary:
    """What a list shows of a call."""
    facts = kept.facts
    return CallSummary(
        *(facts.call, facts.time, kept.key, facts.route, facts.target),
        *(outcome_of(facts), facts.state, facts.reason, facts.stopped_by, facts.rescued),
        *(facts.seconds, facts.overhead),
        tuple(AttemptSummary(one.target, one.status, one.reason) for one in facts.attempts),
    )
