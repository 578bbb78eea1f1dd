"""The certificate: the worst that calls of one setting can do, each with a way to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

import attrs

from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.moves import Edge
from orchestrator.lab.verify.search import Count, PathStep, Place, Search
from orchestrator.lab.verify.setting import Setting
from orchestrator.lab.verify.stopping import SearchLimits
from orchestrator.states.policy import OnInterrupted


@attrs.frozen
class Worst:
    """One figure of a certificate.

    Attributes:
        name: What is counted.
        value: The most there can be.
        way: The shortest way to it.
        about: Where it applies, empty where to the call.
    """

    name: str
    value: float
    way: Sequence[PathStep] = attrs.field(repr=False)
    about: str = ""


@attrs.frozen
class Certificate:
    """What no call of this setting can exceed.

    Attributes:
        attempts: Attempts over a call.
        requests: Requests to one provider, the provider named.
        rotations: How often another key is asked for.
        waits: How many waits, most of them for races that are lost.
        wait: The longest wait, seconds.
        seconds: The longest time until an answer, or until content reaches the caller.
        stream_seconds: What a stream may take after that, 0 where nothing is streamed.
    """

    attempts: Worst
    requests: Worst
    rotations: Worst
    waits: Worst
    wait: Worst
    seconds: Worst
    stream_seconds: float

    @property
    def figures(self) -> tuple[Worst, ...]:
        """All figures in the order of a report."""
        return (
            self.attempts, self.requests, self.rotations, self.waits, self.wait, self.seconds,
        )  # fmt: skip


def certify(
    graph: Graph, main: Search, watched: Sequence[Count], limits: SearchLimits
) -> Certificate:
    """The certificate of what ``main`` reached; ``watched`` count requests to one provider each."""
    route = graph.setting.route
    rotations = Count(graph, lambda move, _: int(move.rotates), limits=limits).run()
    turned = rotations.most(1)
    busiest = max(watched, key=lambda search: search.most(1)[0])
    asked = busiest.most(1)
    streams = list(stream_limits(graph.setting))
    return Certificate(
        **figures_of(main),
        requests=Worst(
            "requests to one provider", asked[0], busiest.way(asked[1]),
            route[busiest.start[1]].provider,
        ),
        rotations=Worst("rotations", turned[0], rotations.way(turned[1])),
        stream_seconds=max(streams, default=0.0),
    )  # fmt: skip


class MainFigures(TypedDict):
    """The figures that one search tells alone, by their fields of a certificate."""

    attempts: Worst
    waits: Worst
    wait: Worst
    seconds: Worst


def figures_of(main: Search) -> MainFigures:
    """The figures that ``main`` alone tells."""
    attempts, waits = main.most(0), main.most(1)
    return {
        "attempts": Worst("attempts", attempts[0], main.way(attempts[1])),
        "waits": Worst("waits", waits[0], main.way(waits[1])),
        "wait": _longest_wait(main),
        "seconds": _longest_call(main),
    }


def stream_limits(setting: Setting) -> Iterator[float]:
    """How long the streams of each target may go on after their first content."""
    held = setting.policy.on_interrupted is OnInterrupted.HOLD
    if setting.streamed and not held:
        streaming = (one for one in setting.route if one.stream is not False)
        yield from (target.timeouts.stream_total for target in streaming)


def _longest_wait(main: Search) -> Worst:
    best: tuple[float, int, Place, Edge, int] | None = None
    for place, news in main.levels.items():
        level, bits = news[0]
        for edge in main.graph.edges(place[0]):
            mask = main.bits.mask(edge.move.number, edge.move.waits)
            if not edge.move.sleeps or not bits & mask:
                continue
            if best is None or (edge.move.seconds, -level) > (best[0], -best[1]):
                best = (edge.move.seconds, level, place, edge, bits & mask)
    if best is None:
        return Worst("longest wait", 0.0, ())
    seconds, level, place, edge, bits = best
    way = main.way((level, (bits & -bits).bit_length() - 1, place))
    return Worst("longest wait", seconds, [*way, PathStep(place, edge)])


def _longest_call(main: Search) -> Worst:
    """The longest sum of attempts and waits, as far as the deadline lets it grow."""
    deadline = main.graph.setting.policy.deadline
    best: dict[int, float] = {main.start[0]: 0.0}
    came: dict[int, list[PathStep]] = {main.start[0]: []}
    frontier = [main.start[0]]
    # An attempt adds at least its time limit, so sums stop growing at the deadline.
    while frontier and max(best.values()) < deadline:
        new: list[int] = []
        for key in frontier:
            # What comes after the commit boundary is bounded by the stream's own limit.
            for edge in () if _committed(main, key) else main.graph.edges(key):
                if edge.to < 0 or len(came[key]) > 4 * main.bits.first:
                    continue
                seconds = min(deadline, best[key] + edge.move.seconds)
                if seconds > best.get(edge.to, -1.0):
                    best[edge.to] = seconds
                    came[edge.to] = [*came[key], PathStep((key, -1), edge)]
                    new.append(edge.to)
        frontier = new
    worst = max(best, key=lambda key: best[key])
    return Worst("longest time", best[worst], came[worst])


def _committed(main: Search, node: int) -> bool:
    key = main.graph.keys[node]
    return not key[0].final and bool(key[3])
