"""One request's life: what the machine remembers of it between two events."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestrator.states.commands import StoppedBy
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Diagnosed,
    Event,
    Failed,
    Started,
    Streaming,
    Switched,
    Waited,
)
from orchestrator.states.facts import Target
from orchestrator.states.policy import Policy
from orchestrator.states.reasons import SPECS, Move, Reason


class State(enum.Enum):
    """The states of the machine; the value is the name that diagrams and ledgers show."""

    READY = "ready"
    ATTEMPT = "attempt"
    STREAM = "stream"
    CLASSIFY = "classify"
    ROTATE_CREDENTIAL = "rotate_credential"
    EAGER_FALLBACK = "eager_fallback"
    RETRY = "retry"
    REPAIR = "repair"
    SUCCEED = "succeed"
    FAIL_TERMINAL = "fail_terminal"

    @property
    def final(self) -> bool:
        """True for the two states that nothing leaves."""
        return self in _FINAL

    # A member is itself alone; the hash of Enum, in Python, is slower than the row that it finds.
    __hash__ = object.__hash__


_FINAL = frozenset({State.SUCCEED, State.FAIL_TERMINAL})


@attrs.define(slots=False)  # a dict is copied at once, slots one by one: 5 µs of 30 a call
class Call:
    """One instance of the machine. :func:`orchestrator.states.step` works on a copy of it.

    It holds counters, what was used and the cause so far, and nothing that grows
    with history: every collection is bounded by the route, its pools or the
    names of repairs.

    Attributes:
        route: The targets in order, those that cannot express the request left out.
        policy: What the call may do.
        reasoning: True where the request asks the model to think before it speaks.
        streamed: True where the caller takes the answer as a stream.
        state: Where the machine is.
        number: The number of the last attempt; 0 before the first.
        tries: Sends at this stay that no rotation or repair preceded.
        waits, rotations, repairs: How often each was done.
        target: Where the call stays, or waits to send next; ``None`` once it left.
        credential: The label last sent with.
        probe: True where the last send was a probe.
        asked: Names of the targets where the call stayed.
        used: (target name, credential label) of every send.
        billed: Providers that answered this call with a billing error.
        repaired: (target name, repair) of every repair.
        kept_waiting: True where the last attempt kept the caller waiting, for longer than
            the policy's patience, before it failed.
        returnable: (target name, earliest instant its own answer named, or 0) of the
            targets left while only throttled or overloaded, or with tries remaining.
        gone: Names of targets that a ``Switch`` found gone since the last send.
        went_back: True once the way back was taken.
        too_small: The largest context (tokens) known to be too small for the request.
        stream_ends_at: When the stream's time is over; set at the commit boundary,
            when content first reached the caller.
        tool_call: True where a part of a tool call was delivered.
        error: The latest error.
        only_empty: True as long as nothing but empty answers came.
        not_before: The instant before which that error's answer asked not to come back.
        cause: The error on which the call left the first target it considered.
        passed_over: The remembered error of the first target, as long as nothing was sent.
        resume_at: The end of the wait, seconds since ``Started``; in ``retry`` only.
        stopped_by: Why the call failed; in ``fail_terminal`` only.
    """

    route: tuple[Target, ...]
    policy: Policy = attrs.field(factory=Policy)
    reasoning: bool = False
    streamed: bool = False
    state: State = State.READY
    number: int = 0
    tries: int = 0
    waits: int = 0
    rotations: int = 0
    repairs: int = 0
    target: Target | None = None
    credential: str | None = None
    probe: bool = False
    asked: frozenset[str] = frozenset()
    used: frozenset[tuple[str, str]] = frozenset()
    billed: frozenset[str] = frozenset()
    repaired: frozenset[tuple[str, str]] = frozenset()
    kept_waiting: bool = False
    returnable: frozenset[tuple[str, float]] = frozenset()
    gone: frozenset[str] = frozenset()
    went_back: bool = False
    too_small: int | None = None
    stream_ends_at: float | None = None
    tool_call: bool = False
    error: Error | None = None
    only_empty: bool = True
    not_before: float = 0.0
    cause: Error | None = None
    passed_over: Error | None = None
    resume_at: float | None = None
    stopped_by: StoppedBy | None = None

    def __repr__(self) -> str:
        where = f" at {self.target}" if self.target is not None else ""
        return (
            f"<Call {self.state.value}{where}, attempt {self.number}/{self.policy.max_attempts}, "
            f"{self.ends_at:g} s at most>"
        )

    @property
    def attempts_left(self) -> int:
        """Sends that the policy still allows."""
        return self.policy.max_attempts - self.number

    @property
    def committed(self) -> bool:
        """True once content reached the caller."""
        return self.stream_ends_at is not None

    @property
    def ends_at(self) -> float:
        """When the call's time is over, seconds since ``Started``.

        The deadline bounds the time until content reaches the caller; after that
        the stream's own limit does.
        """
        return self.policy.deadline if self.stream_ends_at is None else self.stream_ends_at

    @property
    def allowed(self) -> frozenset[Move]:
        """The moves that the policy allows for the latest error; all before the first."""
        if self.error is None:
            return _EVERY_MOVE
        moves = self.policy.moves(self.error.reason, first_target=len(self.asked) <= 1)
        # What a relay quotes is about its own account: another key of ours is no remedy.
        return moves - {Move.ROTATE} if self.error.quoted else moves

    def copy(self) -> Call:
        """A copy to work on. Every field is immutable, so a shallow one is whole."""
        twin = object.__new__(type(self))
        twin.__dict__ = self.__dict__.copy()
        return twin

    def streams_at(self, target: Target) -> bool:
        """True where an attempt at ``target`` is asked for as a stream."""
        return self.streamed if target.stream is None else target.stream

    def used_at(self, target: Target) -> frozenset[str]:
        """Labels of the credentials that this call sent with to ``target``."""
        return frozenset(label for name, label in self.used if name == target.name)


def _note_first_target(call: Call, event: Started | Switched | Waited) -> None:
    if call.number == 0 and call.route:
        # Noted at once: its mark may have ended by the time something else is sent.
        clear = event.standby.clear(call.route[0])
        call.passed_over = (clear.error if clear else None) or call.passed_over


def _note_failure(call: Call, event: Failed) -> None:
    call.tool_call = call.tool_call or event.tool_call
    call.kept_waiting = event.waited > call.policy.patience


def _note_content(call: Call, event: Streaming) -> None:
    # A stream that goes on at another target was committed at the first one.
    if call.stream_ends_at is None and call.target is not None:
        call.stream_ends_at = event.at + call.target.timeouts.stream_total


def _note_error(call: Call, event: Diagnosed) -> None:
    call.error = error = event.error
    call.only_empty = call.only_empty and error.empty
    call.not_before = event.at + (error.retry_after or 0.0)
    here = call.target
    if here is None:
        return
    if error.reason is Reason.BILLING:
        call.billed |= {here.provider}
    if error.reason in _TOO_LARGE and here.context is not None:
        # It only grows: a target that is not larger was no target any more.
        call.too_small = here.context


_EVERY_MOVE = frozenset(Move)
_TOO_LARGE = frozenset(reason for reason, spec in SPECS.items() if spec.sized)

Note = Callable[[Call, Any], None]
"""``(call, event) -> None``; takes in the facts of an event, whichever row is taken."""

NOTES: Mapping[type[Event], Note] = {
    Started: _note_first_target,
    Switched: _note_first_target,
    Waited: _note_first_target,
    Failed: _note_failure,
    Streaming: _note_content,
    Diagnosed: _note_error,
}
"""The events with facts to be remembered; where to go is for the table to say."""
