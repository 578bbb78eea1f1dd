"""The size of what Temporal keeps of one step."""

from __future__ import annotations

import msgspec

from orchestrator.api.request import RequestError
from orchestrator.execution.durable_data import Data

LARGEST_PAYLOAD = 2_000_000
"""Bytes of one payload that Temporal takes by default, 2 MB
(https://docs.temporal.io/cloud/limits, https://docs.temporal.io/self-hosted-guide/defaults,
2026-11-30); a worker that sends more is refused again and again."""


class PayloadTooLarge(RequestError):
    """A step is larger than what Temporal records of one, and no retry makes it smaller."""


def checked_size(data: Data, what: str) -> Data:
    """``data``, which can be recorded.

    Raises:
        PayloadTooLarge: It cannot.
    """
    size = len(msgspec.json.encode(data))
    if size > LARGEST_PAYLOAD:
        raise PayloadTooLarge(
            f"{what} takes {size / 1e6:.1f} MB as JSON, and Temporal records "
            f"{LARGEST_PAYLOAD / 1e6:g} MB of one step at most: make it shorter, or hand over a "
            "reference to what is large"
        )
    return data
