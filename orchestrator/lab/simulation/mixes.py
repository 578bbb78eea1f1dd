"""Days on which providers fail, drawn from a seed: what a policy is worth over many calls.

A mix is a day of virtual time over which the calls are spread. The times, shares and
durations are made up to be clear, not measured; each is stated where it stands (2026-11-21).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from random import Random

from orchestrator.lab.simulation.items import CONNECT, CUT, OK, TIMEOUT, Item
from orchestrator.lab.simulation.transport import Answers
from orchestrator.states import Send, Target

DAY = 86_400.0
"""Seconds over which the calls of a mix are spread."""

_HOUR = 3_600.0
_CALM = 0.01
"""The share of answers that fail on a calm day."""

_DOWN = ("503", "502", CONNECT, TIMEOUT)
_WEAK = ("503", "529", "500", TIMEOUT, CUT)


class Mix(enum.StrEnum):
    """The value is what a command line says."""

    OUTAGE = "outage"
    """The first target's provider is down from 11:00 to 13:00: 503, 502, refused or silent."""

    BROWN_OUT = "brown-out"
    """Every provider fails a quarter of its requests all day, some in the middle of the answer,
    and answers in up to 5 s."""

    KEYS = "keys"
    """Every key of the first provider is throttled for half of the hours, each in its own."""

    BILLING = "billing"
    """The first target's provider runs out of money at noon; the top-up comes at 18:00."""


def answers(mix: Mix, route: Sequence[Target], began: float, seed: int = 0) -> Answers:
    """What the attempts of such a day meet.

    Args:
        mix: The kind of day.
        route: The targets; the trouble is at the provider of the first, or everywhere.
        began: When the day began, seconds since the epoch.
        seed: Draws everything.
    """
    dice = Random(f"{mix}/{seed}")
    trouble = _TROUBLES[mix](route[0].provider, dice)

    def answer(send: Send, now: float) -> Item:
        item = trouble(send, (now - began) / _HOUR)
        if item is not None:
            return item
        return Item("503" if dice.random() < _CALM else OK, seconds=_seconds(dice))

    return answer


Trouble = Callable[[Send, float], Item | None]
"""``(send, hour of the day)``: what is wrong then; ``None`` where nothing is."""


def _seconds(dice: Random) -> float:
    return 0.3 + dice.random()


def _outage(first: str, dice: Random) -> Trouble:
    def trouble(send: Send, hour: float) -> Item | None:
        down = send.target.provider == first and 11 <= hour % 24 < 13
        return Item(dice.choice(_DOWN), seconds=_seconds(dice)) if down else None

    return trouble


def _brown_out(_first: str, dice: Random) -> Trouble:
    def trouble(_send: Send, _hour: float) -> Item | None:
        weak = dice.random() < 0.25
        return Item(dice.choice(_WEAK) if weak else OK, seconds=0.3 + 4.7 * dice.random())

    return trouble


def _keys(first: str, dice: Random) -> Trouble:
    throttled: dict[tuple[str, int], bool] = {}

    def trouble(send: Send, hour: float) -> Item | None:
        if send.target.provider != first:
            return None
        key = (send.credential, int(hour))
        if not throttled.setdefault(key, dice.random() < 0.5):
            return None
        left = (1 - hour % 1) * _HOUR
        return Item("429", seconds=_seconds(dice), retry_after=round(left))

    return trouble


def _billing(first: str, dice: Random) -> Trouble:
    def trouble(send: Send, hour: float) -> Item | None:
        broke = send.target.provider == first and 12 <= hour % 24 < 18
        return Item("billing", seconds=_seconds(dice)) if broke else None

    return trouble


_TROUBLES: Mapping[Mix, Callable[[str, Random], Trouble]] = {
    Mix.OUTAGE: _outage,
    Mix.BROWN_OUT: _brown_out,
    Mix.KEYS: _keys,
    Mix.BILLING: _billing,
}
