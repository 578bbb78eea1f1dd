"""The search leaves nothing out: wherever a real call gets, the search was there before."""

from __future__ import annotations

import functools
import random
from math import inf

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.graph import Graph
from orchestrator.lab.verify.search import Search
from orchestrator.states import Call, Error, Mark, OnInterrupted, Policy, Reason, Target, step
from orchestrator.states.events import Arrival
from tests.slow import slow_but
from tests.states.forgetful import ForgetfulBoard
from tests.states.world import Answer, Block, Board, Moment, World

ROUTE = (Target("acme", "one", context=1000), Target("beta", "one"), Target("acme", "two"))
POLICY = Policy(max_attempts=6, attempts_per_target=2, deadline=60.0, patience=3.0)
SETTINGS = {
    "two targets": Setting(ROUTE[:2], {"acme": 2, "beta": 2}, POLICY),
    "streams that go on": Setting(
        ROUTE[:2], {"acme": 1}, attrs.evolve(POLICY, on_interrupted=OnInterrupted.CONTINUE)
    ),
    "two targets of a provider": Setting(ROUTE, {"acme": 2}, POLICY),
    "a deadline of which half is kept back": Setting(
        ROUTE[:2], {"acme": 2}, attrs.evolve(POLICY, deadline=10.0)
    ),
    "more than is kept": Setting(
        tuple(Target(name, "one") for name in ("acme", "beta", "corp")),
        dict.fromkeys(("acme", "beta", "corp"), 3),
        POLICY,
    ),
}


@functools.cache
def search(name: str) -> Search:
    return Search(Graph(SETTINGS[name], step, merged=True)).run()


@st.composite
def errors(draw: st.DrawFn) -> Error:
    reason = draw(st.sampled_from([one for one in Reason if one not in ENDS]))
    wait = draw(st.sampled_from((None, None, 0.0, 1.0, 8.0, 900.0)))
    named = reason is Reason.BAD_REQUEST and draw(st.booleans())
    return Error(reason, "drawn", retry_after=wait, repair="no_stream" if named else None)


ENDS = (Reason.CANCELLED, Reason.DEADLINE)
answers = st.builds(
    Answer,
    error=st.one_of(errors(), errors(), errors(), st.none()),
    seconds=st.sampled_from((0.1, 0.1, 2.0, 30.0)),
    content=st.sampled_from((False, False, True)),
    tool_call=st.booleans(),
).map(lambda answer: attrs.evolve(answer, tool_call=answer.tool_call and answer.content))
"""No part of a tool call is delivered before content is."""


@pytest.mark.parametrize(
    "name",
    slow_but(
        {"two targets"},
        SETTINGS,
        "a whole search, and then many calls",
        night={"two targets of a provider"},
    ),
)
@given(data=st.data())
def test_a_real_call_is_nowhere_where_the_search_was_not(name: str, data: st.DataObject) -> None:
    setting, found = SETTINGS[name], search(name)
    pools = {
        target.provider: tuple(f"key#{number + 1}" for number in range(count))
        for target, count in zip(setting.route, setting.credentials, strict=True)
    }
    luck = random.Random(data.draw(st.integers(0, 10_000)))
    marks = {
        place: Block(mark, luck.choice((-1.0, 2.0, 9.0, 500.0)))
        for target in setting.route
        for place, mark in ((target.name, Mark.CIRCUIT), (target.provider, Mark.BENCH))
        if luck.random() < 0.3
    }
    board = Board(setting.route, pools, marks)
    if data.draw(st.booleans()):
        board = ForgetfulBoard(setting.route, pools, luck=luck, generous=0.6)
    world = World(board, iter(data.draw(st.lists(answers, max_size=12))), luck, inf)

    begun = attrs.evolve(setting.call(), streamed=data.draw(st.booleans()))
    for moment in world.run(begun):
        if _cannot_be(moment):
            return
        _was_there(found, moment.after.call)


def _cannot_be(moment: Moment) -> bool:
    """What was asked for stands by and yet was not taken: a board takes and looks at once."""
    event, here = moment.event, moment.before.target
    return isinstance(event, Arrival) and event.taken is None and here in event.standby.targets


def _was_there(found: Search, call: Call) -> None:
    key, _ = found.graph.nodes.encode(call)
    assert key in found.graph.keys, (call, key)
    bits = found.reached[found.graph.keys.index(key), -1]
    assert bits & found.bits.mask((call.number,) * 2, (call.waits,) * 2), f"{call!r}"
