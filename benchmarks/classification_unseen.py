"""How the general rules do on a vendor that nobody wrote rules for.

``python benchmarks/classification_unseen.py [CORPUS]`` takes each vendor of CORPUS out of
the rules before it is asked: its failures come under an unknown name and without a dialect,
the rules of its own module are gone, and so is every code and phrase of the general rules,
those of pairs too (``Rule.near``), that only this vendor's failures contain. What is left has
to read words that it never saw. ``--halves`` takes out half of the vendors at a time, which is
harder. ``--keep-words`` takes away the vendor's own rules only. ``--stream`` asks about the
bodies as events of a stream, without a status. ``--misses`` prints each failure that would
recover wrongly, ``--pairs`` what each pair is worth: how many failures it decides, and how many
of those would recover wrongly without it, or only without it.

What the words of a code mean stays as it is: it is no vendor's. So does a word that no failure
of CORPUS contains: it came from a documentation or another report. Exits 1 below ``--recovery``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from benchmarks.classification_score import OWN, Verdict, accepted, load, rates, verdict
from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.failure_reader import read_failure
from orchestrator.classification.matching import RuleSet
from orchestrator.classification.phrases import phrase
from orchestrator.classification.pipeline import explain
from orchestrator.classification.rule import Rule
from orchestrator.classification.rule_books import RuleBook, codes_first
from orchestrator.classification.rules import COVERS, GENERAL
from orchestrator.vendors import all_vendors, family

Worth = dict[str, list[int]]
"""By the name of a rule: failures that it decides, that it gains, that it loses."""


@attrs.frozen
class Seen:
    """One failure of the corpus: its row, whose words it has, and its facts."""

    row: Mapping[str, Any]
    vendor: str
    facts: FailureFacts


def read(row: Mapping[str, Any], *, stream: bool = False) -> Seen:
    """The facts of a row, as the classifier gathers them."""
    facts = read_failure(
        status=None if stream else row.get("status"),
        headers=None if stream else row.get("headers"),
        body=row.get("body"),
        exception=row.get("exception"),
        message=row.get("message"),
        where="sse" if stream else row.get("where", "response"),
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
                one.vendor
                for one in self._rows
                if ready.longest in one.facts.text and ready.within(one.facts.text)
            )
        return self._phrases[written]


def without(rules: Iterable[Rule], vendors: frozenset[str], evidence: Evidence) -> Iterator[Rule]:
    """``rules`` without the words that only ``vendors`` say; a rule left with none is gone."""
    for rule in rules:
        codes = {one for one in rule.codes if _ours(one) or _kept(evidence.code(one), vendors)}
        contains = [one for one in rule.contains if _kept(evidence.phrase(one), vendors)]
        near = [one for one in rule.near if _kept(evidence.phrase(one), vendors)]
        before, left = (rule.codes, rule.contains, rule.near), (codes, contains, near)
        if all(some or not all_ for all_, some in zip(before, left, strict=True)):
            yield attrs.evolve(rule, codes=codes, contains=contains, near=near)


def _ours(code: str) -> bool:
    """Whether a code is a signal of ours, which no vendor sends."""
    return ":" in code


def _kept(said_by: frozenset[str], vendors: frozenset[str]) -> bool:
    return not said_by or not said_by <= vendors


def unseen_rules(vendors: frozenset[str], evidence: Evidence | None) -> tuple[Rule, ...]:
    """The rules as if nobody had seen a failure of ``vendors``; without evidence, their words."""
    others = [one for one in all_vendors() if one.name not in vendors]
    elsewhere = [rule for one in others for rule in one.rules if rule.elsewhere]
    general: Iterable[Rule] = GENERAL
    if evidence is not None:
        general = without(general, vendors, evidence)
    return (*codes_first(elsewhere), *general)


def judge(rules: Iterable[Rule], rows: Sequence[Seen]) -> list[Verdict]:
    """The verdicts on ``rows`` by these rules alone."""
    book = RuleBook((RuleSet(tuple(rules)),), (RuleSet(COVERS),))
    return [verdict(one.row, explain(book, one.facts)) for one in rows]


def worth(rules: Sequence[Rule], rows: Sequence[Seen], verdicts: Sequence[Verdict]) -> Worth:
    """What each pair is worth: it decides, gains and loses so many of ``rows``."""
    found: Worth = defaultdict(lambda: [0, 0, 0])
    pairs = {rule.id for rule in rules if rule.near}
    for pair in pairs & {one.error.rule for one in verdicts}:
        asked = [
            (row, one) for row, one in zip(rows, verdicts, strict=True) if one.error.rule == pair
        ]
        without_it = judge((rule for rule in rules if rule.id != pair), [row for row, _ in asked])
        for (_, one), other in zip(asked, without_it, strict=True):
            found[pair][0] += 1
            found[pair][1] += one.recovery and not other.recovery
            found[pair][2] += other.recovery and not one.recovery
    return found


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
    parser.add_argument("--stream", action="store_true", help="ask as events without a status")
    parser.add_argument("--pairs", action="store_true", help="print what each pair is worth")
    parser.add_argument("--misses", action="store_true", help="print what recovers wrongly")
    parser.add_argument("--recovery", type=float, default=0.0, help="threshold (default none)")
    chosen = parser.parse_args(arguments)
    loaded = load(chosen.corpus, recalled=False)
    if chosen.stream:
        loaded = [row for row in loaded if row.get("status") and isinstance(row.get("body"), dict)]
    rows = [read(row, stream=chosen.stream) for row in loaded]
    evidence = None if chosen.keep_words else Evidence(rows)
    verdicts: list[Verdict] = []
    pairs: Worth = defaultdict(lambda: [0, 0, 0])
    for vendors in left_out(rows, halves=chosen.halves):
        rules = unseen_rules(vendors, evidence)
        asked = [one for one in rows if one.vendor in vendors]
        verdicts += (judged := judge(rules, asked))
        for name, counts in worth(rules, asked, judged).items() if chosen.pairs else ():
            pairs[name] = [one + more for one, more in zip(pairs[name], counts, strict=True)]
    for name, (decided, gained, lost) in sorted(pairs.items()):
        print(f"{name}: decides {decided}, gains {gained}, loses {lost}")
    for one in verdicts:
        if chosen.misses and not one.recovery:
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
