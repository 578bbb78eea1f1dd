"""A move that the model told of, as calls and events of the machine that ships.

The model says *soon*, *late* and *never*; here are instants and lengths that stand for them, at
the start of a call, in its midst and as late as they can be. What can be said in several ways,
as a block that does not end in time, is said in another way each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call, State
from orchestrator.states.error import Error
from orchestrator.states.events import (
    Arrival,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from orchestrator.states.facts import Clear, Standby, Taken, Target
from orchestrator.states.machine import Stepper
from orchestrator.states.reasons import Reason
from verification.promela.blocks import Blocks
from verification.promela.instants import Lengths, Moment, Moments
from verification.promela.numbers import contexts
from verification.promela.vectors import FIELDS, TARGET_FIELDS
from verification.promela.worlds import EVENTS, World

CAUSE = Error(Reason.UNKNOWN, "spin.cause", message="the cause")
"""Stands for whatever the cause was."""

EARLIER = Error(Reason.UNKNOWN, "spin.earlier", message="an earlier error")
"""Stands for the latest error while an attempt is made."""

PASSED_OVER = Error(Reason.OVERLOADED, "spin.passed-over", message="remembered at the start")
"""What the call noted of its first target's mark."""

_ARRIVALS = (Started, Rotated, Switched, Waited, Repaired)
_STATES = tuple(State)


@attrs.frozen
class Concrete:
    """One event that a world stands for.

    Attributes:
        event: The event.
        moment: When it comes, and how long everything is.
        late_returns: The places of targets that asked, when they were left, not to be asked
            before an instant; with that instant.
    """

    event: Event
    moment: Moment
    late_returns: tuple[tuple[int, float], ...] = ()


@attrs.frozen
class Before:
    """What the call remembered, by name: see :data:`.FIELDS` and :data:`.TARGET_FIELDS`.

    Attributes:
        told: By the name of the field.
        targets: Of each target, by the name of the field.
    """

    told: dict[str, int] = attrs.field(hash=False)
    targets: tuple[dict[str, int], ...] = attrs.field(hash=False)

    @classmethod
    def of(cls, vector: bytes) -> Before:
        """What a vector says."""
        rest, width = vector[len(FIELDS) :], len(TARGET_FIELDS)
        return cls(
            dict(zip(FIELDS, vector, strict=False)),
            tuple(
                dict(zip(TARGET_FIELDS, rest[place : place + width], strict=True))
                for place in range(0, len(rest), width)
            ),
        )

    @property
    def here(self) -> int:
        """The place where the call is; the number of targets for nowhere."""
        return self.told["here"]


