"""The spans of calls that are under way, by the calls' ids: what the log names beside a call."""

from __future__ import annotations

from typing import NamedTuple


class SpanIds(NamedTuple):
    """Which span it is, as OpenTelemetry writes it.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits.
    """

    trace_id: str
    span_id: str


CALLS_UNDER_WAY: dict[str, tuple[int, int]] = {}
"""Trace and span of each call from its first ledger entry to its last."""


def span_ids(call: str) -> SpanIds | None:
    """The trace and the span of a call that is under way; ``None`` where it has none."""
    known = CALLS_UNDER_WAY.get(call)
    return None if known is None else SpanIds(f"{known[0]:032x}", f"{known[1]:016x}")
