"""The verdict on a setting: what is broken, what is dead, what can be reached, the worst."""

from __future__ import annotations

import enum
import gc
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from orchestrator.lab.verify.bounds import bounds, capped, leads, unreachable
from orchestrator.lab.verify.certificate import Certificate, Worst, certify, figures_of
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.merging import PLAIN_MERGES, forgets, merges
from orchestrator.lab.verify.nodes import Key, Slot
from orchestrator.lab.verify.premises import Premises, premises
from orchestrator.lab.verify.proof import Proof, shipped
from orchestrator.lab.verify.properties import NAMES
from orchestrator.lab.verify.search import Count, Search
from orchestrator.lab.verify.sequences import Trace, TraceBuilder
from orchestrator.lab.verify.setting import ErrorKind, Setting
from orchestrator.lab.verify.stopping import (
    DEFAULT_MEMORY,
    INTERRUPTED,
    SearchLimits,
    SearchPace,
    Stopped,
)
from orchestrator.lab.verify.violations import Violation, moves_broken, short, violations
from orchestrator.ledger import line
from orchestrator.states.call import State
from orchestrator.states.machine import build, step
from orchestrator.states.reasons import Reason
from orchestrator.states.table import STATES, TABLE, Entry, Row

Progress = Callable[[str], None]
"""Trace what is being done, now and then."""


@attrs.frozen
class Reached:
    """How a target is reached on a board without marks.

    Attributes:
        target: Its name.
        reasons: The reasons on which calls fall back to it; empty for the first target.
    """

    target: str
    reasons: tuple[str, ...]


class Basis(enum.StrEnum):
    """What a verdict rests on."""

    PROVED = "proved"
    """The proof that ships, of every route of the size; the rest follows from the config."""

    SEARCHED = "searched"
    """Every call of this setting."""

    UNFINISHED = "unfinished"
    """A search that was left before its end."""


@attrs.frozen
class Verdict:
    """What the checker found.

    Attributes:
        setting: What was checked.
        violations: Properties that do not hold; empty where all do.
        rows: Names of the rows that some call takes.
        dead: Names of the rows that no call of this setting takes.
        reached: For each target, how it is reached.
        certificate: The worst that can happen; ``None`` where a move breaks a property, since
            the search does not go on behind it.
        worst: The figures of the certificate as sequences, by name.
        nodes, edges: How many different calls and moves were looked at; of the proof, where
            there was no search.
        seconds: How long it took.
        merged: What was not told apart.
        premises: What was searched with nothing merged, in the same run or with the proof.
        properties: What is checked, by name.
        basis: What the verdict rests on.
        depth: Of a search that was left: no call breaks a property within so many moves.
        stopped: Why it was left.
        so_far: The most attempts and waits that it met by then; calls may exceed them.
        proof: The proof, where there was no search.
    """

    setting: Setting
    violations: tuple[Violation, ...]
    rows: tuple[str, ...]
    dead: tuple[str, ...]
    reached: tuple[Reached, ...]
    certificate: Certificate | None
    worst: Mapping[str, Trace]
    nodes: int
    edges: int
    seconds: float
    merged: tuple[str, ...]
    properties: tuple[str, ...] = NAMES
    premises: Premises = attrs.field(factory=Premises)
    basis: Basis = Basis.SEARCHED
    depth: int | None = None
    stopped: str = ""
    so_far: tuple[Worst, ...] = ()
    proof: Proof | None = None

    @property
    def holds(self) -> bool:
        """True where no property is broken, as far as was looked; see :attr:`basis`."""
        return not self.violations


def verify(
    setting: Setting,
    table: Sequence[Row] = TABLE,
    entries: Sequence[Entry] = STATES,
    *,
    merged: bool | None = None,
    seconds: float | None = None,
    memory: float | None = DEFAULT_MEMORY,
    search: bool = False,
    progress: Progress | None = None,
) -> Verdict:
    """Check every call that ``setting`` allows, made by the machine of ``table``.

    Where the proof that ships covers the setting, only what depends on the setting is computed,
    without a search: whether each target can be reached, whether one attempt fits the deadline,
    and bounds (:mod:`orchestrator.lab.verify.bounds`), which are sums that no call exceeds and
    have no way to them. Otherwise the setting is searched. A search that is left (Ctrl-C) or
    reaches a limit tells what it found by then.

    Args:
        setting: A route under a policy.
        table: The rows, in order.
        entries: What each state asks for when it is entered.
        merged: Whether calls that the rows which ship cannot tell apart are one: much less to
            search. By default for those rows alone; for others it finds what it finds, and
            may miss what only looks at what was merged.
        seconds: The most that a search may take; ``None`` for any.
        memory: The most megabytes that the process may have had by then; ``None`` for any.
        search: Search in any case.
        progress: Trace what is being done, now and then.
    """
    ships = table is TABLE and entries is STATES
    proof = shipped() if ships else None
    if proof is not None and merged is None and not search and proof.covers(setting):
        known = _proved(setting, proof)
        if known is not None:
            return known
    stepper = step if ships else build(table, entries)
    graph = Graph(setting, stepper, merged=ships if merged is None else merged)
    with _uncollected():
        verdict = _judged(graph, table, progress, SearchLimits(seconds, memory))
        if not verdict.holds or verdict.stopped:
            return verdict
        try:
            return with_premises(verdict, table, entries, proof, progress)
        except KeyboardInterrupt:
            return attrs.evolve(verdict, basis=Basis.UNFINISHED, stopped=INTERRUPTED)


