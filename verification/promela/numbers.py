"""The numbers of a setting as Promela: what the hand-written model calls in capitals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.lab.verify import Setting
from orchestrator.lab.verify.setting import THROTTLED, TOO_LARGE
from orchestrator.states.call import State
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import Move, Reason
from orchestrator.states.table import TABLE, Row
from verification.promela.translations import Untranslated

LISTS = {
    "PERIODS": ("SOON", "LATE", "NEVER"),
    "CAUSES": ("NO_CAUSE", "SET_EARLIER", "OF_THE_ERROR", "OF_THE_MARK", "OTHERWISE"),
    "STOPS": (
        "BY_NOTHING", "BY_EXHAUSTED", "BY_ATTEMPTS", "BY_DEADLINE", "BY_CANCELLED", "BY_COMMITTED",
    ),
    "COMMANDS": (
        "NONE", "SEND", "RELAY", "DIAGNOSE", "ROTATE", "SWITCH", "WAIT", "MEND", "FINISH",
    ),
}  # fmt: skip
"""Names that the model numbers from 0."""

FIRST_BACKOFF, LONGEST_BACKOFF = 0.5, 30.0
"""Seconds; see docs/machine.md, backoff = min(30 s, 0.5 s * 2^(tries-1)) * (1 - jitter/2)."""

_BYTE, _BITS = 250, 29
"""What the model's counters and sets can hold; a few values have a meaning of their own."""


def in_state(state: State) -> str:
    """What the model calls a state."""
    return f"IN_{state.name}"


def events(table: Sequence[Row] = TABLE) -> list[str]:
    """What the model calls the table's events, in the table's order."""
    return list(dict.fromkeys(row.event.__name__.upper() for row in table))


def numbers(setting: Setting, table: Sequence[Row]) -> Iterator[str]:
    """Every ``#define`` of a setting, line by line.

    Raises:
        Untranslated: Something is more than the model can count.
    """
    _countable(setting)
    yield from _numbered(map(in_state, State))
    # One more than the table has, so that the world's choices are known where it uses few.
    known = dict.fromkeys([*events(TABLE), *events(table)])
    yield from _numbered(known)
    for names in LISTS.values():
        yield from _numbered(names)
    yield from _bounds(setting)
    yield from _targets(setting)
    yield from _classes(setting)
    yield from _pauses(setting)


def contexts(setting: Setting) -> list[int]:
    """The known sizes of contexts, smallest first; the model counts them from 1."""
    return sorted({one.context for one in setting.route if one.context is not None})


def _countable(setting: Setting) -> None:
    policy = setting.policy
    for name, value, most in (
        ("max_attempts", policy.max_attempts, _BYTE),
        ("attempts_per_target", policy.attempts_per_target, _BYTE),
        ("a pool's number of credentials", max(setting.credentials), _BYTE),
        ("the route's number of targets", len(setting.route), _BYTE),
        ("the number of reasons and repairs", len(setting.kinds), _BITS),
    ):
        if value > most:
            raise Untranslated(f"{name} is {value}; the Promela model counts to {most}")


def _numbered(names: Iterable[str]) -> Iterator[str]:
    yield from (f"#define {name} {number}" for number, name in enumerate(names))


def _bounds(setting: Setting) -> Iterator[str]:
    policy, count = setting.policy, len(setting.route)
    goes_on = policy.on_interrupted is OnInterrupted.CONTINUE
    yield f"#define TARGETS {count}"
    yield f"#define NOWHERE {count}"
    yield f"#define TOO_LATE {count}"
    yield f"#define MAX_ATTEMPTS {policy.max_attempts}"
    yield f"#define ATTEMPTS_PER_TARGET {policy.attempts_per_target}"
    yield f"#define STREAMED {int(setting.streamed)}"
    yield f"#define GOES_ON {int(goes_on)}"


def _targets(setting: Setting) -> Iterator[str]:
    names, sizes = [one.provider for one in setting.route], contexts(setting)
    providers = list(dict.fromkeys(names))
    ranks = [0 if one.context is None else 1 + sizes.index(one.context) for one in setting.route]
    yield f"#define PROVIDER(t) {_chosen('t', [providers.index(name) for name in names])}"
    yield f"#define KEYS(t) {_chosen('t', list(setting.credentials))}"
    yield f"#define CONTEXT(t) {_chosen('t', ranks)}"


