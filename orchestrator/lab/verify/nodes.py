"""A call as a node of the search: a small tuple, and back.

A node keeps every fact of a call that a guard, an effect or an entry could look at, but for
instants, which are free; for which key is which, so that keys of a pool are counted; and for
what the cause is, of which it says whether there is one. The counters of attempts and waits
are kept beside it. :mod:`orchestrator.lab.verify.merging` makes
fewer nodes of the machine that ships.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from orchestrator.lab.verify.footprint import repaired_at, used_at
from orchestrator.lab.verify.setting import ErrorClass, Setting, errors
from orchestrator.states.call import Call, State
from orchestrator.states.error import Error
from orchestrator.states.facts import Target
from orchestrator.states.reasons import Reason

CAUSE = Error(Reason.UNKNOWN, "verify.cause", message="the cause")
"""Stands for whatever the cause was; a step must not put another in its place."""

EARLIER = Error(Reason.UNKNOWN, "verify.earlier", message="an earlier error")
"""Stands for the latest error while the next attempt is made."""

PASSED = Error(Reason.UNKNOWN, "verify.passed-over", message="remembered")
"""What the board remembers of a mark."""

NONE, MARKED = -1, -2
"""In the place of an error's class: that there is none, and that there is some error."""

SENT = frozenset({State.ATTEMPT, State.STREAM, State.CLASSIFY})
"""States in which the latest error is about to be replaced by the attempt's own."""


class Slot(NamedTuple):
    """One target in a node, with what the call did there."""

    here: bool = False
    asked: bool = False
    gone: bool = False
    billed: bool = False
    returnable: bool = False
    used: int = 0
    repaired: int = 0


Key = tuple[Any, ...]
"""(state, tries, went back, committed, tool call, cause, error, passed over, probe, kept waiting,
only empty, too small, slots); of an ended call (state, stopped by)."""


