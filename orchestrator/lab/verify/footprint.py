"""What a step looked at: the same looks at the same facts lead to the same moves.

Most of what tells two calls apart plays no part in the next step: what was tried at a target
that was left, say, when an account turns out to be empty. So a step is made over a call that
notes which of its facts are looked at. Another call with the same facts there, whatever its
others are, is spared the step. Nothing is assumed of guards but that they are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from typing import Any, cast

import attrs

from orchestrator.states.call import Call
from orchestrator.states.error import Error
from orchestrator.states.facts import Target

Fact = str | tuple[str, str]
"""A field of the call, or a question about one target and the target's name."""

CONSTANT = frozenset({
    "route", "policy", "reasoning", "streamed", "number", "waits", "rotations",
    "repairs", "not_before", "resume_at", "stopped_by",
})  # fmt: skip
"""Fields that are alike in every call that is looked at, or open."""


class RecordingCall(Call):
    """A call that notes which facts of another one are looked at, and changes in its place."""

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there yet: each fact is noted once.
        own = self.__dict__
        if name not in own.get("_fields", ()):
            raise AttributeError(name)
        value = own[name] = getattr(own["_source"], name)
        own["_looked"].setdefault(name, value)
        return value

    def used_at(self, target: Target) -> frozenset[str]:
        """See :meth:`orchestrator.states.Call.used_at`; notes no more than what was used there."""
        own, name = self.__dict__, target.name
        if "used" in own:
            return super().used_at(target)
        return cast(frozenset[str], _asked(own, ("used_at", name)))

    def repaired_at(self, target: Target) -> int:
        """How many repairs were made there; notes no more than that."""
        return cast(int, _asked(self.__dict__, ("repaired_at", target.name)))


def _asked(own: dict[str, Any], question: tuple[str, str]) -> Any:
    looked = own["_looked"]
    if question not in looked:
        looked[question] = _ABOUT_TARGETS[question[0]](own["_source"], question[1])
    return looked[question]


def used_at(call: Call, name: str) -> frozenset[str]:
    """Labels of the credentials that ``call`` sent with to the target of that name."""
    return frozenset([label for target, label in call.used if target == name])


def repaired_at(call: Call, name: str) -> int:
    """How many repairs ``call`` made at the target of that name."""
    return len([target for target, _ in call.repaired if target == name])


_ABOUT_TARGETS: Mapping[str, Callable[[Call, str], Any]] = {
    "used_at": used_at,
    "repaired_at": repaired_at,
}


_FIELDS = frozenset(field.name for field in attrs.fields(Call))
_STARTED_WITH = CONSTANT | {"state"}


def watch(call: Call, *, number: Any, waits: Any) -> tuple[RecordingCall, dict[Fact, Any]]:
    """A watched call in the place of ``call``, and where its looks are noted.

    Args:
        call: Whose facts are looked at.
        number: What stands for the number of its last attempt.
        waits: What stands for the number of its waits.
    """
    watched, looked = object.__new__(RecordingCall), dict[Fact, Any]()
    own, source = watched.__dict__, call.__dict__
    own.update((name, source[name]) for name in _STARTED_WITH)
    own.update(number=number, waits=waits, _source=call, _looked=looked, _fields=_FIELDS)
    return watched, looked


def keep_looks(watched: RecordingCall, looked: Mapping[Fact, Any]) -> None:
    """Spare the next step over ``watched`` the looks that were noted already."""
    own = watched.__dict__
    for fact, value in looked.items():
        if isinstance(fact, str):
            own[fact] = value


def changes(after: Call) -> dict[str, Any]:
    """The fields that a step over a watched call changed, as far as a node keeps them."""
    own = after.__dict__
    looked = own["_looked"]
    # What was set without a look counts, even to the value it had: another call's may differ.
    return {
        name: value
        for name, value in own.items()
        if name in _KEPT and not (name in looked and value is looked[name])
    }


def identity(value: Any) -> Hashable:
    """What stands for ``value`` where equal values are looked for."""
    # Targets and errors are the same objects in every call of a setting, and slow to hash.
    return id(value) if type(value) in _THE_SAME else cast(Hashable, value)


_THE_SAME = frozenset({Target, Error})
_KEPT = _FIELDS - (CONSTANT - {"stopped_by"}) - {"credential"}


class Footprints:
    """What followed from which facts: for each event a tree of looks."""

    def __init__(self) -> None:
        self._trees: dict[Hashable, Any] = {}

    def find(self, event: Hashable, call: Call) -> Any:
        """What followed when a call with the same facts met ``event``; ``None`` if none did."""
        place = self._trees.get(event)
        while type(place) is _Question:
            place = place.ways.get(place.value(call))
        return place

    def keep(self, event: Hashable, looked: Mapping[Fact, Any], found: Any) -> None:
        """Keep what followed, under the facts that were looked at."""
        places, way = self._trees, event
        for fact, value in looked.items():
            look = places.get(way)
            if look is None:
                look = places[way] = _Question(fact)
            if look.fact != fact:
                raise RuntimeError(
                    f"a guard or effect is not pure: it looked at {fact}, before "
                    f"that at {look.fact}, over the same call"
                )
            places, way = look.ways, identity(value)
        places[way] = found


class _Question:
    """One look: at what, and where each answer leads."""

    __slots__ = ("_ask", "_of", "fact", "ways")

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self._ask = _ABOUT_TARGETS[fact[0]] if isinstance(fact, tuple) else None
        self._of = fact if isinstance(fact, str) else fact[1]
        self.ways: dict[Hashable, Any] = {}

    def value(self, call: Call) -> Hashable:
        if self._ask is not None:
            return cast(Hashable, self._ask(call, self._of))
        return identity(getattr(call, self._of))
