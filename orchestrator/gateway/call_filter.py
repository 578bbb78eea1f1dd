"""Filter of a list of calls: what the query of ``GET /v1/calls`` asks for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import attrs

from orchestrator.config.errors import NotAllowed, nearest
from orchestrator.config.scalars import seconds
from orchestrator.dialects import RequestError
from orchestrator.execution.call_facts import CallFacts
from orchestrator.secrets import mask
from orchestrator.states import Reason, State

RUNNING = "running"
"""The outcome of a call that is not over."""

OUTCOMES = (State.SUCCEED.value, State.FAIL_TERMINAL.value, RUNNING)

LIMIT, MOST = 100, 1_000
"""Calls that a list holds unless the query says otherwise, and at most."""

LATEST = 253_370_764_800.0
"""The year 9999 (epoch): a later instant is a mistake."""

_SHOWN = 60


@attrs.frozen
class CallFilter:
    """Which calls a list holds; ``None``: whatever it is.

    Attributes:
        route: What the caller asked for.
        outcome: The final state, or ``running``.
        reason: What an attempt failed for, or the call's own cause.
        target: A target that was asked, ``provider/model``.
        key: The name of the key that the call came with.
        since: When it began at the earliest (epoch).
        limit: How many calls, the newest first.
    """

    route: str | None = None
    outcome: str | None = None
    reason: str | None = None
    target: str | None = None
    key: str | None = None
    since: float | None = None
    limit: int = LIMIT

    @classmethod
    def parse(cls, query: Iterable[tuple[str, str]], now: float) -> Self:
        """The filter that a query says.

        Args:
            query: Names and values, decoded, in order.
            now: The wall clock (epoch), from which ``since=15m`` counts back.

        Raises:
            RequestError: A name is unknown or stands there twice, or a value is none of those
                that are allowed.
        """
        read: dict[str, str] = {}
        names = [field.name for field in attrs.fields(cls)]
        for name, value in query:
            if name not in names:
                allowed = f"allowed: {', '.join(names)}"
                raise RequestError(
                    f"unknown filter {_found(name)}{nearest(name, names)}; {allowed}"
                )
            if name in read:
                raise RequestError(f"{name} stands there twice; allowed: once")
            read[name] = value
        return cls(
            read.get("route"),
            _one_of("outcome", read.get("outcome"), OUTCOMES),
            _one_of("reason", read.get("reason"), [reason.value for reason in Reason]),
            read.get("target"),
            read.get("key"),
            _since(read.get("since"), now),
            _limit(read.get("limit")),
        )

    def takes(self, facts: CallFacts, key: str | None) -> bool:
        """Whether a list has the call of ``facts``, which came with ``key``."""
        return (
            (self.route is None or facts.route == self.route)
            and (self.outcome is None or outcome_of(facts) == self.outcome)
            and (self.key is None or key == self.key)
            and (self.since is None or facts.time >= self.since)
            and (self.target is None or self._has_asked(facts))
            and (self.reason is None or self._has_met(facts))
        )

    def _has_asked(self, facts: CallFacts) -> bool:
        asked = any(attempt.target == self.target for attempt in facts.attempts)
        return asked or facts.target == self.target

    def _has_met(self, facts: CallFacts) -> bool:
        failed = any(attempt.reason == self.reason for attempt in facts.attempts)
        return failed or self.reason in (facts.reason, facts.rescued)


def outcome_of(facts: CallFacts) -> str:
    """The final state of a call, or ``running``."""
    return facts.state if facts.is_over else RUNNING


def _found(value: str) -> str:
    shown = mask(repr(value))
    return shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"


def _one_of(name: str, value: str | None, allowed: Iterable[str]) -> str | None:
    known = tuple(allowed)
    if value is None or value in known:
        return value
    near = nearest(value, known)
    raise RequestError(f"{name} is {_found(value)}{near}; allowed: {', '.join(known)}")


def _since(value: str | None, now: float) -> float | None:
    if value is None:
        return None
    allowed = "allowed: seconds since 1970-01-01, or a duration until now such as 15m"
    try:
        return _instant(value)
    except ValueError:
        pass
    try:
        return now - seconds(value)
    except NotAllowed:
        raise RequestError(f"since is {_found(value)}; {allowed}") from None


def _instant(value: str) -> float:
    """An instant as a number.

    Raises:
        ValueError: It is none.
    """
    instant = float(value)
    if not 0 <= instant <= LATEST:  # nan is neither
        raise ValueError(value)
    return instant


def _limit(value: str | None) -> int:
    if value is None:
        return LIMIT
    if not (value.isascii() and value.isdigit() and len(value) <= 4 and 1 <= int(value) <= MOST):
        raise RequestError(f"limit is {_found(value)}; allowed: 1 to {MOST}")
    return int(value)
