"""Calls that behave alike are one node: a call as a small tuple, and back.

A node keeps of a call what a guard can see from now on. Targets that are alike are put in
an order of their own, so that it does not matter which of them did what; credentials are
counted; the latest error and the cause are kept as far as they decide anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from orchestrator.verify.setting import Setting, errors, moves_of
from states.call import Call, State
from states.error import Error
from states.policy import OnInterrupted
from states.reasons import Move, Reason
from states.target import Target

CAUSE = Error(Reason.UNKNOWN, "verify.cause", message="the cause")
"""Stands for whatever the cause was; a step must not put another in its place."""

PASSED = Error(Reason.UNKNOWN, "verify.passed-over", message="remembered")
"""What the board remembers of a mark."""


class Slot(NamedTuple):
    """One target in a node, with what the call did there as far as it counts."""

    here: bool = False
    asked: bool = False
    gone: bool = False
    billed: bool = False
    throttled: bool = False
    used: int = 0
    repaired: int = 0


Key = tuple[Any, ...]
"""(state, tries, went back, committed, tool call, cause, error, passed, probe, too small,
stopped by, slots)."""

_SENT = frozenset({State.ATTEMPT, State.STREAM, State.CLASSIFY})


class Nodes:
    """Encodes calls of one setting as nodes, and decodes them.

    Attributes:
        errors: The error that stands for each class of reasons.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.route = setting.route
        self.errors = errors(setting.classes)
        self._class_of = {id(error): index for index, error in enumerate(self.errors)}
        self._index = {target.name: index for index, target in enumerate(self.route)}
        providers = [target.provider for target in self.route]
        self._own = [providers.count(target.provider) == 1 for target in self.route]
        self._groups = self._alike(first_apart=False)
        self._groups_first = self._alike(first_apart=True)
        self._labels = [
            [f"key#{number + 1}" for number in range(count)] for count in setting.credentials
        ]
        self._flags: dict[tuple[bool, ...], int] = {}
        self._calls: dict[Key, Call] = {}

    def know(self, errors: Sequence[Error]) -> None:
        """Count these, in order, as the errors of the classes."""
        self.errors = tuple(errors)
        self._class_of = {id(error): index for index, error in enumerate(errors)}

    def _alike(self, *, first_apart: bool) -> list[list[int]]:
        """The positions of targets that behave alike, more than one together."""
        groups: dict[object, list[int]] = {}
        for index, target in enumerate(self.route):
            own = self._own[index] and not (first_apart and index == 0)
            kind = (target.context, self.setting.credentials[index]) if own else index
            groups.setdefault(kind, []).append(index)
        return [group for group in groups.values() if len(group) > 1]

    @property
    def groups(self) -> list[list[int]]:
        """Positions of targets that are alike but for the first one's place."""
        return self._groups_first

    def position(self, target: Target) -> int:
        """Where ``target`` stands in the route."""
        return self._index[target.name]

    def label(self, slot: int, number: int) -> str:
        """The label of a credential; those that were used come first."""
        return self._labels[slot][number]

    def open_to(self, call: Call, slot: int) -> bool:
        """Whether the call may send there at all."""
        target = self.route[slot]
        small = call.too_small is not None and target.context is not None
        fits = not small or cast(int, target.context) > cast(int, call.too_small)
        return target.provider not in call.billed and fits

    def encode(self, call: Call) -> tuple[Key, tuple[int, ...]]:
        """The node of ``call``, and for each place in it the place in ``call``'s route."""
        state = call.state
        if state.final:
            return (state, call.stopped_by), ()
        over = state in _SENT and self._is_over(call)
        here = self._index[call.target.name] if call.target is not None else -1
        slots = [
            self._slot(call, index, here=index == here, over=over)
            for index in range(len(self.route))
        ]
        order = list(range(len(slots)))
        for group in self._groups if call.cause is not None else self._groups_first:
            for place, index in zip(group, sorted(group, key=slots.__getitem__), strict=True):
                order[place] = index
        waiting = any(not slot.asked and not slot.billed for slot in slots)
        key = (
            state,
            call.tries if here >= 0 and not over else 0,
            call.went_back or over,
            call.committed,
            call.tool_call,
            call.cause is not None,
            self._error(call, state),
            call.passed_over is not None and not call.asked,
            call.probe and waiting and state in _SENT,
            call.too_small,
            tuple(slots[index] for index in order),
        )
        return key, tuple(order)

    def _is_over(self, call: Call) -> bool:
        """Content was delivered and nothing may follow: nothing but the end is left to see."""
        goes_on = call.policy.on_interrupted is OnInterrupted.CONTINUE and not call.tool_call
        return call.committed and not goes_on

    def _slot(self, call: Call, index: int, *, here: bool, over: bool) -> Slot:
        target = self.route[index]
        name, asked = target.name, target.name in call.asked
        # A target that was asked is out for good, so why matters only to its neighbours.
        billed = target.provider in call.billed and not (asked and self._own[index] and not here)
        if over:
            return Slot(here, asked, False, billed, False, int(here))
        if here:
            used = len(call.used_at(target))
            repaired = sum(name == other for other, _ in call.repaired)
            return Slot(True, asked, name in call.gone, billed, False, used, repaired)
        throttled = (
            asked
            and not call.went_back
            and any(name == other for other, _ in call.throttled)
            and self.open_to(call, index)
        )
        if not throttled:
            return Slot(False, asked, name in call.gone, billed)
        used = len(call.used_at(target))
        if not self.setting.remembers:
            return Slot(False, asked, False, billed, True, min(2, used))
        repaired = sum(name == other for other, _ in call.repaired)
        return Slot(False, asked, False, billed, True, used, repaired)

    def _error(self, call: Call, state: State) -> int:
        """Which error stands for the latest one; -1 for none."""
        error = call.error
        if error is None or (state in _SENT and call.cause is not None):
            return -1
        known = self._class_of.get(id(error), 0)
        if state in _SENT:
            return 0
        asked, here = len(call.asked), call.target
        stays = here is not None and here.name in call.asked
        flags = (
            Move.FALLBACK in moves_of(self.setting, error.reason, asked=asked),
            call.cause is None and call.target is None,
            stays and error.reason is Reason.UNKNOWN,
            stays and error.reason in (Reason.RATE_LIMIT, Reason.OVERLOADED),
            asked <= 1,
        )
        return self._flags.setdefault(flags, known)

    def decode(self, key: Key) -> Call:
        """A call that stands for all of the node. Its counters are for the caller to set."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._decoded(key)
        return call

    def _decoded(self, key: Key) -> Call:
        (state, tries, back, committed, tool, cause, error, passed, probe, small, slots) = key
        route = self.route
        here = next((index for index, slot in enumerate(slots) if slot.here), -1)

        def names(flag: str) -> frozenset[str]:
            pairs = zip(route, slots, strict=True)
            return frozenset(target.name for target, slot in pairs if getattr(slot, flag))

        return Call(
            route,
            self.setting.policy,
            state=state,
            tries=tries,
            target=route[here] if here >= 0 else None,
            credential=self.label(here, 0) if here >= 0 and slots[here].used else None,
            probe=probe,
            asked=names("asked"),
            used=frozenset(
                (route[index].name, self.label(index, number))
                for index, slot in enumerate(slots)
                for number in range(slot.used)
            ),
            billed=frozenset(
                target.provider for target, slot in zip(route, slots, strict=True) if slot.billed
            ),
            repaired=frozenset(
                (route[index].name, f"repair#{number + 1}")
                for index, slot in enumerate(slots)
                for number in range(slot.repaired)
            ),
            throttled=frozenset((name, 0.0) for name in names("throttled")),
            gone=names("gone"),
            went_back=back,
            too_small=small,
            # One limit stands for both: it is only ever compared with an instant of the event.
            stream_ends_at=self.setting.policy.deadline if committed else None,
            tool_call=tool,
            error=self.errors[error] if error >= 0 else None,
            cause=CAUSE if cause else None,
            passed_over=PASSED if passed else None,
            resume_at=0.0 if state is State.RETRY else None,
        )
