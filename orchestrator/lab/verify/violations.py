"""What is broken, each with the shortest sequence to it: moves, and what only the whole shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from orchestrator.lab.verify.bounds import unreachable
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import OpenEvent
from orchestrator.lab.verify.properties import CIRCLES, ENDS, SHADOWED, SHORT
from orchestrator.lab.verify.search import PathStep, Search, Sweep
from orchestrator.lab.verify.sequences import Trace, TraceBuilder
from orchestrator.states.call import State
from orchestrator.states.commands import StoppedBy
from orchestrator.states.events import Cancelled, DeadlineReached, Event, Started
from orchestrator.states.machine import step


@attrs.frozen
class Violation:
    """A property that does not hold.

    Attributes:
        name: The property.
        what: What happens.
        trace: The shortest sequence to it.
    """

    name: str
    what: str
    trace: Trace


def violations(graph: Graph, main: Search, builder: TraceBuilder) -> Iterator[Violation]:
    """Everything that ``main`` found broken; what only the whole shows, where no move is."""
    yield from moves_broken(main, builder)
    if main.broken:
        return
    yield from _endless(graph, main, builder)
    yield from _circles(graph, main, builder)
    yield from _shadowed(graph, builder, _suspects(graph))
    yield from short(graph, builder)


def moves_broken(main: Search, builder: TraceBuilder) -> Iterator[Violation]:
    """The moves that ``main`` found broken by now."""
    for name, (violation, last, found) in main.broken.items():
        yield Violation(name, violation.what, builder.build([*main.way(found), last]))


def _endless(graph: Graph, main: Search, builder: TraceBuilder) -> Iterator[Violation]:
    """Nodes from which no event but an interruption leads to an end."""
    before: dict[int, list[int]] = {}
    ends: list[int] = []
    for node, _ in main.reached:
        if graph.keys[node][0].final:
            ends.append(node)
        for edge in graph.edges(node):
            if edge.to >= 0 and edge.move.fact.event not in (Cancelled, DeadlineReached):
                before.setdefault(edge.to, []).append(node)
    good = set(ends)
    while ends:
        ends = [node for end in ends for node in before.get(end, ()) if node not in good]
        good.update(ends)
    stuck = [(news[0], place) for place, news in main.levels.items() if place[0] not in good]
    if stuck:
        (level, bits), place = min(stuck, key=lambda one: one[0][0])
        way = main.way((level, (bits & -bits).bit_length() - 1, place))
        state = graph.keys[place[0]][0].value
        what = f"no event but cancellation or the deadline leads on from {state}"
        yield Violation(ENDS, what, builder.build(way))


def _circles(graph: Graph, main: Search, builder: TraceBuilder) -> Iterator[Violation]:
    """Nodes to which a call comes back without an attempt or a wait, so that no bound ends it."""
    idle = _idle(graph, main)
    # What leads nowhere but to ends is on no circle.
    before: dict[int, list[int]] = {}
    for node, following in idle.items():
        for to in following:
            before.setdefault(to, []).append(node)
    left = {node: len(following) for node, following in idle.items()}
    done = [node for node, count in left.items() if not count]
    while done:
        for node in before.get(done.pop(), ()):
            left[node] -= 1
            if not left[node]:
                done.append(node)
    leading = {node for node, count in left.items() if count}
    if leading:
        node, seen = min(leading, key=lambda one: main.levels[one, -1][0]), set[int]()
        while node not in seen:
            seen.add(node)
            node = next(to for to in idle[node] if to in leading)
        level, bits = main.levels[node, -1][0]
        way = main.way((level, (bits & -bits).bit_length() - 1, (node, -1)))
        state = graph.keys[node][0].value
        what = f"comes back to {state} again and again with neither an attempt nor a wait"
        yield Violation(CIRCLES, what, builder.build(way))


def _idle(graph: Graph, main: Search) -> dict[int, set[int]]:
    """Where each node leads with neither an attempt nor a wait."""
    reached = {node for node, _ in main.reached}
    return {
        node: {edge.to for edge in graph.edges(node)
               if edge.to in reached and not (edge.move.sends or edge.move.sleeps)}
        for node in reached
    }  # fmt: skip


def _suspects(graph: Graph) -> Iterable[int]:
    """Places that are worth a search for what leads there.

    Of the machine that ships, the few that :mod:`orchestrator.lab.verify.bounds` finds no way to.
    """
    return unreachable(graph.setting) if graph.step is step else range(1, len(graph.setting.route))


def _shadowed(graph: Graph, builder: TraceBuilder, places: Iterable[int]) -> Iterator[Violation]:
    """Targets that no error leads to, on a board without marks."""
    for index in places:
        target = graph.setting.route[index]
        search = falls(graph, index)
        if search.most(1)[0] == 0:
            ends = [
                (news[0], place)
                for place, news in search.levels.items()
                if graph.keys[place[0]] in _GAVE_UP
            ]
            (level, bits), place = min(
                ends or [(search.levels[search.start][0], search.start)], key=lambda one: one[0][0]
            )
            way = search.way((level, (bits & -bits).bit_length() - 1, place))
            what = f"no error leads to {target}: calls end before"
            yield Violation(SHADOWED, what, builder.build(way))


_GAVE_UP = (
    (State.FAIL_TERMINAL, StoppedBy.EXHAUSTED),
    (State.FAIL_TERMINAL, StoppedBy.ATTEMPTS),
)


def falls(graph: Graph, index: int) -> Sweep:
    """A sweep from a board without marks, that ends where the target at ``index`` is sent to.

    It counted nothing where no error leads there.
    """
    return Sweep(
        graph,
        lambda move, watched: int(move.sent == watched),
        watched=index,
        first_only=True,
        goal=1,
    ).run()


def short(graph: Graph, builder: TraceBuilder) -> Iterator[Violation]:
    """Targets at which one attempt may take longer than the deadline allows."""
    policy = graph.setting.policy
    for index, target in enumerate(graph.setting.route):
        needed = target.timeouts.connect + target.timeouts.total
        if policy.deadline < needed:
            what = (
                f"the deadline of {policy.deadline:g} s ends before one attempt at {target}, "
                f"which may take {needed:g} s"
            )
            yield Violation(SHORT, what, builder.build(_cut_off(graph, index)))


def _cut_off(graph: Graph, index: int) -> list[PathStep]:
    """The shortest way to an attempt at a target that the deadline ends."""
    facts: Sequence[tuple[type[Event], int]] = ((Started, index), (DeadlineReached, -1))
    node, way = graph.start, []
    for event, taken in facts:
        edge = next(
            edge for edge in graph.edges(node)
            if edge.move.fact.event is event and _same(edge.move.fact, graph, taken)
        )  # fmt: skip
        way.append(PathStep((node, -1), edge))
        node = edge.to if edge.to >= 0 else node
    return way


def _same(fact: OpenEvent, graph: Graph, place: int) -> bool:
    if place < 0 or fact.taken < 0:
        return place == fact.taken
    groups = graph.nodes.groups
    return fact.taken == next((group[0] for group in groups if place in group), place)
