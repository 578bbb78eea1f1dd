"""One shortest way into each row of the table, and what a call that went there knows."""

from __future__ import annotations

import attrs

from orchestrator.states import (
    Call,
    Cancelled,
    Clear,
    Command,
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
    Standby,
    Started,
    State,
    Streaming,
    Succeeded,
    Switched,
    Taken,
    Target,
    Wait,
    Waited,
    step,
)
from orchestrator.states.call import NOTES
from orchestrator.states.machine import Stepper
from orchestrator.states.table import TABLE

HERE, OTHER, THIRD = Target("acme", "one"), Target("bolt", "one"), Target("corp", "one")
ROUTE = (HERE, OTHER, THIRD)
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


EMPTY = Diagnosed(1.0, Error(Reason.INVALID_RESPONSE, "table", empty=True), NOTHING)
OTHER_COOLS = Standby(clears=(Clear(OTHER, Mark.COOLDOWN, 20.0),))
EMPTY_TWICE: tuple[Event, ...] = (
    *FAILED,
    attrs.evolve(EMPTY, standby=ALONE),
    Waited(2.0, TOOK_HERE, ALONE),
    Failed(3.0),
    attrs.evolve(EMPTY, at=3.0, standby=OTHER_COOLS),
)

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

LAST: dict[State, str | None] = {
    State.READY: None,
    State.ATTEMPT: None,
    State.STREAM: None,
    State.CLASSIFY: None,
    State.ROTATE_CREDENTIAL: "auth",
    State.EAGER_FALLBACK: "rate_limit",
    State.RETRY: "overloaded",
    State.REPAIR: "server_error",
}
"""The latest error on the ways of `BEFORE`."""

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
    "empty_answer": (*FAILED, EMPTY),
    "terminal": (*FAILED, said(Reason.BAD_REQUEST, ALL)),
    "rotated_spent": (*ROTATING, Rotated(300.0, Taken(HERE, "key#2"), ALL)),
    "rotated_send": (*ROTATING, Rotated(1.0, Taken(HERE, "key#2"), ALL)),
    "rotated_fallback": (*ROTATING, Rotated(1.0, None, OTHER_READY)),
    "rotated_wait": (*ROTATING, Rotated(1.0, None, OTHER_COOLS)),
    "rotated_terminal": (*ROTATING, Rotated(1.0, None, NOTHING)),
    "switched_spent": (*SWITCHING, Switched(300.0, TOOK_OTHER, ALL)),
    "switched_send": (*SWITCHING, Switched(1.0, TOOK_OTHER, ALL)),
    "switched_fallback": (*SWITCHING, Switched(1.0, None, Standby(targets=(THIRD,)))),
    "switched_wait": (*SWITCHING, Switched(1.0, None, COOLING)),
    "switched_terminal": (*SWITCHING, Switched(1.0, None, OTHER_READY)),
    "waited_spent": (*WAITING, Waited(300.0, TOOK_HERE, ALL)),
    "waited_send": (*WAITING, Waited(2.0, TOOK_HERE, ALL)),
    "waited_fallback": (*WAITING, Waited(2.0, None, OTHER_READY)),
    "waited_wait": (*WAITING, Waited(2.0, None, OTHER_COOLS)),
    "waited_terminal": (*WAITING, Waited(2.0, None, NOTHING)),
    "repaired_spent": (*REPAIRING, Repaired(300.0, TOOK_HERE, ALL)),
    "repaired_send": (*REPAIRING, Repaired(1.0, TOOK_HERE, ALL)),
    "repaired_fallback": (*REPAIRING, Repaired(1.0, None, OTHER_READY)),
    "repaired_wait": (*REPAIRING, Repaired(1.0, None, OTHER_COOLS)),
    "repaired_terminal": (*REPAIRING, Repaired(1.0, None, NOTHING)),
    "left_complete": (*STREAMED, Cancelled(2.0, complete=True)),
    **{f"{state.value}_cancelled": (*way, Cancelled(1.0)) for state, way in BEFORE.items()},
    **{f"{state.value}_deadline": (*way, DeadlineReached(300.0)) for state, way in BEFORE.items()},
}

