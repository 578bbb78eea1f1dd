"""No call ends by its deadline while a healthy target stands by unasked: slow primaries.

The world is scripted and the time is virtual; what is judged is who was asked, and when, by
the requests that went out. What the machine thinks of it plays no part.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.clock import VirtualClock
from orchestrator.config.config import Config
from orchestrator.execution import blocking
from orchestrator.execution.flow import flow
from orchestrator.health import MemoryStore
from orchestrator.lab.simulation import Item, ScriptPlayer
from orchestrator.lab.simulation.loading import loads
from orchestrator.lab.simulation.pump import VirtualConnection
from orchestrator.lab.simulation.script_items import OK, WITHOUT_PIECES
from orchestrator.ledger import Attempt
from orchestrator.states import OnInterrupted, Target, Timeouts
from orchestrator.testing import RESCUABLE
from orchestrator.testing.strategies import failing_seconds

HI = {"messages": [{"role": "user", "content": "hi"}]}
PROVIDERS = "".join(
    f"""
[providers.{name}]
base_url = "http://{name}.example/v1"
credentials = ["env:{name.upper()}_1", "env:{name.upper()}_2"]
"""
    for name in "abcd"
)
CONFIG = loads(f'{PROVIDERS}\n[routes]\ndefault = ["a/m", "b/m", "c/m", "d/m"]\n', {}).config
STREAMED = [word for word in RESCUABLE if word != "output_truncated"]
"""A stream that stops at its length limit has been delivered by then."""

HEALTHY = 0.2
"""Seconds that a healthy target takes."""


@attrs.frozen
class Asked:
    """What came of one call: its attempts in order, and the answer if there was one."""

    attempts: Sequence[Attempt]
    text: str | None

    @property
    def names(self) -> list[str]:
        return [attempt.provider for attempt in self.attempts]


class World:
    """An orchestrator whose providers do what the items say, in virtual time."""

    def __init__(self, config: Config, items: Sequence[Item]) -> None:
        self.store = MemoryStore()
        self._clock, self._answers = VirtualClock(), ScriptPlayer(items)
        self._orchestrator = Orchestrator(config, store=self.store, clock=self._clock, seed=1)

    def ask(self, *, stream: bool = False, timeout: float | None = None) -> Asked:
        request = Request(HI, timeout=timeout, require_complete=True, stream=stream)
        run = self._orchestrator.begin_call(request)
        connection = VirtualConnection(run, self._clock, self._answers)
        try:
            response = blocking.run(flow(run), connection)
        except CallFailed as failed:
            return Asked(failed.attempts, None)
        return Asked(response.attempts, response.text)


@st.composite
def configs(draw: st.DrawFn) -> Config:
    """Chains of two to four targets under drawn limits."""
    seconds = st.sampled_from
    limits = st.builds(
        Timeouts,
        connect=seconds((1.0, 5.0)),
        first_token=seconds((None, None, 4.0, 40.0)),
        idle=seconds((3.0, 30.0)),
        total=seconds((8.0, 40.0, 120.0)),
    )
    names = "abcd"[: draw(st.integers(2, 4))]
    policy = attrs.evolve(
        CONFIG.policy,
        deadline=draw(seconds((12.0, 60.0, 130.0, 300.0))),
        patience=draw(seconds((0.0, 1.0, 10.0, 10.0, 100.0))),
        attempts_per_target=draw(st.integers(1, 3)),
        on_interrupted=draw(seconds(OnInterrupted)),
    )
    route = tuple(Target(name, "m", timeouts=draw(limits)) for name in names)
    return attrs.evolve(CONFIG, routes={"default": route}, policy=policy)


@st.composite
def scripts(draw: st.DrawFn, config: Config, *, stream: bool) -> tuple[str, tuple[Item, ...]]:
    """Who is healthy, and what all do, again and again: the others fail, and mostly slowly."""
    names = [target.provider for target in config.routes["default"]]
    healthy = draw(st.sampled_from(names))
    items = [Item(OK, (healthy,), seconds=HEALTHY)]
    for name in names:
        if name != healthy:
            word = draw(st.sampled_from(STREAMED if stream else RESCUABLE))
            seconds = draw(st.sampled_from(failing_seconds(config)))
            items.append(before_content(Item(word, (name,), seconds=seconds), stream=stream))
    return healthy, tuple(items)


def before_content(item: Item, *, stream: bool) -> Item:
    """Of a stream: a failure that comes before any content, so that nobody has seen it."""
    pieces = stream and item.word not in WITHOUT_PIECES
    return attrs.evolve(item, pieces=0) if pieces else item


@settings(max_examples=150)
@given(
    data=st.data(),
    config=configs(),
    stream=st.booleans(),
    timeout=st.sampled_from((None, None, 5.0, 33.0, 125.0)),
)
def test_a_healthy_target_is_asked_in_time_whoever_fails_slowly_before_it(
    data: st.DataObject, config: Config, timeout: float | None, *, stream: bool
) -> None:
    healthy, items = data.draw(scripts(config, stream=stream))
    done = World(config, items).ask(stream=stream, timeout=timeout)

    assert healthy in done.names, done
    ends = config.policy.deadline if timeout is None else timeout
    began = next(each.started for each in done.attempts if each.provider == healthy)
    # It too leaves half of the time to those behind it.
    assert done.text is not None or ends - began < 2 * 3 * HEALTHY, done


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("on_interrupted", OnInterrupted)
@pytest.mark.parametrize(
    "words", ["524(after=100)", "502(after=110)", "cut(after=60)", "timeout", "silence"]
)
def test_the_default_policy_leaves_who_fails_slowly_for_who_stands_by(
    words: str, on_interrupted: OnInterrupted, *, stream: bool
) -> None:
    config = attrs.evolve(CONFIG, policy=attrs.evolve(CONFIG.policy, on_interrupted=on_interrupted))
    done = World(config, slow(words, stream=stream)).ask(stream=stream)

    assert done.names == ["a", "b"]
    assert done.text is not None


def slow(words: str, *, stream: bool) -> list[Item]:
    """What ``a`` does, again and again, while ``b`` is healthy."""
    word, _, seconds = words.rstrip(")").partition("(after=")
    item = Item(word, ("a",), seconds=float(seconds or HEALTHY))
    return [before_content(item, stream=stream), Item(OK, ("b",), seconds=HEALTHY)]


@given(
    words=st.sampled_from(("timeout", "silence", "stall", "connect(after=60)")),
    timeout=st.sampled_from((2.0, 4.0)),
    stream=st.booleans(),
    route=st.sampled_from(("a", "ab", "abcd")),
)
def test_a_limit_that_a_callers_hurry_made_shorter_marks_nothing_and_teaches_nothing(
    words: str, timeout: float, route: str, *, stream: bool
) -> None:
    targets = tuple(Target(name, "m") for name in route)
    config = attrs.evolve(CONFIG, routes={"default": targets})
    world = World(config, slow(words, stream=stream))
    done = world.ask(stream=stream, timeout=timeout)

    assert done.names == list(route[:2])
    assert (done.text is None) == (route == "a")
    assert dict(world.store.read()) == {}


@pytest.mark.parametrize("stream", [False, True])
def test_a_limit_of_the_target_itself_marks_it(*, stream: bool) -> None:
    world = World(CONFIG, slow("timeout", stream=stream))
    world.ask(stream=stream)

    assert any('"a"' in key for key in world.store.read())
