"""One move, and what is known of it without the machine's own notes of it.

What an event says is taken from the event, what the policy allows from the policy. Only what the
call remembered before is believed, since the move that led there was held against
:mod:`orchestrator.lab.invariants.memory`.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from orchestrator.lab.invariants.tries import LOOKS, TOO_LARGE, ends_at, goes_on
from orchestrator.states.call import Call
from orchestrator.states.commands import Command, Finish, Switch, Wait
from orchestrator.states.error import Error
from orchestrator.states.events import Diagnosed, Event
from orchestrator.states.facts import Standby, Target
from orchestrator.states.machine import Step
from orchestrator.states.reasons import Move, Reason

Interval = tuple[int, int]


@attrs.frozen
class CheckedMove:
    """One move, with what stood by as the event says it.

    Attributes:
        before: The call before the event.
        event: What happened.
        after: What the machine made of it, or what a ledger says that it made.
    """

    before: Call
    event: Event
    after: Step

    @property
    def exact(self) -> bool:
        """Whether instants and marks are known, or stand for others."""
        return True

    @property
    def call(self) -> Call:
        """The call after the move."""
        return self.after.call

    @property
    def number(self) -> Interval:
        """What the number of the last attempt may be, before the move."""
        return self.before.number, self.before.number

    @property
    def waits(self) -> Interval:
        """How many waits there may have been before it."""
        return self.before.waits, self.before.waits

    def counted(self, counter: str) -> int | None:
        """How far the move moves ``number`` or ``waits``; ``None`` where it sets it anew."""
        after: int = getattr(self.call, counter)
        before: int = getattr(self.before, counter)
        return after - before

    def follows(self, number: int) -> bool:
        """Whether an attempt of this number comes after the last one."""
        return number == self.before.number + 1

    def same(self, field: str, one: object, other: object) -> bool:  # noqa: ARG002 - see OpenMove
        """Whether two values of a field of the call are the same to it."""
        return one == other

    @property
    def late(self) -> bool:
        """Whether the call's time was over, where the machine had a choice."""
        return self.standby is not None and self.event.at >= self.ends_at

    @property
    def ends_at(self) -> float:
        """When the call's time is over."""
        return ends_at(self.before)

    @property
    def standby(self) -> Standby | None:
        """What the event says of the board; ``None`` where it looked at nothing."""
        return self.event.standby if isinstance(self.event, LOOKS) else None

    @property
    def error(self) -> Error | None:
        """The latest error by now."""
        return self.event.error if isinstance(self.event, Diagnosed) else self.before.error

    @property
    def permitted(self) -> frozenset[Move]:
        """The moves that the policy lists for the latest error; all before the first."""
        error = self.error
        if error is None:
            return _EVERY_MOVE
        moves = self.before.policy.on.get(error.reason, frozenset())
        if error.reason is Reason.BAD_REQUEST and len(self.before.asked) > 1:
            # A later target may read the request in another way than the first.
            moves |= {Move.FALLBACK}
        # What a relay quotes is about its own account: no key of ours is better than another.
        return moves - {Move.ROTATE} if error.quoted else moves

    @property
    def standing(self) -> Sequence[Target]:
        """The unasked targets that stand by, whatever the policy allows."""
        return self.standing_but(self.before.asked | self.before.gone)

    def standing_but(self, out: frozenset[str]) -> Sequence[Target]:
        """The targets that stand by and that the call may send to, those of ``out`` left out."""
        billed = self.billed
        return [
            target for target in (self.standby.targets if self.standby is not None else ())
            if target.name not in out and target.provider not in billed and self.fits(target)
        ]  # fmt: skip

    @property
    def may_fall_back(self) -> bool:
        """Whether an unasked target that the policy allows may stand by."""
        return Move.FALLBACK in self.permitted and bool(self.standing)

    @property
    def failed_slowly(self) -> bool:
        """A silence, or a failure that may have kept the caller waiting."""
        silent = isinstance(self.event, Diagnosed) and self.event.error.reason is Reason.TIMEOUT
        return silent or (isinstance(self.event, Diagnosed) and self.before.kept_waiting)

    @property
    def has_unused_key(self) -> bool:
        """Whether a ready key of the call's own target was not sent with there."""
        here, event = self.before.target, self.event
        used = self.before.used_at(here) if here is not None else frozenset()
        return isinstance(event, Diagnosed) and any(
            key not in used for key in event.standby.credentials
        )

    @property
    def has_other_key(self) -> bool:
        """Whether a ready key of the call's own target is another than the one last sent with."""
        event = self.event
        return isinstance(event, Diagnosed) and any(
            key != self.before.credential for key in event.standby.credentials
        )

    def blocked(self, target: Target) -> str | None:
        """What stands in the way of ``target``, as far as the event tells."""
        clear = self.standby.clear(target) if self.standby is not None else None
        return None if clear is None else str(clear.mark)

    @property
    def billed(self) -> frozenset[str]:
        """The providers that have billed the call by now, from the event and not from its note."""
        here, event = self.before.target, self.event
        bills = isinstance(event, Diagnosed) and event.error.reason is Reason.BILLING
        return self.before.billed | ({here.provider} if bills and here is not None else set())

    @property
    def too_small(self) -> int | None:
        """The largest context known to be too small by now, from the event."""
        here, event = self.before.target, self.event
        overflows = isinstance(event, Diagnosed) and event.error.reason in TOO_LARGE
        known = overflows and here is not None and here.context is not None
        return here.context if known and here is not None else self.before.too_small

    def fits(self, target: Target) -> bool:
        """False where the request is known to be too large for ``target``."""
        if target.context is None:
            return True
        small = self.too_small
        return small is None or target.context > small

    def is_open(self, target: Target) -> bool:
        """Whether the call may send there at all, whatever clears."""
        return target.provider not in self.billed and self.fits(target)

    @property
    def goes_on(self) -> bool:
        """Whether content that was delivered does not end the call."""
        return goes_on(self.before)

    @property
    def leaves(self) -> bool:
        """Whether the command leads away from where the call is."""
        return leaves(self.before, self.after.command)

    @property
    def stays(self) -> bool:
        """Whether the command is a wait where the call is."""
        command = self.after.command
        if not isinstance(command, Wait):
            return False
        here = self.before.target
        return here is not None and command.target.name == here.name


def leaves(before: Call, command: Command) -> bool:
    """Whether a command leads away from where the call was."""
    if not isinstance(command, Wait):
        return isinstance(command, Switch | Finish)
    here = before.target
    return here is not None and command.target.name != here.name


_EVERY_MOVE = frozenset(Move)
