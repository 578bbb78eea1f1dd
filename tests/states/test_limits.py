"""How long a send may stay silent (`first_token = "auto"`), and how long a backoff is."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.states import (
    Call,
    Policy,
    Send,
    Standby,
    Started,
    State,
    Step,
    Taken,
    Target,
    Timeouts,
    Waited,
    step,
)
from orchestrator.states.limits import backoff
from tests.states_strategies import jitters

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
THINKER = attrs.evolve(HERE, reasoning=True)
FIXED = attrs.evolve(HERE, timeouts=Timeouts(first_token=3.0))


def first_token(
    taken: Taken, *, standing: tuple[Target, ...] = (), reasoning: bool = False
) -> float | None:
    call = Call((taken.target, OTHER), Policy(deadline=977.0), reasoning=reasoning)
    stepped: Step = step(call, Started(0.0, taken, Standby(("key",), standing)))
    assert isinstance(stepped.command, Send)
    assert (stepped.command.number, stepped.command.ends_at) == (1, 977.0)
    limits = stepped.command.timeouts
    assert limits == attrs.evolve(taken.target.timeouts, first_token=limits.first_token)
    return limits.first_token


@pytest.mark.parametrize(
    ("target", "standing", "reasoning", "seen", "expected"),
    [
        (HERE, (HERE, OTHER), False, None, 12.0),
        (HERE, (OTHER,), False, 5.0, 12.0),
        (HERE, (OTHER,), False, 20.0, 20.0),
        (HERE, (HERE,), False, None, 120.0),
        (HERE, (), False, 20.0, 120.0),
        (HERE, (OTHER,), True, None, 120.0),
        (THINKER, (OTHER,), False, None, 120.0),
        (THINKER, (OTHER,), True, 200.0, 200.0),
        (FIXED, (OTHER,), True, 200.0, 3.0),
    ],
)
def test_silence_is_borne_for(
    *,
    target: Target,
    standing: tuple[Target, ...],
    reasoning: bool,
    seen: float | None,
    expected: float,
) -> None:
    taken = Taken(target, "key", seen_first_token=seen)

    assert expected == first_token(taken, standing=standing, reasoning=reasoning)


@pytest.mark.parametrize(
    ("cut", "expected"), [(None, 12.0), (5.0, 12.0), (12.0, 24.0), (24.0, 48.0), (50.0, 60.0)]
)
def test_a_probe_bears_twice_the_silence_that_was_cut(cut: float | None, expected: float) -> None:
    taken = Taken(HERE, "key", probe=True, cut_first_token=cut)

    assert expected == first_token(taken, standing=(OTHER,))


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        (Taken(HERE, "key"), 30.0),
        (Taken(HERE, "key", seen_first_token=40.0), 40.0),
        (Taken(FIXED, "key"), 3.0),
    ],
)
def test_who_says_that_it_is_at_work_is_borne_for(taken: Taken, expected: float) -> None:
    stepped = step(Call((taken.target, OTHER)), Started(0.0, taken, Standby(("key",), (OTHER,))))

    assert isinstance(stepped.command, Send)
    assert expected == stepped.command.kept_alive


@pytest.mark.parametrize(
    ("deadline", "standing", "expected"),
    [
        (300.0, (OTHER,), (5.0, 12.0, 120.0, 240.0)),
        (60.0, (OTHER,), (5.0, 12.0, 30.0, 30.0)),
        (60.0, (), (5.0, 60.0, 60.0, 60.0)),
        (6.0, (OTHER,), (3.0, 3.0, 3.0, 3.0)),
    ],
)
def test_the_limits_leave_time_for_who_stands_by(
    deadline: float, standing: tuple[Target, ...], expected: tuple[float, ...]
) -> None:
    call = Call((HERE, OTHER), Policy(deadline=deadline))
    send = step(call, Started(0.0, Taken(HERE, "key"), Standby(("key",), standing))).command

    assert isinstance(send, Send)
    limits = send.timeouts
    assert (limits.connect, limits.first_token, limits.total, send.until) == expected


@pytest.mark.parametrize("stream", [True, False, None])
@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("repaired", [True, False, None])
def test_a_repair_decides_whether_an_attempt_is_a_stream_then_the_target_then_the_caller(
    *, repaired: bool | None, stream: bool | None, streamed: bool
) -> None:
    target = attrs.evolve(HERE, stream=stream)
    taken = Taken(target, "key", stream=repaired)

    send = step(Call((target,), streamed=streamed), Started(0.0, taken, Standby())).command

    assert isinstance(send, Send)
    assert send.streamed is next(one for one in (repaired, stream, streamed) if one is not None)


CASES = [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (6, 16.0), (7, 30.0), (8, 30.0), (100_000, 30.0)]


@pytest.mark.parametrize(("tries", "seconds"), CASES)
def test_doubles_from_half_a_second_to_thirty(tries: int, seconds: float) -> None:
    assert backoff(tries, 0.0) == seconds
    assert backoff(tries, 0.5) == seconds * 0.75


@given(tries=st.integers(1, 2_000), jitter=jitters)
def test_jitter_takes_away_less_than_half(tries: int, jitter: float) -> None:
    full = backoff(tries, 0.0)

    assert full / 2 < backoff(tries, jitter) <= full <= 30.0 or jitter > 1 - 1e-15


@given(tries=st.integers(1, 2_000), jitter=jitters)
def test_grows_with_the_tries(tries: int, jitter: float) -> None:
    assert backoff(tries, jitter) <= backoff(tries + 1, jitter)


def test_a_late_send_has_the_time_that_is_left() -> None:
    call = Call((HERE,), Policy(deadline=60.0), state=State.RETRY, target=HERE, resume_at=50.0)
    send = step(call, Waited(50.0, Taken(HERE, "key"), Standby(("key",), ()))).command

    assert isinstance(send, Send)
    limits = send.timeouts
    assert (limits.connect, limits.first_token, limits.total) == (5.0, 10.0, 10.0)
    assert (send.until, send.kept_alive) == (60.0, 10.0)


def test_a_stream_that_goes_on_has_its_own_time_and_the_targets_limits() -> None:
    call = Call(
        (HERE,),
        Policy(deadline=60.0),
        state=State.RETRY,
        target=HERE,
        resume_at=590.0,
        stream_ends_at=600.0,
    )
    send = step(call, Waited(590.0, Taken(HERE, "key"), Standby(("key",), ()))).command

    assert isinstance(send, Send)
    assert (send.timeouts.total, send.until) == (HERE.timeouts.total, 600.0)
