"""The table's structure, and one shortest way into each of its rows.

The ways are listed by row: without a row its own test fails, and no other row may take
its place.
"""

from __future__ import annotations

import pytest

from states import (
    STATES,
    TABLE,
    Call,
    Cancelled,
    Clear,
    DeadlineReached,
    Diagnosed,
    Error,
    Event,
    Failed,
    Mark,
    Policy,
    Reason,
    Repaired,
    Rotated,
    Row,
    Standby,
    Started,
    State,
    Streaming,
    Succeeded,
    Switched,
    Taken,
    Target,
    Waited,
    step,
)
from states.table import rows

HERE, OTHER = Target("acme", "one"), Target("bolt", "one")
ALL = Standby(("key#1", "key#2"), (HERE, OTHER))
ALONE = Standby(("key#1",), (HERE,))
NOTHING = Standby()
COOLING = Standby(clears=(Clear(HERE, Mark.COOLDOWN, 9.0), Clear(OTHER, Mark.COOLDOWN, 20.0)))
OTHER_READY = Standby(targets=(OTHER,))
TOOK_HERE, TOOK_OTHER = Taken(HERE, "key#1"), Taken(OTHER, "key#1")

SENT: tuple[Event, ...] = (Started(0.0, TOOK_HERE, ALL),)
STREAMED: tuple[Event, ...] = (*SENT, Streaming(1.0))
FAILED: tuple[Event, ...] = (*SENT, Failed(1.0))


def said(reason: Reason, standby: Standby, *, at: float = 1.0, repair: str | None = None) -> Event:
    return Diagnosed(at, Error(reason, "table", repair=repair), standby)


ROTATING = (*FAILED, said(Reason.AUTH, ALL))
SWITCHING = (*FAILED, said(Reason.RATE_LIMIT, OTHER_READY))
WAITING = (*FAILED, said(Reason.OVERLOADED, ALONE))
REPAIRING = (*FAILED, said(Reason.SERVER_ERROR, ALONE, repair="drop-a"))
THROTTLED_THEN = (*SWITCHING, Switched(1.0, TOOK_OTHER, NOTHING), Failed(2.0))

BEFORE: dict[State, tuple[Event, ...]] = {
    State.READY: (),
    State.ATTEMPT: SENT,
    State.STREAM: STREAMED,
    State.CLASSIFY: FAILED,
    State.ROTATE_CREDENTIAL: ROTATING,
    State.EAGER_FALLBACK: SWITCHING,
    State.RETRY: WAITING,
    State.REPAIR: REPAIRING,
}
THIRD = Target("corp", "one")

WAYS: dict[str, tuple[Event, ...]] = {
    "started_spent": (Started(300.0, TOOK_HERE, ALL),),
    "started_send": SENT,
    "started_fallback": (Started(0.0, None, OTHER_READY),),
    "started_wait": (Started(0.0, None, COOLING),),
    "started_terminal": (Started(0.0, None, NOTHING),),
    "answered": (*SENT, Succeeded(1.0)),
    "content": STREAMED,
    "failed": FAILED,
    "completed": (*STREAMED, Succeeded(1.0)),
    "interrupted": (*STREAMED, Failed(1.0)),
    "committed": (*STREAMED, Failed(2.0), said(Reason.STREAM_INTERRUPTED, ALL)),
    "spent": (*FAILED, said(Reason.RATE_LIMIT, ALL, at=300.0)),
    "billing_fallback": (*FAILED, said(Reason.BILLING, ALL)),
    "billing_way_back": (*THROTTLED_THEN, said(Reason.BILLING, COOLING)),
    "billing_terminal": (*FAILED, said(Reason.BILLING, ALONE)),
    "repair": (*FAILED, said(Reason.BAD_REQUEST, ALL, repair="drop-a")),
    "rotate": ROTATING,
    "retry": WAITING,
    "fallback": SWITCHING,
    "way_back": (*THROTTLED_THEN, said(Reason.FORBIDDEN, COOLING)),
    "terminal": (*FAILED, said(Reason.BAD_REQUEST, ALL)),
    "rotated_spent": (*ROTATING, Rotated(300.0, Taken(HERE, "key#2"), ALL)),
    "rotated_send": (*ROTATING, Rotated(1.0, Taken(HERE, "key#2"), ALL)),
    "rotated_fallback": (*ROTATING, Rotated(1.0, None, OTHER_READY)),
    "rotated_wait": (*ROTATING, Rotated(1.0, None, COOLING)),
    "rotated_terminal": (*ROTATING, Rotated(1.0, None, NOTHING)),
    "switched_spent": (*SWITCHING, Switched(300.0, TOOK_OTHER, ALL)),
    "switched_send": (*SWITCHING, Switched(1.0, TOOK_OTHER, ALL)),
    "switched_fallback": (*SWITCHING, Switched(1.0, None, Standby(targets=(THIRD,)))),
    "switched_wait": (*SWITCHING, Switched(1.0, None, COOLING)),
    "switched_terminal": (*SWITCHING, Switched(1.0, None, OTHER_READY)),
    "waited_spent": (*WAITING, Waited(300.0, TOOK_HERE, ALL)),
    "waited_send": (*WAITING, Waited(2.0, TOOK_HERE, ALL)),
    "waited_fallback": (*WAITING, Waited(2.0, None, OTHER_READY)),
    "waited_wait": (*WAITING, Waited(2.0, None, COOLING)),
    "waited_terminal": (*WAITING, Waited(2.0, None, NOTHING)),
    "repaired_spent": (*REPAIRING, Repaired(300.0, TOOK_HERE, ALL)),
    "repaired_send": (*REPAIRING, Repaired(1.0, TOOK_HERE, ALL)),
    "repaired_fallback": (*REPAIRING, Repaired(1.0, None, OTHER_READY)),
    "repaired_wait": (*REPAIRING, Repaired(1.0, None, COOLING)),
    "repaired_terminal": (*REPAIRING, Repaired(1.0, None, NOTHING)),
    **{f"{state.value}_cancelled": (*way, Cancelled(1.0)) for state, way in BEFORE.items()},
    **{f"{state.value}_deadline": (*way, DeadlineReached(300.0)) for state, way in BEFORE.items()},
}
LEAVES_BY: dict[State, set[type[Event]]] = {
    State.READY: {Started},
    State.ATTEMPT: {Succeeded, Streaming, Failed},
    State.STREAM: {Succeeded, Failed},
    State.CLASSIFY: {Diagnosed},
    State.ROTATE_CREDENTIAL: {Rotated},
    State.EAGER_FALLBACK: {Switched},
    State.RETRY: {Waited},
    State.REPAIR: {Repaired},
}
COMMANDS = {
    State.ATTEMPT: "Send",
    State.STREAM: "Relay",
    State.CLASSIFY: "Diagnose",
    State.ROTATE_CREDENTIAL: "Rotate",
    State.EAGER_FALLBACK: "Switch",
    State.RETRY: "Wait",
    State.REPAIR: "Repair",
    State.SUCCEED: "Finish",
    State.FAIL_TERMINAL: "Finish",
}


