"""The small picture shows what the table does, or says what it leaves out."""

from __future__ import annotations

import re

import attrs
import pytest

from orchestrator.lab.diagrams.plain_table import plain
from orchestrator.states.call import State
from orchestrator.states.reasons import SPECS, Move, Reason
from orchestrator.states.table import TABLE
from scripts.diagrams import overview

MACHINE = plain(TABLE)
LIGHT, DARK = 1.0, 0.0056
"""The luminance of a white page, and of #0d1117, which is as dark as pages are."""


def test_every_state_has_a_box_or_is_left_out_by_name() -> None:
    assert overview.BOXES.keys() | overview.LEFT_OUT == set(State)
    assert not overview.BOXES.keys() & overview.LEFT_OUT


def test_the_arrows_are_those_of_the_table() -> None:
    assert set(overview.arrows(MACHINE)) == {
        ("attempt", "succeed"),
        ("attempt", "classify"),
        *((move, "attempt") for move in ("rotate_credential", "retry", "eager_fallback")),
        *(("classify", to) for to in ("rotate_credential", "retry", "eager_fallback")),
        ("classify", "fail_terminal"),
    }


def test_a_row_that_is_gone_takes_its_arrow_with_it() -> None:
    rows = tuple(row for row in MACHINE.rows if row.name != "rotate")

    left = overview.arrows(attrs.evolve(MACHINE, rows=rows))

    assert ("classify", "rotate_credential") not in left
    assert ("classify", "retry") in left


def test_each_reason_stands_in_one_box_where_its_record_leads() -> None:
    placed = [(reason, state) for state in State for reason in overview.reasons(state)]

    assert sorted(reason for reason, _ in placed) == sorted(
        set(Reason) - {Reason.CANCELLED, Reason.DEADLINE}
    )
    for reason, state in placed:
        move = overview.MOVES.get(state)
        assert (SPECS[reason].moves == frozenset()) if move is None else move in SPECS[reason].moves
    assert Move.ROTATE not in SPECS[Reason.BILLING].moves
    assert overview.reasons(State.EAGER_FALLBACK)[0] is Reason.BILLING


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [
        each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: float, two: float) -> float:
    """By WCAG 2.2."""
    low, high = sorted((one, two))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", [LIGHT, DARK], ids=["light", "dark"])
def test_its_lines_are_seen_on_a_light_page_and_on_a_dark_one(page: float) -> None:
    dot = overview.dot()
    found = re.search(r"edge \[color=\"(#\w{6})\"", dot)

    assert found is not None
    assert contrast(_luminance(found[1]), page) >= 3
    assert 'bgcolor="transparent"' in dot


def test_its_words_are_read_on_their_own_boxes() -> None:
    for _, _, paint in overview.BOXES.values():
        assert contrast(_luminance(paint.fill), _luminance(paint.text)) >= 4.5
