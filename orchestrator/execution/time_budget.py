"""The time of an attempt: which limit ends the next read, and what it means that one has passed.

The machine decides how long an attempt may take (``Send``); here is what follows from that and
from what has come so far. All instants are seconds since ``Started``.
"""

from __future__ import annotations

from orchestrator.connections.errors import LimitPassed
from orchestrator.execution.exchange import Exchange
from orchestrator.execution.failure import Failure, LimitReached
from orchestrator.states import DeadlineReached, Relay, Send
from orchestrator.states.limits import CLOCK_GRAIN, LAST_WORDS


def read_seconds(command: Send | Relay, exchange: Exchange, at: float) -> float:
    """Seconds that the next read may take, 0 where there are none.

    Args:
        command: What is being performed: until the first content, or after it.
        exchange: What has come so far.
        at: The instant.
    """
    _, ends_at = _own_limit(command, exchange, at)
    # Until content came, a part of the call's time is kept for others.
    last = command.until if isinstance(command, Send) else command.ends_at
    return max(0.0, min(ends_at, last) - at)


def time_left(exchange: Exchange, at: float) -> float:
    """Seconds until an attempt is over, by its own ``total`` or for the sake of others."""
    command = exchange.command
    return max(0.0, min(exchange.sent_at + command.timeouts.total, command.until) - at)


def pass_limit(
    command: Send | Relay, exchange: Exchange, passed: LimitPassed, at: float, *, committed: bool
) -> DeadlineReached | LimitReached:
    """What it means that a limit has passed: the call is over, or the attempt has failed.

    Args:
        command: What was being performed.
        exchange: What had come.
        passed: Which limit the pump saw.
        at: The instant.
        committed: True once content reached the caller: then the stream's limit has passed.
    """
    timeouts = exchange.command.target.timeouts
    if at >= command.ends_at - CLOCK_GRAIN:
        if committed:
            return LimitReached("stream_total", timeouts.stream_total)
        return DeadlineReached(at)
    limit = "connect" if passed.connect else _own_limit(command, exchange, at)[0]
    if isinstance(command, Relay):
        return LimitReached(limit, getattr(timeouts, limit))
    own = first_token(exchange) if limit == "first_token" else getattr(command.timeouts, limit)
    # A caller in a hurry harms nobody: a limit that was cut short marks nothing.
    return LimitReached(limit, own, shortened=at >= command.until - CLOCK_GRAIN)


def first_token(exchange: Exchange) -> float:
    """Seconds from the request until the first content must be here."""
    command = exchange.command
    # A provider that says it is at work gets the longer limit.
    limit = command.kept_alive if exchange.is_alive else command.timeouts.first_token
    return limit or command.timeouts.total


def hurry(exchange: Exchange) -> float | None:
    """Seconds that an attempt has where that is less than its own limits; else ``None``."""
    command = exchange.command
    if command.until >= command.ends_at:
        return None
    longest = first_token(exchange) if exchange.prepared.stream else command.timeouts.total
    reaches = exchange.sent_at + longest >= command.until - CLOCK_GRAIN
    return command.until - exchange.sent_at if reaches else None


def cut_first_token(failure: Failure | None) -> float | None:
    """The first-token limit that cut the wait, where no hurry of this call shortened it."""
    if isinstance(failure, LimitReached) and failure.limit == "first_token":
        return None if failure.shortened else failure.seconds
    return None


def _own_limit(command: Send | Relay, exchange: Exchange, at: float) -> tuple[str, float]:
    """The attempt's own limit of the next read, and when it fires."""
    if exchange.decoder is None and not exchange.prepared.stream:
        # The most frequent by far: a whole answer that is on its way.
        return "total", exchange.sent_at + exchange.command.timeouts.total
    idle = exchange.command.target.timeouts.idle
    if exchange.is_whole:
        return "idle", at + min(LAST_WORDS, idle)
    # Held back, what has come is not silence either.
    if isinstance(command, Relay) or exchange.has_content:
        return "idle", at + idle
    if exchange.is_silent:
        return "first_token", exchange.sent_at + first_token(exchange)
    return "total", exchange.sent_at + command.timeouts.total
