"""Classification: which reason a failure has, and how we know.

The rules of the room:

* One way through: raw facts (:mod:`gather`) are unwrapped (:mod:`envelope`), the
  first rule that fits decides (:mod:`matching`), and words, wait and hint make
  the error (:mod:`pipeline`). Every step is pure; only ``classify`` reads the
  wall clock, where it is not told the time.
* Rules are data (:mod:`rules`), one file for each group of vendors, each with a
  stable id and its source. A question about one failure ends in one record.
* Nothing here raises for what a provider sent, and nothing costs more for a
  hostile answer than for a large one: every text, list and depth is bounded.
"""

from __future__ import annotations

from orchestrator.classification.pipeline import classify
from orchestrator.classification.rule import Rule

__all__ = ["Rule", "classify"]