def _classes(setting: Setting) -> Iterator[str]:
    """Classes of errors are numbered from 1; a set of them is a number with a bit for each."""
    policy, kinds = setting.policy, setting.kinds
    yield "#define NO_ERROR 0"
    yield f"#define CLASSES {len(kinds)}"
    yield f"#define EARLIER {len(kinds) + 1}"
    for name, reasons in {
        "BILLING": {Reason.BILLING},
        "RATE_LIMIT": {Reason.RATE_LIMIT},
        "TIMEOUT": {Reason.TIMEOUT},
        "UNKNOWN": {Reason.UNKNOWN},
        "THROTTLED": THROTTLED,
        "TOO_LARGE": TOO_LARGE,
    }.items():
        yield f"#define {name} {_set(one.reason in reasons for one in kinds)}"
    yield f"#define EMPTY {_set(one.empty for one in kinds)}"
    yield f"#define QUOTED {_set(one.quoted for one in kinds)}"
    first, later = (
        [one.moves(policy, first_target=at_first) for one in kinds] for at_first in (True, False)
    )
    yield f"#define ROTATING {_set(Move.ROTATE in moves for moves in first)}"
    yield f"#define RETRYING {_set(Move.RETRY in moves for moves in first)}"
    yield f"#define FALLING_BACK {_set(Move.FALLBACK in moves for moves in first)}"
    yield f"#define FALLING_BACK_LATER {_set(Move.FALLBACK in moves for moves in later)}"
    silence = policy.moves(Reason.TIMEOUT, first_target=True)
    yield f"#define SILENCE_FALLS_BACK {int(Move.FALLBACK in silence)}"
    yield f"#define REPAIR(e) {_chosen('e', [0, *(one.repair for one in kinds), 0])}"


def pauses(policy: Policy, limit: float) -> tuple[list[bool], list[bool]]:
    """For each number of tries from 0: can the backoff end within the patience, and past it?

    Jitter is in [0, 1), so a backoff is above half of the longest and at most that.

    Args:
        policy: Whose patience and tries count.
        limit: Seconds that are left at most; a backoff that ends later is none of both.
    """
    soon, late = [False], [False]
    for tries in range(1, policy.attempts_per_target + 1):
        longest = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** min(tries - 1, 60))
        soon.append(longest / 2 < min(policy.patience, limit))
        late.append(policy.patience < longest and max(longest / 2, policy.patience) < limit)
    return soon, late


def _pauses(setting: Setting) -> Iterator[str]:
    """What fits before and after the commit boundary."""
    policy = setting.policy
    stream = max(target.timeouts.stream_total for target in setting.route)
    limits = (policy.deadline, stream)
    soon, late = zip(*(pauses(policy, limit) for limit in limits), strict=True)
    yield f"#define PAUSE_CAN_BE_SOON(n) {_either(*(_chosen('n', one) for one in soon))}"
    yield f"#define PAUSE_CAN_BE_LATE(n) {_either(*(_chosen('n', one) for one in late))}"
    yield f"#define PAUSE_CAN_FIT {_either(*(int(limit > FIRST_BACKOFF / 2) for limit in limits))}"
    yield f"#define HAS_LATER {_either(*(int(policy.patience < limit) for limit in limits))}"
    yield from _beside_others(setting)


SHARE = 0.5
"""Of the time that is left, what is kept back at most; invariant 8 of docs/machine.md."""


def needed(setting: Setting) -> float:
    """Seconds kept back for each target that stands by: invariant 8 (docs/machine.md).

    15 s where it is streamed, 60 s where the whole answer must come.
    """
    held = setting.policy.on_interrupted is OnInterrupted.HOLD
    return 15.0 if setting.streamed and not held else 60.0


def kept_back(setting: Setting, others: int) -> float:
    """Seconds kept back for so many targets that stand by, where the call has just begun."""
    return min(needed(setting) * others, setting.policy.deadline * SHARE)


def _beside_others(setting: Setting) -> Iterator[str]:
    """What fits before the commit boundary, beside what is kept back for others."""
    policy, counts = setting.policy, range(len(setting.route))
    limits = [policy.deadline - kept_back(setting, others) for others in counts]
    soon, late = zip(*(pauses(policy, limit) for limit in limits), strict=True)
    for name, fits in (("SOON_BESIDE", soon), ("LATE_BESIDE", late)):
        yield f"#define {name}(n,o) {_chosen('o', [_chosen('n', one) for one in fits])}"
    later = [int(policy.patience < limit) for limit in limits]
    yield f"#define LATER_BESIDE(o) {_chosen('o', later)}"


def _either(before: object, after: object) -> str:
    """A value that may change at the commit boundary."""
    return str(before) if before == after else f"(committed -> {after} : {before})"


def _chosen(name: str, values: Sequence[int | str]) -> str:
    """The value at the place ``name``."""
    texts = [value if isinstance(value, str) else str(int(value)) for value in values]
    if len(set(texts)) == 1:
        return texts[0]
    *earlier, text = texts
    for place in range(len(earlier) - 1, -1, -1):
        text = f"({name} == {place} -> {texts[place]} : {text})"
    return text


def _set(members: Iterable[bool]) -> int:
    return sum(1 << (place + 1) for place, member in enumerate(members) if member)
