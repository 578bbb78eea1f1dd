"""Instants that stand for soon, late and never: they are what they stand for."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as some

from orchestrator.lab.verify import Setting
from orchestrator.states.facts import Target
from orchestrator.states.limits import backoff, spread
from orchestrator.states.policy import Policy
from verification.promela.instants import Lengths, Moment, Moments
from verification.promela.numbers import kept_back, pauses
from verification.promela.worlds import LATE, NEVER, SOON

periods = some.sampled_from((SOON, LATE, NEVER))


@some.composite
def failures(draw: some.DrawFn) -> tuple[Setting, Lengths]:
    """A setting and what the model says of a failure under it, as far as it can be so."""
    deadline, patience = draw(some.floats(0.3, 400)), draw(some.floats(0.01, 40))
    tries = draw(some.integers(1, 5))
    policy = Policy(attempts_per_target=5, deadline=deadline, patience=patience)
    route = (Target("a", "x"), Target("b", "y"), Target("c", "z"))
    lengths = Lengths(
        draw(periods), draw(some.one_of(some.none(), periods)), draw(periods), tries,
        draw(some.integers(0, 2)),
    )  # fmt: skip
    soon, late = pauses(policy, deadline)
    assume({SOON: soon, LATE: late}.get(lengths.pause, [True] * 9)[tries])
    # At the very edge a length that is just past another is past the limit too.
    assume(patience < deadline * 0.99 or LATE not in (lengths.opens, lengths.retry_after))
    assume(lengths.pause != LATE or patience < deadline * 0.99)
    return Setting(route, {}, policy), lengths


@given(failures())
def test_a_backoff_is_as_long_as_the_model_says(found: tuple[Setting, Lengths]) -> None:
    setting, lengths = found
    for moment in Moments(setting).failure(lengths, committed=False, spent=False):
        pause = backoff(lengths.tries, moment.jitter)

        assert 0 <= moment.jitter < 1
        assert 0 <= moment.at < moment.limit
        assert _period(setting, moment, moment.at + pause) == lengths.pause


@given(failures())
def test_what_opens_in_time_opens_as_the_model_says(found: tuple[Setting, Lengths]) -> None:
    setting, lengths = found
    assume(lengths.pause != NEVER)
    for moment in Moments(setting).failure(lengths, committed=False, spent=False):
        if lengths.opens is None or moment.opens is None:
            assert moment.opens is None
            assert lengths.opens in (None, NEVER)
        else:
            assert _period(setting, moment, moment.opens) == lengths.opens


@given(failures())
def test_what_fits_beside_others_at_the_start_fits_as_late_as_it_can_be(
    found: tuple[Setting, Lengths],
) -> None:
    setting, lengths = found
    assume(lengths.pause != NEVER)
    first, *others = Moments(setting).failure(lengths, committed=False, spent=False)
    limit = setting.policy.deadline

    def fits(moment: Moment) -> bool:
        left = limit - moment.at
        kept = min(kept_back(setting, lengths.others), left / 2)
        return moment.at + backoff(lengths.tries, moment.jitter) < limit - kept

    if lengths.opens is None and lengths.retry_after == SOON:
        assert {fits(other) for other in others} == {fits(first)}


@given(
    at=some.floats(0, 100),
    wait=some.floats(0, 100),
    left=some.floats(0, 100),
    drawn=some.floats(0, 0.999),
)
def test_what_is_drawn_on_top_of_a_wait_is_what_the_machine_draws(
    at: float, wait: float, left: float, drawn: float
) -> None:
    moment = Moment(at, at + wait + left, (), spread=drawn)

    assert abs(moment.drawn(at + wait) - at - wait - spread(wait, wait + left, drawn)) < 1e-9


def _period(setting: Setting, moment: Moment, until: float) -> int:
    if until >= moment.limit:
        return NEVER
    return SOON if until - moment.at <= setting.policy.patience else LATE
