"""The numbers of a setting: what they say of backoffs, moves, targets and classes."""

from __future__ import annotations

import re
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as some

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Send, StoppedBy
from orchestrator.states.events import Started
from orchestrator.states.facts import Standby, Taken, Target
from orchestrator.states.limits import backoff
from orchestrator.states.machine import step
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.table import TABLE
from verification.promela.numbers import (
    LISTS,
    contexts,
    events,
    kept_back,
    numbers,
    pauses,
)
from verification.promela.settings import SETTINGS
from verification.promela.translations import Untranslated

SIZED = Setting(
    (Target("a", "x", context=9), Target("b", "y"), Target("a", "z", context=5)), {"a": 2}
)


def defined(setting: Setting) -> dict[str, str]:
    lines = (re.fullmatch(r"#define (\S+) (.*)", line) for line in numbers(setting, TABLE))
    return {line[1]: line[2] for line in lines if line is not None}


@given(
    tries=some.integers(1, 12),
    jitter=some.floats(0, 0.999999),  # nearer to 1 the backoff is rounded to its half
    patience=some.floats(0, 40),
    limit=some.floats(0.01, 60),
)
def test_whatever_a_backoff_can_be_is_known(
    tries: int, jitter: float, patience: float, limit: float
) -> None:
    soon, late = pauses(Policy(attempts_per_target=12, patience=patience), limit)

    pause = backoff(tries, jitter)

    if pause < limit:
        assert soon[tries] if pause <= patience else late[tries]


@pytest.mark.parametrize(
    ("patience", "limit", "soon", "late"),
    [
        (10.0, 300.0, [False, True, True, True], [False, False, False, False]),
        (0.0, 300.0, [False, False, False, False], [False, True, True, True]),
        (0.8, 300.0, [False, True, True, False], [False, False, True, True]),
        # The second backoff is above 0.5 s and at most 1 s: with luck it ends in time.
        (10.0, 1.0, [False, True, True, False], [False, False, False, False]),
        (10.0, 0.25, [False, False, False, False], [False, False, False, False]),
    ],
)
def test_how_long_backoffs_can_be(
    patience: float, limit: float, soon: list[bool], late: list[bool]
) -> None:
    assert pauses(Policy(patience=patience), limit) == (soon, late)


@given(
    others=some.integers(0, 4),
    deadline=some.floats(0.5, 400),
    streamed=some.booleans(),
    on_interrupted=some.sampled_from(OnInterrupted),
)
def test_what_is_kept_back_is_what_the_machine_keeps_back(
    others: int, deadline: float, *, streamed: bool, on_interrupted: OnInterrupted
) -> None:
    route = tuple(Target(str(number), "model") for number in range(others + 1))
    policy = Policy(deadline=deadline, on_interrupted=on_interrupted)
    setting = Setting(route, {}, policy, streamed=streamed)
    started = Started(0.0, Taken(route[0], "key#1"), Standby(("key#1",), route))

    sent = step(Call(route, policy, streamed=streamed), started).command

    assert isinstance(sent, Send)
    assert sent.until == pytest.approx(deadline - kept_back(setting, others))


def test_a_wait_that_fits_the_deadline_need_not_fit_beside_others() -> None:
    found = defined(attrs.evolve(SIZED, policy=Policy(deadline=1.0, patience=0.4)))

    # Half of the second is kept back: the second backoff, above 0.5 s, fits alone.
    assert found["SOON_BESIDE(n,o)"] == "(n == 0 -> 0 : (n == 1 -> 1 : (n == 2 -> 0 : 0)))"
    assert found["LATE_BESIDE(n,o)"] == (
        "(o == 0 -> (n == 0 -> 0 : (n == 1 -> 1 : (n == 2 -> 1 : 0))) : "
        "(o == 1 -> (n == 0 -> 0 : (n == 1 -> 1 : (n == 2 -> 0 : 0))) : "
        "(n == 0 -> 0 : (n == 1 -> 1 : (n == 2 -> 0 : 0)))))"
    )
    assert found["LATER_BESIDE(o)"] == "1"


@pytest.mark.parametrize("name", SETTINGS)
def test_the_moves_of_every_class_are_the_policys(name: str) -> None:
    setting, found = SETTINGS[name], defined(SETTINGS[name])
    sets = {
        ("ROTATING", Move.ROTATE, True), ("RETRYING", Move.RETRY, True),
        ("FALLING_BACK", Move.FALLBACK, True), ("FALLING_BACK_LATER", Move.FALLBACK, False),
    }  # fmt: skip

    for name_of_set, move, first in sets:
        for place, one in enumerate(setting.kinds, start=1):
            allowed = one.moves(setting.policy, first_target=first)
            assert bool(int(found[name_of_set]) >> place & 1) == (move in allowed)


def test_sets_of_classes_name_their_reasons() -> None:
    found, classes = defined(SIZED), SIZED.kinds
    billed = [one for place, one in enumerate(classes, 1) if int(found["BILLING"]) >> place & 1]

    assert {one.reason for one in billed} == {Reason.BILLING}
    assert found["CLASSES"] == str(len(classes))
    assert found["EARLIER"] == str(len(classes) + 1)


def test_targets_are_told_by_place() -> None:
    found = defined(SIZED)

    assert contexts(SIZED) == [5, 9]
    assert found["CONTEXT(t)"] == "(t == 0 -> 2 : (t == 1 -> 0 : 1))"
    assert found["PROVIDER(t)"] == "(t == 0 -> 0 : (t == 1 -> 1 : 0))"
    assert found["KEYS(t)"] == "(t == 0 -> 2 : (t == 1 -> 1 : 2))"


def test_states_and_events_are_numbered_in_their_order() -> None:
    found = defined(SIZED)

    assert [found[f"IN_{state.name}"] for state in State] == [str(n) for n in range(len(State))]
    assert [found[name] for name in events()] == [str(n) for n in range(len(events()))]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policy": Policy(max_attempts=251)}, "max_attempts is 251"),
        ({"policy": Policy(attempts_per_target=300)}, "attempts_per_target is 300"),
        ({"pool": {"a": 1000}}, "a pool's number of credentials is 1000"),
        ({"repairs": 40}, "the number of reasons and repairs is "),
    ],
)
def test_what_the_model_cannot_count_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Untranslated, match=f"{words}.*; the Promela model counts to"):
        defined(attrs.evolve(SIZED, **changes))


def test_every_way_to_stop_has_a_name() -> None:
    assert {name.removeprefix("BY_") for name in LISTS["STOPS"]} == {
        "NOTHING", *(one.name for one in StoppedBy),
    }  # fmt: skip
