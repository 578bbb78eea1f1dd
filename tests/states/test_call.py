"""What a call shows of itself, and that a copy is a copy."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.states import (
    Call,
    Clear,
    Diagnosed,
    Error,
    Event,
    Failed,
    Mark,
    Policy,
    Reason,
    Standby,
    Started,
    State,
    Streaming,
    Switched,
    Taken,
    Target,
    Timeouts,
    Waited,
    step,
)
from orchestrator.states.call import NOTES
from tests.states_strategies import calls, events, standbys


def note(call: Call, event: Event) -> None:
    """What a step does before it looks at the rows."""
    if type(event) in NOTES:
        NOTES[type(event)](call, event)


SLOWLY = Target("acme", "one", timeouts=Timeouts(stream_total=60.0))


@given(call=calls())
def test_a_copy_is_equal_and_apart(call: Call) -> None:
    twin = call.copy()
    assert twin == call

    twin.number += 1
    twin.asked |= {"acme/one"}

    assert (call.number, call.asked) == (0, frozenset())
    assert twin != call


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(call=calls(), data=st.data())
def test_the_repr_is_short_and_shows_no_credential(call: Call, data: st.DataObject) -> None:
    secret = "sk-that-nobody-may-see"
    taken = Taken(call.route[0], secret)
    started = step(call, Started(0.0, taken, data.draw(standbys(call.route)))).call
    shown = repr(started)

    assert secret not in shown
    assert len(shown) < 120
    assert shown.startswith(f"<Call attempt at {call.route[0]}, attempt 1/")


def test_the_repr_before_the_first_send() -> None:
    expected = "<Call ready, attempt 0/16, 300 s at most>"

    assert expected == repr(Call((SLOWLY,)))


@given(call=calls(), data=st.data())
def test_a_note_of_an_event_that_brings_no_fact_changes_nothing(
    call: Call, data: st.DataObject
) -> None:
    before = call.copy()
    kinds = data.draw(events(call.route))
    note(call, kinds)

    assert call.target is None
    assert (call.number, call.state) == (before.number, before.state)


def test_the_deadline_bounds_the_time_until_content_then_the_streams_limit_does() -> None:
    call = Call((SLOWLY,), Policy(deadline=20.0))
    started = call.copy()
    started.target = SLOWLY
    assert (started.ends_at, started.committed) == (20.0, False)

    note(started, Streaming(7.0))
    assert (started.ends_at, started.committed) == (67.0, True)

    note(started, Streaming(30.0))
    assert started.ends_at == 67.0


def test_a_part_of_a_tool_call_that_was_delivered_stays_delivered() -> None:
    call = Call((SLOWLY,))
    note(call, Failed(1.0, tool_call=True))
    note(call, Failed(2.0))

    assert call.tool_call


def test_a_call_knows_the_credentials_that_it_used_at_each_target() -> None:
    call = Call((SLOWLY,))
    call.used = frozenset({("acme/one", "key#1"), ("acme/two", "key#2")})

    assert call.used_at(SLOWLY) == {"key#1"}


def test_a_call_that_is_nowhere_remembers_the_error_and_blames_no_provider() -> None:
    call = Call((SLOWLY,))
    error = Error(Reason.BILLING, "call")
    note(call, Diagnosed(1.0, error, Standby()))

    assert (call.error, call.billed, call.not_before) == (error, frozenset(), 1.0)


def test_the_names_of_the_states_are_those_of_the_design() -> None:
    names = (
        "ready attempt stream classify rotate_credential eager_fallback retry repair "
        "succeed fail_terminal"
    )

    assert names.split() == [state.value for state in State]


def test_a_call_begins_with_nothing_known() -> None:
    numbers = ("number", "tries", "waits", "rotations", "repairs")
    sets = ("asked", "used", "billed", "repaired", "returnable", "gone")
    flags = ("reasoning", "streamed", "probe", "kept_waiting", "went_back", "tool_call")
    others = ("target", "credential", "too_small", "stream_ends_at", "error", "cause")
    endings = ("passed_over", "resume_at", "stopped_by")
    expected: dict[str, object] = {
        "route": (SLOWLY,),
        "policy": Policy(),
        "state": State.READY,
        "not_before": 0.0,
        "only_empty": True,
        **dict.fromkeys(numbers, 0),
        **dict.fromkeys(sets, frozenset()),
        **dict.fromkeys(flags, False),
        **dict.fromkeys((*others, *endings)),
    }

    assert expected == attrs.asdict(Call((SLOWLY,)), recurse=False)


def test_the_repr_says_where_the_call_is() -> None:
    call = Call((SLOWLY,), state=State.RETRY, target=SLOWLY, number=2, stream_ends_at=67.5)

    assert repr(call) == "<Call retry at acme/one, attempt 2/16, 67.5 s at most>"


@pytest.mark.parametrize("kind", [Started, Switched, Waited])
def test_what_the_first_target_is_marked_for_is_remembered_until_something_is_sent(
    kind: type[Started | Switched | Waited],
) -> None:
    error = Error(Reason.AUTH, "call")
    marked = kind(0.0, None, Standby(clears=(Clear(SLOWLY, Mark.BENCH, 9.0, error),)))
    fresh, sent = Call((SLOWLY,)), Call((SLOWLY,), number=1)
    note(fresh, marked)
    note(sent, marked)

    assert (fresh.passed_over, sent.passed_over) == (error, None)


def test_no_stream_begins_where_the_call_is_nowhere() -> None:
    call = Call((SLOWLY,))
    note(call, Streaming(1.0))

    assert call.stream_ends_at is None


@pytest.mark.parametrize(
    ("reason", "context", "expected"),
    [
        (Reason.CONTEXT_OVERFLOW, 8_000, 8_000),
        (Reason.PAYLOAD_TOO_LARGE, 8_000, 8_000),
        (Reason.CONTEXT_OVERFLOW, None, 4_000),
        (Reason.TIMEOUT, 8_000, 4_000),
    ],
)
def test_what_is_known_to_be_too_small(reason: Reason, context: int | None, expected: int) -> None:
    call = Call((SLOWLY,), target=Target("acme", "one", context=context), too_small=4_000)
    note(call, Diagnosed(1.0, Error(reason, "call"), Standby()))

    assert call.too_small == expected


def test_everything_is_allowed_before_the_first_error() -> None:
    assert Call((SLOWLY,)).allowed == Policy().moves(Reason.RATE_LIMIT, first_target=True)
