"""Readers of balances: what a vendor's answer says of an account's money, as its data say.

A balance is a stranger's figure. What is not exactly what the vendor's page describes is no
balance: no word is guessed, and no text of an answer goes any further but a currency's letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from orchestrator.health import BalanceStatement, Money
from orchestrator.vendors import AmountPlace, BalanceEndpoint

LARGEST = 1e12
"""An amount beyond which nobody's account is: what says so counts in other units."""

MOST_ROWS = 8
"""Rows that are read; a vendor bills in a handful of currencies."""

_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,12})?", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{2,8}", re.ASCII)


class BalanceUnknown(Exception):
    """No balance came; the text says why, in our own words."""


def read_balance(endpoint: BalanceEndpoint, body: bytes) -> BalanceStatement:
    """What ``body`` says.

    Args:
        endpoint: Where it came from.
        body: Of an answer of status 200.

    Raises:
        BalanceUnknown: It says nothing of a balance.
    """
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise BalanceUnknown("what came is no JSON") from None
    amounts = tuple(_summed(_amounts(endpoint, answer)))
    said = _at(answer, endpoint.available) if endpoint.available else None
    usable = said if isinstance(said, bool) else None
    if usable is None and endpoint.empty_at_zero and amounts:
        usable = any(one.amount > 0 for one in amounts)
    if not amounts and usable is None and not _is_unlimited(endpoint, answer):
        raise BalanceUnknown("what came says nothing of a balance")
    return BalanceStatement(amounts, usable, endpoint.of_key, source=endpoint.path)


def _amounts(endpoint: BalanceEndpoint, answer: Any) -> Iterator[Money]:
    listed = _at(answer, endpoint.rows) if endpoint.rows else [answer]
    for row in listed[:MOST_ROWS] if isinstance(listed, list) else ():
        told = [(_currency(place, row), _amount(place, row)) for place in endpoint.amounts]
        # A sum of which one part is not told is not what is left.
        unknown = {currency for currency, amount in told if amount is None}
        for currency, amount in told:
            if amount is not None and currency not in unknown:
                yield Money(amount, currency)


def _summed(amounts: Iterator[Money]) -> Iterator[Money]:
    """The amounts of each currency together, in the order in which they came."""
    found: dict[str, float] = {}
    for one in amounts:
        found[one.currency] = found.get(one.currency, 0.0) + one.amount
    return (Money(amount, currency) for currency, amount in found.items())


def _amount(place: AmountPlace, row: Any) -> float | None:
    whole = _number(_at(row, place.place))
    used = _number(_at(row, place.used)) if place.used else 0.0
    # A total of which nobody says what is used up is not what is left.
    return None if whole is None or used is None else (whole - used) / place.divisor


def _currency(place: AmountPlace, row: Any) -> str:
    if not place.currency_place:
        return place.currency
    told = _at(row, place.currency_place)
    return told.upper() if isinstance(told, str) and _CURRENCY.fullmatch(told) else ""


def _number(value: Any) -> float | None:
    """The number that ``value`` is, or that a text is; ``None`` for anything else."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is made a float, which a number of a thousand digits cannot be.
    return float(value) if -LARGEST < value < LARGEST else None


def _at(value: Any, place: str) -> Any:
    """What stands at ``place``; ``None`` where nothing does."""
    for name in place.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _is_unlimited(endpoint: BalanceEndpoint, answer: Any) -> bool:
    """True where a key has no limit of its own, as the answer says by a null in its place."""
    if not endpoint.of_key:
        return False
    names = endpoint.amounts[0].place.split(".")
    holder = _at(answer, ".".join(names[:-1])) if names[1:] else answer
    return isinstance(holder, dict) and names[-1] in holder and holder[names[-1]] is None
