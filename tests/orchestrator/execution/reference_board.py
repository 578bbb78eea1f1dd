"""What the health board must know, written a second time, from the design's prose.

One `Mark` for each thing and kind of failure; calls are `Visitor`s. Instants are wall-clock
seconds. It decides nothing: it is told what each call was granted and what came back, says
where that is against the design, and what the board must show next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from math import inf

import attrs

from orchestrator.health import BoardRow
from orchestrator.states import Error, Mark, Reason, Scope, Standby, Taken, Target

EARLY = 15.0
CLAIM = 130.0
GRAIN = 1e-6
"""An epoch instant has a grain of 2.4e-7 s, so instants this close are the same."""

Key = tuple[str, ...]
"""(kind of failure, kind of thing, its names ...)."""


@attrs.frozen
class Schedule:
    """The mark, seconds that the first in a row lasts, the second ...; the last holds on."""

    mark: Mark
    lasts: tuple[float, ...]

    def at(self, level: int) -> float:
        return self.lasts[min(level, len(self.lasts) - 1)]


BENCH = Schedule(Mark.BENCH, tuple(60.0 * minutes for minutes in (5, 10, 20, 40, 60)))
LONG_WAIT = Schedule(Mark.BENCH, tuple(60.0 * minutes for minutes in (1, 5, 10, 20, 40, 60)))
COOLDOWN = Schedule(Mark.COOLDOWN, (1.0, 2.0, 4.0, 8.0, 16.0, 30.0))
CIRCUIT = Schedule(Mark.CIRCUIT, (5.0, 10.0))
DEAD = Schedule(Mark.DEAD, (inf,))

LONG = 300.0
"""A named wait up to this is a cooldown, a longer one an expectation."""

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
    probed: bool = False
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
    expected: float = inf

    @property
    def mark(self) -> Mark | None:
        return self.schedule.mark if self.schedule is not None else None

    @property
    def probed_after(self) -> bool:
        return self.mark in (Mark.BENCH, Mark.CIRCUIT)


def marks(
    target: Target, label: str, error: Error, *, one_account: bool
) -> tuple[Key, Schedule] | None:
    """What the table of marks says of `error`."""
    provider, name = target.provider, target.name
    at_target: Key = ("target", provider, name)
    kind, *thing = {
        Reason.BILLING: ("billing", "provider", provider),
        Reason.AUTH: ("auth", "key", provider, label),
        Reason.RATE_LIMIT: ("rate_limit", "key", provider, label),
        Reason.FORBIDDEN: ("refused", *at_target),
        Reason.MODEL_NOT_FOUND: ("refused", *at_target),
        Reason.CONNECTION: ("circuit", "provider", provider),
        **dict.fromkeys(FAILING, ("circuit", *at_target)),
    }.get(error.reason, ("nothing",))
    if kind == "nothing" or error.empty or error.scope is Scope.REQUEST:
        return None
    if error.quoted and kind in ("billing", "auth", "rate_limit"):
        kind, thing = ("billing" if kind == "billing" else "circuit"), list(at_target)
    else:
        narrower: dict[tuple[str, Scope | None], Key] = {
            ("billing", Scope.KEY): ("key", provider, label),
            ("billing", Scope.MODEL): at_target,
            ("rate_limit", Scope.MODEL): ("key", provider, label, name),
            ("circuit", Scope.MODEL): at_target,
        }
        if one_account:
            narrower["rate_limit", Scope.ACCOUNT] = ("provider", provider)
        thing = list(narrower.get((kind, error.scope), thing))
    usual = {"rate_limit": COOLDOWN, "circuit": CIRCUIT}.get(kind, BENCH)
    names_long = error.retry_after is not None and error.retry_after > LONG
    return (kind, *thing), LONG_WAIT if names_long and usual is not BENCH else usual


def entry_keys(target: Target) -> tuple[Key, ...]:
    """The keys of what may stand in the way of `target`, whatever the credential."""
    provider, name = target.provider, target.name
    return (
        ("billing", "provider", provider),
        ("rate_limit", "provider", provider),
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
    one_account: Collection[str] = ()
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
        free = {
            target: [label for label in self.free(target, visitor, now) if label not in used]
            for target in wanted
        }
        if visitor.probed:
            # One probe a call, while anything else stands by.
            known = {
                target: [label for label in labels if not self.probes(target, label)]
                for target, labels in free.items()
            }
            free = known if any(known.values()) else free
        offered = [target for target in wanted if free[target]]
        assert (taken.target if taken else None) == (offered[0] if offered else None)
        self.leave(visitor, wanted if taken is None else [taken.target], now)
        if taken is None:
            return
        assert taken.credential in free[taken.target]
        visitor.sent = (taken.target, taken.credential, now)
        self._claim(visitor, now)
        assert taken.probe == bool(visitor.claims)

    def report(self, visitor: Visitor, error: Error, now: float) -> None:
        """What was sent came back as `error`."""
        assert visitor.sent is not None
        target, label, _ = visitor.sent
        one_account = target.provider in self.one_account
        marked = marks(target, label, error, one_account=one_account)
        key = marked[0] if marked is not None else None
        if error.status is not None and error.reason is not Reason.CONNECTION:
            self._disprove(visitor, ("circuit", "provider", target.provider), now)
        ours = error.reason in (Reason.CANCELLED, Reason.DEADLINE)
        if not ours and error.scope is not Scope.REQUEST:
            for other in visitor.claims - {key}:
                self._hold(other, now)
        if marked is not None:
            self._mark(visitor, *marked, error, now)
        self.release(visitor)

    def succeed(self, visitor: Visitor, now: float) -> None:
        """What was sent was answered."""
        assert visitor.sent is not None
        target, label, _ = visitor.sent
        for key in (*entry_keys(target), *credential_keys(target, label)):
            self._disprove(visitor, key, now)
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

    def probes(self, target: Target, label: str) -> bool:
        """Whether a request there tests something that was marked."""
        keys = (*entry_keys(target), *credential_keys(target, label))
        return any(self.known[key].probed_after for key in keys if key in self.known)

    # Inside.

    def _disprove(self, visitor: Visitor, key: Key, now: float) -> None:
        """What was sent came to an answer that speaks against the mark."""
        assert visitor.sent is not None
        found = self.known.get(key)
        visitor.pending.pop(key, None)
        if found is not None and (key in visitor.claims or disproved(found, visitor.sent[2], now)):
            del self.known[key]

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
                visitor.probed = True

    def _hold(self, key: Key, now: float) -> None:
        """A probe that failed for another reason keeps the others away as long as before."""
        found = self.known.get(key)
        if found is not None:
            found.failed = found.requested = now
            if found.holder is None or not found.early:
                found.until = now + found.seconds
            expect(found, found.expected, now)

    def _mark(
        self, visitor: Visitor, key: Key, schedule: Schedule, error: Error, now: float
    ) -> None:
        found = self.known.get(key)
        probe = key in visitor.claims
        if schedule is CIRCUIT and not (probe and found is not None and found.mark is not None):
            if key not in visitor.counted:
                visitor.pending[key] = error
            return
        if probe or key[0] == "circuit":
            visitor.counted.add(key)
            visitor.pending.pop(key, None)
        self._lengthen(key, schedule, error, now, probe=probe)

    def _lengthen(
        self, key: Key, schedule: Schedule, error: Error, now: float, *, probe: bool
    ) -> None:
        found = self.known.get(key)
        named = error.retry_after
        expected = now + named if named is not None and named > LONG else None
        lasts = schedule.at(0)
        if named is not None and schedule is COOLDOWN:
            lasts = named
        fresh = Known(schedule, now, now, error, until=now + lasts, seconds=lasts)
        fresh.failures = 1 if found is None else found.failures + 1
        if key[0] == "auth" and error.revoked:
            fresh.schedule, fresh.until = DEAD, inf
        if found is not None and found.mark is not None and fresh.schedule is not DEAD:
            if found.mark is Mark.DEAD:
                found.failed, found.requested, found.error = now, now, error
                return
            in_force = not probe and found.until > now + GRAIN
            other = found.mark is not schedule.mark
            long = schedule.mark is Mark.BENCH
            if not (other and (long or (not in_force and named is not None))):
                self._go_on(found, fresh, now, in_force=in_force, probe=probe)
                expect(found, later(found, expected, in_force=in_force), now)
                return
            fresh.holder, fresh.expires, fresh.early = found.holder, found.expires, found.early
        self.known[key] = fresh
        expect(fresh, expected if expected is not None else inf, now)

    def _go_on(
        self, found: Known, fresh: Known, now: float, *, in_force: bool, probe: bool
    ) -> None:
        """The mark that is known holds on after more of the same."""
        early = probe and found.holder is not None and found.early
        found.failed, found.requested, found.error = now, now, fresh.error
        assert found.schedule is not None
        assert fresh.schedule is not None
        if in_force:
            if found.mark is Mark.COOLDOWN and fresh.mark is Mark.COOLDOWN:
                named = fresh.error.retry_after
                lasts = found.schedule.at(found.level) if named is None else named
                if now + lasts > found.until:
                    found.until, found.seconds = now + lasts, lasts
        elif not early:
            found.level, found.failures = found.level + 1, found.failures + 1
            found.seconds = found.schedule.at(found.level)
            if fresh.mark is Mark.COOLDOWN and found.mark is Mark.COOLDOWN:
                named = fresh.error.retry_after
                found.seconds = found.seconds if named is None else named
            found.until = now + found.seconds

    def _count(self, key: Key, error: Error, now: float) -> None:
        found = self.known.get(key)
        if found is None:
            self.known[key] = Known(None, now, now, error)
            return
        found.failures += 1
        found.failed, found.requested, found.error = now, now, error
        if found.mark is None and found.failures >= 3:
            lasts = CIRCUIT.at(0)
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
            if clear.expected is not None:
                assert clear.mark is Mark.BENCH
                assert clear.expected + started > now
                assert clear.probed or clear.at <= clear.expected + GRAIN

    def check_snapshot(self, entries: Iterable[BoardRow], now: float) -> None:
        """The board shows what is known here, of the same things, and nothing else."""
        unseen = {key for key, found in self.known.items() if stands(found, now)}
        for entry in entries:
            mine = {key: found for key, found in self.known.items() if is_about(key, entry)}
            standing = {key: found for key, found in mine.items() if stands(found, now)}
            unseen -= set(standing)
            assert (entry.mark is not None) == bool(standing), (entry, mine)
            assert entry.failures == max((each.failures for each in mine.values()), default=0)
            if entry.until is not None:
                assert any(
                    close(entry.until, each.until)
                    and close(entry.expected or inf, each.expected if each.expected > now else inf)
                    for each in standing.values()
                )
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


def later(found: Known, expected: float | None, *, in_force: bool) -> float:
    """What is expected now: the newest word, and of calls that fail together the latest."""
    if expected is None:
        return found.expected
    known = found.expected if found.expected < inf else -inf
    return max(known, expected) if in_force else expected


def expect(found: Known, expected: float, now: float) -> None:
    """The mark is due at the latest at the instant that was named, until that is past."""
    found.expected = expected if expected > now + GRAIN else inf
    found.until = min(found.until, found.expected)


def stands(found: Known, now: float) -> bool:
    if found.mark is None:
        return False
    return found.mark is not Mark.COOLDOWN or found.until > now


def is_about(key: Key, entry: BoardRow) -> bool:
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
