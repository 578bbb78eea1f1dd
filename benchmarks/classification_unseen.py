"""How the general rules do on a vendor that nobody wrote rules for.

``python benchmarks/classification_unseen.py [CORPUS]`` takes each vendor of CORPUS out of
the rules before it is asked: its failures come under an unknown name and without a dialect,
the rules of its own file are gone, and so is every code and phrase of the general rules
that only this vendor's failures contain. What is left has to read words that it never saw.
``--halves`` takes out half of the vendors at a time, which is harder. ``--keep-words`` takes
away the vendor's own rules only. ``--misses`` prints each failure that would recover wrongly.

Pairs of plain words (``Rule.near``) and what the words of a code mean stay as they are: they
are no vendor's, although they were chosen with these failures at hand. So does a word that no
failure of CORPUS contains: it came from a documentation or another report. Exits 1 below
``--recovery``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.classification_score import OWN, Verdict, accepted, load, rates, verdict
from orchestrator.classification import gather
from orchestrator.classification.facts import Facts
from orchestrator.classification.matching import RuleSet
from orchestrator.classification.phrases import phrase
from orchestrator.classification.pipeline import explain
from orchestrator.classification.rule import Rule
from orchestrator.classification.rule_books import RuleBook, codes_first
from orchestrator.classification.rules import COVERS, GENERAL
from orchestrator.vendors import all_vendors, family


@attrs.frozen
class Seen:
    """One failure of the corpus: its row, whose words it has, and its facts."""

    row: Mapping[str, Any]
    vendor: str
    facts: Facts


def read(row: Mapping[str, Any]) -> Seen:
    """The facts of a row, as the classifier gathers them."""
    facts = gather.facts(
        status=row.get("status"),
        headers=row.get("headers"),
        body=row.get("body"),
        exception=row.get("exception"),
        message=row.get("message"),
        where=row.get("where", "response"),
    )
    return Seen(row, family(str(row.get("provider") or "unnamed")), facts)


class Evidence:
    """Which vendors' failures contain a code or a phrase."""

    def __init__(self, rows: Sequence[Seen]) -> None:
        self._rows = rows
        self._codes: dict[str, frozenset[str]] = {}
        self._phrases: dict[str, frozenset[str]] = {}

    def code(self, code: str) -> frozenset[str]:
        """The vendors that send ``code``."""
        if code not in self._codes:
            self._codes[code] = frozenset(
                one.vendor for one in self._rows if code in one.facts.codes
            )
        return self._codes[code]

    def phrase(self, written: str) -> frozenset[str]:
        """The vendors that say ``written``."""
        if written not in self._phrases:
            ready = phrase(written)
            self._phrases[written] = frozenset(
                one.vendor for one in self._rows if ready.within(one.facts.text)
            )
        return self._phrases[written]


def without(rules: Iterable[Rule], vendors: frozenset[str], evidence: Evidence) -> Iterator[Rule]:
    """``rules`` without the words that only ``vendors`` say; a rule left with none is gone."""
    for rule in rules:
        if rule.near:
            yield rule
            continue
        codes = {one for one in rule.codes if _ours(one) or _kept(evidence.code(one), vendors)}
        contains = [one for one in rule.contains if _kept(evidence.phrase(one), vendors)]
        if (rule.codes and not codes) or (rule.contains and not contains):
            continue
        yield attrs.evolve(rule, codes=codes, contains=contains)


def _ours(code: str) -> bool:
    """Whether a code is a signal of ours, which no vendor sends."""
    return ":" in code


def _kept(said_by: frozenset[str], vendors: frozenset[str]) -> bool:
    return not said_by or not said_by <= vendors


def judge(rows: Sequence[Seen], vendors: frozenset[str], *, keep_words: bool) -> list[Verdict]:
    """The verdicts on the failures of ``vendors`` by rules that never saw them."""
    others = [one for one in all_vendors() if one.name not in vendors]
    elsewhere = [rule for one in others for rule in one.rules if rule.elsewhere]
    general: Iterable[Rule] = GENERAL
    if not keep_words:
        general = without(general, vendors, Evidence(rows))
    telling = RuleSet((*codes_first(elsewhere), *general))
    book = RuleBook((telling,), (RuleSet(COVERS),))
    return [verdict(one.row, explain(book, one.facts)) for one in rows if one.vendor in vendors]


def left_out(rows: Sequence[Seen], *, halves: bool) -> list[frozenset[str]]:
    """The sets of vendors to take out in turn: each alone, or one half and the other."""
    vendors = sorted({one.vendor for one in rows})
    if halves:
        return [frozenset(vendors[0::2]), frozenset(vendors[1::2])]
    return [frozenset({one}) for one in vendors]


def report(title: str, verdicts: Sequence[Verdict]) -> float:
    """Print one line of shares, and return the share that recovers as it should."""
    exact, recovery = rates(verdicts)
    money = [one for one in verdicts if accepted(one.row) == {"billing"}]
    seen = sum(one.error.reason == "billing" for one in money)
    grave = sum(one.grave for one in verdicts)
    print(
        f"{title}: {len(verdicts)} rows, exact {exact:.1%}, recovery {recovery:.1%}, "
        f"billing seen {seen} of {len(money)}, grave {grave}"
    )
    return recovery


def main(arguments: Sequence[str]) -> int:
    """Print the shares, and the misses where asked for."""
    parser = argparse.ArgumentParser(description="Score the rules on vendors taken out of them.")
    parser.add_argument("corpus", type=Path, nargs="?", default=OWN)
    parser.add_argument("--halves", action="store_true", help="take out half of the vendors")
    parser.add_argument("--keep-words", action="store_true", help="take out vendors' rules only")
    parser.add_argument("--misses", action="store_true", help="print what recovers wrongly")
    parser.add_argument("--recovery", type=float, default=0.0, help="threshold (default none)")
    chosen = parser.parse_args(arguments)
    rows = [read(row) for row in load(chosen.corpus, recalled=False)]
    verdicts: list[Verdict] = []
    for vendors in left_out(rows, halves=chosen.halves):
        verdicts += judge(rows, vendors, keep_words=chosen.keep_words)
    if chosen.misses:
        for one in verdicts:
            if not one.recovery:
                _print_miss(one)
    title = "half of the vendors out" if chosen.halves else "one vendor out at a time"
    return 0 if report(title, verdicts) >= chosen.recovery else 1


def _print_miss(one: Verdict) -> None:
    body = json.dumps(one.row.get("body"), ensure_ascii=False)[:200]
    print(
        f"{one.row.get('id')} ({one.row.get('provider')} {one.row.get('status')}): "
        f"{one.row['reason']} became {one.error.reason} by {one.error.rule}: {body}"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
