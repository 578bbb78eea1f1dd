"""Faults planted in the board or its store: the search must name each by its shortest way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from orchestrator.health.records import MarkKind, Marks, MarkScope, Record, key, parts
from orchestrator.health.stores.store import Changing
from orchestrator.lab.fleet import ReplicaStore
from orchestrator.lab.fleet.fleet import MakeStore
from orchestrator.lab.fleet.shared_store import SALT
from orchestrator.secrets import fingerprint
from orchestrator.states import Mark
from verification.board.world import World
from verification.fleet.planted import (
    AlteringStore,
    BlindAlone,
    EndlessClaims,
    FirstDeadline,
    ForgottenMeanwhile,
    HostTime,
    NeverLonger,
    OverwritingMerge,
    UnmarkedMoney,
)

C = TypeVar("C", bound=Changing)


class EarlyCount(AlteringStore):
    """A probe before its time that fails lengthens the bench like any other."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """Twice as long."""
        if old is None or old.claim is None or not old.claim.early or new.claim is not None:
            return new
        return attrs.evolve(new, until=new.failed + 2 * new.seconds)


class UnheededClaims(AlteringStore):
    """A claim bars nobody: it is over when it is granted."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """With a claim that is over."""
        if new.claim is None:
            return new
        return attrs.evolve(new, claim=attrs.evolve(new.claim, expires=new.requested))


class HostCircuit(AlteringStore):
    """A circuit belongs to the host: whoever shares it with a dead entry is taken down too."""

    def _shown(self, marks: Marks) -> Marks:
        shown = dict(marks)
        for name, record in marks.items():
            kind, scope, identity = parts(name)
            if kind is MarkKind.CIRCUIT and scope is MarkScope.PROVIDER:
                for other in {"acme", "bolt"} - {identity[0]}:
                    address = fingerprint(f"http://host.test/{other}", SALT)
                    shown[key(kind, scope, other, address)] = record
        return Marks(shown)


class StickyMarks(ReplicaStore):
    """An answer lifts nothing: what was marked stays until it ends."""

    def update(self, step: Callable[[Marks], C]) -> C:
        """Without what removes a mark."""

        def altered(marks: Marks) -> Any:
            outcome: Any = step(marks)
            kept = {
                name: new
                for name, new in outcome.changes.items()
                if new is not None or (old := marks.get(name)) is None or old.mark is None
            }
            return attrs.evolve(outcome, changes=kept)

        return super().update(altered)  # type: ignore[no-any-return]  # as what ships says it


class LeakingCrash(ReplicaStore):
    """What a process had claimed when it died is claimed for ever."""

    def kill(self) -> None:
        """With its claims renewed."""
        held = {
            name: attrs.evolve(
                record,
                claim=attrs.evolve(record.claim, expires=record.claim.expires + 1e6, seconds=1e6),
            )
            for name, record in self.server.marks.items()
            if record.claim is not None
        }
        self.server.apply(held, self.process)
        super().kill()


class ShortCircuit(AlteringStore):
    """The probe of a circuit that fails does not lengthen it."""

    def kept(self, key: str, old: Record | None, new: Record) -> Record:
        """As long as the first one."""
        if new.mark is not Mark.CIRCUIT or new.level == 0:
            return new
        return attrs.evolve(new, until=new.failed + 5.0, seconds=5.0, level=0)


class KeyForAll(AlteringStore):
    """A limit of one key is taken for one of all."""

    def _shown(self, marks: Marks) -> Marks:
        shown = dict(marks)
        for name, record in marks.items():
            kind, scope, identity = parts(name)
            if kind is MarkKind.RATE_LIMIT and scope is MarkScope.CREDENTIAL:
                shown[key(kind, MarkScope.PROVIDER, *identity[:2])] = record
        return Marks(shown)


@attrs.frozen
class PlantedBoardFault:
    """One fault.

    Attributes:
        name: What was done.
        make_store: Makes the store of each process.
        promise: With what the breach begins.
    """

    name: str
    make_store: MakeStore
    promise: str

    def world(self) -> World:
        """Two processes with it."""
        return World(make_store=self.make_store)


PLANTED: tuple[PlantedBoardFault, ...] = (
    PlantedBoardFault("a probe is granted twice", UnheededClaims, "one probe a due date"),
    PlantedBoardFault("a claim never expires", EndlessClaims, "claims expire"),
    PlantedBoardFault("a crash leaks a claim", LeakingCrash, "claims expire"),
    PlantedBoardFault("a mark is lost in a merge", ForgottenMeanwhile, "one probe a due date"),
    PlantedBoardFault("a merge overwrites what others marked", OverwritingMerge, "no mark is lost"),
    PlantedBoardFault("a process alone goes by what the store had", BlindAlone, "claims expire"),
    PlantedBoardFault("a circuit is by host", HostCircuit, "what is due is probed"),
    PlantedBoardFault(
        "a key's limit is its provider's", KeyForAll, "what can be had first is taken"
    ),
    PlantedBoardFault("a bench is not doubled", NeverLonger, "a mark ends when it says"),
    PlantedBoardFault("a circuit is not lengthened", ShortCircuit, "a mark ends when it says"),
    PlantedBoardFault("an early probe lengthens a bench", EarlyCount, "a mark ends when it says"),
    PlantedBoardFault(
        "a second wait keeps the first end", FirstDeadline, "a mark ends when it says"
    ),
    PlantedBoardFault(
        "a success does not clear", StickyMarks, "nothing is marked that nobody reported"
    ),
    PlantedBoardFault("a step of a clock moves a mark", HostTime, "what can be had first is taken"),
    PlantedBoardFault("no money is a matter of seconds", UnmarkedMoney, "a mark ends when it says"),
)
"""Every fault, each to be found."""
