"""The rules for anybody's failures, in the order in which they are asked.

A vendor's own are in its module (:mod:`orchestrator.vendors`).

A rule that names a code stands before one that names only a phrase; within a file the order of
the page counts.
"""

from __future__ import annotations

from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import (
    general_codes,
    general_languages,
    general_pairs,
    general_phrases,
    repairs,
    statuses,
    transport,
)

GENERAL: tuple[Rule, ...] = (
    *transport.RULES,
    *repairs.RULES,
    *general_codes.RULES,
    *general_phrases.MONEY,
    *general_pairs.MONEY,
    *general_languages.MONEY,
    *general_phrases.PLAIN,
    *general_languages.PLAIN,
    *general_pairs.CODES,
    *general_pairs.SENTENCES,
    *general_phrases.LAST,
    *general_pairs.REQUEST,
)
"""The rules for anybody's codes and words, in their order."""
COVERS: tuple[Rule, ...] = (*general_codes.TYPES, *statuses.RULES)
"""What a status says, and types that say no more, where nothing else spoke."""
