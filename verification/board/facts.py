"""What is true of a board, told by a dictionary of facts: the model that the board is held against.

Written from the contract (docs/health.md) and not from the board's code. It knows four kinds of
failure: an account without money (402), a key that is throttled for 20 s (429), a provider that
cannot be reached, and a target that is overloaded (503).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import attrs

Name = tuple[str, ...]
"""What a fact is about: ``("money", provider)``, ``("limit", provider, label)``, ``("line",
provider)`` or ``("circuit", provider)`` (of its one target)."""

MONEY, LIMIT, LINE, CIRCUIT = "money", "limit", "line", "circuit"

LENGTHS: Mapping[str, tuple[float, ...]] = {
    MONEY: (300.0, 600.0, 1200.0, 2400.0, 3600.0),
    LIMIT: (20.0,),
    LINE: (5.0, 10.0),
    CIRCUIT: (5.0, 10.0),
}
"""Seconds that a mark lasts, the second in a row, ...; the last of them holds on."""

CLAIM, EARLY, FAILING = 130.0, 15.0, 3
"""Seconds that a probe belongs to one call; seconds after the last request when a mark counts as
due where nothing stands by; calls in a row that open a circuit."""

GRAIN = 1e-3
"""Seconds within which two instants are one."""


@attrs.frozen
class Probe:
    """Who probes: the call, until when at most, and whether before the mark was due."""

    call: str
    expires: float
    early: bool = False


@attrs.frozen
class Fact:
    """A mark, or a count of failures that may become one.

    Attributes:
        marked: Whether it stands in the way; else it is a count.
        until: When it ends, or is due.
        failed, requested: When it was last heard of, and last asked.
        level, length: How many times in a row it was lengthened; its seconds.
        count: Failing calls in a row.
        probe: The probe that is under way.
        billed: Labels of the keys that were billed, of money.
    """

    marked: bool
    until: float
    failed: float
    requested: float
    level: int = 0
    length: float = 0.0
    count: int = 1
    probe: Probe | None = None
    billed: frozenset[str] = frozenset()


Facts = dict[Name, Fact]


@attrs.frozen
class Sent:
    """A request under way.

    Attributes:
        call: Of which call.
        provider, label: Where to.
        at: When it was sent.
        probes: The facts whose probe it is.
        early: Whether what is benched counts as due early for its call.
        has_probed: Whether its call has probed by now.
        pending: Kinds of failure that count once its call leaves.
        is_waiting: Whether it failed, and its call may try again.
    """

    call: str
    provider: str
    label: str
    at: float
    probes: tuple[Name, ...] = ()
    early: bool = False
    has_probed: bool = False
    pending: frozenset[str] = frozenset()
    is_waiting: bool = False


def names(provider: str, label: str) -> tuple[Name, ...]:
    """What may stand in the way of a request there."""
    return (MONEY, provider), (LINE, provider), (CIRCUIT, provider), (LIMIT, provider, label)


def holds(fact: Fact, labels: Sequence[str]) -> bool:
    """Whether the fact holds for a pool of these keys: one of them was billed."""
    return not fact.billed or not fact.billed.isdisjoint(labels)


def passes(
    facts: Facts, provider: str, label: str, labels: Sequence[str], now: float, *, early: bool
) -> tuple[Name, ...] | None:
    """The facts that a request may go past as their probe; ``None`` where one bars it."""
    probes = []
    for name in names(provider, label):
        fact = facts.get(name)
        if fact is None or not fact.marked or not holds(fact, labels):
            continue
        probed = name[0] != LIMIT
        due = min(fact.until, fact.requested + EARLY) if early and probed else fact.until
        if due > now + GRAIN or (fact.probe is not None and fact.probe.expires > now + GRAIN):
            return None
        if probed:
            probes.append(name)
    return tuple(probes)


Route = Sequence[tuple[str, Sequence[str]]]
"""Providers in order, with the labels of their keys."""


def choose(
    facts: Facts, route: Route, now: float, *, early: bool, has_probed: bool = False
) -> tuple[str, str, tuple[Name, ...]] | None:
    """The first provider and key of the route that can be had, and what is probed by it.

    A call that has probed probes no more while anything else can be had.
    """
    had = [
        (provider, label, probes)
        for provider, labels in route
        for label in labels
        if (probes := passes(facts, provider, label, labels, now, early=early)) is not None
    ]
    unprobed = [one for one in had if not one[2]] if has_probed else []
    return next(iter(unprobed or had), None)


def take(facts: Facts, sent: Sent) -> None:
    """A request goes out: what it goes past is its to probe."""
    for name in sent.probes:
        fact = facts[name]
        probe = Probe(sent.call, sent.at + CLAIM, early=fact.until > sent.at + GRAIN)
        facts[name] = attrs.evolve(fact, probe=probe, requested=sent.at)


def give_back(facts: Facts, sent: Sent) -> None:
    """Whoever probes no more says so."""
    for name in sent.probes:
        fact = facts.get(name)
        if fact is not None and fact.probe is not None and fact.probe.call == sent.call:
            facts[name] = attrs.evolve(fact, probe=None)


def answer(facts: Facts, sent: Sent, labels: Sequence[str], now: float) -> None:
    """A request was answered: what speaks against that is over, but what is newer than it."""
    for name in names(sent.provider, sent.label):
        fact = facts.get(name)
        if fact is None or not holds(fact, labels):
            continue
        newer = fact.marked and (
            (name[0] == MONEY and fact.failed > sent.at)
            or (name[0] == LIMIT and fact.until > now + GRAIN)
        )
        if name in sent.probes or not newer:
            del facts[name]
    give_back(facts, sent)


def fail(facts: Facts, sent: Sent, kind: str, labels: Sequence[str], now: float) -> Sent:
    """A request failed; what its call is since."""
    pending = sent.pending
    name = next(one for one in names(sent.provider, sent.label) if one[0] == kind)
    if kind != LINE:  # whoever answers can be reached
        facts.pop((LINE, sent.provider), None)
        pending -= {LINE}
    for other in sent.probes:
        fact = facts.get(other)
        if fact is not None and other != name:  # it brought no success: as long as before, again
            early = fact.probe is not None and fact.probe.early
            until = fact.until if early else now + fact.length
            facts[other] = attrs.evolve(fact, until=until, failed=now, requested=now)
    probed = name in sent.probes and name in facts and facts[name].marked
    if kind in (LINE, CIRCUIT) and not probed:
        pending |= {kind}
    else:
        facts[name] = _marked(facts.get(name), sent, name, labels, now)
    give_back(facts, sent)
    return attrs.evolve(sent, pending=pending, probes=())


def leave(facts: Facts, sent: Sent, now: float) -> None:
    """A call is over: what failed of it counts, once."""
    give_back(facts, sent)
    for kind in sent.pending:
        name = (kind, sent.provider)
        facts[name] = _counted(facts.get(name), kind, now)


def _counted(old: Fact | None, kind: str, now: float) -> Fact:
    if old is None:
        return Fact(marked=False, until=now, failed=now, requested=now)
    more = attrs.evolve(old, failed=now, requested=now, count=old.count + 1)
    if old.marked or more.count < FAILING:
        return more
    length = LENGTHS[kind][0]
    return attrs.evolve(more, marked=True, until=now + length, level=0, length=length)


def _marked(old: Fact | None, sent: Sent, name: Name, labels: Sequence[str], now: float) -> Fact:
    kind, lengths = name[0], LENGTHS[name[0]]
    before = frozenset[str]() if old is None else old.billed
    billed = before | {sent.label} if kind == MONEY else frozenset()
    if old is None or not old.marked or not holds(old, labels):
        until = now + lengths[0]
        return Fact(True, until, now, now, length=lengths[0], billed=billed)
    heard = attrs.evolve(old, failed=now, requested=now, billed=billed)
    probing = name in sent.probes
    if kind == LIMIT:
        return attrs.evolve(heard, until=max(old.until, now + lengths[0]))
    early = old.probe is not None and old.probe.early
    if (not probing and old.until > now + GRAIN) or (probing and early):
        return heard
    level = min(old.level + 1, len(lengths) - 1)
    length = lengths[level]
    return attrs.evolve(heard, until=now + length, level=level, length=length)


def merged(base: Facts, own: Facts, shared: Facts) -> Facts:
    """What is true once a process that was on its own is heard: of two changes the later due."""
    found = dict(shared)
    for name in {*base, *own}:
        mine, theirs = own.get(name), shared.get(name)
        if mine == base.get(name):
            continue
        if theirs == base.get(name) or _due(mine) > _due(theirs):
            if mine is None:
                found.pop(name, None)
            else:
                found[name] = mine
    return found


def _due(fact: Fact | None) -> tuple[float, float]:
    return (float("-inf"), float("-inf")) if fact is None else (fact.until, fact.failed)
