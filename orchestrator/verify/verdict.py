"""The verdict on a setting: what is broken, what is dead, what can be reached, the worst."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import attrs

from orchestrator.verify.certificate import Certificate, certify
from orchestrator.verify.graph import Fact, Graph
from orchestrator.verify.nodes import Key
from orchestrator.verify.properties import ENDS, NAMES, SHADOWED, SHORT
from orchestrator.verify.search import Search, Step
from orchestrator.verify.sequences import Teller, Told
from orchestrator.verify.setting import Setting, merges
from states.call import State
from states.commands import StoppedBy
from states.events import Cancelled, DeadlineReached, Event
from states.machine import build, step
from states.table import STATES, TABLE, Entry, Row

Progress = Callable[[str], None]
"""Told what is being done, now and then."""


@attrs.frozen
class Violation:
    """A property that does not hold.

    Attributes:
        name: The property.
        what: What happens.
        told: The shortest sequence to it.
    """

    name: str
    what: str
    told: Told


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
        certificate: The worst that can happen; ``None`` where a property is broken.
        worst: The figures of the certificate as sequences, by name.
        nodes, edges: How many different calls and moves were looked at.
        seconds: How long it took.
        merged: What was not told apart.
    """

    setting: Setting
    violations: tuple[Violation, ...]
    rows: tuple[str, ...]
    dead: tuple[str, ...]
    reached: tuple[Reached, ...]
    certificate: Certificate | None
    worst: Mapping[str, Told]
    nodes: int
    edges: int
    seconds: float
    merged: tuple[str, ...]
    properties: tuple[str, ...] = NAMES

    @property
    def holds(self) -> bool:
        """True where every property holds."""
        return not self.violations


def verify(
    setting: Setting,
    table: Sequence[Row] = TABLE,
    entries: Sequence[Entry] = STATES,
    *,
    progress: Progress | None = None,
) -> Verdict:
    """Check every call that ``setting`` allows, made by the machine of ``table``."""
    began = time.monotonic()
    ships = table is TABLE and entries is STATES
    graph = Graph(setting, step if ships else build(table, entries))
    main = Search(graph, progress=_levels(progress, graph)).run()
    watched = [] if main.breaches else _watch(graph, progress)
    teller = Teller(setting, graph.step, table)
    violations = tuple(_violations(graph, main, teller))
    certificate = None if violations else certify(graph, main, watched)
    figures = certificate.figures if certificate is not None else ()
    return Verdict(
        setting,
        violations,
        rows=tuple(row.name for row in table if row.name in main.rows),
        dead=tuple(row.name for row in table if row.name not in main.rows),
        reached=tuple(_reached(graph, watched)),
        certificate=certificate,
        worst={figure.name: teller.tell(figure.way) for figure in figures},
        nodes=len(graph),
        edges=graph.steps,
        seconds=time.monotonic() - began,
        merged=tuple(merges(setting)),
    )


def _levels(progress: Progress | None, graph: Graph) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    tell = progress
    return lambda level, _: tell(f"level {level}: {len(graph)} states, {graph.steps} edges")


def _watch(graph: Graph, progress: Progress | None) -> list[Search]:
    """One sweep for each provider that differs from the others, counting its requests."""
    route = graph.setting.route
    skip = {index for group in graph.nodes.groups for index in group[1:]}
    searches = []
    for index, target in enumerate(route):
        earlier = {one.provider for one in route[:index]}
        if index in skip or target.provider in earlier:
            continue
        if progress is not None:
            progress(f"requests to {target.provider}")
        searches.append(_requests(graph, index))
    return searches


def _requests(graph: Graph, index: int) -> Search:
    route = graph.setting.route
    same = [
        {place for place, other in enumerate(route) if other.provider == target.provider}
        for target in route
    ]
    most = graph.setting.policy.max_attempts
    return Search(
        graph,
        lambda edge, watched: int(edge.sent == watched or edge.sent in same[watched]),
        watched=index,
        goal=most,
    ).run()


def _violations(graph: Graph, main: Search, teller: Teller) -> Iterator[Violation]:
    for name, (breach, last, found) in main.breaches.items():
        yield Violation(name, breach.what, teller.tell([*main.way(found), last]))
    if main.breaches:
        return
    yield from _endless(graph, main, teller)
    yield from _shadowed(graph, teller)
    yield from _short(graph, teller)


