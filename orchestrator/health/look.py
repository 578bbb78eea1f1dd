"""What could be sent to at one instant: marks in, blocks and a standby out. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import attrs

from orchestrator.health.records import Marks, Place, Record
from states.error import Error
from states.standby import Clear, Mark, Standby
from states.target import Target

EARLY_SECONDS = 15.0
"""After a start at which nothing stood by, a bench or an open circuit counts as due
this long after the last request there (the contract, 2026-11)."""

TOLERANCE = 1e-6
"""Seconds within which an instant counts as reached. An epoch instant has a grain of
2.4e-7 s in a float, so a driver that sleeps until a clear may fall short by as much."""

_PROBED_AFTER = frozenset({Mark.BENCH, Mark.CIRCUIT})


class Draft:
    """Marks with changes laid over them, so that one step sees its own changes."""

    __slots__ = ("_base", "changes")

    def __init__(self, base: Marks) -> None:
        self._base = base
        self.changes: dict[str, Record | None] = {}

    @property
    def empty(self) -> bool:
        """True where there is surely no record."""
        return not self._base and not self.changes

    def get(self, key: str) -> Record | None:
        """The record of ``key`` as of now in this step."""
        if key in self.changes:
            return self.changes[key]
        return self._base.get(key)

    def put(self, key: str, record: Record | None) -> None:
        """Change a record, or remove it with ``None``."""
        if record is not None or self.get(key) is not None:
            self.changes[key] = record


@attrs.frozen
class Viewer:
    """Who looks: a call's id, and whether benches count as due early for it."""

    holder: str
    early: bool = False


LOOK_AGAIN_SECONDS = 10.0
"""How long a call waits for another one's probe before it looks again. A probe usually ends
long before its claim expires; 16 waits (the default policy's) last longer than the claim."""


@attrs.frozen
class Block:
    """What stands in the way, and until when (epoch)."""

    mark: Mark
    at: float
    since: float = -math.inf
    error: Error | None = None
    probed: bool = False


@attrs.frozen
class Look:
    """One place at one instant.

    Attributes:
        block: What stands in the way, ``None`` where the place can be sent to.
        ready: Labels of the ready credentials; empty where it cannot be sent to.
    """

    block: Block | None
    ready: tuple[str, ...]


Route = Sequence[tuple[Target, Place]]


def block_of(record: Record, now: float, viewer: Viewer) -> Block | None:
    """What ``record`` keeps ``viewer`` from at ``now``, if anything."""
    mark, claim = record.mark, record.claim
    if mark is None or (claim is not None and claim.holder == viewer.holder):
        return None
    end = ends(record, early=viewer.early)
    if end > now + TOLERANCE:
        return Block(mark, end, record.since, record.error)
    if claim is None or claim.expires <= now + TOLERANCE:
        return None
    look_again = min(claim.expires, now + LOOK_AGAIN_SECONDS)
    return Block(mark, look_again, record.since, record.error, probed=True)


def ends(record: Record, *, early: bool = False) -> float:
    """When the mark ends (epoch), for good only after a success for one that is probed."""
    if record.mark is Mark.DEAD:
        return math.inf
    if early and record.mark in _PROBED_AFTER:
        return min(record.until, record.requested + EARLY_SECONDS)
    return record.until


def is_probed(record: Record) -> bool:
    """True where a send past this record, which does not block, is its probe."""
    return record.mark in _PROBED_AFTER


def look(draft: Draft, place: Place, now: float, viewer: Viewer) -> Look:
    """What stands in the way of ``place``, and which credentials are ready."""
    if draft.empty and place.labels:
        return Look(None, place.labels)
    entry = _last(_blocks(draft, place.entry, now, viewer))
    pool = {label: _last(_blocks(draft, keys, now, viewer)) for label, keys in place.credentials}
    ready = tuple(label for label, block in pool.items() if block is None)
    pooled = None if ready else _first(block for block in pool.values() if block is not None)
    block = _last(found for found in (entry, pooled) if found is not None)
    return Look(block, () if block else ready)


def standby(
    draft: Draft, route: Route, here: Place | None, now: float, viewer: Viewer, started: float
) -> Standby:
    """What stands by for ``viewer``; ``here`` is the place whose credentials are told."""
    targets: list[Target] = []
    clears: list[Clear] = []
    for target, place in route:
        block = look(draft, place, now, viewer).block
        if block is None:
            targets.append(target)
        else:
            clears.append(clear(target, block, started))
    ready = look(draft, here, now, viewer).ready if here is not None else ()
    return Standby(ready, tuple(targets), tuple(clears))


def clear(target: Target, block: Block, started: float) -> Clear:
    """``block`` in the call's own time."""
    since = block.since - started
    return Clear(target, block.mark, block.at - started, block.error, since, block.probed)


def _blocks(draft: Draft, keys: Iterable[str], now: float, viewer: Viewer) -> list[Block]:
    found = []
    for key in keys:
        record = draft.get(key)
        block = None if record is None else block_of(record, now, viewer)
        if block is not None:
            found.append(block)
    return found


def _last(blocks: Iterable[Block]) -> Block | None:
    return max(blocks, key=lambda block: (block.at, block.mark is Mark.BENCH), default=None)


def _first(blocks: Iterable[Block]) -> Block:
    """The credential that comes back first, one that may be waited for before a bench.

    A bench is never waited for, so a bench that ends soon must not hide a cooldown.
    """
    nobody = Block(Mark.DEAD, math.inf)
    return min(blocks, key=lambda block: (not _is_waited_for(block), block.at), default=nobody)


def _is_waited_for(block: Block) -> bool:
    return block.probed or block.mark is Mark.COOLDOWN