class Decoder:
    """Moves of one setting as calls and events.

    Args:
        setting: The setting.
        step: The machine; it takes note itself of how long a failure took.
    """

    def __init__(self, setting: Setting, step: Stepper) -> None:
        self.setting, self._step = setting, step
        self._sizes = contexts(setting)
        self._errors = tuple(kind.error() for kind in setting.kinds)
        self._keys, self._moments = setting.credentials, Moments(setting)
        self._asking: dict[tuple[int, float | None], Error] = {}

    # The call.

    def call(self, before: Before, *, kept_waiting: bool) -> Call:
        """The call that a vector tells of."""
        told, targets, setting = before.told, before.targets, self.setting
        state = _STATES[told["state"]]
        call = Call(
            setting.route, setting.policy, streamed=setting.streamed, state=state,
            number=told["number"], tries=told["tries"], waits=told["waits"],
            target=setting.route[before.here] if before.here < len(targets) else None,
            credential=self._sent_with(before),
            probe=bool(told["probe"]),
            asked=self._names(before, "asked"),
            used=frozenset(
                (target.name, label(number))
                for target, one in zip(setting.route, targets, strict=True)
                for number in range(one["used"])
            ),
            billed=frozenset(
                target.provider
                for target, one in zip(setting.route, targets, strict=True)
                if one["billed"]
            ),
            repaired=frozenset(
                (target.name, f"repair#{number + 1}")
                for target, one in zip(setting.route, targets, strict=True)
                for number in range(one["repaired"])
            ),
            kept_waiting=bool(told["kept_waiting"]),
            returnable=frozenset((name, 0.0) for name in self._names(before, "returnable")),
            gone=self._names(before, "gone"),
            went_back=bool(told["went_back"]),
            too_small=self._sizes[told["too_small"] - 1] if told["too_small"] else None,
            stream_ends_at=setting.stream_limit if told["committed"] else None,
            tool_call=bool(told["tool_call"]),
            error=self._error(told["error"]),
            only_empty=bool(told["only_empty"]),
            cause=CAUSE if told["cause"] else None,
            passed_over=PASSED_OVER if told["passed_over"] else None,
            resume_at=0.0 if state is State.RETRY else None,
        )  # fmt: skip
        return self._failed(call, kept_waiting=kept_waiting) if state is State.CLASSIFY else call

    def _failed(self, call: Call, *, kept_waiting: bool) -> Call:
        """A call whose attempt has failed: the machine notes for how long that took."""
        patience = self.setting.policy.patience
        waited = self._moments.later(committed=call.committed) if kept_waiting else patience
        sent = attrs.evolve(call, state=State.STREAM if call.committed else State.ATTEMPT)
        return self._step(sent, Failed(waited, tool_call=False, waited=waited)).call

    def _sent_with(self, before: Before) -> str | None:
        here = before.here
        used = here < len(before.targets) and before.targets[here]["used"]
        return label(0) if used else None

    def _names(self, before: Before, field: str) -> frozenset[str]:
        pairs = zip(self.setting.route, before.targets, strict=True)
        return frozenset(target.name for target, one in pairs if one[field])

    def _error(self, number: int) -> Error | None:
        if number == 0:
            return None
        return EARLIER if number > len(self._errors) else self._errors[number - 1]

    # The events.

    def events(self, before: Before, world: World) -> Iterator[Concrete]:
        """The events that ``world`` stands for: early, in the midst of the call, and late."""
        kind = EVENTS[world.event]
        if kind is Diagnosed:
            yield from self._diagnosed(before, world)
        elif kind in _ARRIVALS:
            yield from self._arrived(before, world, kind)
        else:
            yield from self._plain(before, world, kind)

    def _plain(self, before: Before, world: World, kind: type[Event]) -> Iterator[Concrete]:
        for moment in self._moments.any(committed=bool(before.told["committed"])):
            at = moment.at
            event: Event
            if kind is Failed:
                event = Failed(at, bool(world.delivered), min(at, self.setting.policy.patience))
            elif kind is Cancelled:
                event = Cancelled(at, bool(world.complete))
            elif kind is Streaming:
                event = Streaming(at)
            else:
                event = Succeeded(at) if kind is Succeeded else DeadlineReached(at)
            yield Concrete(event, moment)

    def _arrived(self, before: Before, world: World, kind: type[Arrival]) -> Iterator[Concrete]:
        committed, spent = bool(before.told["committed"]), bool(world.spent_time)
        taken = self._taken(before, world)
        moments = self._moments.arrival(len(before.targets), committed=committed, spent=spent)
        for number, moment in enumerate(moments):
            returns = self._late_returns(before, world, moment) if number == 2 else ()
            standby = self._standby(before, world, moment, returns, number)
            # To who asked for an instant of its own a call comes back at that, nothing is drawn.
            drawn = 0.0 if taken or returns else moment.spread
            yield Concrete(kind(moment.at, taken, standby, drawn), moment, returns)

    def _taken(self, before: Before, world: World) -> Taken | None:
        if world.taken == len(before.targets):
            return None
        number = before.targets[world.taken]["used"] if world.unused_key else 0
        target = self.setting.route[world.taken]
        return Taken(target, label(number), probe=bool(world.probing))

    def _diagnosed(self, before: Before, world: World) -> Iterator[Concrete]:
        error = self._errors[world.reason - 1]
        lengths = Lengths(
            world.pause, world.opens if not world.ready else None, world.retry_after,
            before.told["tries"], self._others(before, world, error),
        )  # fmt: skip
        committed, spent = bool(before.told["committed"]), bool(world.spent_time)
        for number, moment in enumerate(
            self._moments.failure(lengths, committed=committed, spent=spent)
        ):
            returns = self._late_returns(before, world, moment) if number == 2 else ()
            yield Concrete(
                Diagnosed(
                    moment.at,
                    self._asks(world.reason, moment.retry_after),
                    self._standby(before, world, moment, returns, number),
                    moment.jitter,
                    moment.spread,
                ),
                moment,
                returns,
            )

    def _asks(self, reason: int, retry_after: float | None) -> Error:
        """An error of a class that asks for a wait."""
        found = self._asking.get((reason, retry_after))
        if found is None:
            found = attrs.evolve(self._errors[reason - 1], retry_after=retry_after)
            self._asking[reason, retry_after] = found
        return found

    def _others(self, before: Before, world: World, error: Error) -> int:
        """How many targets stand by that the call may turn to, so that time is kept for them."""
        route, here = self.setting.route, self.setting.route[before.here]
        small = before.told["too_small"]
        if error.reason in (Reason.CONTEXT_OVERFLOW, Reason.PAYLOAD_TOO_LARGE) and here.context:
            small = self._sizes.index(here.context) + 1
        largest = self._sizes[small - 1] if small else 0
        billed = {here.provider} if error.reason is Reason.BILLING else set[str]()
        return sum(
            bool(world.stands[place])
            and not (one["asked"] or one["gone"] or one["billed"])
            and target.provider not in billed
            and (target.context is None or target.context > largest)
            for place, (target, one) in enumerate(zip(route, before.targets, strict=True))
        )

    # What stands by.

    def _late_returns(
        self, before: Before, world: World, moment: Moment
    ) -> tuple[tuple[int, float], ...]:
        """Whoever was left may also stand by, but have asked not to be asked before an instant."""
        return tuple(
            (place, moment.ranks[world.due[place]])
            for place, one in enumerate(before.targets)
            if one["returnable"] and one["asked"] and place != before.here
        )

    def _standby(
        self, before: Before, world: World, moment: Moment,
        returns: Sequence[tuple[int, float]], number: int,
    ) -> Standby:  # fmt: skip
        blocks = Blocks(moment, sum(world.due) + sum(world.stands) + world.remembered + number)
        diagnosed, standing = EVENTS[world.event] is Diagnosed, list[Target]()
        clears, later = list[Clear](), {place for place, _ in returns}
        for place, target in enumerate(self.setting.route):
            own = diagnosed and place == before.here
            if world.stands[place] or place in later:
                standing.append(target)
            elif own:
                clears.append(blocks.own(target, cooling=bool(world.cooling)))
            else:
                known = place != 0 or before.told["number"] > 0 or bool(world.remembered)
                clears.append(blocks.other(target, world.due[place], remembered=known))
        return Standby(
            self._ready(before, world, number) if diagnosed else (),
            tuple(standing), tuple(clears), retry_affordable=not world.unpaid,
        )  # fmt: skip

    def _ready(self, before: Before, world: World, number: int) -> tuple[str, ...]:
        used, keys = before.targets[before.here]["used"], self._keys[before.here]
        fresh = range(used, keys if number == 1 else used + 1)
        found = [label(0)] if world.same_ready else []
        found += [label(1)] if world.other_ready else []
        found += map(label, fresh) if world.fresh_ready else []
        return tuple(found if number else reversed(found))


def label(number: int) -> str:
    """What a key is called; those that were used come first."""
    return f"key#{number + 1}"
