"""All rules, in the order in which they are asked.

For one vendor: its structured codes, its phrases, unmistakable words of other
vendors (a relay passes them on), general codes, general phrases, the status.
A rule that names a code stands before one that names only a phrase; within a
file the order of the page counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import attrs

from orchestrator.classification.matching import RuleSet
from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import (
    amazon,
    anthropic,
    azure,
    china,
    clouds,
    dashscope,
    gateways,
    general_codes,
    general_languages,
    general_pairs,
    general_phrases,
    google,
    hosts,
    local,
    minimax,
    moonshot,
    openai,
    openrouter,
    repairs,
    statuses,
    transport,
    volcengine,
    zhipu,
)

VENDORS: tuple[Rule, ...] = (
    *openai.RULES,
    *anthropic.RULES,
    *google.RULES,
    *amazon.RULES,
    *azure.RULES,
    *openrouter.RULES,
    *zhipu.RULES,
    *volcengine.RULES,
    *dashscope.RULES,
    *minimax.RULES,
    *moonshot.RULES,
    *china.RULES,
    *hosts.RULES,
    *clouds.RULES,
    *gateways.RULES,
    *local.RULES,
)
"""The rules of vendors, file by file."""
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
ALL: tuple[Rule, ...] = (*VENDORS, *GENERAL, *COVERS)
"""Every rule of ours, once."""

_DIALECTS = {"anthropic-messages": "anthropic", "gemini": "gemini", "bedrock-converse": "bedrock"}
_SPEAKERS = frozenset(name for rule in VENDORS for name in rule.providers)


@attrs.frozen
class RuleBook:
    """The rules that one vendor's failures are asked, in two halves.

    Attributes:
        telling: Codes and words, each set before the next.
        covers: Statuses, and types that say no more than a status.
    """

    telling: tuple[RuleSet, ...]
    covers: tuple[RuleSet, ...]


def rule_book(family: str, dialect: str = "") -> RuleBook:
    """The rules for a vendor; a dialect adds the words of the vendor who made it."""
    known = family if family in _SPEAKERS else ""
    return _rule_book(known, _DIALECTS.get(dialect, ""))


@lru_cache(maxsize=256)
def _rule_book(family: str, second: str) -> RuleBook:
    own = [_own(name) for name in dict.fromkeys((family, second)) if name]
    return RuleBook(
        telling=(*(telling for telling, _ in own), _passed_on(), _general()),
        covers=(*(covers for _, covers in own), _covers()),
    )


@lru_cache(maxsize=64)
def _own(family: str) -> tuple[RuleSet, RuleSet]:
    """A vendor's codes and words, and its types that say no more than a status."""
    own = codes_first(rule for rule in VENDORS if family in rule.providers)
    return (
        RuleSet([rule for rule in own if not rule.cover]),
        RuleSet([rule for rule in own if rule.cover]),
    )


@lru_cache(maxsize=1)
def _passed_on() -> RuleSet:
    """What holds behind any relay. Most of it is nobody's own, so it is kept for all."""
    return RuleSet(codes_first(rule for rule in VENDORS if rule.elsewhere))


@lru_cache(maxsize=1)
def _general() -> RuleSet:
    return RuleSet(GENERAL)


@lru_cache(maxsize=1)
def _covers() -> RuleSet:
    return RuleSet(COVERS)


@lru_cache(maxsize=1)
def repair_rules() -> RuleSet:
    """The refusals that a changed request cures, asked also where another rule decided."""
    return RuleSet(repairs.CURES)


def codes_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """``rules`` with those that name a code before those that name only a phrase."""
    return tuple(sorted(rules, key=lambda rule: not rule.codes))
