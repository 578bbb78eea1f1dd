"""The model's states as the states of the search, and back.

The two searches are compared by sets, not by counts: two mistakes cannot cancel each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.nodes import MARKED, NONE, Key, Slot
from orchestrator.states.call import State
from orchestrator.states.commands import StoppedBy
from verification.promela.numbers import LISTS, contexts

Reached = tuple[Key, int, int]
"""(node, number of the last attempt, waits): one abstract state of a call."""

FIELDS = (
    "state", "number", "waits", "tries", "here", "went_back", "committed", "tool_call", "cause",
    "error", "passed_over", "probe", "kept_waiting", "only_empty", "too_small", "stopped_by",
)  # fmt: skip
"""What the model tells of a state, in this order; then of each target:"""

TARGET_FIELDS = ("asked", "gone", "billed", "returnable", "used", "repaired")
"""What it tells of a target."""

_STATES = tuple(State)
_STOPS = tuple(
    None if name == "BY_NOTHING" else StoppedBy(name.removeprefix("BY_").lower())
    for name in LISTS["STOPS"]
)


def reached(setting: Setting, vector: Sequence[int]) -> Reached:
    """The abstract state that the model told of."""
    told = dict(zip(FIELDS, vector, strict=False))
    state, number, waits = _STATES[told["state"]], told["number"], told["waits"]
    if state.final:
        return (state, _STOPS[told["stopped_by"]]), number, waits
    sizes, classes = contexts(setting), len(setting.kinds)
    error, small = told["error"], told["too_small"]
    key = (
        state, told["tries"], bool(told["went_back"]), bool(told["committed"]),
        bool(told["tool_call"]),
        MARKED if told["cause"] else NONE,
        NONE if error == 0 else MARKED if error > classes else error - 1,
        MARKED if told["passed_over"] else NONE,
        bool(told["probe"]),
        bool(told["kept_waiting"]),
        bool(told["only_empty"]),
        sizes[small - 1] if small else None,
        tuple(_slots(vector, told["here"])),
    )  # fmt: skip
    return key, number, waits


def _slots(vector: Sequence[int], here: int) -> Iterator[Slot]:
    rest, width = vector[len(FIELDS) :], len(TARGET_FIELDS)
    for place in range(len(rest) // width):
        one = rest[place * width : (place + 1) * width]
        asked, gone, billed, returnable = map(bool, one[:4])
        yield Slot(place == here, asked, gone, billed, returnable, one[4], one[5])


def expression(vector: Sequence[int]) -> str:
    """A Promela expression that holds in this state alone."""
    rest, width = vector[len(FIELDS) :], len(TARGET_FIELDS)
    parts = [f"{name} == {value}" for name, value in zip(FIELDS, vector, strict=False)]
    parts += [
        f"{TARGET_FIELDS[index % width]}[{index // width}] == {value}"
        for index, value in enumerate(rest)
    ]
    return f"({' && '.join(parts)})"


def described(setting: Setting, found: Reached) -> str:
    """One line that says what the call remembers."""
    key, number, waits = found
    state = key[0]
    if state.final:
        stopped = "" if key[1] is None else f", stopped by {key[1]}"
        return f"{state.value}, attempt {number}, {waits} waits{stopped}"
    (
        _, tries, back, committed, tool, cause, error, passed, probe, slow, empty, small, slots,
    ) = key  # fmt: skip
    words = [f"{state.value}, attempt {number}, {waits} waits, {tries} tries"]
    words += [
        word
        for word, holds in (
            ("went back", back), ("committed", committed), ("tool call", tool),
            ("with a cause", cause != NONE), ("passed over", passed != NONE), ("probe", probe),
            ("kept waiting", slow), ("only empty", empty),
            ("an error", error == MARKED), (f"too small: {small}", small is not None),
        )
        if holds
    ]  # fmt: skip
    words += [f"error {setting.kinds[error].name}"] if error >= 0 else []
    return ", ".join(words) + "".join(
        f"; {target} {_slot(slot)}" for target, slot in zip(setting.route, slots, strict=True)
    )


def _slot(slot: Slot) -> str:
    told = [
        name for name in ("here", "asked", "gone", "billed", "returnable") if getattr(slot, name)
    ]
    told += [f"{slot.used} keys used"] if slot.used else []
    told += [f"{slot.repaired} repairs"] if slot.repaired else []
    return " ".join(told) or "untouched"
