"""When a failure may clear, as the answer says it.

Seconds from the failure, or ``None`` where the answer does not say: what is
negative, zero, past, not a number or above a year is no statement. Sources are
asked in this order: headers that exist for this purpose, structured fields of
the body, the text, and last the budgets that the answer reports as used up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orchestrator.classification.durations import duration, instant, seconds
from orchestrator.classification.wait_texts import in_text

_RESET_LIMIT_HEADERS = (
    "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "x-ratelimit-reset",
    "ratelimit-reset", "x-ratelimit-reset-after", "anthropic-ratelimit-requests-reset",
    "anthropic-ratelimit-tokens-reset", "anthropic-ratelimit-input-tokens-reset",
    "anthropic-ratelimit-output-tokens-reset", "anthropic-ratelimit-unified-reset",
    "x-ratelimit-reset-requests-day", "x-ratelimit-reset-tokens-minute",
    "x-ratelimit-reset-requests-minute", "x-ratelimit-reset-requests-hour",
)  # fmt: skip
_SECONDS_FIELDS = (
    "retryDelay", "retry_after", "retryAfter", "retry_after_seconds", "resets_in_seconds",
    "reset_in_seconds", "resets_in", "estimated_time", "wait_seconds", "quotaResetDelay",
)  # fmt: skip
_INSTANT_FIELDS = (
    "resets_at", "reset_at", "resetsAt", "resetAt", "reset_time", "next_reset_at",
    "quotaResetTimeStamp",
)  # fmt: skip


def wait(
    headers: Mapping[str, str],
    fields: Mapping[str, Any],
    texts: Sequence[str],
    now: float,
    family: str = "",
) -> float | None:
    """Seconds until a failure with these headers, fields and words may clear.

    ``now`` is wall-clock epoch seconds, for answers that name an instant;
    ``family`` is the vendor, whose zone counts where a timestamp has none.
    """
    found = from_headers(headers, now)
    if found is None:
        found = from_fields(fields, now)
    if found is None and texts:
        found = in_text("\n".join(texts), now, family)
    if found is None and headers:
        found = from_budgets(headers, now)
    return found


def from_headers(headers: Mapping[str, str], now: float) -> float | None:
    """The wait that ``retry-after-ms``, ``retry-after`` and their kin ask for."""
    if not headers:
        return None
    for name in ("retry-after-ms", "x-ms-retry-after-ms", "x-retry-after-ms"):
        found = seconds(headers.get(name), scale=0.001)
        if found is not None:
            return found
    for name in ("retry-after", "x-retry-after", "x-ratelimit-timeremaining"):
        value = headers.get(name)
        if value is not None and (found := either(value, now)) is not None:
            return found
    return None


_ASKING = ("retry-after", "retry-after-ms", "x-ms-retry-after-ms", "x-retry-after")
_ASKING_FIELDS = (
    "retryDelay",
    "retry_after",
    "retryAfter",
    "retry_after_seconds",
    "retry_after_ms",
)
_NOTHING = frozenset({"", "0", "0.0", "0s"})


def asks_to_wait(headers: Mapping[str, str], fields: Mapping[str, Any]) -> bool:
    """Whether a failure asks for a wait in a place that is meant for it; zero is no wait."""
    asked = [headers[name] for name in _ASKING if name in headers]
    asked += [str(fields[name]) for name in _ASKING_FIELDS if name in fields]
    return any(value.strip() not in _NOTHING and value.strip()[:1] != "-" for value in asked)


def either(value: Any, now: float) -> float | None:
    """A wait given as seconds, as a duration or as an instant."""
    found = seconds(value, now=now)
    if found is None:
        found = duration(value)
    return instant(value, now) if found is None else found


def from_fields(fields: Mapping[str, Any], now: float) -> float | None:
    """The wait that structured fields of the body ask for."""
    if not fields:
        return None
    if (found := seconds(fields.get("retry_after_ms"), scale=0.001)) is not None:
        return found
    for name in _SECONDS_FIELDS:
        if name in fields and (found := either(fields[name], now)) is not None:
            return found
    for name in _INSTANT_FIELDS:
        if name in fields and (found := instant(fields[name], now)) is not None:
            return found
    return _nested_headers(fields.get("headers"), now)


def _nested_headers(headers: Any, now: float) -> float | None:
    if not isinstance(headers, Mapping):
        return None
    lowered = {str(name).lower(): str(value) for name, value in list(headers.items())[:64]}
    found = from_headers(lowered, now)
    return from_budgets(lowered, now) if found is None else found


def from_budgets(headers: Mapping[str, str], now: float) -> float | None:
    """The latest reset of the budgets that are used up, or of all where none says so."""
    spent: list[float] = []
    others: list[float] = []
    for name in _RESET_LIMIT_HEADERS:
        if name not in headers:
            continue
        found = either(headers[name], now)
        if found is not None:
            (spent if _used_up(headers, name) else others).append(found)
    if spent:
        return max(spent)
    return min(others, default=None)


def _used_up(headers: Mapping[str, str], name: str) -> bool:
    if name.endswith("-reset"):
        remaining = name.removesuffix("reset") + "remaining"
    else:
        remaining = name.replace("reset", "remaining", 1)
    return headers.get(remaining, "").strip() in ("0", "0.0")
