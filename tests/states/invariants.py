"""The eight invariants of the design, each an assertion about a whole call."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.states import (
    Call,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Error,
    Finish,
    Move,
    Reason,
    Repair,
    Rotate,
    Send,
    State,
    StoppedBy,
    Switch,
    Wait,
    step,
)
from orchestrator.states.limits import LOOK_AGAIN
from orchestrator.states.routing import may_retry
from tests.states.history import ARRIVALS, facts, sendable
from tests.states.world import Moment

Invariant = Callable[[Call, Sequence[Moment]], None]


def billing_bypasses_the_pool(call: Call, moments: Sequence[Moment]) -> None:
    billed: set[str] = set()
    for known, moment in facts(call, moments):
        billed |= known.billed
        command = moment.after.command
        match command:
            case Send() | Rotate() | Repair() | Wait():
                assert command.target.provider not in billed
            case Switch(targets):
                assert not billed & {target.provider for target in targets}
            case _:
                pass


def attempts_advance(call: Call, moments: Sequence[Moment]) -> None:
    commands = [moment.after.command for moment in moments]
    numbers = [command.number for command in commands if isinstance(command, Send)]
    last = moments[-1].after.call

    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) == last.number <= call.policy.max_attempts
    assert last.waits == sum(isinstance(command, Wait) for command in commands)
    assert last.rotations == sum(isinstance(command, Rotate) for command in commands)
    assert last.repairs == sum(isinstance(command, Repair) for command in commands)


def keys_are_tried_before_anything_sleeps(call: Call, moments: Sequence[Moment]) -> None:
    for known, moment in facts(call, moments):
        event, command = moment.event, moment.after.command
        if not isinstance(event, Diagnosed) or isinstance(command, Rotate | Repair | Finish):
            continue
        free = known.unused(event.standby)
        kept = known.attempts_left > len(known.unasked(event.standby))
        billing = event.error.reason is Reason.BILLING
        if known.slow and known.unasked(event.standby) and known.allows(Move.FALLBACK):
            continue  # time is kept back for them
        assert not (free and kept and not billing and known.allows(Move.ROTATE))


def the_cause_is_real(call: Call, moments: Sequence[Moment]) -> None:
    finish = moments[-1].after.command
    assert isinstance(finish, Finish)
    if moments[-1].after.call.state is State.SUCCEED:
        assert finish == Finish()
        return
    expected = left_first_with(call, moments)
    ending = moments[-1].event
    if expected is None and isinstance(ending, ARRIVALS):
        marks = (clear.error for clear in ending.standby.clears if clear.error is not None)
        expected = next(marks, None)
    if expected is None:
        assert finish.cause is None or finish.cause.reason in (Reason.CANCELLED, Reason.DEADLINE)
    else:
        assert finish.cause is expected


def left_first_with(call: Call, moments: Sequence[Moment]) -> Error | None:
    """The error on which the call left the first target that it considered."""
    first, here, last = call.route[0].name, None, None
    passed_over: Error | None = None
    for moment in moments:
        event, command = moment.event, moment.after.command
        if here is None and isinstance(event, ARRIVALS):
            clear = event.standby.clear(call.route[0])
            passed_over = clear.error if clear is not None and clear.error else passed_over
        if isinstance(event, Diagnosed):
            last = event.error
        if here is None and isinstance(command, Send):
            here = command.target.name
            if here != first and passed_over is not None:
                return passed_over
        elif last is not None:
            moves = isinstance(command, Wait | Send) and command.target.name != here
            if moves or isinstance(command, Switch | Finish):
                return last
    return last or passed_over


def it_says_why_it_ended(call: Call, moments: Sequence[Moment]) -> None:
    *_, (known, moment) = facts(call, moments)
    finish, event = moment.after.command, moment.event
    assert isinstance(finish, Finish)
    late = event.at >= known.ends_at
    if isinstance(event, Cancelled):
        assert event.complete == (moment.after.call.state is State.SUCCEED)
    match event:
        case _ if moment.after.call.state is State.SUCCEED:
            expected = None
        case Cancelled():
            expected = StoppedBy.CANCELLED
        case DeadlineReached():
            expected = StoppedBy.DEADLINE
        case Diagnosed() if not known.goes_on:
            expected = StoppedBy.COMMITTED
        case _ if late:
            expected = StoppedBy.DEADLINE
        case Diagnosed() if known.attempts_left == 0:
            expected = StoppedBy.ATTEMPTS
        case _:
            expected = StoppedBy.EXHAUSTED
    assert finish.stopped_by is expected


def it_ends(call: Call, moments: Sequence[Moment]) -> None:
    policy, targets = call.policy, len(call.route)
    commands = [moment.after.command for moment in moments]
    sends = sum(isinstance(command, Send) for command in commands)
    waits = sum(isinstance(command, Wait) for command in commands)

    assert isinstance(commands[-1], Finish)
    assert sends <= policy.max_attempts
    assert waits <= policy.max_attempts
    # Each attempt: sent, streamed, failed, diagnosed, one arrival; each gap: every target gone.
    assert len(moments) <= (policy.max_attempts + 1) * (6 + targets) + waits
    for known, moment in facts(call, moments):
        command = moment.after.command
        if isinstance(command, Wait):
            assert moment.event.at <= command.until < known.ends_at
        if isinstance(command, Send):
            assert moment.event.at < command.until <= command.ends_at == known.ends_at


def stays_are_bounded(call: Call, moments: Sequence[Moment]) -> None:
    stays: list[str] = []
    backs = 0
    for known, moment in facts(call, moments):
        command = moment.after.command
        if isinstance(command, Send):
            here = known.here.name if known.here is not None and stays else None
            if here != command.target.name or here != stays[-1]:
                stays.append(command.target.name)
        backs = max(backs, len(stays) - len(set(stays)))
        if isinstance(moment.event, Diagnosed):
            assert known.tries <= call.policy.attempts_per_target
    assert backs <= 1


def no_send_to_the_dead(call: Call, moments: Sequence[Moment]) -> None:
    for known, moment in facts(call, moments):
        event, command = moment.event, moment.after.command
        if isinstance(command, Send):
            assert isinstance(event, ARRIVALS)
            assert event.taken is not None
            sent = (command.target, command.credential, command.probe)
            assert sent == (event.taken.target, event.taken.credential, event.taken.probe)
            assert event.at < known.ends_at
        if isinstance(command, Wait) and isinstance(event, (Diagnosed, *ARRIVALS)):
            due = sendable(event.standby, command.target, event.at)
            clear = event.standby.clear(command.target)
            assert due is not None
            if clear is not None and clear.probed:  # another call's probe is looked at earlier
                due = min(due, event.at + LOOK_AGAIN / 2)
            assert command.until >= due
    assert sum(isinstance(moment.after.command, Finish) for moment in moments) == 1


def it_is_contained(call: Call, moments: Sequence[Moment]) -> None:
    """Replayed beside a second call, both take the same steps: nothing is shared or changed."""
    one, two = call, call
    for moment in moments:
        assert moment.before == one
        first, second = step(one, moment.event), step(two, moment.event)
        assert first == second == moment.after
        one, two = first.call, second.call


def it_sleeps_last(call: Call, moments: Sequence[Moment]) -> None:
    for known, moment in facts(call, moments):
        event, command = moment.event, moment.after.command
        if not isinstance(command, Wait) or not isinstance(event, Diagnosed):
            continue
        # Who stands by is no reason to leave where the policy does not let the call leave.
        others = known.unasked(event.standby) if known.allows(Move.FALLBACK) else ()
        reason = event.error.reason
        assert not (others and (reason is Reason.TIMEOUT or known.probe))
        assert not (others and command.until - event.at > call.policy.patience)
        assert not (others and known.attempts_left <= len(others))
        if reason is Reason.UNKNOWN and known.here == command.target:
            assert known.tries <= 1


def time_is_kept_back(call: Call, moments: Sequence[Moment]) -> None:
    for known, moment in facts(call, moments):
        event, command = moment.event, moment.after.command
        if not isinstance(event, (Diagnosed, *ARRIVALS)):
            continue
        others = known.unasked(event.standby)
        if isinstance(command, Send) and command.target in others:
            others.remove(command.target)
        if isinstance(event, Diagnosed) and others and known.allows(Move.FALLBACK):
            stays = isinstance(command, Rotate | Repair | Wait)
            assert not (stays and known.slow)
        if isinstance(command, Send | Wait) and not known.committed and others:
            left = known.ends_at - event.at
            leaves = Move.FALLBACK in call.policy.on.get(Reason.TIMEOUT, ())
            least = min(15.0 * len(others), left / 2) if leaves else 0.0
            assert command.until <= known.ends_at - least + 1e-9


def retries_are_paid_for(call: Call, moments: Sequence[Moment]) -> None:
    """The board is asked to set aside what a retry costs, and has done so, before there is one."""
    del call
    for moment in moments:
        event = moment.event
        if isinstance(event, Diagnosed) and moment.after.row == "retry":
            assert may_retry(moment.before, event.error)
            assert event.standby.retry_affordable


INVARIANTS: tuple[Invariant, ...] = (
    billing_bypasses_the_pool,
    attempts_advance,
    keys_are_tried_before_anything_sleeps,
    the_cause_is_real,
    it_says_why_it_ended,
    it_ends,
    stays_are_bounded,
    no_send_to_the_dead,
    it_is_contained,
    it_sleeps_last,
    time_is_kept_back,
    retries_are_paid_for,
)
