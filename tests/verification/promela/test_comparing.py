"""End to end, where spin is installed: a small setting, and machines with a mistake in it."""

from __future__ import annotations

import shutil

import pytest

from tests.slow import nightly
from verification.promela.checking import ROWS
from verification.promela.comparing import compare
from verification.promela.misled import MISLED
from verification.promela.settings import SETTINGS

pytestmark = [
    nightly("compiles a model checker; make spin asks more"),
    pytest.mark.skipif(
        shutil.which("spin") is None or shutil.which("gcc") is None, reason="needs spin and gcc"
    ),
]


def test_the_same_states_and_moves_and_a_mistake_is_named() -> None:
    name = "moves: contexts"
    misled = [one for one in MISLED if one.setting == name]

    found = compare(SETTINGS[name], every=1, misled=misled)

    assert found.same
    assert found.moves.compared > 15_000
    assert set(found.moves.rows) <= set(ROWS)
    ((mistake, moves),) = found.misled
    assert (mistake, moves.different) == ("a context just as small", 1)
    first = moves.differences[0]
    assert (first.by_spin, first.by_machine) == ("terminal", "fallback")
    assert first.way == ("started_send", "failed")
    assert first.event.startswith("Diagnosed at 0 s of 5, context_overflow, backoff soon")
    assert max(map(len, first.lines)) <= 78


def test_every_move_is_told_once_and_a_share_of_them_the_same_each_time() -> None:
    setting = SETTINGS["moves: contexts"]

    twice = [compare(setting, every=29).moves for _ in range(2)]

    assert twice[0].compared == twice[1].compared > 300
    assert twice[0].rows == twice[1].rows
