"""The health board as the inspector shows it: by provider, each with its keys and targets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from orchestrator.health import BoardRow
from orchestrator.health.balance import AccountBalance, is_low
from orchestrator.ledger import FORMAT
from orchestrator.provider import Provider
from orchestrator.states import Mark, Reason


@attrs.frozen
class ShownMark:
    """What stands in the way of a provider, a credential or a target, and since when.

    Attributes:
        mark: ``cooldown``, ``circuit``, ``bench`` or ``dead``; ``None`` where nothing does.
        reason: The class of the failure that it is for.
        status: Its HTTP status.
        message: Its words, without secrets.
        since: When it began (epoch).
        until: When it ends, or the next call may probe (epoch); ``None`` where no time ends it.
        expected: When the failure itself said that it ends (epoch).
        due: True where it has ended, and the next call probes.
        probed: True where a call's probe is under way.
        failures: Failures in a row.
    """

    mark: Mark | None
    reason: Reason | None
    status: int | None
    message: str | None
    since: float | None
    until: float | None
    expected: float | None
    due: bool
    probed: bool
    failures: int

    @classmethod
    def of(cls, row: BoardRow) -> ShownMark:
        """What a row of the board says."""
        error, until = row.error, row.until
        return cls(
            mark=row.mark,
            reason=None if error is None else error.reason,
            status=None if error is None else error.status,
            message=None if error is None else error.message,
            since=row.since,
            until=until if until is not None and math.isfinite(until) else None,
            expected=row.expected,
            due=row.due,
            probed=row.probed,
            failures=row.failures,
        )


@attrs.frozen
class ShownBalance:
    """What a vendor said of a provider's money.

    Attributes:
        amount: What is left, of several amounts the largest; ``None`` where it told none.
        currency: As the vendor spells it; empty where it does not say.
        asked: When it said so, or, where it has said nothing yet, was asked (epoch).
        available: False where the vendor itself calls the account empty; ``None``: no word of it.
        is_low: True where less is left than the config warns of.
        trouble: Why the last question was not answered; empty where it was.
    """

    amount: float | None
    currency: str
    asked: float
    available: bool | None
    is_low: bool
    trouble: str

    @classmethod
    def of(cls, known: AccountBalance, below: float) -> ShownBalance:
        """What is shown of ``known``, with a warning below so much."""
        said = known.said
        most = None if said is None else said.most
        return cls(
            amount=None if most is None else most.amount,
            currency="" if most is None else most.currency,
            asked=known.asked if said is None else known.at,
            available=None if said is None or said.of_key else said.usable,
            is_low=is_low(said, below),
            trouble=known.trouble,
        )


def board_page(
    rows: Iterable[BoardRow], providers: Mapping[str, Provider], now: float, trouble: str = ""
) -> dict[str, Any]:
    """The board as JSON has it.

    Args:
        rows: What is known, each provider before what belongs to it.
        providers: By name.
        now: The wall clock (epoch), by which a page counts down.
        trouble: Why the marks are this gateway's alone, where others should share them.
    """
    shown: dict[str, dict[str, Any]] = {}
    for row in rows:
        mark = attrs.asdict(ShownMark.of(row))
        if row.credential is not None:
            key = {"label": row.credential, "model": row.model}
            shown[row.provider]["credentials"].append({**key, **mark})
        elif row.model is not None:
            target = {"target": f"{row.provider}/{row.model}", "model": row.model}
            shown[row.provider]["targets"].append({**target, **mark})
        else:
            shown[row.provider] = _provider(row, providers.get(row.provider), mark)
    found = list(shown.values())
    return {"format": FORMAT, "now": now, "trouble": trouble or None, "providers": found}


def _provider(row: BoardRow, provider: Provider | None, mark: Mapping[str, Any]) -> dict[str, Any]:
    vendor = None if provider is None else provider.vendor
    below = 0.0 if provider is None else provider.low_balance
    balance = None if row.balance is None else attrs.asdict(ShownBalance.of(row.balance, below))
    known = {"provider": row.provider, "vendor": vendor or None, "balance": balance}
    retries = {"left": row.retry_tokens, "of": row.retry_budget, "paused": row.has_paused_retries}
    return {**known, **mark, "retries": retries, "credentials": [], "targets": []}
