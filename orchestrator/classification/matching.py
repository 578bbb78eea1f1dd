"""From facts to the first rule that fits.

Most rules of a set have nothing to do with a given failure. So each rule is
filed under what must be there for it to hold (a code, a word, a status), and
only the rules that something in the facts points at are looked at, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from orchestrator.classification.facts import Facts
from orchestrator.classification.phrases import phrase
from orchestrator.classification.rule import Rule


def _says(text: str, written: Iterable[str]) -> bool:
    return any(phrase(one).within(text) for one in written)


def fits(rule: Rule, facts: Facts, *, whole: bool = False) -> bool:
    """Whether every condition of ``rule`` holds.

    With ``whole`` (user rules), text is looked for in the whole body, not only
    in the fields where providers put their words.
    """
    if rule.statuses and not (
        facts.status in rule.statuses or facts.http_status in rule.statuses
    ):
        return False
    if rule.codes and rule.codes.isdisjoint(facts.codes):
        return False
    if rule.types and rule.types.isdisjoint(facts.codes):
        return False
    return _header_fits(rule, facts) and _text_fits(rule, facts, whole)


def _header_fits(rule: Rule, facts: Facts) -> bool:
    if rule.header is None:
        return True
    name, wanted = rule.header
    return name in facts.headers and wanted in facts.headers[name].lower()


def _text_fits(rule: Rule, facts: Facts, whole: bool) -> bool:
    if rule.contains or rule.also or rule.unless:
        text = facts.whole_text if whole else facts.text
        if rule.contains and not _says(text, rule.contains):
            return False
        if rule.also and not _says(text, rule.also):
            return False
        if rule.unless and _says(text, rule.unless):
            return False
    if rule.regex is None:
        return True
    return rule.regex.search(facts.whole if whole else facts.raw) is not None


class RuleSet:
    """An ordered set of rules, filed for quick matching."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._codes: dict[str, list[int]] = defaultdict(list)
        self._words: dict[str, list[int]] = defaultdict(list)
        self._statuses: dict[int, list[int]] = defaultdict(list)
        self._loose: list[tuple[str, int]] = []
        self._always: list[int] = []
        for rank, rule in enumerate(self.rules):
            self._file(rank, rule)
        self._code_names = frozenset(self._codes)
        self._word_names = frozenset(self._words)

    def first(self, facts: Facts) -> Rule | None:
        """The first rule that fits, or ``None``."""
        for rank in sorted(self._candidates(facts)):
            if fits(self.rules[rank], facts):
                return self.rules[rank]
        return None

    def _file(self, rank: int, rule: Rule) -> None:
        if rule.codes:
            for code in rule.codes:
                self._codes[code].append(rank)
        elif rule.contains:
            for written in rule.contains:
                self._file_phrase(rank, written)
        elif rule.statuses:
            for status in rule.statuses:
                self._statuses[status].append(rank)
        else:
            self._always.append(rank)

    def _file_phrase(self, rank: int, written: str) -> None:
        ready = phrase(written)
        if ready.anchors:
            # The longest word is the rarest, so it points at the rule most sparingly.
            self._words[max(sorted(ready.anchors), key=len)].append(rank)
        else:
            self._loose.append((max((part[0] for part in ready.parts), key=len), rank))

    def _candidates(self, facts: Facts) -> set[int]:
        ranks = set(self._always)
        for code in facts.codes & self._code_names:
            ranks.update(self._codes[code])
        for word in facts.words & self._word_names:
            ranks.update(self._words[word])
        for status in {facts.status, facts.http_status} - {None}:
            ranks.update(self._statuses.get(status, ()))  # type: ignore[arg-type]
        text = facts.text
        ranks.update(rank for part, rank in self._loose if part in text)
        return ranks
