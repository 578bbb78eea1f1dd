"""From facts to the first rule that fits.

Most rules of a set have nothing to do with a given failure. So each rule is
filed under what must be there for it to hold (a code, a word, a status), and
only the rules that something in the facts points at are looked at, in order.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from orchestrator.classification.facts import Facts
from orchestrator.classification.phrases import (
    Part,
    Phrase,
    Verdicts,
    near,
    normalise,
    phrase,
    phrases,
)
from orchestrator.classification.regex_guard import TEXT_LIMIT
from orchestrator.classification.rule import Rule


def fits(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of a user's rule holds.

    Text is looked for in the whole body, not only in the fields where providers
    put their words: a user's endpoint may put them anywhere.
    """
    if not _structure_fits(rule, facts):
        return False
    whole = facts.whole()
    text = normalise(whole) if rule.contains or rule.also or rule.unless else ""
    wanted = all(_says(text, some) for some in (rule.contains, rule.near, rule.also) if some)
    return wanted and not _says(text, rule.unless) and _regex_fits(rule, whole[:TEXT_LIMIT])


def _says(text: str, written: Iterable[str]) -> bool:
    return any(phrase(one).within(text) for one in written)


def _structure_fits(rule: Rule, facts: Facts) -> bool:
    if rule.statuses and not _status_fits(rule, facts):
        return False
    if rule.other_statuses and facts.status in rule.other_statuses:
        return False
    if rule.codes and rule.codes.isdisjoint(facts.codes):
        return False
    if rule.types and rule.types.isdisjoint(facts.codes):
        return False
    if rule.header is None:
        return True
    name, wanted = rule.header
    return name in facts.headers and wanted in facts.headers[name].lower()


def _status_fits(rule: Rule, facts: Facts) -> bool:
    if facts.status in rule.statuses or facts.http_status in rule.statuses:
        return True
    # An event that names no status is one inside a 200, and so are the words of an exception.
    return facts.status is None and 200 in rule.statuses and bool(rule.contains)


def _regex_fits(rule: Rule, text: str) -> bool:
    return rule.regex is None or rule.regex.search(text) is not None


_Entry = tuple[int, str, str, Phrase]
"""A rule's rank, two quick refusals (a word and the longest text of a phrase), the phrase."""


class RuleSet:
    """An ordered set of rules, filed for quick matching."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._codes: dict[str, list[int]] = defaultdict(list)
        self._words: dict[str, list[_Entry]] = defaultdict(list)
        self._alone: dict[str, list[int]] = defaultdict(list)
        self._characters: dict[str, list[_Entry]] = defaultdict(list)
        self._statuses: dict[int | None, list[int]] = defaultdict(list)
        self._contains = [phrases(rule.contains) for rule in self.rules]
        self._near = [Verdicts(rule.near) for rule in self.rules]
        self._also = [phrases(rule.also) for rule in self.rules]
        self._unless = [phrases(rule.unless) for rule in self.rules]
        self._unless_ascii = [
            tuple(one for one in ready if one.longest.isascii()) for ready in self._unless
        ]
        self._commonness = Counter(
            word for ready in self._contains for one in ready for word in one.anchors
        )
        for rank, rule in enumerate(self.rules):
            self._file(rank, rule)
        self._code_names = frozenset(self._codes)
        self._filed = {
            word: (tuple(self._alone.get(word, ())), tuple(self._words.get(word, ())))
            for word in {*self._words, *self._alone}
        }
        self._word_names = frozenset(self._filed)
        self._character_names = frozenset(self._characters)

    def first(self, facts: Facts) -> Rule | None:
        """The first rule that fits, or ``None``."""
        best = self._first_of(self._by_structure(facts), facts)
        if facts.text:
            # Only a phrase that stands before what the codes and the status say can matter.
            best = self._first_of(self._by_phrase(facts, best), facts, best)
        return self.rules[best] if best < len(self.rules) else None

    def _first_of(self, ranks: set[int], facts: Facts, best: int | None = None) -> int:
        for rank in sorted(ranks) if len(ranks) > 1 else ranks:
            if self._fits(rank, facts):
                return rank
        return len(self.rules) if best is None else best

    def _fits(self, rank: int, facts: Facts) -> bool:
        rule = self.rules[rank]
        if not _structure_fits(rule, facts):
            return False
        contains, also = self._contains[rank], self._also[rank]
        unless = (self._unless_ascii if facts.text.isascii() else self._unless)[rank]
        if contains and rule.codes and not _found(contains, facts):
            return False
        if also and not _found(also, facts):
            return False
        if unless and _found(unless, facts):
            return False
        if rule.near and not near(facts.text, facts.words, contains, self._near[rank]):
            return False
        return _regex_fits(rule, facts.raw)

    def _file(self, rank: int, rule: Rule) -> None:
        if rule.codes:
            for code in rule.codes:
                self._codes[code].append(rank)
        elif rule.contains:
            for ready in self._contains[rank]:
                self._file_phrase(rank, ready)
        else:
            for status in rule.statuses:
                self._statuses[status].append(rank)

    def _file_phrase(self, rank: int, ready: Phrase) -> None:
        if ready.anchors:
            # Filed under its rarest word, a phrase is looked for most sparingly.
            rarest = ready.rarest(self._commonness)
            if ready.parts == (Part(rarest, open_left=False, open_right=False),):
                # The phrase is just this word, so that the word decides.
                self._alone[rarest].append(rank)
            else:
                # A second word that must be there refuses most phrases for next to nothing.
                others = ready.anchors - {rarest}
                second = min(others, key=self._commonness.__getitem__) if others else rarest
                self._words[rarest].append((rank, second, ready.longest, ready))
        else:
            self._characters[ready.parts[0].text[0]].append((rank, "", ready.longest, ready))

    def _by_structure(self, facts: Facts) -> set[int]:
        """The ranks of rules that a code or the status points at."""
        ranks: set[int] = set()
        for code in facts.codes & self._code_names:
            ranks.update(self._codes[code])
        for status in (facts.status, facts.http_status):
            ranks.update(self._statuses.get(status, ()))
        return ranks

    def _by_phrase(self, facts: Facts, before: int) -> set[int]:
        """The ranks below ``before`` of rules that a phrase in the text belongs to."""
        text, words = facts.text, facts.words
        ranks: set[int] = set()
        filed = [self._filed[word] for word in words & self._word_names]
        if not text.isascii():
            names = self._character_names.intersection(text)
            filed += [((), tuple(self._characters[character])) for character in names]
        for alone, entries in filed:
            for rank in alone:
                if rank >= before:
                    break
                ranks.add(rank)
            for rank, second, longest, ready in entries:
                if rank >= before:
                    break
                if (
                    (not second or second in words)
                    and longest in text
                    and rank not in ranks
                    and ready.within(text)
                ):
                    ranks.add(rank)
        return ranks


def _found(ready: Sequence[Phrase], facts: Facts) -> bool:
    text = facts.text
    for one in ready:  # noqa: SIM110 - a generator costs three times as much here
        if one.longest in text and one.within(text):
            return True
    return False
