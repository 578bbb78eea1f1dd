"""How long an attempt may stay silent: the limit that `first_token = "auto"` stands for."""

from __future__ import annotations

import attrs
import pytest

from states import Call, Policy, Send, Standby, Started, Step, Taken, Target, Timeouts, step

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
THINKER = attrs.evolve(HERE, reasoning=True)
FIXED = attrs.evolve(HERE, timeouts=Timeouts(first_token=3.0))


def first_token(
    taken: Taken, *, standing: tuple[Target, ...] = (), reasoning: bool = False
) -> float | None:
    call = Call((taken.target, OTHER), Policy(deadline=77.0), reasoning=reasoning)
    stepped: Step = step(call, Started(0.0, taken, Standby(("key",), standing)))
    assert isinstance(stepped.command, Send)
    assert (stepped.command.number, stepped.command.ends_at) == (1, 77.0)
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
