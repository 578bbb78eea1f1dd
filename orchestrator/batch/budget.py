"""The money of a batch: no line is put on the queue that could carry it past its limit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs

from orchestrator.api.request import Request
from orchestrator.batch.records import NANO
from orchestrator.clock import SystemClock
from orchestrator.dialects import Usage, dialect
from orchestrator.ledger.statistics import Price
from orchestrator.states import Target

GUESSED_ANSWER = 4_096
"""Tokens of an answer whose request names no limit."""

_CHARACTERS = 2
"""Of a token, at the dense end (Chinese; English has 4)."""

_SAMPLE = 1_000_000


class NoPrice(Exception):
    """A target has no known price, so that no limit can be kept.

    Attributes:
        target: Which.
    """

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class Rates:
    """What a token costs, by target.

    Args:
        price: The prices that are installed.
    """

    def __init__(self, price: Price) -> None:
        self._price = price
        self._known: dict[tuple[str, str], tuple[int, int] | None] = {}

    def of(self, target: Target) -> tuple[int, int] | None:
        """Billionths of a US dollar for each million tokens asked, and said."""
        key = (target.provider, target.model)
        if key not in self._known:
            asked = self._cost(key, Usage(prompt_tokens=_SAMPLE))
            said = self._cost(key, Usage(completion_tokens=_SAMPLE))
            self._known[key] = None if asked is None or said is None else (asked, said)
        return self._known[key]

    def _cost(self, key: tuple[str, str], usage: Usage) -> int | None:
        cost: Decimal | None = self._price(
            *key, usage, datetime.fromtimestamp(SystemClock().time(), UTC)
        )
        return None if cost is None else int(cost * NANO)

    def most(self, request: Request, targets: Iterable[Target]) -> int:
        """What a request costs at most, wherever it is answered, in billionths of a US dollar.

        An attempt that failed after a model ran costs besides; what one line has cost is
        reserved for each that follows (see :class:`Budget`).

        Raises:
            NoPrice: A target has none.
        """
        asked, said = tokens_of(request)
        most = 0
        for target in targets:
            rates = self.of(target)
            if rates is None:
                raise NoPrice(target.name)
            most = max(most, (asked * rates[0] + said * rates[1]) // _SAMPLE)
        return most


def tokens_of(request: Request) -> tuple[int, int]:
    """The most tokens that a request has, and that its answer may have."""
    characters = request.least_tokens * 8
    return characters // _CHARACTERS + 1, _limit(request)


def _limit(request: Request) -> int:
    shape = dialect(request.dialect).shape
    for path in shape.max_tokens:
        value: Any = request.payload
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return shape.default_max_tokens or GUESSED_ANSWER


@attrs.define
class Budget:
    """What may still be asked.

    Attributes:
        limit: Billionths of a US dollar.
        spent: What lines that are over have cost.
        reserved: What those may cost that are on the queue, by number.
        dearest: What the dearest line has cost.
    """

    limit: int
    spent: int = 0
    reserved: dict[int, int] = attrs.field(factory=dict)
    dearest: int = 0
    _sum: int = 0

    def reserve(self, number: int, most: int) -> bool:
        """Whether a line may be asked; then what it may cost is kept for it."""
        kept = max(most, self.dearest)
        if self.spent + self._sum + kept > self.limit:
            return False
        self._sum += kept - self.reserved.get(number, 0)
        self.reserved[number] = kept
        return True

    def settle(self, number: int, cost: int | None) -> None:
        """A line is over; one without a price counts as dear as it may have been."""
        kept = self.reserved.pop(number, 0)
        self._sum -= kept
        self.spent += kept if cost is None else cost
        self.dearest = max(self.dearest, cost or 0)


EstimateLine = Callable[[Request], int]
"""What a request may cost at most, in billionths of a US dollar."""
