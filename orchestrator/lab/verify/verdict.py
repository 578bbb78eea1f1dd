"""The verdict on a setting: what is broken, what is dead, what can be reached, the worst."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import attrs

from orchestrator.lab.verify.certificate import Certificate, certify
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.merging import PLAIN_MERGES, merges
from orchestrator.lab.verify.nodes import Key, Slot
from orchestrator.lab.verify.premises import Premises, premises
from orchestrator.lab.verify.properties import NAMES
from orchestrator.lab.verify.search import Count, Search
from orchestrator.lab.verify.sequences import Trace, TraceBuilder
from orchestrator.lab.verify.setting import Setting
from orchestrator.lab.verify.violations import Violation, violations
from orchestrator.ledger import line
from orchestrator.states.call import State
from orchestrator.states.machine import build, step
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
        nodes, edges: How many different calls and moves were looked at.
        seconds: How long it took.
        merged: What was not told apart.
        premises: What was searched with nothing merged, in the same run.
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

    @property
    def holds(self) -> bool:
        """True where every property holds."""
        return not self.violations


def verify(
    setting: Setting,
    table: Sequence[Row] = TABLE,
    entries: Sequence[Entry] = STATES,
    *,
    merged: bool | None = None,
    progress: Progress | None = None,
) -> Verdict:
    """Check every call that ``setting`` allows, made by the machine of ``table``.

    Args:
        setting: A route under a policy.
        table: The rows, in order.
        entries: What each state asks for when it is entered.
        merged: Whether calls that the rows which ship cannot tell apart are one: much less to
            search. By default for those rows alone; for others it finds what it finds, and
            may miss what only looks at what was merged.
        progress: Trace what is being done, now and then.
    """
    ships = table is TABLE and entries is STATES
    stepper = step if ships else build(table, entries)
    graph = Graph(setting, stepper, merged=ships if merged is None else merged)
    with _uncollected():
        verdict = _judged(graph, table, progress)
        return _with_premises(verdict, table, entries, progress) if verdict.holds else verdict


def _with_premises(
    verdict: Verdict, table: Sequence[Row], entries: Sequence[Entry], progress: Progress | None
) -> Verdict:
    """The verdict with what the merges rest on, which breaks it where that is broken."""
    if progress is not None:
        progress("premises of the merges")
    found = premises(table, entries)
    return attrs.evolve(verdict, premises=found, violations=found.violations)


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


def _judged(graph: Graph, table: Sequence[Row], progress: Progress | None) -> Verdict:
    began, setting = time.monotonic(), graph.setting
    main = Search(graph, progress=_levels(progress, graph)).run()
    watched = [] if main.broken else _watch(graph, progress)
    builder = TraceBuilder(graph.nodes, graph.step, table)
    broken = tuple(violations(graph, main, builder))
    certificate = None if main.broken else certify(graph, main, watched)
    figures = certificate.figures if certificate is not None else ()
    return Verdict(
        setting,
        broken,
        rows=tuple(row.name for row in table if row.name in main.rows),
        dead=tuple(row.name for row in table if row.name not in main.rows),
        reached=tuple(_reached(graph, watched)),
        certificate=certificate,
        worst={figure.name: builder.build(figure.way) for figure in figures},
        nodes=len(graph),
        edges=graph.edges_known,
        seconds=time.monotonic() - began,
        merged=tuple(merges(setting)) if graph.nodes.merged else PLAIN_MERGES,
    )


def _levels(progress: Progress | None, graph: Graph) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    tell = progress
    return lambda level, _: tell(f"level {level}: {len(graph)} states, {graph.edges_known} edges")


def _watch(graph: Graph, progress: Progress | None) -> list[Count]:
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
        searches.append(_requests(graph, index))
    return searches


def _requests(graph: Graph, index: int) -> Count:
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
    ).run()


def _reached(graph: Graph, watched: Sequence[Count]) -> Iterator[Reached]:
    if not watched:
        return
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
    named = (str(kind.reason) for number in sorted(found) for kind in classes[number].kinds)
    return iter(dict.fromkeys(named))


def _at_first(key: Key) -> bool:
    """Whether a call has just failed at the first target, the only one that it asked."""
    if key[0] is not State.CLASSIFY:
        return False
    slots: tuple[Slot, ...] = key[-1]
    return slots[0].here and sum(slot.asked for slot in slots) == 1


def as_mapping(verdict: Verdict) -> dict[str, Any]:
    """Everything that a verdict says, as plain values."""
    certificate = verdict.certificate
    figures = certificate.figures if certificate is not None else ()
    return {
        "route": verdict.setting.name,
        "targets": [str(target) for target in verdict.setting.route],
        "holds": verdict.holds,
        "properties": list(verdict.properties),
        "violations": [
            {"property": one.name, "what": one.what, "sequence": list(one.trace.words)}
            for one in verdict.violations
        ],
        "certificate": {
            figure.name.replace(" ", "_"): {
                "value": figure.value,
                "about": figure.about,
                "sequence": list(verdict.worst[figure.name].words),
                "replayed": verdict.worst[figure.name].ran,
            }
            for figure in figures
        },
        "repairs_a_target": verdict.setting.repairs,
        "stream_seconds": certificate.stream_seconds if certificate is not None else None,
        "dead_rows": list(verdict.dead),
        "reached": {one.target: list(one.reasons) for one in verdict.reached},
        "states": verdict.nodes,
        "edges": verdict.edges,
        "seconds": round(verdict.seconds, 3),
        "merged": list(verdict.merged),
        "premises": {
            "searched": [attrs.asdict(one) for one in verdict.premises.searched],
            "moves": verdict.premises.moves,
        },
    }


def ledger(verdict: Verdict) -> Iterator[bytes]:
    """The sequences of what is broken, else of the figures, as JSON lines; a call each."""
    traces = {one.name: one.trace for one in verdict.violations} or dict(verdict.worst)
    for name, one in traces.items():
        call = f"{verdict.setting.name}: {name}"
        for entry in one.entries:
            yield line(attrs.evolve(entry, call=call))