def _endless(graph: Graph, main: Search, teller: Teller) -> Iterator[Violation]:
    """Nodes from which no event but an interruption leads to an end."""
    before: dict[Key, list[Key]] = {}
    ends: list[Key] = []
    for key, _ in main.reached:
        if key[0].final:
            ends.append(key)
        for edge in graph.edges(key):
            if edge.to is not None and edge.fact.event not in (Cancelled, DeadlineReached):
                before.setdefault(edge.to, []).append(key)
    good = set(ends)
    while ends:
        ends = [key for end in ends for key in before.get(end, ()) if key not in good]
        good.update(ends)
    stuck = [(news[0], place) for place, news in main.levels.items() if place[0] not in good]
    if stuck:
        (level, bits), place = min(stuck, key=lambda one: one[0][0])
        way = main.way((level, (bits & -bits).bit_length() - 1, place))
        what = f"no event but cancellation or the deadline leads on from {place[0][0].value}"
        yield Violation(ENDS, what, teller.tell(way))


def _shadowed(graph: Graph, teller: Teller) -> Iterator[Violation]:
    """Targets that no error leads to, on a board without marks."""
    for index, target in enumerate(graph.setting.route):
        if index == 0:
            continue
        search = falls(graph, index)
        if search.most(1)[0] == 0:
            ends = [
                (news[0], place)
                for place, news in search.levels.items()
                if place[0][0].final and place[0][1] is StoppedBy.EXHAUSTED
            ]
            (level, bits), place = min(
                ends or [(search.levels[search.start][0], search.start)], key=lambda one: one[0][0]
            )
            way = search.way((level, (bits & -bits).bit_length() - 1, place))
            what = f"no error leads to {target}: calls end before"
            yield Violation(SHADOWED, what, teller.tell(way))


def falls(graph: Graph, index: int) -> Search:
    """A sweep from a board without marks, that ends where the target at ``index`` is sent to."""
    return Search(
        graph,
        lambda edge, watched: int(edge.sent == watched),
        watched=index,
        first_only=True,
        goal=1,
    ).run()


def _short(graph: Graph, teller: Teller) -> Iterator[Violation]:
    policy = graph.setting.policy
    for index, target in enumerate(graph.setting.route):
        needed = target.timeouts.connect + target.timeouts.total
        if policy.deadline < needed:
            what = (
                f"the deadline of {policy.deadline:g} s ends before one attempt at {target}, "
                f"which may take {needed:g} s"
            )
            yield Violation(SHORT, what, teller.tell(_cut_off(graph, index)))


def _cut_off(graph: Graph, index: int) -> list[Step]:
    """The shortest way to an attempt at a target that the deadline ends."""
    facts: Sequence[tuple[type[Event], int]] = ((graph.first, index), (DeadlineReached, -1))
    key, way = graph.start, []
    for event, taken in facts:
        edge = next(
            edge for edge in graph.edges(key)
            if edge.fact.event is event and _same(edge.fact, graph, taken)
        )  # fmt: skip
        way.append(Step((key, -1), edge))
        key = edge.to or key
    return way


def _same(fact: Fact, graph: Graph, place: int) -> bool:
    if place < 0 or fact.taken < 0:
        return place == fact.taken
    groups = graph.nodes.groups
    return fact.taken == next((group[0] for group in groups if place in group), place)


def _reached(graph: Graph, watched: Sequence[Search]) -> Iterator[Reached]:
    if not watched:
        return
    for index, target in enumerate(graph.setting.route):
        yield Reached(str(target), tuple(_reasons(graph, index)) if index else ())


def _reasons(graph: Graph, index: int) -> Iterator[str]:
    """The reasons on which a call leaves the first target for the one at ``index``."""
    place = next((group[0] for group in graph.nodes.groups if index in group), index)
    found: set[int] = set()
    for edge in (edge for key, edges in graph.known() if _at_first(key) for edge in edges):
        if edge.fact.reason >= 0 and place in edge.switched:
            found.add(edge.fact.reason)
    classes = graph.setting.classes
    return (str(reason) for number in sorted(found) for reason in classes[number].reasons)


def _at_first(key: Key) -> bool:
    return bool(key[0] is State.CLASSIFY and key[-1][0].here)