LEADS_TO = {
    "spent": State.FAIL_TERMINAL,
    "send": State.ATTEMPT,
    "fallback": State.EAGER_FALLBACK,
    "wait": State.RETRY,
    "terminal": State.FAIL_TERMINAL,
    "answered": State.SUCCEED,
    "answer": State.SUCCEED,
    "content": State.STREAM,
    "failed": State.CLASSIFY,
    "completed": State.SUCCEED,
    "complete": State.SUCCEED,
    "interrupted": State.CLASSIFY,
    "committed": State.FAIL_TERMINAL,
    "repair": State.REPAIR,
    "rotate": State.ROTATE_CREDENTIAL,
    "retry": State.RETRY,
    "back": State.RETRY,
    "cancelled": State.FAIL_TERMINAL,
    "deadline": State.FAIL_TERMINAL,
}
"""Where a row leads, by the last word of its name."""

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

WAITS = {
    "started_wait": "Wait until 9 for acme/one",
    "billing_way_back": "Wait until 9 for acme/one",
    "retry": "Wait until 1.5 for acme/one",
    "way_back": "Wait until 9 for acme/one",
    "rotated_wait": "Wait until 20 for bolt/one",
    "switched_wait": "Wait until 9 for acme/one",
    "waited_wait": "Wait until 20 for bolt/one",
    "repaired_wait": "Wait until 20 for bolt/one",
}
"""What is asked for by the rows that wait."""

STANDS_AND_COOLS = Standby(targets=(THIRD,), clears=(Clear(HERE, Mark.COOLDOWN, 9.0),))
LATE = 300.0

BOTH: dict[tuple[str, str], tuple[Event, ...]] = {
    ("started_spent", "started_send"): (Started(LATE, TOOK_HERE, ALL),),
    ("started_send", "started_fallback"): (Started(0.0, TOOK_HERE, ALL),),
    ("started_fallback", "started_wait"): (Started(0.0, None, STANDS_AND_COOLS),),
    ("committed", "spent"): (*STREAMED, Failed(900.0), said(Reason.TIMEOUT, ALL, at=900.0)),
    ("spent", "billing_fallback"): (*FAILED, said(Reason.BILLING, ALL, at=LATE)),
    ("billing_fallback", "billing_way_back"): (
        *THROTTLED_THEN,
        said(Reason.BILLING, STANDS_AND_COOLS),
    ),
    ("billing_way_back", "billing_terminal"): (*THROTTLED_THEN, said(Reason.BILLING, COOLING)),
    ("billing_terminal", "repair"): (*FAILED, said(Reason.BILLING, ALONE, repair="drop-a")),
    ("repair", "rotate"): (*FAILED, said(Reason.AUTH, ALL, repair="drop-a")),
    ("rotate", "retry"): (*FAILED, said(Reason.RATE_LIMIT, ALL)),
    ("retry", "fallback"): (*FAILED, said(Reason.OVERLOADED, ALL)),
    ("fallback", "way_back"): (*THROTTLED_THEN, said(Reason.FORBIDDEN, STANDS_AND_COOLS)),
    ("way_back", "empty_answer"): EMPTY_TWICE,
    ("rotated_spent", "rotated_send"): (*ROTATING, Rotated(LATE, Taken(HERE, "key#2"), ALL)),
    ("rotated_send", "rotated_fallback"): (*ROTATING, Rotated(1.0, Taken(HERE, "key#2"), ALL)),
    ("rotated_fallback", "rotated_wait"): (*ROTATING, Rotated(1.0, None, STANDS_AND_COOLS)),
    ("switched_spent", "switched_send"): (*SWITCHING, Switched(LATE, TOOK_OTHER, ALL)),
    ("switched_send", "switched_fallback"): (
        *SWITCHING,
        Switched(1.0, TOOK_OTHER, STANDS_AND_COOLS),
    ),
    ("switched_fallback", "switched_wait"): (*SWITCHING, Switched(1.0, None, STANDS_AND_COOLS)),
    ("waited_spent", "waited_send"): (*WAITING, Waited(LATE, TOOK_HERE, ALL)),
    ("waited_send", "waited_fallback"): (*WAITING, Waited(2.0, TOOK_HERE, ALL)),
    ("waited_fallback", "waited_wait"): (*WAITING, Waited(2.0, None, STANDS_AND_COOLS)),
    ("repaired_spent", "repaired_send"): (*REPAIRING, Repaired(LATE, TOOK_HERE, ALL)),
    ("repaired_send", "repaired_fallback"): (*REPAIRING, Repaired(1.0, TOOK_HERE, ALL)),
    ("repaired_fallback", "repaired_wait"): (*REPAIRING, Repaired(1.0, None, STANDS_AND_COOLS)),
}
"""Neighbouring rows that both hold at the end of a way: the upper one must be taken."""

