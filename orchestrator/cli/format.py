"""Formats of numbers, durations and strangers' texts for people."""

from __future__ import annotations

import re

from orchestrator.api.errors import whole_duration

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_SPACE = re.compile(r"\s+")


def duration(seconds: float) -> str:
    """A length of time in one unit: ``3.2 s``, ``40 s``, ``4 min``, ``1.5 h``, ``2 d``."""
    return f"{max(0.0, seconds):.1f} s" if seconds < 10 else whole_duration(seconds)


def lasting(seconds: float) -> str:
    """How long something has been so: ``for 40 s``."""
    return "just now" if seconds < 1 else f"for {whole_duration(seconds)}"


def count(number: int, noun: str) -> str:
    """``1 request``, ``2,000 requests``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def one_line(text: str) -> str:
    """``text`` on one line, without what a terminal would obey.

    A provider's message is a stranger's text: an escape sequence in it could move the
    cursor and write over what was shown before.
    """
    return _CONTROL.sub("", _SPACE.sub(" ", text)).strip()


def printable(text: str) -> str:
    """``text`` without what a terminal would obey; line breaks and tabs stay."""
    return _CONTROL.sub("", text)


def http_answer(status: int | None, message: str) -> str:
    """``HTTP 402: Insufficient Balance``, or the part of it that is known."""
    http = f"HTTP {status}" if status is not None else ""
    return ": ".join(part for part in (http, one_line(message)) if part)
