"""Rows: what fails alike is one of them."""

from __future__ import annotations

from orchestrator.lab.fault_matrix import FaultRow, rows
from orchestrator.lab.fault_matrix.rows import BOTH, STREAMED, WHOLE
from tests.orchestrator.lab.fault_matrix.routes import ONE_KEY, README, TWO, report


def row(text: str, kind: str, mode: str = BOTH) -> FaultRow:
    """The row that names ``kind``."""
    found = rows(report(text).matrix)
    (one,) = (each for each in found if each.is_met and kind in each.kinds.get(mode, ()))
    return one


def test_every_case_is_in_one_row() -> None:
    matrix = report(README).matrix
    found = [case for each in rows(matrix) for case in each.cases]

    assert sorted(map(repr, found)) == sorted(map(repr, matrix.singles))


def test_what_benches_is_apart_from_what_does_not() -> None:
    benched, tried = row(TWO, "402"), row(TWO, "503")

    assert (benched.answered_by, tried.answered_by) == ("beta/two", "beta/two")
    assert benched.following.most == 0.7  # the stream's end
    assert tried.following.most > 3


def test_a_mode_is_said_where_the_other_ends_otherwise() -> None:
    streamed, whole = row(README, "silent", STREAMED), row(README, "silent", WHOLE)

    assert (streamed.seconds.words(" s"), whole.seconds.most) == ("12.6-16.9 s", 120.5)


def test_lost_calls_come_first_and_those_by_policy_last() -> None:
    asked = [each for each in rows(report(ONE_KEY).matrix) if each.is_met]
    found = [each for each in asked if each.owners == ("acme",)]

    lost = ["nothing left to try", "the deadline", "", "", "", "by policy"]
    assert [each.lost for each in found] == lost
    assert found[-1].is_expected


def test_who_is_not_asked_is_one_row() -> None:
    last = rows(report(README).matrix)[-1]

    assert (last.is_met, last.answered_by) == (False, "deepseek/deepseek-v4-pro")
    assert last.owners == ("deepseek", "openai", "corp")


def test_a_target_is_named_where_its_provider_has_others() -> None:
    kinds = [kind for each in rows(report(ONE_KEY).matrix) for kind in each.kinds.get(BOTH, ())]

    assert {"x: model not found", "x: request too long"} <= set(kinds)
    assert "model not found" in row(TWO, "model not found").kinds[BOTH]
