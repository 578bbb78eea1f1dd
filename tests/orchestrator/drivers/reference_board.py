"""What the health board must know, written a second time, from the design's prose.

One `Mark` for each thing and kind of failure; calls are `Visitor`s. Instants are wall-clock
seconds. It decides nothing: it is told what each call was granted and what came back, says
where that is against the design, and what the board must show next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf

import attrs

from orchestrator.health import Entry
from states import Error, Mark, Reason, Scope, Standby, Taken, Target

EARLY = 15.0
CLAIM = 130.0
GRAIN = 1e-6
"""An epoch instant has a grain of 2.4e-7 s, so instants this close are the same."""

Key = tuple[str, ...]
"""(kind of failure, kind of thing, its names ...)."""

Schedule = tuple[Mark, float, float]
"""The mark, seconds that the first lasts, seconds that none exceeds."""

BENCH: Schedule = (Mark.BENCH, 300.0, 3600.0)
COOLDOWN: Schedule = (Mark.COOLDOWN, 1.0, 30.0)
CIRCUIT: Schedule = (Mark.CIRCUIT, 5.0, 10.0)

FAILING = frozenset(
    {
        Reason.OVERLOADED,
        Reason.SERVER_ERROR,
        Reason.TIMEOUT,
        Reason.STREAM_INTERRUPTED,
        Reason.INVALID_RESPONSE,
    }
)


@attrs.define(eq=False)
class Visitor:
    """What the board may know of one call."""

    route: tuple[Target, ...]
    early: bool = False
    sent: tuple[Target, str, float] | None = None
    claims: set[Key] = attrs.field(factory=set)
    pending: dict[Key, Error] = attrs.field(factory=dict)
    counted: set[Key] = attrs.field(factory=set)


@attrs.define
class Known:
    """A mark, or (without a schedule) a count that may become one."""

    schedule: Schedule | None
    failed: float
    requested: float
    error: Error
    until: float = -inf
    seconds: float = 0.0
    level: int = 0
    failures: int = 1
    holder: Visitor | None = None
    expires: float = -inf
    early: bool = False

    @property
    def mark(self) -> Mark | None:
        return self.schedule[0] if self.schedule is not None else None

    @property
    def probed_after(self) -> bool:
        return self.mark in (Mark.BENCH, Mark.CIRCUIT)


def seconds(schedule: Schedule, level: int, error: Error) -> float:
    _, first, top = schedule
    names = error.reason in (Reason.BILLING, Reason.RATE_LIMIT)
    if names and error.retry_after is not None:
        return error.retry_after
    return min(top, first * 2.0**level)


def marks(target: Target, label: str, error: Error) -> tuple[Key, Schedule] | None:
    """What the table of marks says of `error`."""
    provider, name = target.provider, target.name
    kind, *thing = {
        Reason.BILLING: ("billing", "provider", provider),
        Reason.AUTH: ("auth", "key", provider, label),
        Reason.RATE_LIMIT: ("rate_limit", "key", provider, label),
        Reason.FORBIDDEN: ("refused", "target", provider, name),
        Reason.MODEL_NOT_FOUND: ("refused", "target", provider, name),
        Reason.CONNECTION: ("circuit", "provider", provider),
        **dict.fromkeys(FAILING, ("circuit", "target", provider, name)),
    }.get(error.reason, ("nothing",))
    narrower: dict[tuple[str, Scope | None], Key] = {
        ("billing", Scope.KEY): ("key", provider, label),
        ("billing", Scope.MODEL): ("target", provider, name),
        ("rate_limit", Scope.MODEL): ("key", provider, label, name),
    }
    if kind == "nothing":
        return None
    schedule = {"rate_limit": COOLDOWN, "circuit": CIRCUIT}.get(kind, BENCH)
    return (kind, *narrower.get((kind, error.scope), thing)), schedule


def entry_keys(target: Target) -> tuple[Key, ...]:
    """The keys of what may stand in the way of `target`, whatever the credential."""
    provider, name = target.provider, target.name
    return (
        ("billing", "provider", provider),
        ("circuit", "provider", provider),
        ("billing", "target", provider, name),
        ("refused", "target", provider, name),
        ("circuit", "target", provider, name),
    )


def credential_keys(target: Target, label: str) -> tuple[Key, ...]:
    """The keys of what may keep the credential from `target`."""
    key = ("key", target.provider, label)
    return (
        ("auth", *key),
        ("billing", *key),
        ("rate_limit", *key),
        ("rate_limit", *key, target.name),
    )


@attrs.define
class Reference:
    """Everything that is known, and what follows from it."""

    labels: Mapping[str, Sequence[str]]
    known: dict[Key, Known] = attrs.field(factory=dict)

    # What may be sent to.

    def is_blocked(self, key: Key, visitor: Visitor, now: float) -> bool:
        found = self.known.get(key)
        if found is None or found.mark is None or found.holder is visitor:
            return False
        end = found.until
        if visitor.early and found.probed_after:
            end = min(end, found.requested + EARLY)
        probed = found.holder is not None and found.expires > now + GRAIN
        return end > now + GRAIN or probed

    def free(self, target: Target, visitor: Visitor, now: float) -> list[str]:
        """Labels that may be sent with to `target`, in the pool's order."""
        if any(self.is_blocked(key, visitor, now) for key in entry_keys(target)):
            return []
        return [
            label
            for label in self.labels[target.provider]
            if not any(self.is_blocked(key, visitor, now) for key in credential_keys(target, label))
        ]

    # What happens.

    def start(self, visitor: Visitor, taken: Taken | None, now: float) -> None:
        """The call begins; where nothing stands by, benches and circuits are due early."""
        visitor.early = not any(self.free(target, visitor, now) for target in visitor.route)
        self.take(visitor, visitor.route, (), taken, now)

    def take(
        self,
        visitor: Visitor,
        wanted: Sequence[Target],
        used: Collection[str],
        taken: Taken | None,
        now: float,
    ) -> None:
        """The call asked for one of `wanted` and was granted `taken`."""
        free = {target: self.free(target, visitor, now) for target in wanted}
        offered = [target for target in wanted if set(free[target]) - set(used)]
        assert (taken.target if taken else None) == (offered[0] if offered else None)
        self.leave(visitor, wanted if taken is None else [taken.target], now)
        if taken is None:
            return
        assert taken.credential in free[taken.target]
        assert taken.credential not in used
        visitor.sent = (taken.target, taken.credential, now)
        self._claim(visitor, now)
        assert taken.probe == bool(visitor.claims)

    def report(self, visitor: Visitor, error: Error, now: float) -> None:
        """What was sent came back as `error`."""
        assert visitor.sent is not None
        target, label, _ = visitor.sent
        marked = marks(target, label, error)
        key = marked[0] if marked is not None else None
        if error.reason not in (Reason.CANCELLED, Reason.DEADLINE):
            for other in visitor.claims - {key}:
                self._hold(other, now)
        if marked is not None:
            self._mark(visitor, *marked, error, now)
        self.release(visitor)

    def succeed(self, visitor: Visitor, now: float) -> None:
        """What was sent was answered."""
        assert visitor.sent is not None
        target, label, sent = visitor.sent
        for key in (*entry_keys(target), *credential_keys(target, label)):
            found = self.known.get(key)
            visitor.pending.pop(key, None)
            if found is not None and (key in visitor.claims or disproved(found, sent, now)):
                del self.known[key]
        self.release(visitor)

    def leave(self, visitor: Visitor, to: Sequence[Target], now: float) -> None:
        """The call leaves all but `to`: what failed there counts, once."""
        self.release(visitor)
        kept = {key for target in to for key in entry_keys(target)}
        for key, error in list(visitor.pending.items()):
            if key not in kept:
                del visitor.pending[key]
                visitor.counted.add(key)
                self._count(key, error, now)

    def release(self, visitor: Visitor) -> None:
        for key in visitor.claims:
            found = self.known.get(key)
            if found is not None and found.holder is visitor:
                found.holder = None
        visitor.claims = set()

    def reset(self, provider: str | None) -> None:
        for key in list(self.known):
            if provider in (None, key[2]):
                del self.known[key]

    # Inside.

    def _claim(self, visitor: Visitor, now: float) -> None:
        """Whoever is sent past a mark that has ended probes it, and is alone in that."""
        assert visitor.sent is not None
        target, label, _ = visitor.sent
        for key in (*entry_keys(target), *credential_keys(target, label)):
            found = self.known.get(key)
            if found is not None and found.probed_after:
                assert found.holder is None or found.expires <= now + GRAIN
                found.holder, found.expires = visitor, now + CLAIM
                found.early = found.until > now + GRAIN
                found.requested = now
                visitor.claims.add(key)

    def _hold(self, key: Key, now: float) -> None:
        """A probe that failed for another reason keeps the others away as long as before."""
        found = self.known.get(key)
        if found is not None:
            found.failed = found.requested = now
            if found.holder is None or not found.early:
                found.until = now + found.seconds

    def _mark(
        self, visitor: Visitor, key: Key, schedule: Schedule, error: Error, now: float
    ) -> None:
        found = self.known.get(key)
        probe = key in visitor.claims
        if schedule is CIRCUIT and not (probe and found is not None and found.mark is not None):
            if key not in visitor.counted:
                visitor.pending[key] = error
            return
        if probe:
            visitor.counted.add(key)
        self._lengthen(key, schedule, error, now, probe=probe)

    def _lengthen(
        self, key: Key, schedule: Schedule, error: Error, now: float, *, probe: bool
    ) -> None:
        found = self.known.get(key)
        if error.reason is Reason.AUTH and error.revoked:
            failures = 1 if found is None else found.failures + 1
            dead = (Mark.DEAD, inf, inf)
            self.known[key] = Known(dead, now, now, error, until=inf, failures=failures)
            return
        if found is None or found.mark is None:
            lasts = seconds(schedule, 0, error)
            self.known[key] = Known(schedule, now, now, error, until=now + lasts, seconds=lasts)
            return
        early = probe and found.holder is not None and found.early
        found.failed, found.requested, found.error = now, now, error
        if found.mark is Mark.DEAD or early:
            return
        if probe or found.until <= now:
            found.level, found.failures = found.level + 1, found.failures + 1
            found.seconds = seconds(schedule, found.level, error)
            found.until = now + found.seconds
        else:
            found.until = max(found.until, now + seconds(schedule, found.level, error))

    def _count(self, key: Key, error: Error, now: float) -> None:
        found = self.known.get(key)
        if found is None:
            self.known[key] = Known(None, now, now, error)
            return
        found.failures += 1
        found.failed, found.requested, found.error = now, now, error
        if found.mark is None and found.failures >= 3:
            lasts = seconds(CIRCUIT, 0, error)
            found.schedule, found.until, found.seconds = CIRCUIT, now + lasts, lasts

    # What must be shown.

    def check_standby(self, visitor: Visitor, standby: Standby, now: float, started: float) -> None:
        """Each target of the route stands by, or is told with when it clears."""
        free = [target for target in visitor.route if self.free(target, visitor, now)]
        assert list(standby.targets) == free
        for clear in standby.clears:
            assert clear.target not in free
            assert clear.at + started > now
            assert clear.since + started <= now + GRAIN

    def check_snapshot(self, entries: Iterable[Entry], now: float) -> None:
        """The board shows what is known here, of the same things, and nothing else."""
        unseen = {key for key, found in self.known.items() if stands(found, now)}
        for entry in entries:
            mine = {key: found for key, found in self.known.items() if is_about(key, entry)}
            standing = {key: found for key, found in mine.items() if stands(found, now)}
            unseen -= set(standing)
            assert (entry.mark is not None) == bool(standing), (entry, mine)
            assert entry.failures == max((each.failures for each in mine.values()), default=0)
            if entry.until is not None:
                assert any(close(entry.until, each.until) for each in standing.values())
            probed = any(each.holder and each.expires > now for each in standing.values())
            assert probed or not entry.probed
        assert not unseen


def disproved(found: Known, sent: float, now: float) -> bool:
    """An answer to what was sent before a bench or a cooldown says nothing about it."""
    if found.mark is None or found.mark is Mark.CIRCUIT:
        return True
    if found.mark is Mark.COOLDOWN:
        return found.until <= now + GRAIN
    return found.failed <= sent


def stands(found: Known, now: float) -> bool:
    if found.mark is None:
        return False
    return found.mark is not Mark.COOLDOWN or found.until > now


def is_about(key: Key, entry: Entry) -> bool:
    _, kind, provider, *names = key
    model = f"{entry.provider}/{entry.model}" if entry.model is not None else ""
    shown: Key = ("provider",)
    if entry.credential is not None:
        shown = ("key", entry.credential, *([model] if model else []))
    elif model:
        shown = ("target", model)
    return provider == entry.provider and (kind, *names) == shown


def close(one: float, other: float) -> bool:
    return one == other or abs(one - other) < 1e-4
