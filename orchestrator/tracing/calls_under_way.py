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


CALLS_UNDER_WAY: dict[str, SpanIds] = {}
"""Each call is in it from its first ledger entry to its last."""
