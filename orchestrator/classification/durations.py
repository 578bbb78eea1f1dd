"""Single values that say how long or when: numbers, durations, dates, epochs."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from typing import Any

YEAR = 366 * 86_400.0
"""No wait is longer: beyond a year a number is a mistake, not a wait."""
EPOCH_FROM = 1e8
"""A plain number above this (1973, or three years) cannot be a wait: it is an epoch."""
MILLISECONDS_FROM = 1e11
"""Epochs above this are milliseconds: as seconds they would be after the year 5138."""

_LONGEST = 200
_PART = re.compile(
    r"(\d{1,12}(?:\.\d{1,12})?)\s*"
    r"(milliseconds?|millis|ms|µs|us|ns|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d"
    r"|weeks?|w|毫秒|秒钟|秒|分钟|分|小时|天|周)(?![a-z])",
    re.IGNORECASE,
)
_UNITS = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "millis": 1e-3, "millisecond": 1e-3,
    "毫秒": 1e-3,
    "s": 1.0, "sec": 1.0, "second": 1.0, "秒": 1.0, "秒钟": 1.0,
    "m": 60.0, "min": 60.0, "minute": 60.0, "分": 60.0, "分钟": 60.0,
    "h": 3600.0, "hr": 3600.0, "hour": 3600.0, "小时": 3600.0,
    "d": 86400.0, "day": 86400.0, "天": 86400.0, "w": 604800.0, "week": 604800.0, "周": 604800.0,
}  # fmt: skip
_FILLER = re.compile(r"[\s,:]*(?:and)?[\s,:]*", re.IGNORECASE)
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?(?:\.\d{1,12})?"
    r"\s*(Z|UTC|GMT|[+-]\d\d:?\d\d)?)?",
    re.IGNORECASE,
)


def bounded(value: float) -> float | None:
    """``value`` where it can be a wait in seconds, else ``None``."""
    return value if math.isfinite(value) and 0 < value <= YEAR else None


def seconds(value: Any, *, scale: float = 1.0, now: float | None = None) -> float | None:
    """A plain number of seconds (times ``scale``); with ``now``, also an epoch."""
    number = _number(value)
    if number is None:
        return None
    if now is not None and number > EPOCH_FROM:
        return instant(number, now)
    return bounded(number * scale)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        if len(value) > 40 or not value.isascii() or "_" in value:
            return None
    elif not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def duration(value: Any) -> float | None:
    """A duration with units: ``1s``, ``6m0s``, ``120ms``, ``4 hours 58 minutes``, ``20 秒``."""
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    found = leading_duration(value.strip())
    return None if found is None else found[0]


def leading_duration(text: str) -> tuple[float, int] | None:
    """The duration at the beginning of ``text``, and where it ends."""
    total, at, parts = 0.0, 0, 0
    while parts < 6:
        start = at if parts == 0 else _FILLER.match(text, at).end()  # type: ignore[union-attr]
        match = _PART.match(text, start)
        if match is None:
            break
        total += float(match.group(1)) * _unit(match.group(2))
        at, parts = match.end(), parts + 1
    found = bounded(total)
    return None if found is None else (found, at)


def _unit(name: str) -> float:
    name = name.lower()
    return _UNITS.get(name) or _UNITS[name.rstrip("s")]


def instant(value: Any, now: float, zone: timezone = UTC) -> float | None:
    """Seconds from ``now`` until an instant: an epoch, RFC 3339, an HTTP-date, a date."""
    number = _number(value)
    if number is not None:
        return _until_epoch(number, now)
    if not isinstance(value, str) or len(value) > _LONGEST:
        return None
    text = value.strip()
    match = _ISO.match(text)
    when = _iso(match, zone) if match is not None else _http_date(text)
    return None if when is None else bounded(when.timestamp() - now)


def _until_epoch(number: float, now: float) -> float | None:
    if not math.isfinite(number) or number < EPOCH_FROM:
        return None
    return bounded((number / 1000 if number > MILLISECONDS_FROM else number) - now)


def _iso(match: re.Match[str], zone: timezone) -> datetime | None:
    year, month, day, hour, minute, second, offset = match.groups()
    try:
        return datetime(
            int(year), int(month), int(day), int(hour or 0), int(minute or 0), int(second or 0),
            tzinfo=_zone(offset, zone),
        )  # fmt: skip
    except (ValueError, OverflowError):
        return None


def _zone(offset: str | None, zone: timezone) -> timezone:
    if not offset:
        return zone
    if offset[0] not in "+-":
        return UTC
    digits = offset[1:].replace(":", "")
    shift = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(shift if offset[0] == "+" else -shift)


def _http_date(text: str) -> datetime | None:
    # The stdlib's parser gives up in several ways on what is no date at all.
    try:
        when = parsedate_to_datetime(text)
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