def with_premises(
    verdict: Verdict,
    table: Sequence[Row],
    entries: Sequence[Entry],
    proof: Proof | None,
    progress: Progress | None = None,
) -> Verdict:
    """The verdict with what the merges rest on, which breaks it where that is broken.

    They are about the machine alone, so a proof of the same machine spares the search of them.
    """
    if proof is not None and proof.has_premises:
        return attrs.evolve(verdict, premises=Premises(proof=proof.short))
    if progress is not None:
        progress("premises of the merges")
    found = premises(table, entries)
    return attrs.evolve(verdict, premises=found, violations=found.violations)


def _proved(setting: Setting, proof: Proof) -> Verdict | None:
    """The verdict without a search; ``None`` where one must show how a target is passed over."""
    began = time.monotonic()
    if next(unreachable(setting), None) is not None:
        return None
    graph = Graph(setting, step, merged=True)
    builder = TraceBuilder(graph.nodes, step, TABLE)
    return Verdict(
        setting,
        tuple(short(graph, builder)),
        rows=(),
        dead=(),
        reached=tuple(_led_to(setting)),
        certificate=bounds(setting),
        worst={},
        nodes=proof.nodes,
        edges=proof.edges,
        seconds=time.monotonic() - began,
        merged=tuple(merges(setting)),
        basis=Basis.PROVED,
        proof=proof,
    )


def _led_to(setting: Setting) -> Iterator[Reached]:
    """How each target is reached from the first, without a search."""
    for place, target in enumerate(setting.route):
        kinds = [kind for kind in setting.kinds if place and leads(setting, kind, place)]
        yield Reached(str(target), tuple(_named(kinds)))


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is looked for: millions of small values come and stay, and none is in a circle.

    Looking for it takes a quarter of the search.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _judged(
    graph: Graph, table: Sequence[Row], progress: Progress | None, limits: SearchLimits
) -> Verdict:
    began, setting = time.monotonic(), graph.setting
    pace = None if progress is None else SearchPace(progress).look
    main = Search(graph, progress=pace, limits=limits).run()
    builder = TraceBuilder(graph.nodes, graph.step, table)
    whole = _Whole((), None)
    if not main.stopped:
        try:
            whole = _whole(graph, main, builder, progress, limits)
        except (Stopped, KeyboardInterrupt) as stopped:
            main.stopped = str(stopped) or INTERRUPTED
    certificate = whole.certificate
    # What a search that was left has seen is no bound, but it happens.
    figures = certificate.figures if certificate is not None else _so_far(main)
    broken = whole.broken or tuple(moves_broken(main, builder))
    return Verdict(
        setting,
        broken,
        rows=tuple(row.name for row in table if row.name in main.rows),
        dead=tuple(row.name for row in table if row.name not in main.rows),
        reached=tuple(_reached(graph)) if certificate is not None else (),
        certificate=certificate,
        worst={
            figure.name: builder.build(figure.way)
            for figure in figures
            if figure.way or not figure.value
        },
        nodes=len(graph),
        edges=graph.edges_known,
        seconds=time.monotonic() - began,
        merged=tuple(merges(setting)) if graph.nodes.merged else PLAIN_MERGES,
        basis=Basis.UNFINISHED if main.stopped and not broken else Basis.SEARCHED,
        depth=main.depth if main.stopped else None,
        stopped=main.stopped,
        so_far=figures if main.stopped else (),
    )


@attrs.frozen
class _Whole:
    """What a search shows that came to its end.

    Attributes:
        broken: What does not hold.
        certificate: The worst; ``None`` where a move is broken.
    """

    broken: tuple[Violation, ...]
    certificate: Certificate | None


def _whole(
    graph: Graph,
    main: Search,
    builder: TraceBuilder,
    progress: Progress | None,
    limits: SearchLimits,
) -> _Whole:
    broken = tuple(violations(graph, main, builder))
    if main.broken:
        return _Whole(broken, None)
    if graph.nodes.merged and graph.step is step and forgets(graph.setting):
        # What was forgotten would be counted again and again; a sum knows better, and at once.
        most = bounds(graph.setting)
        return _Whole(broken, capped(attrs.evolve(most, **figures_of(main)), most))
    watched = _watch(graph, progress, limits)
    return _Whole(broken, certify(graph, main, watched, limits))


def _so_far(main: Search) -> tuple[Worst, ...]:
    """The most attempts and waits that a search met by now."""
    if main.broken:
        return ()
    attempts, waits = main.most(0), main.most(1)
    return (
        Worst("attempts", attempts[0], main.way(attempts[1])),
        Worst("waits", waits[0], main.way(waits[1])),
    )


