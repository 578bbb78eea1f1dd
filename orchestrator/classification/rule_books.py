"""The rules that a vendor's failures are asked: one base for all, the vendor's own laid over it.

In their order: the vendor's structured codes, its phrases, unmistakable words of other vendors
(a relay passes them on), general codes, general phrases, the status. Each set is made once, and
kept; :func:`prepare` makes them before a failure has to wait for them.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

import attrs

from orchestrator.classification.matching import RuleSet
from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import COVERS, GENERAL, repairs
from orchestrator.vendors import all_vendors, family, maker, vendor


@attrs.frozen
class RuleBook:
    """The rules that one vendor's failures are asked, in two halves.

    Attributes:
        telling: Codes and words, each set before the next.
        covers: Statuses, and types that say no more than a status.
        fields: The unusual fields that they read.
    """

    telling: tuple[RuleSet, ...]
    covers: tuple[RuleSet, ...]
    fields: frozenset[str] = attrs.field(init=False)

    @fields.default
    def _fields(self) -> frozenset[str]:
        return frozenset(field for one in (*self.telling, *self.covers) for field in one.fields)


def prepare(vendors: Iterable[str], dialects: Iterable[str] = ()) -> None:
    """Makes the rules for these vendors ready, and for whoever speaks these dialects.

    It takes 30 ms of one core the first time, and nothing after. Without it the first failure
    takes them, and with it whatever shares its event loop.
    """
    for name in ("", *vendors):
        rule_book(family(name))
    for dialect in dialects:
        rule_book("", dialect)
    repair_rules()


def rule_book(name: str, dialect: str = "") -> RuleBook:
    """The rules for a vendor; a dialect adds the words of the vendor who made it."""
    made_by = maker(dialect) if dialect else None
    return _rule_book(name if vendor(name) else "", "" if made_by is None else made_by.name)


@lru_cache(maxsize=256)
def _rule_book(name: str, second: str) -> RuleBook:
    own = [_own(one) for one in dict.fromkeys((name, second)) if one]
    return RuleBook(
        telling=(*(telling for telling, _ in own), _passed_on(), _general()),
        covers=(*(covers for _, covers in own), _covers()),
    )


@cache
def _own(name: str) -> tuple[RuleSet, RuleSet]:
    """A vendor's codes and words, and its types that say no more than a status."""
    found = vendor(name)
    own = () if found is None else codes_first(found.rules)
    return (
        RuleSet([rule for rule in own if not rule.cover]),
        RuleSet([rule for rule in own if rule.cover]),
    )


@cache
def _passed_on() -> RuleSet:
    """What holds behind any relay. Most of it is nobody's own, so it is kept for all."""
    return RuleSet(codes_first(rule for rule in vendor_rules() if rule.elsewhere))


@cache
def _general() -> RuleSet:
    return RuleSet(GENERAL)


@cache
def _covers() -> RuleSet:
    return RuleSet(COVERS)


@cache
def repair_rules() -> RuleSet:
    """The refusals that a changed request cures, asked also where another rule decided."""
    return RuleSet(repairs.CURES)


def vendor_rules() -> tuple[Rule, ...]:
    """The rules of all vendors, one vendor after the other."""
    return tuple(rule for one in all_vendors() for rule in one.rules)


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule of ours, once."""
    return (*vendor_rules(), *GENERAL, *COVERS)


def codes_first(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """``rules`` with those that name a code before those that name only a phrase."""
    return tuple(sorted(rules, key=lambda rule: not rule.codes))
