"""The model's states as the states of the search, and calls as the model's states.

The two searches are compared by sets, not by counts: two mistakes cannot cancel each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.nodes import MARKED, NONE, Key, Slot
from orchestrator.states.call import Call, State
from orchestrator.states.commands import StoppedBy
from orchestrator.states.error import Error
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


_NUMBERS = {state: number for number, state in enumerate(_STATES)}
_STOPPED = {stopped_by: number for number, stopped_by in enumerate(_STOPS)}
_SENDING = frozenset({State.ATTEMPT, State.STREAM, State.CLASSIFY})


class Encoder:
    """Calls of one setting as the model tells of them. Nothing of verify's own nodes is used."""

    def __init__(self, setting: Setting) -> None:
        self._names = [target.name for target in setting.route]
        self._providers = [target.provider for target in setting.route]
        self._places = {name: place for place, name in enumerate(self._names)}
        self._sizes = {size: rank for rank, size in enumerate(contexts(setting), start=1)}
        self._classes = {
            (kind.reason, f"repair#{kind.repair}" if kind.repair else None, kind.empty,
             kind.quoted): number
            for number, kind in enumerate(setting.kinds, start=1)
        }  # fmt: skip
        self._earlier = len(setting.kinds) + 1

    def __call__(self, call: Call) -> bytes:
        """The vector of ``call`` between two events, one byte a number."""
        state, nowhere = call.state, len(self._names)
        if state.final:
            told = [_NUMBERS[state], call.number, call.waits, 0, nowhere]
            padding = len(FIELDS) - 1 - len(told)
            told += [*([0] * padding), _STOPPED[call.stopped_by]]
            return bytes(told + [0] * (len(TARGET_FIELDS) * nowhere))
        sending = state in _SENDING
        here = nowhere if call.target is None else self._places[call.target.name]
        told = [
            _NUMBERS[state], call.number, call.waits, call.tries, here, call.went_back,
            call.committed, call.tool_call, call.cause is not None,
            self._error(call.error, sending=sending), call.passed_over is not None, call.probe,
            not sending and here != nowhere and call.kept_waiting, call.only_empty,
            0 if call.too_small is None else self._sizes[call.too_small],
            _STOPPED[call.stopped_by],
        ]  # fmt: skip
        returnable = {name for name, _ in call.returnable}
        used = [name for name, _ in call.used]
        repaired = [name for name, _ in call.repaired]
        for name, provider in zip(self._names, self._providers, strict=True):
            told += (
                name in call.asked, name in call.gone, provider in call.billed,
                name in returnable, used.count(name), repaired.count(name),
            )  # fmt: skip
        return bytes(told)

    def _error(self, error: Error | None, *, sending: bool) -> int:
        """The class of the latest error; while an attempt is made, whether there was one."""
        if error is None:
            return 0
        if sending:
            return self._earlier
        return self._classes[error.reason, error.repair, error.empty, error.quoted]


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
