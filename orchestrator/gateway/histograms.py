"""Histogram of seconds: how many lay within each of its bounds."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from prometheus_client.core import HistogramMetricFamily

OVERHEAD_BOUNDS = (
    *(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005),
    *(0.01, 0.025, 0.05, 0.1, 0.25, 1.0),
)
"""Seconds of ours: a success takes a tenth of a millisecond, a request of many MiB some ten, and
more than 20 ms is a loop that was blocked (our own budget, 2026-11)."""

FIRST_CHUNK_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds until a model's first word: half of one to five where it does not think, a minute or more
where it does; the longest first-token limits are of minutes (2026-11)."""

RESCUE_BOUNDS = (0.01, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
"""Seconds lost before a rescue: next to nothing where a bench was known, those of one refusal (a
fraction of one), of a wait, and up to the deadline where a target was silent."""


class Histogram:
    """Counts seconds in the buckets of a Prometheus histogram.

    Args:
        name: Of the family.
        help_text: What is measured.
        bounds: The upper bound of each bucket but the last, which has none.
    """

    def __init__(self, name: str, help_text: str, bounds: Sequence[float]) -> None:
        self._name, self._help, self._bounds = name, help_text, tuple(bounds)
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def observe(self, seconds: float) -> None:
        """Count ``seconds``."""
        self._counts[bisect_left(self._bounds, seconds)] += 1
        self._sum += seconds

    def family(self) -> HistogramMetricFamily:
        """What was counted, as it is written."""
        buckets, below = [], 0
        for bound, count in zip((*map(str, self._bounds), "+Inf"), self._counts[:], strict=True):
            below += count
            buckets.append((bound, float(below)))
        return HistogramMetricFamily(self._name, self._help, buckets=buckets, sum_value=self._sum)
