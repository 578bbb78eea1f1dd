"""Waits that stand in a provider's words."""

from __future__ import annotations

import re
from datetime import UTC, timedelta, timezone

from orchestrator.classification.durations import bounded, instant, leading_duration
from orchestrator.vendors.registry import vendor

_LOOKED_AT = 6_000

# Begins with plain letters, so that the engine can skip to where one of them stands.
_LEAD = re.compile(
    r"(?:again|retry(?:ing|delay)?|wait|available|resets?|refreshes|renews|backoff|back off"
    r"|come back|resumes?)"
    r"\W{0,4}(?:(?:your request|request|requests|after|in|for|about|at least|approximately|~"
    r"|another|time|is|please|again|the next)\W{1,3}){0,4}(?<!-)(?=\d)"
)
_LEAD_ZH = re.compile(r"(?:请(?:在|等待|于)?\s?|将?在\s?|等待\s?|重试时间[:：]?\s?)(?=\d)")
_DIGIT = re.compile(r"\d")
_BARE_SECONDS = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(?![\w.%]|\s*(?:am|pm|/|:|tokens|requests))")
_STAMP = re.compile(
    r"(\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?(?:\.\d{1,12})?\s*(?:Z|UTC|GMT|[+-]\d\d:?\d\d)?)?)"
    r"(?: at (\d\d:\d\d) ?(?:UTC|GMT))?",
    re.IGNORECASE,
)
_STAMP_LEAD = re.compile(
    r"\b(?:resets?|again|until|after|regain|renews?|available|retry|restored|refresh)\b"
    r"|重置|恢复|之后|刷新",
    re.IGNORECASE,
)
_EPOCH = re.compile(r"(?:reached|resets?(?: at)?|reset_at|until)\W{0,4}(1\d{9}(?:\d{3})?)\b")
_TIME_OF_DAY = re.compile(
    r"(?:resets?(?: at)?|at|until|again at|again after)\s+(\d{1,2})(?::(\d\d))?\s*(am|pm)?"
    r"\s*\(?(?:UTC|GMT)\b",
    re.IGNORECASE,
)


def in_text(text: str, now: float, family: str = "") -> float | None:
    """The wait that ``text`` asks for, in words, in seconds from ``now``."""
    text = text[:_LOOKED_AT].lower()
    if _DIGIT.search(text) is None:
        return None
    found = _after_a_lead(text, _LEAD)
    if found is None and not text.isascii():
        found = _after_a_lead(text, _LEAD_ZH)
    if found is None and "1" in text:
        found = _epoch(text, now)
    if found is None and "20" in text:
        found = _stamp(text, now, _zone(family))
    if found is None and ("utc" in text or "gmt" in text):
        found = _time_of_day(text, now)
    return found


def _after_a_lead(text: str, lead: re.Pattern[str]) -> float | None:
    for match in lead.finditer(text):
        rest = text[match.end() : match.end() + 80]
        found = leading_duration(rest)
        if found is not None:
            return found[0]
        bare = _BARE_SECONDS.match(rest)
        if bare is not None and _asks_for_seconds(match.group()):
            return bounded(float(bare.group(1)))
    return None


def _asks_for_seconds(lead: str) -> bool:
    return "after" in lead or "in " in lead


def _epoch(text: str, now: float) -> float | None:
    match = _EPOCH.search(text)
    return None if match is None else instant(match.group(1), now)


def _stamp(text: str, now: float, zone: timezone) -> float | None:
    stamps = _STAMP.findall(text)
    if not stamps or _STAMP_LEAD.search(text) is None:
        return None
    waits = (instant(f"{day} {clock}Z" if clock else day, now, zone) for day, clock in stamps)
    return next((one for one in waits if one is not None), None)


def _time_of_day(text: str, now: float) -> float | None:
    match = _TIME_OF_DAY.search(text)
    if match is None:
        return None
    hour, minute, half = (
        int(match.group(1)),
        int(match.group(2) or 0),
        (match.group(3) or "").lower(),
    )
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    if hour > 23 or minute > 59:
        return None
    until = hour * 3600 + minute * 60 - now % 86_400
    return bounded(until if until > 0 else until + 86_400)


def _zone(family: str | None) -> timezone:
    """The zone of timestamps that name none."""
    one = vendor(family) if family else None
    return timezone(timedelta(hours=one.utc_offset)) if one is not None else UTC
