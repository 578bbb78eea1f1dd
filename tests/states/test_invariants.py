"""The eight invariants, over random routes, pools, policies, marks, answers and races."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from math import inf

import attrs
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from orchestrator.states import Call, Diagnosed, Mark, Reason, Wait, step
from orchestrator.states.events import Arrival
from tests.states import oracle
from tests.states.forgetful import ForgetfulBoard
from tests.states.history import ARRIVALS, facts
from tests.states.invariants import INVARIANTS
from tests.states.world import Answer, Block, Board, Moment, World
from tests.states_strategies import LABELS, PROVIDERS, calls, errors

common = st.sampled_from(
    (Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.AUTH, Reason.TIMEOUT, Reason.BILLING)
)
failures = st.one_of(errors(common), errors(common), errors(common), errors())
answers = st.builds(
    Answer,
    error=st.sampled_from(range(12)).flatmap(lambda luck: failures if luck else st.none()),
    seconds=st.sampled_from((0.1, 0.1, 0.0, 2.0, 30.0)),
    content=st.sampled_from((False,) * 7 + (True,)),
    tool_call=st.sampled_from((False, False, True)),
    stall=st.sampled_from((0.0, 0.0, 25.0)),
)
remembered = st.one_of(st.none(), errors())
blocks = st.builds(
    Block,
    mark=st.sampled_from((Mark.BENCH, Mark.CIRCUIT)),
    until=st.sampled_from((-1.0, 3.0, 60.0, 900.0)),
    error=remembered,
    since=st.sampled_from((-40.0, -5.0)),
)
cooldowns = st.builds(
    Block,
    mark=st.sampled_from((Mark.COOLDOWN, Mark.COOLDOWN, Mark.DEAD)),
    until=st.sampled_from((1.0, 8.0, 90.0)),
    error=remembered,
).map(lambda block: block if block.mark is Mark.COOLDOWN else attrs.evolve(block, until=inf))


@attrs.frozen
class Scene:
    """A call and everything around it; `run` is the same every time.

    Attributes:
        endless: True where the answers begin again after the last; else success follows.
        generous: How likely a forgetful board says that something stands by.
    """

    call: Call
    pools: dict[str, tuple[str, ...]]
    marks: dict[str, Block]
    answers: Sequence[Answer]
    endless: bool
    seed: int
    late: float
    cancelled_at: float
    generous: float

    def run(self, *, forgetful: bool) -> list[Moment]:
        luck = random.Random(self.seed)
        board = Board(self.call.route, self.pools, dict(self.marks))
        if forgetful:
            board = ForgetfulBoard(self.call.route, self.pools, luck=luck, generous=self.generous)
        answers = itertools.cycle(self.answers) if self.endless else iter(self.answers)
        world = World(board, answers, luck, self.cancelled_at, self.late)
        return world.run(self.call)


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    call = draw(calls())
    pools = {name: LABELS[: draw(st.integers(1, 8))] for name in PROVIDERS}
    places = [place for target in call.route[:3] for place in (target.provider, target.name)]
    keys = [f"{name}#{key}" for name in PROVIDERS for key in pools[name]]
    marks = draw(st.dictionaries(st.sampled_from(places), blocks, max_size=4))
    marks |= draw(st.dictionaries(st.sampled_from(keys), cooldowns, max_size=12))
    return Scene(
        call,
        pools,
        marks,
        draw(st.lists(answers, max_size=24)),
        draw(st.booleans()),
        draw(st.integers(0, 10_000)),
        late=draw(st.sampled_from((0.0, 0.0, 0.0, 0.3, 40.0))),
        cancelled_at=draw(st.sampled_from((inf, inf, inf, inf, inf, 0.0, 0.2, 10.0))),
        generous=draw(st.sampled_from((0.2, 0.5, 0.9))),
    )


quickly = settings(
    max_examples=settings().max_examples * 5 // 2,  # 250; 125 by the profile "ci"
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

boards = pytest.mark.parametrize(
    "forgetful", [False, True], ids=["the board remembers", "the board forgets"]
)


@boards
@quickly
@given(scene=scenes())
def test_every_call_keeps_every_invariant(scene: Scene, *, forgetful: bool) -> None:
    moments = scene.run(forgetful=forgetful)
    event(f"ends by {moments[-1].after.row}")

    for holds in INVARIANTS:
        holds(scene.call, moments)


@boards
@quickly
@given(scene=scenes())
def test_each_row_and_each_wait_is_the_one_that_the_design_names(
    scene: Scene, *, forgetful: bool
) -> None:
    for known, moment in facts(scene.call, scene.run(forgetful=forgetful)):
        command = moment.after.command
        until = command.until if isinstance(command, Wait) else None
        if isinstance(moment.event, Diagnosed):
            expected = oracle.diagnosed(known, moment.event)
        elif isinstance(moment.event, ARRIVALS):
            expected = oracle.arrival(known, moment.event)
        else:
            continue
        assert moment.after.row == expected[0]
        assert until == pytest.approx(expected[1])


@boards
@quickly
@given(scene=scenes(), drawn=st.sampled_from((0.0, 0.4, 0.999999)))
def test_the_draw_of_a_spread_decides_no_row(
    scene: Scene, drawn: float, *, forgetful: bool
) -> None:
    for moment in scene.run(forgetful=forgetful):
        if not isinstance(moment.event, (Diagnosed, *ARRIVALS)):
            continue
        plain = step(moment.before, with_draw(moment.event, 0.0))
        other = step(moment.before, with_draw(moment.event, drawn))
        probed = any(clear.probed for clear in moment.event.standby.clears)
        # Who looks earlier at another's probe may be in time where another is not.
        if isinstance(plain.command, Wait) or not probed:
            assert other.row == plain.row
        if isinstance(plain.command, Wait) and isinstance(other.command, Wait) and not probed:
            assert other.command.until >= plain.command.until


def with_draw(event: Diagnosed | Arrival, drawn: float) -> Diagnosed | Arrival:
    if isinstance(event, Diagnosed):
        return attrs.evolve(event, spread=drawn)
    return attrs.evolve(event, jitter=drawn)
