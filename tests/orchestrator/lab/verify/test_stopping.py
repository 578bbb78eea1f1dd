"""A search that reaches a limit says how far it came."""

from __future__ import annotations

import pytest

from orchestrator.lab.verify import Basis, verify
from orchestrator.lab.verify.stopping import SearchLimits, SearchPace, Stopped, peak_memory
from orchestrator.lab.verify.verdict import as_mapping
from tests.orchestrator.lab.verify import faults


def test_no_time_is_enough_for_nothing_and_the_verdict_says_so() -> None:
    verdict = verify(faults.setting(), search=True, seconds=0.0)

    assert (verdict.basis, verdict.depth) == (Basis.UNFINISHED, 0)
    assert verdict.holds
    assert verdict.certificate is None
    assert verdict.stopped == "0 s are over"
    assert as_mapping(verdict)["basis"] == "unfinished"


def test_a_search_ends_where_the_memory_is_full() -> None:
    verdict = verify(faults.setting(), search=True, memory=1.0)

    assert (verdict.basis, verdict.stopped) == (Basis.UNFINISHED, "1 MB are full")


def test_what_was_found_before_the_limit_is_told() -> None:
    table = faults.without("spent")

    class Impatient(SearchLimits):
        """Leaves after some looks."""

        looks = 6

        def check(self) -> None:
            self.looks -= 1
            if not self.looks:
                raise Stopped("enough")

    from orchestrator.lab.verify.graph import Graph
    from orchestrator.lab.verify.search import Search
    from orchestrator.states.machine import build

    graph = Graph(faults.setting(), build(table), merged=True)
    search = Search(graph, limits=Impatient()).run()

    assert search.stopped == "enough"
    assert 0 < search.depth < 6
    assert search.reached
    assert all(level <= search.depth for news in search.levels.values() for level, _ in news)


def test_an_interrupted_search_tells_what_it_found() -> None:
    told: list[str] = []

    def leave(words: str) -> None:
        told.append(words)
        raise KeyboardInterrupt

    pace = SearchPace(leave)
    pace.look(1, 1, 1)
    assert not told  # nothing is said within the first second

    class Left(SearchLimits):
        """Somebody leaves at once."""

        def check(self) -> None:
            raise KeyboardInterrupt

    from orchestrator.lab.verify.graph import Graph
    from orchestrator.lab.verify.search import Count, Search
    from orchestrator.states import step

    graph = Graph(faults.setting(), step, merged=True)
    assert Search(graph, limits=Left()).run().stopped == "interrupted"
    with pytest.raises(KeyboardInterrupt):
        Count(graph, lambda move, _: move.sends, limits=Left()).run()


def test_the_memory_of_a_process_is_known() -> None:
    assert peak_memory() > 5