class Nodes:
    """Encodes calls of one setting as nodes, and decodes them.

    Attributes:
        setting: The setting.
        classes: The classes of reasons that are told apart.
        errors: The error that stands for each class.
        groups: Places of targets that are alike but for the first one's place, where that is
            made use of.
        alike: The same, the first one among them: to all that is counted its place is nothing.
        order: The places of the route as they are, nothing merged.
        credentials, has_one_key: See :class:`.Setting`, of each place.
        merged: True where nodes and looks rest on what the rows that ship look at.
    """

    merged = False

    def __init__(self, setting: Setting, classes: tuple[ErrorClass, ...]) -> None:
        self.setting, self.classes = setting, classes
        self.route = setting.route
        self.errors = errors(classes)
        self.groups: list[list[int]] = []
        self.alike: list[list[int]] = []
        self.order = tuple(range(len(self.route)))
        self._classes = {
            _kind(kind.error()): index
            for index, one in enumerate(classes)
            for kind in one.kinds
            if not kind.by_model  # it is like any rate limit, once the board was looked at
        }
        # Open while a failure is classified: the next diagnosis alone looks at it.
        self.kept_waiting: Any = False
        self.only_empty: Any = True
        self._index = {target.name: index for index, target in enumerate(self.route)}
        self.credentials = setting.credentials
        self.has_one_key = [setting.has_one_key(place) for place in self.order]
        self._labels = [
            [f"key#{number + 1}" for number in range(count)] for count in self.credentials
        ]
        self._calls: dict[Key, Call] = {}

    def know(self, errors: tuple[Error, ...], kept_waiting: object, only_empty: object) -> None:
        """Let these stand for the classes, in order, and for what a node leaves open."""
        self.errors, self.kept_waiting, self.only_empty = errors, kept_waiting, only_empty

    def position(self, target: Target) -> int:
        """Where ``target`` stands in the route."""
        return self._index[target.name]

    def label(self, place: int, number: int) -> str:
        """The label of a credential; those that were used come first."""
        return self._labels[place][number]

    def open_to(self, call: Call, place: int) -> bool:
        """Whether the call may send there at all."""
        target = self.route[place]
        if target.provider in call.billed:
            return False
        context = target.context
        return context is None or call.too_small is None or context > call.too_small

    def keeps_waiting(self, call: Call) -> bool:
        """Whether a node says for how long the last failure took: as long as the call stays."""
        return not call.state.final and call.target is not None

    def encode(self, call: Call) -> tuple[Key, tuple[int, ...]]:
        """The node of ``call``, and for each place in it the place in ``call``'s route."""
        state = call.state
        if state.final:
            return (state, call.stopped_by), ()
        here = self._index[call.target.name] if call.target is not None else -1
        key = (
            state, call.tries, call.went_back, call.committed, call.tool_call,
            NONE if call.cause is None else MARKED, self._latest(call, state),
            NONE if call.passed_over is None else MARKED,
            call.probe, state not in SENT and here >= 0 and call.kept_waiting, call.only_empty,
            call.too_small,
            tuple(self._slot(call, place, here=place == here) for place in self.order),
        )  # fmt: skip
        return key, self.order

    def class_of(self, error: Error) -> int:
        """The class that an error belongs to."""
        found = self._classes.get(_kind(error))
        return self._classes[error.reason, None, False, False] if found is None else found

    def _latest(self, call: Call, state: State) -> int:
        """The class of the latest error; while an attempt is made, whether there was one."""
        if call.error is None:
            return NONE
        return MARKED if state in SENT else self.class_of(call.error)

    def _slot(self, call: Call, place: int, *, here: bool) -> Slot:
        target = self.route[place]
        name = target.name
        asked = name in call.asked
        return Slot(
            here,
            asked,
            name in call.gone,
            target.provider in call.billed,
            asked and any(name == other for other, _ in call.returnable),
            len(used_at(call, name)) if asked else 0,
            repaired_at(call, name) if asked else 0,
        )

    def decode(self, key: Key) -> Call:
        """A call that stands for all of the node. Its counters are for the caller to set."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = self._decoded(key)
        return call

    def _decoded(self, key: Key) -> Call:
        (
            state, tries, back, committed, tool, cause, error, passed, probe, waiting, empty,
            small, slots,
        ) = key  # fmt: skip
        route = self.route
        here = next((index for index, slot in enumerate(slots) if slot.here), -1)
        pairs = list(zip(route, slots, strict=True))

        def names(flag: str) -> frozenset[str]:
            return frozenset(target.name for target, slot in pairs if getattr(slot, flag))

        return Call(
            route,
            self.setting.policy,
            streamed=self.setting.streamed,
            state=state,
            tries=tries,
            target=route[here] if here >= 0 else None,
            credential=self.label(here, 0) if here >= 0 and slots[here].used else None,
            probe=probe,
            asked=names("asked"),
            used=frozenset(
                (target.name, self.label(index, number))
                for index, (target, slot) in enumerate(pairs)
                for number in range(slot.used)
            ),
            billed=frozenset(target.provider for target, slot in pairs if slot.billed),
            repaired=frozenset(
                (target.name, f"repair#{number + 1}")
                for target, slot in pairs
                for number in range(slot.repaired)
            ),
            kept_waiting=self.kept_waiting if state is State.CLASSIFY else waiting,
            returnable=frozenset((name, 0.0) for name in names("returnable")),
            gone=names("gone"),
            went_back=back,
            too_small=small,
            # One limit stands for both: it is only ever compared with an instant of the event.
            stream_ends_at=self.setting.stream_limit if committed else None,
            tool_call=tool,
            error=self._error(error),
            only_empty=self.only_empty if self.merged and state is State.CLASSIFY else empty,
            cause=None if cause == NONE else CAUSE,
            passed_over=None if passed == NONE else PASSED,
            resume_at=0.0 if state is State.RETRY else None,
        )

    def _error(self, index: int) -> Error | None:
        if index == NONE:
            return None
        return EARLIER if index == MARKED else self.errors[index]


def _kind(error: Error) -> tuple[Reason, str | None, bool, bool]:
    """What tells an error of one class from one of another."""
    return error.reason, error.repair, error.empty, error.quoted
