"""The limits of keys, under whatever comes and goes."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from orchestrator.api.request import Request
from orchestrator.clock import VirtualClock
from orchestrator.dialects import DIALECTS, Operation
from orchestrator.gateway.daily_tokens import DAY, DailyTokens
from orchestrator.gateway.key_file import GatewayKey
from orchestrator.gateway.key_limits import (
    DEFAULT_OUTPUT,
    LARGEST_OUTPUT,
    LARGEST_RESERVATION,
    MINUTE,
    Admission,
    KeyLimits,
    reservation,
)
from orchestrator.serving.refusals import RequestRefused

NOON = 1_800_000_000.0 // DAY * DAY + DAY / 2
HI: dict[str, Any] = {"messages": [{"role": "user", "content": "hi" * 80}]}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(time=NOON)


@pytest.fixture
def limits(tmp_path: Path, clock: VirtualClock) -> KeyLimits:
    return KeyLimits(DailyTokens(tmp_path / "state" / "tokens.sqlite3", "keys", clock), clock)


class Interleavings(RuleBasedStateMachine):
    """Requests of two keys, admitted, settled and left as time passes; the process restarts."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = TemporaryDirectory()
        self.path = Path(self.folder.name) / "tokens.sqlite3"
        self.clock = VirtualClock(time=NOON)
        self.running: list[Admission] = []
        self.instants: dict[str, list[float]] = {}
        self.counted: dict[tuple[str, int], int] = {}
        self.largest: dict[tuple[str, int], int] = {}
        self.overdrawn: dict[tuple[str, int], int] = {}

    @initialize(
        rpm=st.none() | st.integers(1, 4),
        concurrency=st.none() | st.integers(1, 3),
        budget=st.integers(1, 100),
    )
    def begin(self, rpm: int | None, concurrency: int | None, budget: int) -> None:
        self.keys = [
            GatewayKey("a", rpm=rpm, concurrency=concurrency, tokens_per_day=budget),
            GatewayKey("b", rpm=concurrency, tokens_per_day=2 * budget),
        ]
        self.restart()

    @rule()
    def restart(self) -> None:
        """As after a kill: what was reserved stays reserved."""
        self.running.clear()
        self.instants.clear()
        self.limits = KeyLimits(DailyTokens(self.path, "keys", self.clock), self.clock)

    @rule(which=st.integers(0, 1), tokens=st.integers(0, 60))
    def admit(self, which: int, tokens: int) -> None:
        key, now = self.keys[which], self.clock.monotonic()
        day = int(self.clock.time() // DAY)
        at = (key.name, day)
        spent = self.counted.get(at, 0)
        recent = [one for one in self.instants.get(key.name, []) if one > now - MINUTE]
        running = sum(one.name == key.name for one in self.running)
        is_free = (
            (key.rpm is None or len(recent) < key.rpm)
            and (key.concurrency is None or running < key.concurrency)
            and spent < (key.tokens_per_day or 0)
        )
        if not is_free:
            with pytest.raises(RequestRefused) as refused:
                self.limits.admit(key, tokens)
            assert refused.value.status == 429
            assert refused.value.retry_after is not None
            assert refused.value.retry_after > 0
            return
        admission = self.limits.admit(key, tokens)
        self.running.append(admission)
        self.instants.setdefault(key.name, []).append(now)
        self.counted[at] = spent + tokens
        self.largest[at] = max(tokens, self.largest.get(at, 0))

    @rule(data=st.data(), used=st.none() | st.integers(0, 80), again=st.booleans())
    def settle(self, data: st.DataObject, used: int | None, *, again: bool) -> None:
        if not self.running:
            return
        admission = self.running.pop(data.draw(st.integers(0, len(self.running) - 1)))
        admission.settle(used)
        if again:
            admission.settle(7)
        if used is not None:
            at = (admission.name, admission.day)
            assert admission.reserved is not None
            self.counted[at] = max(0, self.counted[at] + used - admission.reserved)
            # Who uses more than was reserved does what nobody could foresee.
            more = max(0, used - admission.reserved)
            self.overdrawn[at] = self.overdrawn.get(at, 0) + more

    @rule(seconds=st.sampled_from([0.0, 0.5, 19.99, 60.0, 3600.0, 43_200.0]))
    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)

    @invariant()
    def keeps_the_limits(self) -> None:
        for key in getattr(self, "keys", ()):
            at = (key.name, int(self.clock.time() // DAY))
            room = self.largest.get(at, 0) + self.overdrawn.get(at, 0)
            assert self.counted.get(at, 0) < key.tokens_per_day + room + (room == 0)
            running = sum(one.name == key.name for one in self.running)
            assert key.concurrency is None or running <= key.concurrency
            instants = self.instants.get(key.name, [])
            for first in instants:
                window = [one for one in instants if first <= one < first + MINUTE]
                assert key.rpm is None or len(window) <= key.rpm

    @invariant()
    def counts_what_was_reserved_and_used(self) -> None:
        if hasattr(self, "limits"):
            today = int(self.clock.time() // DAY)
            found = DailyTokens(self.path, "keys", self.clock).used(today)
            expected = {key: n for (key, day), n in self.counted.items() if day == today}
            assert {key: n for key, n in found.items() if n} == {
                key: n for key, n in expected.items() if n
            }

    def teardown(self) -> None:
        if hasattr(self, "limits"):
            self.limits.close()
        self.folder.cleanup()


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)


def test_a_refusal_says_when_the_next_is_let_in(limits: KeyLimits, clock: VirtualClock) -> None:
    key = GatewayKey("ci", rpm=2)
    limits.admit(key).settle(0)
    clock.advance(10)
    limits.admit(key).settle(0)

    with pytest.raises(
        RequestRefused, match=r"'ci' may send 2 requests a minute; the next is let in in 50\.0 s"
    ) as error:
        limits.admit(key)
    assert error.value.headers == {"retry-after": "50"}
    clock.advance(50)
    limits.admit(key)
    # A limit that was lowered meanwhile holds at once.
    with pytest.raises(RequestRefused, match="1 request a minute") as lowered:
        limits.admit(GatewayKey("ci", rpm=1))
    assert lowered.value.retry_after == MINUTE


def test_one_too_many_at_once_is_refused_until_one_has_ended(limits: KeyLimits) -> None:
    key = GatewayKey("ci", concurrency=1)
    first = limits.admit(key)
    with pytest.raises(RequestRefused, match="may run 1 request at once, and 1 are running"):
        limits.admit(key)
    first.settle(None)

    limits.admit(key)


def test_a_spent_budget_comes_back_with_the_day(limits: KeyLimits, clock: VirtualClock) -> None:
    key = GatewayKey("ci", tokens_per_day=1_000)
    limits.admit(key, 900).settle(999)
    late = limits.admit(key, 50)  # a token is left, so it is let in as a whole

    with pytest.raises(RequestRefused, match="has used its 1,000 tokens of today") as error:
        limits.admit(key, 1)
    assert error.value.retry_after == DAY / 2
    clock.advance(DAY / 2)
    limits.admit(key, 1_000)
    late.settle(1)  # of yesterday, and frees nothing of today
    with pytest.raises(RequestRefused):
        limits.admit(key, 1)


def test_what_is_refused_for_another_limit_takes_no_tokens(limits: KeyLimits) -> None:
    key = GatewayKey("ci", rpm=1, tokens_per_day=100)
    limits.admit(key, 10).settle(None)
    for _ in range(20):
        with pytest.raises(RequestRefused, match="a minute"):
            limits.admit(key, 10)

    limits.admit(GatewayKey("ci", tokens_per_day=11), 10)


def test_a_key_without_a_budget_touches_no_file(tmp_path: Path, limits: KeyLimits) -> None:
    for _ in range(3):
        limits.admit(GatewayKey("ci", rpm=100, concurrency=3), 10).settle(5)

    assert list(tmp_path.iterdir()) == []


def test_trouble_with_the_file_fails_no_call_and_holds_the_budget(
    tmp_path: Path, clock: VirtualClock, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    limits = KeyLimits(DailyTokens(tmp_path / "file" / "tokens.sqlite3", "keys", clock), clock)
    key = GatewayKey("ci", tokens_per_day=100)
    with caplog.at_level(logging.WARNING, "orchestrator"):
        for _ in range(3):
            clock.advance(6.0)
            limits.admit(key, 40).settle(None)
        with pytest.raises(RequestRefused):
            limits.admit(key, 1)

    assert [each.getMessage().partition("; ")[2] for each in caplog.records] == [
        "daily tokens are counted in memory until it can be used"
    ]


# What is reserved.

BUDGET = GatewayKey("ci", tokens_per_day=1)


def of_dialect(name: str, **fields: Any) -> Request:
    history = {DIALECTS[name].shape.history: HI["messages"]}
    return Request({**history, **fields}, dialect=name)


@pytest.mark.parametrize("name", DIALECTS)
def test_the_limit_of_the_answer_is_reserved_whatever_it_is_called(name: str) -> None:
    """Each place where the dialect may have it, with the size of the request."""
    least = of_dialect(name).least_tokens
    for path in DIALECTS[name].shape.max_tokens:
        limit: Any = 77
        for field in reversed(path):
            limit = {field: limit}
        assert reservation(BUDGET, of_dialect(name, **limit)) == 2 * least + 77
    assert reservation(BUDGET, of_dialect(name)) == 2 * least + DEFAULT_OUTPUT
    assert reservation(GatewayKey("ci"), of_dialect(name)) == 0


anything = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)


@given(st.sampled_from(["max_tokens", "max_completion_tokens", "n"]), anything)
def test_whatever_stands_there_reserves_something_sane(field: str, value: Any) -> None:
    found = reservation(BUDGET, Request({**HI, field: value}))

    assert 1 <= found <= LARGEST_RESERVATION


def test_several_answers_are_reserved_each() -> None:
    one = reservation(BUDGET, Request({**HI, "max_tokens": 10}))
    three = reservation(BUDGET, Request({**HI, "max_tokens": 10, "n": 3}))
    most = reservation(BUDGET, Request({**HI, "max_tokens": 2**40}))

    assert three - one == 20
    assert most - one == LARGEST_OUTPUT - 10


def test_vectors_have_no_answer_to_reserve_for() -> None:
    asked = Request({"model": "a/m", "input": "word " * 80}, operation=Operation.EMBED)
    assert reservation(BUDGET, asked) == 2 * asked.least_tokens
