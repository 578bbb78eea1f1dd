"""Minutes of a day, and no more of them, whatever comes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.call_facts import AttemptFacts, CallFacts
from orchestrator.gateway.inspector.minute_figures import KEPT, STEP, MinuteFigures
from orchestrator.ledger import Billed
from orchestrator.states import Reason, State, StoppedBy

DAY = 86_400.0


def facts(
    time: float, *, rescued: str | None = None, stopped_by: StoppedBy | None = None
) -> CallFacts:
    """A call that took a second, the last of its attempts sent after 0.75."""
    sent = AttemptFacts("a/m", "a", "m", 200, None, 0.75, 0.25, False, None, Billed.SERVED)
    state = State.SUCCEED if stopped_by is None else State.FAIL_TERMINAL
    return CallFacts(
        *("call", "default", time, 1.0, state.value, True),
        reason=None if stopped_by is None else Reason.BILLING,
        stopped_by=stopped_by,
        attempts=[sent],
        rescued=rescued,
    )


def test_calls_are_counted_where_they_end() -> None:
    figures = MinuteFigures()
    for time in (0.0, 58.9, 59.5):
        figures.add(facts(time))
    figures.add(facts(60.0, rescued="billing"))
    figures.add(facts(300.0, stopped_by=StoppedBy.EXHAUSTED))
    figures.add(facts(301.0, stopped_by=StoppedBy.CANCELLED))
    told = [(one.time, one.calls, one.failed, one.rescued) for one in figures.last_day(400.0)]

    assert told == [(0, 2, 0, 0), (60, 2, 0, 1), (300, 2, 1, 0)]
    assert [one.seconds_lost for one in figures.last_day(400.0)] == [0.0, 0.75, 0.0]


@given(st.lists(st.floats(0, 10 * DAY), max_size=40), st.floats(0, 10 * DAY))
def test_what_is_told_is_of_the_last_day_and_in_order(times: list[float], now: float) -> None:
    figures = MinuteFigures()
    for time in times:
        figures.add(facts(time))
    told = [one.time for one in figures.last_day(now)]

    assert told == sorted(set(told))
    assert all(now - DAY < time <= now for time in told)


def test_a_million_calls_take_the_room_of_a_day() -> None:
    figures = MinuteFigures()
    for minute in range(3 * KEPT):
        figures.add(facts(float(minute * STEP)))

    assert len(figures) == KEPT
    assert sum(one.calls for one in figures.last_day(3 * KEPT * STEP - 1)) == KEPT