def _watch(graph: Graph, progress: Progress | None, limits: SearchLimits) -> list[Count]:
    """One sweep for each provider that differs from the others, counting its requests."""
    route = graph.setting.route
    skip = {index for group in graph.nodes.alike for index in group[1:]}
    searches = []
    for index, target in enumerate(route):
        earlier = {one.provider for one in route[:index]}
        if index in skip or target.provider in earlier:
            continue
        if progress is not None:
            progress(f"requests to {target.provider}")
        searches.append(_requests(graph, index, limits))
    return searches


def _requests(graph: Graph, index: int, limits: SearchLimits) -> Count:
    route = graph.setting.route
    same = [
        {place for place, other in enumerate(route) if other.provider == target.provider}
        for target in route
    ]
    alone = len(same[index]) == 1

    def over(node: int, watched: int) -> bool:
        """Whether the only target of its provider was left for good."""
        key = graph.keys[node]
        slot = key[-1][watched] if alone and not key[0].final else None
        return slot is not None and slot.asked and not (slot.here or slot.returnable)

    return Count(
        graph,
        lambda move, watched: int(move.sent == watched or move.sent in same[watched]),
        watched=index,
        over=over,
        limits=limits,
    ).run()


def _reached(graph: Graph) -> Iterator[Reached]:
    for index, target in enumerate(graph.setting.route):
        yield Reached(str(target), tuple(_reasons(graph, index)) if index else ())


def _reasons(graph: Graph, index: int) -> Iterator[str]:
    """The reasons on which a call leaves the first target for the one at ``index``."""
    place = next((group[0] for group in graph.nodes.groups if index in group), index)
    found: set[int] = set()
    known = ((graph.keys[node], edges) for node, edges in graph.known())
    for edge in (edge for key, edges in known if _at_first(key) for edge in edges):
        if edge.move.fact.reason >= 0 and place in edge.move.switched:
            found.add(edge.move.fact.reason)
    classes = graph.nodes.classes
    return _named([kind for number in sorted(found) for kind in classes[number].kinds])


def _named(kinds: Sequence[ErrorKind]) -> Iterator[str]:
    """The reasons of ``kinds``, each once."""
    plain = {kind.reason for kind in kinds if not (kind.quoted or kind.by_model)}
    return iter(dict.fromkeys(_words(kind, plain) for kind in kinds))


def _words(kind: ErrorKind, plain: Collection[Reason]) -> str:
    """The reason, with what makes it lead there where the reason alone does not."""
    if kind.reason in plain:
        return str(kind.reason)
    return f"{kind.reason} {'by model' if kind.by_model else 'quoted by a relay'}"


def _at_first(key: Key) -> bool:
    """Whether a call has just failed at the first target, the only one that it asked."""
    if key[0] is not State.CLASSIFY:
        return False
    slots: tuple[Slot, ...] = key[-1]
    return slots[0].here and sum(slot.asked for slot in slots) == 1


def as_mapping(verdict: Verdict) -> dict[str, Any]:
    """Everything that a verdict says, as plain values."""
    certificate, proof = verdict.certificate, verdict.proof
    figures = certificate.figures if certificate is not None else ()
    return {
        "route": verdict.setting.name,
        "targets": [str(target) for target in verdict.setting.route],
        "holds": verdict.holds,
        "basis": str(verdict.basis),
        "depth": verdict.depth,
        "stopped": verdict.stopped or None,
        "proof": None if proof is None else {"states": proof.states, "targets": proof.targets},
        "so_far": {figure.name: figure.value for figure in verdict.so_far},
        "properties": list(verdict.properties),
        "violations": [
            {"property": one.name, "what": one.what, "sequence": list(one.trace.words)}
            for one in verdict.violations
        ],
        "certificate": {
            figure.name.replace(" ", "_"): {
                "value": figure.value,
                "about": figure.about,
                "sequence": list(way.words) if (way := verdict.worst.get(figure.name)) else [],
                "replayed": way is not None and way.ran,
            }
            for figure in figures
        },
        "repairs_a_target": verdict.setting.repairs,
        "stream_seconds": certificate.stream_seconds if certificate is not None else None,
        # Who does not search does not know.
        "dead_rows": list(verdict.dead) if proof is None else None,
        "reached": {one.target: list(one.reasons) for one in verdict.reached},
        "states": verdict.nodes,
        "edges": verdict.edges,
        "seconds": round(verdict.seconds, 3),
        "merged": list(verdict.merged),
        "premises": {
            "searched": [attrs.asdict(one) for one in verdict.premises.searched],
            "moves": verdict.premises.moves,
            "proof": verdict.premises.proof or None,
        },
    }


def ledger(verdict: Verdict) -> Iterator[bytes]:
    """The sequences of what is broken, else of the figures, as JSON lines; a call each."""
    traces = {one.name: one.trace for one in verdict.violations} or dict(verdict.worst)
    for name, one in traces.items():
        call = f"{verdict.setting.name}: {name}"
        for entry in one.entries:
            yield line(attrs.evolve(entry, call=call))