ENDS: dict[str, tuple[str | None, str | None]] = {
    "started_spent": ("deadline", "deadline"),
    "started_terminal": (None, "exhausted"),
    "committed": ("stream_interrupted", "committed"),
    "spent": ("rate_limit", "deadline"),
    "billing_fallback": ("billing", None),
    "billing_way_back": ("rate_limit", None),
    "billing_terminal": ("billing", "exhausted"),
    "fallback": ("rate_limit", None),
    "way_back": ("rate_limit", None),
    "terminal": ("bad_request", "exhausted"),
    "rotated_spent": ("auth", "deadline"),
    "rotated_fallback": ("auth", None),
    "rotated_wait": ("auth", None),
    "rotated_terminal": ("auth", "exhausted"),
    "switched_spent": ("rate_limit", "deadline"),
    "switched_send": ("rate_limit", None),
    "switched_fallback": ("rate_limit", None),
    "switched_wait": ("rate_limit", None),
    "switched_terminal": ("rate_limit", "exhausted"),
    "waited_spent": ("overloaded", "deadline"),
    "waited_fallback": ("overloaded", None),
    "waited_wait": ("overloaded", None),
    "waited_terminal": ("overloaded", "exhausted"),
    "repaired_spent": ("server_error", "deadline"),
    "repaired_fallback": ("server_error", None),
    "repaired_wait": ("server_error", None),
    "repaired_terminal": ("server_error", "exhausted"),
    **{
        f"{state.value}_cancelled": (said or "cancelled", "cancelled")
        for state, said in LAST.items()
    },
    **{f"{state.value}_deadline": (said or "deadline", "deadline") for state, said in LAST.items()},
}
"""The cause's reason and why it stopped, after each row; (None, None) where not named."""

Arrived = tuple[str, State, str, str | None, str | None]
"""The row, where it led, the command, the cause's reason, why it stopped."""


def gone(way: tuple[Event, ...], stepper: Stepper = step) -> Arrived:
    """Where a way led, and what the call knows there."""
    call, row, command = Call(ROUTE, Policy()), "", ""
    for event in way:
        stepped = stepper(call, event)
        call, row, command = stepped.call, stepped.row, _words(stepped.command)
        if isinstance(stepped.command, Wait):
            assert call.target == stepped.command.target, "a call is where it waits"
    cause = call.cause.reason.value if call.cause is not None else None
    stopped_by = call.stopped_by.value if call.stopped_by is not None else None
    return row, call.state, command, cause, stopped_by


def expected(name: str) -> Arrived:
    """What :func:`gone` must give for the way into the row of this name."""
    to = LEADS_TO[name.rpartition("_")[2]]
    return name, to, WAITS.get(name, COMMANDS[to]), *ENDS.get(name, (None, None))


def _words(command: Command) -> str:
    if isinstance(command, Wait):
        return f"Wait until {command.until:g} for {command.target}"
    return type(command).__name__


def both_hold(upper: str, lower: str) -> bool:
    """Whether both rows hold at the end of their way, so that their order decides."""
    *before, last = BOTH[upper, lower]
    call = Call(ROUTE, Policy())
    for event in before:
        call = step(call, event).call
    if note := NOTES.get(type(last)):
        note(call, last)
    guards = [row.guard for row in TABLE if row.name in (upper, lower)]
    return all(guard is None or guard(call, last) for guard in guards)
