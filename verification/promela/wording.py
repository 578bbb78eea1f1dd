"""What happened in a move, in words."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.lab.verify import Setting
from orchestrator.states.events import Cancelled, Diagnosed, Failed
from verification.promela.concrete import Concrete
from verification.promela.vectors import FIELDS
from verification.promela.worlds import EVENTS, World

_HERE = FIELDS.index("here")
_LENGTHS = ("soon", "late", "never")


def happening(setting: Setting, before: bytes, decided: World, concrete: Concrete) -> str:
    """The event with everything that was decided of the world, and the instant it came at."""
    kind, moment = EVENTS[decided.event], concrete.moment
    words = [f"{kind.__name__} at {moment.at:.6g} s of {moment.limit:g}"]
    if kind is Diagnosed:
        words += _failure(setting, before[_HERE], decided)
    elif kind in (Failed, Cancelled):
        words += ["a tool call delivered"] if decided.delivered else []
        words += ["all was delivered"] if decided.complete else []
    elif hasattr(concrete.event, "taken"):
        words += _arrival(setting, decided)
    return ", ".join(words)


def _failure(setting: Setting, here: int, decided: World) -> Iterator[str]:
    yield setting.kinds[decided.reason - 1].name
    yield f"backoff {_LENGTHS[decided.pause]}, Retry-After {_LENGTHS[decided.retry_after]}"
    if decided.kept_waiting:
        yield "kept the caller waiting"
    if decided.unpaid:
        yield "no retry is paid for"
    ready = [
        words
        for words, holds in (
            ("the key that failed", decided.same_ready),
            ("another that was used", decided.other_ready),
            ("a fresh one", decided.fresh_ready),
        )
        if holds
    ]
    for place, target in enumerate(setting.route):
        if place != here:
            yield _standing(str(target), decided, place, len(setting.route))
        elif ready:
            yield f"{target} ready with {' and '.join(ready)}"
        else:
            cooling = "cooling" if decided.cooling else "blocked"
            yield f"{target} {cooling}, opens {_LENGTHS[decided.opens]}"


def _arrival(setting: Setting, decided: World) -> Iterator[str]:
    count = len(setting.route)
    if decided.taken == count:
        yield "nothing taken"
    else:
        key = "a fresh key" if decided.unused_key else "a used key"
        probe = " as a probe" if decided.probing else ""
        yield f"{setting.route[decided.taken]} taken with {key}{probe}"
    for place, target in enumerate(setting.route):
        yield _standing(str(target), decided, place, count)
    if decided.remembered:
        yield f"the mark of {setting.route[0]} remembers its error"


def _standing(name: str, decided: World, place: int, never: int) -> str:
    if decided.stands[place]:
        return f"{name} stands by"
    rank = decided.due[place]
    return f"{name} blocked, not in time" if rank == never else f"{name} due {_rank(rank)}"


def _rank(rank: int) -> str:
    return "now" if rank == 0 else f"{rank + 1}. of all"
