"""What waits to be written, over what the store has by then."""

from __future__ import annotations

import attrs
import pytest

from orchestrator.health.records import MarkKind, Marks, MarkScope, Record, key
from orchestrator.health.stores.marks_view import MarksView, merge
from orchestrator.states.facts import Mark

NAME = key(MarkKind.BILLING, MarkScope.PROVIDER, "acme", "e")
COUNTER = key(MarkKind.RETRY_BUDGET, MarkScope.PROVIDER, "acme", "e")


def bench(until: float, failed: float = 0.0, mark: Mark | None = Mark.BENCH) -> Record:
    return Record(mark, 0.0, until, failed, 0.0)


def spent(tokens: int) -> Record | None:
    return Record(None, 0.0, 0.0, 0.0, 0.0, spent=tokens) if tokens else None


TOLD = attrs.evolve(bench(10.0), expected=7200.0)
EARLY, LATE, DEAD = bench(10.0), bench(20.0), bench(0.0, mark=Mark.DEAD)


@pytest.mark.parametrize(
    ("base", "new", "current", "merged"),
    [
        (None, EARLY, None, EARLY),
        (EARLY, None, EARLY, None),
        (None, EARLY, LATE, LATE),
        (None, LATE, EARLY, LATE),
        (EARLY, None, LATE, LATE),
        (EARLY, LATE, None, LATE),
        (None, LATE, DEAD, DEAD),
        (None, DEAD, LATE, DEAD),
        (None, bench(10.0, failed=2.0), EARLY, bench(10.0, failed=2.0)),
        (None, TOLD, EARLY, TOLD),
        (None, EARLY, TOLD, TOLD),
    ],
)
def test_where_both_were_changed_the_later_due_stands(
    base: Record | None, new: Record | None, current: Record | None, merged: Record | None
) -> None:
    assert merge(NAME, base, new, current) == merged


@pytest.mark.parametrize(
    ("base", "new", "current", "sum_of_both"),
    [(0, 14, 0, 14), (14, 13, 28, 27), (14, 0, 10, 0), (0, 14, 100, 114), (14, 0, 14, 0)],
)
def test_counters_are_added_up(base: int, new: int, current: int, sum_of_both: int) -> None:
    found = merge(COUNTER, spent(base), spent(new), spent(current))

    assert (found.spent if found else 0) == sum_of_both


def test_what_was_written_waits_no_longer_and_what_was_changed_meanwhile_does() -> None:
    view = MarksView().keep({NAME: EARLY, COUNTER: spent(14)})
    sent = view.unsaved
    view = view.keep({COUNTER: spent(28)})

    view = view.rebase(Marks({NAME: EARLY, COUNTER: attrs.evolve(EARLY, spent=100)}), sent)

    assert {name: (new.spent if new else 0) for name, new in view.changes.items()} == {COUNTER: 114}
    assert view.marks[NAME] == EARLY


def test_several_changes_of_one_record_are_one() -> None:
    view = MarksView(Marks({NAME: EARLY})).keep({NAME: None}).keep({NAME: LATE})

    assert view.unsaved == {NAME: (EARLY, LATE)}
    assert view.rebase(view.saved).marks == {NAME: LATE}
