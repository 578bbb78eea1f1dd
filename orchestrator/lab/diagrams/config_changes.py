"""Differences of two configs as a call sees them: settings, bounds, rows that die or come alive."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator

import attrs

from orchestrator.lab.diagrams import bounds
from orchestrator.lab.diagrams.bounds import BoundSetup
from orchestrator.lab.diagrams.overlay import Emphasis, Overlay, RowMark
from orchestrator.lab.diagrams.plain_table import Table, plain
from orchestrator.states.facts import Target
from orchestrator.states.policy import Policy
from orchestrator.states.reasons import Reason
from orchestrator.states.table import TABLE

LEGEND = {
    Emphasis.ADDED: "can be taken now, and could not be before",
    Emphasis.REMOVED: "can be taken no more",
    Emphasis.CHANGED: "bounded otherwise than before",
    Emphasis.DEAD: "no call takes it, before or now",
}


class ChangeKind(enum.StrEnum):
    """Kinds of a change to a row or a setting; the value is a list's word."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


SIGNS = {ChangeKind.ADDED: "+", ChangeKind.REMOVED: "-", ChangeKind.CHANGED: "~"}


@attrs.frozen
class Change:
    """One difference.

    Attributes:
        kind: What happened.
        name: The row or setting that it happened to.
        what: What it is now and was before, each a short text; empty where the kind says it.
    """

    kind: ChangeKind
    name: str
    what: tuple[str, ...] = ()


@attrs.frozen
class ConfiguredMachine:
    """A machine under a config.

    Attributes:
        setup: Its policy, route and pools.
        dead: Names of the rows that no call takes.
    """

    setup: BoundSetup
    dead: frozenset[str]


@attrs.frozen
class ConfigChanges:
    """The difference of two configs, as far as a call sees it.

    Attributes:
        settings: Keys of the policy, targets of the route, pools.
        rows: Rows that came alive (added), died (removed) or are bounded otherwise (changed).
        marks: The same for a drawing, with the rows that are dead in both.
    """

    settings: tuple[Change, ...]
    rows: tuple[Change, ...]
    marks: dict[str, RowMark]

    def overlay(self, title: str) -> Overlay:
        """The difference as a drawing shows it."""
        looks = {mark.look for mark in self.marks.values()}
        legend = tuple((look, words) for look, words in LEGEND.items() if look in looks)
        return Overlay(self.marks, RowMark(Emphasis.SAME), legend=legend, title=title)


def config_changes(
    old: ConfiguredMachine, new: ConfiguredMachine, table: Table = TABLE
) -> ConfigChanges:
    """What was changed from ``old`` to ``new``."""
    changes = tuple(_rows(old, new, table))
    both = old.dead & new.dead
    looks = {
        ChangeKind.ADDED: Emphasis.ADDED,
        ChangeKind.REMOVED: Emphasis.REMOVED,
        ChangeKind.CHANGED: Emphasis.CHANGED,
    }
    marks = {name: RowMark(Emphasis.DEAD) for name in both}
    marks |= {one.name: RowMark(looks[one.kind], notes=one.what) for one in changes}
    return ConfigChanges(tuple(_settings(old.setup, new.setup)), changes, marks)


def _rows(old: ConfiguredMachine, new: ConfiguredMachine, table: Table) -> Iterator[Change]:
    before, after = bounds.notes(old.setup, table), bounds.notes(new.setup, table)
    for row in plain(table).rows:
        was, now = row.name not in old.dead, row.name not in new.dead
        if was != now:
            yield Change(ChangeKind.ADDED if now else ChangeKind.REMOVED, row.name)
        elif now and (what := tuple(_pairs(before[row.name], after[row.name]))):
            yield Change(ChangeKind.CHANGED, row.name, what)


def _pairs(old: Iterable[str], new: Iterable[str]) -> Iterator[str]:
    """What stands in one and not in the other, two and two: both are written by one rule."""
    before, after = list(old), list(new)
    gone = [text for text in before if text not in after]
    come = [text for text in after if text not in before]
    for place in range(max(len(gone), len(come))):
        now = come[place] if place < len(come) else "not bounded"
        was = gone[place] if place < len(gone) else "not bounded"
        yield f"{now}, was {_short(was, now)}"


def _short(was: str, now: str) -> str:
    """``was`` without the words that both begin with."""
    words, others = was.split(), now.split()
    while len(words) > 1 and len(others) > 1 and words[0] == others[0]:
        words, others = words[1:], others[1:]
    return " ".join(words)


def _settings(old: BoundSetup, new: BoundSetup) -> Iterator[Change]:
    yield from _policy(old.policy, new.policy)
    yield from _moves(old.policy, new.policy)
    yield from _route(old.route, new.route)
    for provider in dict.fromkeys([*old.pool, *new.pool]):
        was, now = old.pool.get(provider), new.pool.get(provider)
        if was is not None and now is not None and was != now:
            yield Change(
                ChangeKind.CHANGED,
                f"providers.{provider}",
                (f"{bounds.count(now, 'credential')}, was {was}",),
            )


def _policy(old: Policy, new: Policy) -> Iterator[Change]:
    for name in ("max_attempts", "attempts_per_target", "deadline", "patience", "on_interrupted"):
        was, now = getattr(old, name), getattr(new, name)
        if was != now:
            timed = name in ("deadline", "patience")
            shown = [bounds.seconds(one) if timed else str(one) for one in (now, was)]
            yield Change(ChangeKind.CHANGED, f"policy.{name}", (f"{shown[0]}, was {shown[1]}",))


def _moves(old: Policy, new: Policy) -> Iterator[Change]:
    for reason in Reason:
        was, now = (policy.on.get(reason, frozenset()) for policy in (old, new))
        if was != now:
            shown = [", ".join(sorted(moves)) or "none" for moves in (now, was)]
            yield Change(
                ChangeKind.CHANGED, f"policy.on.{reason}", (f"{shown[0]}; was {shown[1]}",)
            )


def _route(old: Iterable[Target], new: Iterable[Target]) -> Iterator[Change]:
    before, after = {one.name: one for one in old}, {one.name: one for one in new}
    yield from (Change(ChangeKind.ADDED, f"route: {name}") for name in after if name not in before)
    yield from (
        Change(ChangeKind.REMOVED, f"route: {name}") for name in before if name not in after
    )
    both = [name for name in after if name in before]
    if both != [name for name in before if name in after]:
        yield Change(ChangeKind.CHANGED, "route", (f"order {', '.join(both)}",))
    for name in both:
        if before[name].timeouts != after[name].timeouts:
            yield Change(
                ChangeKind.CHANGED, f"targets.{name}.timeouts", tuple(_limits(before, after, name))
            )


def _limits(old: dict[str, Target], new: dict[str, Target], name: str) -> Iterator[str]:
    was, now = attrs.asdict(old[name].timeouts), attrs.asdict(new[name].timeouts)
    for key, value in now.items():
        if value != was[key]:
            yield f"{key} {_limit(value)}, was {_limit(was[key])}"


def _limit(value: float | None) -> str:
    return "auto" if value is None else bounds.seconds(value)
