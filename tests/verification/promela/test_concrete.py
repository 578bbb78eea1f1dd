"""Moves that the model tells of, decoded: whatever really happens is said again. No spin here.

What the model would tell of a real move is written down here a second time, the other way round:
from a call and an event with everything that stands by to the numbers of the model.
"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as some

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call, State
from orchestrator.states.events import Arrival, Cancelled, Diagnosed, Event, Failed
from orchestrator.states.facts import Clear, Mark, Standby, Target
from orchestrator.states.machine import step
from orchestrator.states.policy import Policy
from orchestrator.states.reasons import Reason
from orchestrator.states.routing import clears_at
from verification.promela.checking import ROWS, Checker
from verification.promela.concrete import Before, Decoder
from verification.promela.vectors import Encoder
from verification.promela.worlds import EVENTS, LATE, NEVER, SOON, WORLD_FIELDS, World, world

SETTING = Setting(
    (Target("acme", "one", context=8_000), Target("beta", "two"), Target("acme", "three")),
    {"acme": 2, "beta": 2},
    Policy(max_attempts=4, attempts_per_target=2),
    diagnosed=(
        Reason.BILLING, Reason.RATE_LIMIT, Reason.TIMEOUT, Reason.OVERLOADED, Reason.UNKNOWN,
        Reason.CONTEXT_OVERFLOW, Reason.BAD_REQUEST, Reason.INVALID_RESPONSE,
    ),
)  # fmt: skip
ROUTE, COUNT, POLICY = SETTING.route, len(SETTING.route), SETTING.policy
ENCODE = Encoder(SETTING)


@some.composite
def worlds(draw: Any, call: Call) -> tuple[Before, World]:
    """A state as the model tells of it, and something of the world that can happen in it."""
    before = Before.of(ENCODE(call))
    state, here = call.state, before.here
    arrival = {
        State.READY: "Started", State.ROTATE_CREDENTIAL: "Rotated", State.REPAIR: "Repaired",
        State.EAGER_FALLBACK: "Switched", State.RETRY: "Waited",
    }.get(state)  # fmt: skip
    possible = {
        State.ATTEMPT: ["Succeeded", "Streaming", "Failed"],
        State.STREAM: ["Succeeded", "Failed", "Cancelled"],
        State.CLASSIFY: ["Diagnosed"],
    }.get(state, [arrival])
    name = draw(some.sampled_from(possible))
    event = next(number for number, one in enumerate(EVENTS) if one.__name__ == name)
    bit, period = some.integers(0, 1), some.integers(0, 2)
    spent = draw(some.sampled_from((0, 0, 0, 0, 1)))
    values = dict.fromkeys(WORLD_FIELDS, 0)
    values |= {"event": event, "taken": COUNT}
    stands, due = [0] * COUNT, [0] * COUNT
    never = COUNT
    if name == "Diagnosed":
        assert call.target is not None
        used, keys = before.targets[here]["used"], SETTING.credentials[here]
        values |= {
            "spent_time": spent, "reason": draw(some.integers(1, len(SETTING.kinds))),
            "same_ready": draw(bit), "other_ready": draw(bit) if used > 1 else 0,
            "fresh_ready": draw(bit) if used < keys else 0, "unpaid": draw(bit),
            "retry_after": NEVER if spent else draw(period),
            "pause": NEVER if spent else draw(some.sampled_from((SOON, SOON, NEVER))),
            "kept_waiting": draw(bit),
        }  # fmt: skip
        ready = values["same_ready"] or values["other_ready"] or values["fresh_ready"]
        if not ready:
            values |= {"cooling": draw(bit), "opens": NEVER if spent else draw(period)}
        for place in range(COUNT):
            stands[place] = ready if place == here else draw(bit)
            blocked = never if place == here or spent else draw(some.sampled_from((0, never)))
            due[place] = (never if spent else 0) if stands[place] else blocked
    elif name == arrival:
        asked = [
            place for place, one in enumerate(before.targets)
            if not one["billed"] and _may_take(call, before, place)
        ]  # fmt: skip
        values["taken"] = draw(some.sampled_from((COUNT, *asked)))
        taken = values["taken"]
        if taken < COUNT:
            used = before.targets[taken]["used"]
            fresh = used < SETTING.credentials[taken]
            needs = not used or state is State.ROTATE_CREDENTIAL
            values |= {"unused_key": 1 if needs or (fresh and draw(bit)) else 0}
            values |= {"probing": draw(bit)}
        values |= {"spent_time": spent}
        for place in range(COUNT):
            stands[place] = 1 if place == taken else draw(bit)
            rank = draw(some.integers(0, COUNT))
            due[place] = never if spent else 0 if stands[place] else rank
        values["remembered"] = 0 if stands[0] else draw(bit)
    elif name == "Cancelled":
        values["complete"] = draw(bit)
    return before, World(**values, stands=tuple(stands), due=tuple(due))


def _may_take(call: Call, before: Before, place: int) -> bool:
    one = before.targets[place]
    if call.state is State.EAGER_FALLBACK:
        return bool(one["gone"])
    if call.state is State.ROTATE_CREDENTIAL:
        return place == before.here and one["used"] < SETTING.credentials[place]
    return call.state is State.READY or place == before.here


@some.composite
def moves(draw: Any) -> tuple[Call, Event]:
    """A real call on its way, and the event that comes next."""
    call = SETTING.call()
    decoder = Decoder(SETTING, step)
    for _ in range(draw(some.integers(0, 9))):
        before, decided = draw(worlds(call))
        kept = bool(decided.kept_waiting)
        found = list(decoder.events(before, decided))
        concrete = found[draw(some.integers(0, len(found) - 1))]
        after = step(decoder.call(before, kept_waiting=kept), concrete.event).call
        if after.state.final:
            break
        call = after
    before, decided = draw(worlds(call))
    found = list(decoder.events(before, decided))
    concrete = found[draw(some.integers(0, len(found) - 1))]
    return decoder.call(before, kept_waiting=bool(decided.kept_waiting)), concrete.event


def told(call: Call, event: Event) -> World:
    """What the model would say of a real move."""
    values = dict.fromkeys(WORLD_FIELDS, 0)
    values |= {"event": EVENTS.index(type(event)), "taken": COUNT}
    limit = call.ends_at
    stands, due = (0,) * COUNT, (0,) * COUNT
    if isinstance(event, Diagnosed | Arrival):
        values["spent_time"] = int(event.at >= limit)
        stands = tuple(int(one in event.standby.targets) for one in ROUTE)
    if isinstance(event, Diagnosed):
        values |= _failure(call, event, limit)
        due = tuple(_due(call, event, place, limit) for place in range(COUNT))
    elif isinstance(event, Arrival):
        due = _ranks(event, limit)
        first = event.standby.clear(ROUTE[0])
        values["remembered"] = int(first is not None and first.error is not None)
        if event.taken is not None:
            place = ROUTE.index(event.taken.target)
            label, used = event.taken.credential, call.used_at(event.taken.target)
            values |= {"taken": place, "unused_key": int(label not in used)}
            values["probing"] = int(event.taken.probe)
    elif isinstance(event, Cancelled):
        values["complete"] = int(event.complete)
    elif isinstance(event, Failed):
        values["delivered"] = int(event.tool_call)
    return World(**values, stands=stands, due=due)


def _failure(call: Call, event: Diagnosed, limit: float) -> dict[str, int]:
    assert call.target is not None
    used, ready = call.used_at(call.target), event.standby.credentials
    names = [kind.error().rule for kind in SETTING.kinds]
    own = event.standby.clear(call.target)
    opens = clears_at(own, event.at) if own is not None else event.at
    longest = min(30.0, 0.5 * 2.0 ** (call.tries - 1)) * (1 - event.jitter / 2)

    def period(until: float | None) -> int:
        if until is None or until >= limit:
            return NEVER
        return SOON if until - event.at <= POLICY.patience else LATE

    return {
        "reason": names.index(event.error.rule) + 1,
        "same_ready": int(call.credential in ready),
        "other_ready": int(any(one in used and one != call.credential for one in ready)),
        "fresh_ready": int(any(one not in used for one in ready)),
        "cooling": int(own is not None and own.mark is Mark.COOLDOWN),
        "opens": SOON if own is None else period(opens),
        "unpaid": int(not event.standby.retry_affordable),
        "retry_after": period(event.at + (event.error.retry_after or 0.0)),
        "pause": period(event.at + longest),
        "kept_waiting": int(call.kept_waiting),
    }


def _due(call: Call, event: Diagnosed, place: int, limit: float) -> int:
    back = event.at + 0.5 * (1 - event.jitter / 2)
    at = _instant(event.standby, ROUTE[place], event.at)
    in_time = at is not None and at < limit and (call.target is ROUTE[place] or back < limit)
    return 0 if in_time and event.at < limit else COUNT


def _ranks(event: Arrival, limit: float) -> tuple[int, ...]:
    instants = [_instant(event.standby, one, event.at) for one in ROUTE]
    order = sorted({one for one in instants if one is not None and one < limit} | {event.at})
    return tuple(COUNT if one is None or one >= limit else order.index(one) for one in instants)


def _instant(standby: Standby, target: Target, now: float) -> float | None:
    clear: Clear | None = standby.clear(target)
    if clear is None:
        return now
    ends = clears_at(clear, now)
    return None if ends is None else max(now, ends)


@given(moves())
def test_a_real_move_told_and_decoded_takes_the_same_row(move: tuple[Call, Event]) -> None:
    call, event = move
    real = step(call, event)
    before = Before.of(ENCODE(call))
    decoder = Decoder(SETTING, step)

    decided = told(call, event)

    again = decoder.call(before, kept_waiting=bool(decided.kept_waiting))
    for concrete in decoder.events(before, decided):
        if not concrete.late_returns:
            found = step(again, concrete.event)
            assert (found.row, ENCODE(found.call)) == (real.row, ENCODE(real.call))


@given(moves())
def test_a_call_decoded_is_told_in_the_same_way(move: tuple[Call, Event]) -> None:
    vector = ENCODE(move[0])

    again = Decoder(SETTING, step).call(Before.of(vector), kept_waiting=move[0].kept_waiting)

    assert ENCODE(again) == vector


@given(moves())
def test_an_event_comes_early_in_the_midst_and_late(move: tuple[Call, Event]) -> None:
    call, event = move
    found = list(Decoder(SETTING, step).events(Before.of(ENCODE(call)), told(call, event)))

    instants = [one.event.at for one in found]

    assert instants == sorted(instants)
    assert len(instants) == 3
    if isinstance(event, Diagnosed | Arrival):
        assert len({at >= call.ends_at for at in instants}) == 1


def test_a_move_made_in_another_way_is_a_disagreement() -> None:
    before = ENCODE(SETTING.call())
    values = dict.fromkeys(WORLD_FIELDS, 0) | {"taken": COUNT}
    decided = World(**values, stands=(0, 1, 0), due=(COUNT, 0, COUNT))
    told_bytes = bytes([*values.values(), 0, COUNT, 1, 0, 0, COUNT])
    checker = Checker(SETTING, step)

    differs = checker.check(
        before, told_bytes, bytes([ROWS.index("started_send"), *[0] * 4]) + before
    )

    assert world(told_bytes) == decided
    assert differs is not None
    assert differs.row == "started_fallback"
    assert ("state then", 0, 5) in differs.details
    assert "number then" not in [name for name, _, _ in differs.details]
    assert checker.steps == 1
