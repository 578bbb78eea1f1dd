"""News of marks: of each change that a person may want to hear of, once, and of no other."""

from __future__ import annotations

import attrs
import pytest

from orchestrator.health.news import MarkChange, mark_news
from orchestrator.health.records import MarkKind, Marks, MarkScope, Record, key
from orchestrator.states import Error, Mark, Reason

NOW = 1_000.0
KEY = key(MarkKind.AUTH, MarkScope.CREDENTIAL_MODEL, "a", "endpoint", "key#1", "f" * 8, "m/n")
COUNT = Record(None, 900.0, 900.0, 900.0, 900.0)


def record(mark: Mark, since: float = 900.0, until: float = 1_200.0) -> Record:
    error = Error(Reason.AUTH, "status.401", message="no")
    return Record(mark, since, until, since, since, failures=3, error=error)


def change(old: Record | None, new: Record | None) -> MarkChange | None:
    found = mark_news(Marks({} if old is None else {KEY: old}), {KEY: new}, NOW)
    assert len(found) <= 1
    return found[0].change if found else None


BENCH, CIRCUIT, DEAD = (record(mark) for mark in (Mark.BENCH, Mark.CIRCUIT, Mark.DEAD))
COOLDOWN = record(Mark.COOLDOWN)
LATER = record(Mark.BENCH, until=1_900.0)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        *((old, new) for old in (None, COUNT, COOLDOWN) for new in (BENCH, CIRCUIT, DEAD)),
        *((CIRCUIT, BENCH), (CIRCUIT, DEAD), (BENCH, DEAD)),
        # It ended, was forgotten by whoever lifted it, and is here again.
        (BENCH, record(Mark.BENCH, since=NOW)),
    ],
)
def test_a_mark_is_made_where_there_was_none_or_a_lighter_one(
    old: Record | None, new: Record
) -> None:
    assert change(old, new) is MarkChange.MADE


@pytest.mark.parametrize("old", [BENCH, CIRCUIT, DEAD])
def test_a_mark_that_goes_is_lifted(old: Record) -> None:
    assert change(old, None) is MarkChange.LIFTED


def test_a_mark_that_ends_later_is_prolonged_whatever_kind_it_is_then() -> None:
    assert change(BENCH, LATER) is MarkChange.PROLONGED
    assert change(BENCH, record(Mark.CIRCUIT, until=1_300.0)) is MarkChange.PROLONGED


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, None),
        (None, COUNT),
        (COUNT, attrs.evolve(COUNT, failures=2)),
        (COUNT, None),
        *((old, COOLDOWN) for old in (None, COUNT, COOLDOWN, BENCH)),
        (COOLDOWN, None),
        (LATER, BENCH),  # due earlier than it was
        (BENCH, attrs.evolve(BENCH, failed=NOW, requested=NOW, failures=9)),  # more of the same
    ],
)
def test_what_changes_nothing_for_people_is_no_news(old: Record | None, new: Record | None) -> None:
    assert change(old, new) is None


def test_news_say_what_they_are_about() -> None:
    (news,) = mark_news(Marks(), {KEY: attrs.evolve(BENCH, expected=5_000.0)}, NOW)

    assert (news.provider, news.credential, news.model) == ("a", "key#1", "m/n")
    assert (news.since, news.lasted, news.left, news.expected) == (900.0, 100.0, 200.0, 4_000.0)
    assert news.mark is Mark.BENCH
    assert news.error is not None
    assert news.error.message == "no"


def test_what_is_out_for_good_never_ends() -> None:
    (news,) = mark_news(Marks(), {KEY: DEAD}, NOW)
    assert news.left == float("inf")
