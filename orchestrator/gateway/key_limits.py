"""Limits of the gateway's keys: requests a minute, requests at once, tokens a day.

Requests are counted in a window that slides: the instants of the last minute are kept, so that
in *no* minute there are more than allowed, and a refusal can say to the second when the next one
is let in. A bucket of tokens would let twice as many through around the instant at which it is
full, and counts by the minute of the clock do so at every full minute.

Tokens are reserved before anything is sent, and settled when it is known what was used. A
request is let in as long as the day's number, reservations included, is below the budget: so the
budget is spent to its end, and exceeded by one reservation at most, however many calls run.

A gateway has one event loop, and all of this happens between two of its steps.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import attrs

from orchestrator.api.request import Request
from orchestrator.clock import Clock, SystemClock
from orchestrator.dialects import Operation, dialect
from orchestrator.execution.json_paths import find_values
from orchestrator.gateway.daily_tokens import DAY, DailyTokens, day_of
from orchestrator.gateway.key_file import GatewayKey
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states.reasons import Reason

MINUTE = 60.0

BUSY_SECONDS = 1.0
"""What is said to wait for another request of the same key to end, which nobody can know."""

DEFAULT_OUTPUT = 4_096
"""Tokens that are reserved for an answer whose length the request leaves open. Most answers are
shorter and few much longer (the default of many servers is the same, 2026-11); what is used
is known afterwards."""

LARGEST_OUTPUT = 1_000_000
"""Tokens that are reserved for an answer at most: no model writes more (2026-11)."""

LARGEST_RESERVATION = 10**9
"""Of a request: what a body of 32 MiB can ask for is less."""

_PROMPT_FACTOR = 2
"""A request's size is known as a lower bound, of 8 characters a token; English text has 4."""


def reservation(key: GatewayKey, request: Request) -> int:
    """The tokens to reserve for a request: its own, and the most of its answers.

    It is 0 where the key has no budget, and costs nothing then. Both parts are estimates: what a
    caller leaves open, and what an image takes, nobody knows before.
    """
    if key.tokens_per_day is None:
        return 0
    prompt = _PROMPT_FACTOR * request.least_tokens
    if request.operation is not Operation.GENERATE:
        return min(prompt, LARGEST_RESERVATION)
    shape = dialect(request.dialect).shape
    output = _largest(find_values(request.payload, shape.max_tokens), DEFAULT_OUTPUT)
    answers = _largest(find_values(request.payload, shape.choices), 1)
    return min(prompt + min(output, LARGEST_OUTPUT) * answers, LARGEST_RESERVATION)


def _largest(values: list[Any], default: int) -> int:
    # What is no number a provider refuses; here it must do no harm.
    counts = [int(one) for one in values if type(one) in (int, float) and 1 <= one < 1e15]
    return max(counts, default=default)


@attrs.define(eq=False)
class KeyUse:
    """What a key has going on in this process.

    Attributes:
        instants: When the requests of the last minute were let in (monotonic).
        in_flight: How many are running.
    """

    instants: deque[float] = attrs.field(factory=deque)
    in_flight: int = 0


class KeyLimits:
    """Lets requests in as far as their keys allow.

    Requests a minute and at once are counted in this process: while two overlap, in a restart,
    each counts its own. Tokens are counted over all processes.

    Args:
        tokens: Where the tokens of a day are counted; unused for keys without a budget.
        clock: By which minutes and days pass.
    """

    def __init__(self, tokens: DailyTokens, clock: Clock | None = None) -> None:
        self._tokens = tokens
        self._clock = clock or SystemClock()
        self._uses: dict[str, KeyUse] = {}

    def admit(self, key: GatewayKey, tokens: int = 0) -> Admission:
        """Let a request in; whoever gets the admission settles it, whatever comes.

        Args:
            key: Whose request it is.
            tokens: What it may use; see :func:`reservation`.

        Raises:
            RequestRefused: A limit of the key is reached. Nothing was counted then.
        """
        use = self._uses.setdefault(key.name, KeyUse())
        now, today = self._clock.monotonic(), day_of(self._clock.time())
        self._check_concurrency(key, use)
        self._check_rate(key, use, now)
        # Last, since it is the one that others see: what is refused for another limit takes none.
        reserved = max(0, tokens) if key.tokens_per_day is not None else None
        if reserved is not None:
            self._reserve(key, today, reserved)
        use.in_flight += 1
        if key.rpm is not None:
            use.instants.append(now)
        return Admission(key.name, reserved, today, use, self._tokens)

    def close(self) -> None:
        """Close the file of the tokens."""
        self._tokens.close()

    def _check_concurrency(self, key: GatewayKey, use: KeyUse) -> None:
        if key.concurrency is not None and use.in_flight >= key.concurrency:
            raise _limited(
                f"the key {key.name!r} may run {_count(key.concurrency, 'request')} at once, and "
                f"{use.in_flight:,} are running",
                BUSY_SECONDS,
            )

    def _check_rate(self, key: GatewayKey, use: KeyUse, now: float) -> None:
        instants = use.instants
        while instants and instants[0] + MINUTE <= now:
            instants.popleft()
        if key.rpm is None or len(instants) < key.rpm:
            return
        # The limit may have been lowered meanwhile: then more than one has to pass.
        wait = max(0.0, instants[len(instants) - key.rpm] + MINUTE - now)
        raise _limited(
            f"the key {key.name!r} may send {_count(key.rpm, 'request')} a minute; the next is let "
            f"in in {wait:.1f} s",
            wait,
        )

    def _reserve(self, key: GatewayKey, today: int, tokens: int) -> None:
        budget = key.tokens_per_day or 0
        if not self._tokens.reserve(key.name, today, tokens, budget):
            raise _limited(
                f"the key {key.name!r} has used its {budget:,} tokens of today; the next day "
                "begins at midnight UTC",
                (today + 1) * DAY - self._clock.time(),
            )


@attrs.define(eq=False)
class Admission:
    """A request that was let in, until it is settled.

    Attributes:
        name: The key's.
        reserved: The tokens that are reserved; ``None`` where the key has no budget.
        day: The day on which they count.
    """

    name: str
    reserved: int | None
    day: int
    _use: KeyUse = attrs.field(repr=False)
    _tokens: DailyTokens = attrs.field(repr=False)
    _is_settled: bool = attrs.field(default=False, init=False)

    def settle(self, tokens_used: int | None) -> None:
        """The request has ended. What comes after the first time changes nothing.

        Args:
            tokens_used: By all of its attempts; ``None`` where no provider told, and then what was
                reserved counts as used.
        """
        if self._is_settled:
            return
        self._is_settled = True
        self._use.in_flight -= 1
        if self.reserved is not None and tokens_used is not None:
            self._tokens.add(self.name, self.day, max(0, tokens_used) - self.reserved)


def _limited(message: str, retry_after: float) -> RequestRefused:
    return RequestRefused(429, Reason.RATE_LIMIT.value, message, retry_after)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
