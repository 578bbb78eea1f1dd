"""Audit of ledgers of any size: line by line, with the calls that are not over in memory.

Calls interleave in a ledger, and one whose process died never ends there. So what is held is
bounded: of more than :data:`MOST_OPEN` calls without an end the one that began first is audited as
far as it goes, and let go.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable

import attrs

from orchestrator.lab.audit.call_audit import AuditedCall, CallVerdict, audit_call
from orchestrator.lab.audit.faults import AuditFault
from orchestrator.lab.audit.line_reader import LineReader, UnreadLine
from orchestrator.lab.invariants import OVER
from orchestrator.ledger import FORMAT, Closed, Entry, Opened, as_far_as_whole, recorded_call

MOST_OPEN = 10_000
"""Calls without an end that are held, some kB each; a gateway has at most some thousand at once."""

MOST_FAILED = 1_000
"""Calls that failed of which the faults are kept; all are counted."""

MOST_PLACES = 5
"""Damaged lines whose places are kept; all are counted."""

MOST_ENDED = 10_000
"""Ids of calls that ended which are remembered: a line of one that follows is no beginning lost."""


@attrs.define
class _OpenCall:
    """A call of which the end was not read yet.

    Attributes:
        source: The file where it begins.
        entries: What was read of it.
        is_damaged: Whether a line of it could not be read.
        may_be_damaged: Whether a line could not be read that may have been its own.
    """

    source: str
    entries: list[Entry]
    is_damaged: bool = False
    may_be_damaged: bool = False


@attrs.define
class AuditReport:
    """What came of auditing ledgers.

    Attributes:
        files: What was read.
        lines: How many lines they have.
        calls: How many calls, by the verdict on them.
        failed: Those that failed, in the order in which they ended; at most a thousand.
        broken: How many calls failed, by what objected first.
        versions: How many calls another version wrote, by which.
        damaged_lines: Lines that are none of a ledger's, or are torn.
        damaged_at: Where the first of them are, and why.
        torn_ends: Files whose last line is only half there, which is no fault: it is being written,
            or its process died.
        let_go: Calls that were audited before their end was read, as too many had none.
        may_run: Of the calls without an end, those that may still be under way by their policy.
        since, until: The first and the last beginning of a call (epoch).
    """

    files: list[str] = attrs.field(factory=list)
    lines: int = 0
    calls: Counter[CallVerdict] = attrs.field(factory=Counter)
    failed: list[AuditedCall] = attrs.field(factory=list)
    broken: Counter[str] = attrs.field(factory=Counter)
    versions: Counter[str] = attrs.field(factory=Counter)
    damaged_lines: int = 0
    damaged_at: list[str] = attrs.field(factory=list)
    torn_ends: int = 0
    let_go: int = 0
    may_run: int = 0
    since: float | None = None
    until: float | None = None

    @property
    def holds(self) -> bool:
        """Whether no call failed."""
        return not self.calls[CallVerdict.FAILED]

    @property
    def total(self) -> int:
        """How many calls were seen."""
        return sum(self.calls.values())


class LedgerAudit:
    """Audits ledgers, one after the other; a call may begin in one and end in the next.

    Args:
        now: The wall clock (epoch), for which calls may still be under way.
        since: Calls that began before this instant (epoch) are passed over.
        most_open: How many calls without an end are held.
    """

    def __init__(
        self, now: float, *, since: float | None = None, most_open: int = MOST_OPEN
    ) -> None:
        self.report = AuditReport()
        self._now, self._since, self._most_open = now, since, most_open
        self._reader = LineReader()
        self._open: OrderedDict[str, _OpenCall] = OrderedDict()
        # Calls that were judged, by the verdict on them, or (``None``) passed over; of the newest.
        self._gone: OrderedDict[str, CallVerdict | None] = OrderedDict()

    def read(self, lines: Iterable[bytes], source: str) -> None:
        """Audit what ends in these lines.

        Args:
            lines: With their ends.
            source: The file's name.

        Raises:
            OSError: They cannot be read.
        """
        report = self.report
        report.files.append(source)
        number = 0
        for number, text in enumerate(lines, 1):
            if not text.isspace():
                self._take(text, source, number)
        report.lines += number

    def end(self) -> AuditReport:
        """The report, once there are no more lines."""
        while self._open:
            self._let_go()
        return self.report

    def _take(self, text: bytes, source: str, number: int) -> None:
        try:
            entry = self._reader.entry(text)
        except UnreadLine as error:
            self._damaged(text, source, number, error)
            return
        if isinstance(entry, Opened):
            self._begin(entry, source)
            return
        known = self._open.get(entry.call)
        if known is None:
            self._stray(entry, source)
            return
        known.entries.append(entry)
        if isinstance(entry, Closed):
            del self._open[entry.call]
            self._settle(known)

    def _begin(self, opened: Opened, source: str) -> None:
        if self._since is not None and opened.time < self._since:
            self._remember(opened.call, None)
            return
        before = self._open.pop(opened.call, None)
        if before is not None:  # the same file twice: what began then has no end
            self._settle(before)
        report, time = self.report, opened.time
        report.since = min(time, time if report.since is None else report.since)
        report.until = max(time, time if report.until is None else report.until)
        self._open[opened.call] = _OpenCall(source, [opened])
        if len(self._open) > self._most_open:
            self.report.let_go += 1
            self._let_go()

    def _let_go(self) -> None:
        _, call = self._open.popitem(last=False)
        self._settle(call)

    def _stray(self, entry: Entry, source: str) -> None:
        """A line of a call that has ended, or whose beginning is nowhere here."""
        call = entry.call
        if call not in self._gone:
            # Of a call before the instant that was asked for nobody misses anything.
            if self._since is None:
                self._count(AuditedCall(call, None, source, CallVerdict.BEGUN_BEFORE))
        elif self._gone[call] is CallVerdict.HELD:
            self.report.calls[CallVerdict.HELD] -= 1
            fault = AuditFault(OVER, None, f"a line of it ({entry.kind}) stands behind its end")
            self._count(AuditedCall(call, None, source, CallVerdict.FAILED, (fault,)))

    def _settle(self, call: _OpenCall) -> None:
        recording = recorded_call(call.entries, call.source)
        audited = None if call.is_damaged else audit_call(recording)
        doubted = audited is not None and audited.faults and call.may_be_damaged
        if audited is None or doubted:
            whole = recorded_call(as_far_as_whole(call.entries), call.source)
            audited = audit_call(whole, is_damaged=True)
        if audited.verdict is CallVerdict.UNENDED:
            opened = recording.opened
            streams = (target.timeouts.stream_total for target in opened.route)
            most = opened.policy.deadline + max(streams, default=0.0)
            self.report.may_run += opened.time + most >= self._now
        self._count(audited)

    def _count(self, audited: AuditedCall) -> None:
        report = self.report
        report.calls[audited.verdict] += 1
        self._remember(audited.call, audited.verdict)
        if audited.version:
            report.versions[audited.version] += 1
        if audited.faults:
            report.broken[audited.faults[0].check] += 1
            if len(report.failed) < MOST_FAILED:
                report.failed.append(audited)

    def _remember(self, call: str, verdict: CallVerdict | None) -> None:
        self._gone[call] = verdict
        if len(self._gone) > MOST_ENDED:
            self._gone.popitem(last=False)

    def _damaged(self, text: bytes, source: str, number: int, error: UnreadLine) -> None:
        report = self.report
        if error.version is not None:
            # Of a later format: whose call it is can still be told.
            self._of_later_version(error)
            return
        is_end = not text.endswith(b"\n")
        if is_end:
            report.torn_ends += 1
        else:
            report.damaged_lines += 1
            if len(report.damaged_at) < MOST_PLACES:
                report.damaged_at.append(f"{source}, line {number}: {error}")
        named = self._open.get(error.call) if error.call is not None else None
        if named is not None and not is_end:
            named.is_damaged = True
            return
        # Where it does not say whose it was, it may be any of those that are under way. What is
        # half there at the end is of one that ends there, or goes on with it in the next file.
        for each in (named,) if named is not None else self._open.values():
            each.may_be_damaged = True

    def _of_later_version(self, error: UnreadLine) -> None:
        call = error.call or ""
        self._open.pop(call, None)
        if self._gone.get(call) is not CallVerdict.OTHER_VERSION:
            version = f"in format {error.version}, of which this reads up to {FORMAT}"
            self._count(AuditedCall(call, None, "", CallVerdict.OTHER_VERSION, version=version))
