"""All rules, in the order in which they are asked.

For one vendor: its structured codes, its phrases, unmistakable words of other
vendors (a relay passes them on), general codes, general phrases, the status.
A rule that names a code stands before one that names only a phrase; within a
file the order of the page counts.
"""

from __future__ import annotations

from functools import lru_cache

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
    *general_phrases.PLAIN,
    *general_pairs.CODES,
    *general_pairs.SENTENCES,
    *general_phrases.LAST,
    *general_pairs.REQUEST,
    *statuses.RULES,
)
"""The rules for anybody's words, in their order."""
ALL: tuple[Rule, ...] = (*VENDORS, *GENERAL)
"""Every rule of ours, once."""

REPAIR_RULES = RuleSet(repairs.CURES)
"""The refusals that a changed request cures, asked also where another rule decided."""

_DIALECTS = {"anthropic-messages": "anthropic", "gemini": "gemini", "bedrock-converse": "bedrock"}
_SPEAKERS = frozenset(name for rule in VENDORS for name in rule.providers)


def rule_set(family: str, dialect: str = "") -> RuleSet:
    """The rules for a vendor; a dialect adds the words of the vendor who made it."""
    known = family if family in _SPEAKERS else ""
    return _rule_set(known, _DIALECTS.get(dialect, ""))


@lru_cache(maxsize=256)
def _rule_set(family: str, second: str) -> RuleSet:
    own = _of(family)
    second_own = tuple(rule for rule in _of(second) if rule not in own)
    seen = {rule.id for rule in (*own, *second_own)}
    passed_on = tuple(rule for rule in VENDORS if rule.elsewhere and rule.id not in seen)
    return RuleSet(
        (*_codes_first(own), *_codes_first(second_own), *_codes_first(passed_on), *GENERAL)
    )


def _of(family: str) -> tuple[Rule, ...]:
    return tuple(rule for rule in VENDORS if family and family in rule.providers)


def _codes_first(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    return tuple(sorted(rules, key=lambda rule: not rule.codes))