@pytest.mark.parametrize("name", WAYS)
def test_way(name: str) -> None:
    call = Call((HERE, OTHER, THIRD), Policy())
    before, command, row = State.READY, None, ""
    for event in WAYS[name]:
        before = call.state
        stepped = step(call, event)
        call, command, row = stepped.call, stepped.command, stepped.row

    assert row == name
    listed = next(entry for entry in TABLE if entry.name == name)
    assert (listed.state, listed.event, listed.to) == (before, type(WAYS[name][-1]), call.state)
    assert type(command).__name__ == COMMANDS[call.state]


def test_each_row_has_a_way_and_each_way_a_row() -> None:
    assert {row.name for row in TABLE} == set(WAYS)


def test_row_names_are_unique() -> None:
    names = [row.name for row in TABLE]

    assert len(names) == len(set(names)) == 57


@pytest.mark.parametrize("state", State, ids=lambda state: state.value)
def test_a_state_leaves_by_the_events_that_the_design_names(state: State) -> None:
    expected = LEAVES_BY[state] | {Cancelled, DeadlineReached} if not state.final else set()

    assert expected == {row.event for row in rows(state)}
    assert expected == {row.event for row in TABLE if row.state is state}


@pytest.mark.parametrize("state", LEAVES_BY, ids=lambda state: state.value)
def test_the_last_row_of_each_group_holds_always_and_no_other_does(state: State) -> None:
    for kind in {row.event for row in rows(state)}:
        *others, last = [row.guard for row in rows(state) if row.event is kind]
        assert last is None
        assert None not in others


def test_interruptions_lead_to_the_end_unconditionally() -> None:
    ends = {row.to for row in TABLE if row.event in (Cancelled, DeadlineReached)}

    assert ends == {State.FAIL_TERMINAL}


def test_each_state_has_one_entry_and_asks_for_one_thing_but_the_initial_one() -> None:
    assert [entry.state for entry in STATES] == list(State)
    assert [entry.state for entry in STATES if entry.enter is None] == [State.READY]
    assert [state for state in State if state.final] == [State.SUCCEED, State.FAIL_TERMINAL]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_guards_and_effects_say_what_they_mean(row: Row) -> None:
    assert row.guard is None or row.guard.__doc__
    assert row.effect.__doc__


def test_no_row_after_billing_stays_at_a_provider_before_the_billing_rows_end() -> None:
    group = [row for row in TABLE if row.state is State.CLASSIFY and row.event is Diagnosed]
    names = [row.name for row in group]
    stays = {State.ROTATE_CREDENTIAL, State.REPAIR, State.RETRY}
    above = group[: names.index("billing_terminal")]

    assert [row.name for row in above if row.to in stays] == ["billing_way_back"]
    assert names[:3] == ["committed", "spent", "billing_fallback"]
