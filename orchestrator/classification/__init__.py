"""Classification: which reason a failure has, and how we know.

The rules of the room:

* One way through: raw facts (:mod:`failure_reader`) are unwrapped (:mod:`envelope`), the
  first rule that fits decides (:mod:`matching`), and words, wait and hint make
  the error (:mod:`pipeline`). Every step is pure; only ``classify`` reads the
  wall clock, where it is not told the time.
* Rules are data, each with a stable id and its source: a vendor's in its module
  (:mod:`orchestrator.vendors`), anybody's in :mod:`rules`. A question about one
  failure ends in one record.
* Nothing here raises for what a provider sent, and nothing costs more for a
  hostile answer than for a large one: every text, list and depth is bounded.

A vendor's module needs :class:`.rule.Rule` alone, so the rest is imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestrator.classification.pipeline import classify
    from orchestrator.classification.rule import Rule
    from orchestrator.classification.rule_books import prepare

__all__ = ["Rule", "classify", "prepare"]

_HOMES = {"Rule": "rule", "classify": "pipeline", "prepare": "rule_books"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
