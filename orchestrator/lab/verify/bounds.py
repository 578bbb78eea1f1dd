"""What follows from a config alone once its moves are proved: bounds, and who is reached.

No search: each bound is a sum that no call can exceed, since nothing it counts is ever reset
(``used`` and ``repaired`` hold for the whole call, a target is stayed at once, and one of them
once more by the way back). ``tests/orchestrator/lab/verify/test_bounds.py`` holds them against
the exact search: never below it, and equal to it where the search forgets nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

import attrs

from orchestrator.lab.verify.certificate import Certificate, Worst, stream_limits
from orchestrator.lab.verify.setting import TOO_LARGE, ErrorKind, Setting
from orchestrator.states.policy import OnInterrupted
from orchestrator.states.reasons import Move, Reason


def bounds(setting: Setting) -> Certificate:
    """What no call of ``setting`` exceeds; no figure has a way to it."""
    most = setting.policy.max_attempts
    stays = [_sends(setting, place) for place in range(len(setting.route))]
    back = setting.policy.attempts_per_target if len(setting.route) > 1 else 0
    by_provider: dict[str, int] = {}
    for target, sends in zip(setting.route, stays, strict=True):
        by_provider[target.provider] = by_provider.get(target.provider, back) + sends
    busiest = max(by_provider, key=lambda name: by_provider[name])
    # A key may be asked for again and again by whom others come first, once an attempt; after
    # the attempt with the last one there is none to ask for.
    turns = [sends - 1 for place, sends in enumerate(stays) if _rotations(setting, place)]
    policy = setting.policy
    streams = list(stream_limits(setting))
    goes_on = policy.on_interrupted is OnInterrupted.CONTINUE
    wait = max(policy.deadline, *streams) if goes_on and streams else policy.deadline
    return Certificate(
        attempts=Worst("attempts", min(most, sum(stays) + back), ()),
        requests=Worst(
            "requests to one provider", min(most, by_provider[busiest]), (), busiest
        ),
        rotations=Worst("rotations", min(most - 1, sum(turns) + back) if turns else 0, ()),
        waits=Worst("waits", most, ()),
        wait=Worst("longest wait", wait, ()),
        seconds=Worst("longest time", policy.deadline, ()),
        stream_seconds=max(streams, default=0.0),
    )  # fmt: skip


def capped(found: Certificate, most: Certificate) -> Certificate:
    """What a search found that forgets, as far as it can be: what is above has no way to it."""
    names = ("attempts", "requests", "rotations")
    above = {
        name: getattr(most, name)
        for name in names
        if getattr(found, name).value > getattr(most, name).value
    }
    return attrs.evolve(found, **above)


def _rotations(setting: Setting, place: int) -> int:
    """Keys that a rotation can turn to at a target: none is sent with twice by one."""
    rotates = any(
        Move.ROTATE in kind.moves(setting.policy, first_target=first)
        for kind in setting.kinds
        if kind.reason is not Reason.BILLING
        for first in (True, False)
    )
    return setting.credentials[place] - 1 if rotates else 0


def _sends(setting: Setting, place: int) -> int:
    """Sends to a target at its first stay: tries, and those that a rotation or repair precedes."""
    repairs = max((kind.repair for kind in setting.kinds), default=0)
    return setting.policy.attempts_per_target + _rotations(setting, place) + repairs


def leads(setting: Setting, kind: ErrorKind, there: int) -> bool:
    """Whether a failure of ``kind`` at the first target may lead to ``there`` at once."""
    fresh = setting.policy.max_attempts > 1
    return fresh and _moves_on(setting, kind, 0, there, first=True, waits=False)


_Way = tuple[frozenset[int], int, frozenset[str], int | None]
"""Who was asked, where the call is, who has billed it, and which context is too small."""


def unreachable(setting: Setting) -> Iterator[int]:
    """Places that no error leads to, on a board without marks."""
    found: set[int] = {0}
    start: _Way = (frozenset({0}), 0, frozenset(), None)
    waiting, seen = deque([start]), {start}
    while waiting:
        asked, here, billed, small = waiting.popleft()
        if len(asked) >= setting.policy.max_attempts:
            continue
        for kind in setting.kinds:
            after = _known(setting, kind, here, billed, small)
            for there in range(len(setting.route)):
                if there in asked or not _is_open(setting, there, *after):
                    continue
                if not _moves_on(setting, kind, here, there, first=len(asked) == 1, waits=True):
                    continue
                found.add(there)
                state: _Way = (asked | {there}, there, *after)
                if state not in seen:
                    seen.add(state)
                    waiting.append(state)
    return (place for place in range(len(setting.route)) if place not in found)


def _known(
    setting: Setting, kind: ErrorKind, here: int, billed: frozenset[str], small: int | None
) -> tuple[frozenset[str], int | None]:
    """Who has billed the call, and what is too small, after a failure."""
    target = setting.route[here]
    if kind.reason is Reason.BILLING:
        billed |= {target.provider}
    if kind.reason in TOO_LARGE and target.context is not None:
        small = target.context
    return billed, small


def _is_open(setting: Setting, there: int, billed: Collection[str], small: int | None) -> bool:
    target = setting.route[there]
    fits = small is None or target.context is None or target.context > small
    return target.provider not in billed and fits


def _moves_on(
    setting: Setting, kind: ErrorKind, here: int, there: int, *, first: bool, waits: bool
) -> bool:
    """Whether a failure here may lead there: at once, or after a wait too."""
    one, other = setting.route[here], setting.route[there]
    if Move.FALLBACK not in kind.moves(setting.policy, first_target=first):
        return False
    known = _known(setting, kind, here, frozenset(), None)
    if not _is_open(setting, there, *known):
        return False
    shares = one.provider == other.provider and setting.has_one_key(here)
    # A limited key is waited for, a refused one is not.
    out = kind.takes_key and (kind.reason is Reason.AUTH or not waits)
    return not (shares and out)
