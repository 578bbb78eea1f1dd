"""From facts to the first rule that fits.

Most rules of a set have nothing to do with a given failure. So each rule is
filed under what must be there for it to hold (a code, a word, a status), and
only the rules that something in the facts points at are looked at, in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.phrases import (
    Phrase,
    Verdicts,
    anchors,
    near,
    normalise,
    phrase,
    phrases,
    rarest,
    spellings,
)
from orchestrator.classification.regex_guard import search_guarded
from orchestrator.classification.rule import Rule


def fits(rule: Rule, facts: FailureFacts) -> bool:
    """Whether every condition of a user's rule holds.

    Text is looked for in the whole body, not only in the fields where providers
    put their words: a user's endpoint may put them anywhere.
    """
    if not _structure_fits(rule, facts):
        return False
    if rule.field and not _field_fits(rule, facts):
        return False
    if rule.field:
        return not _says(facts.text, rule.unless)
    whole = facts.whole()
    text = normalise(whole) if rule.contains or rule.also or rule.unless else ""
    wanted = all(_says(text, some) for some in (rule.contains, rule.near, rule.also) if some)
    if not wanted or _says(text, rule.unless):
        return False
    return rule.regex is None or search_guarded(rule.regex, whole)


def _says(text: str, written: Iterable[str]) -> bool:
    return any(phrase(one).within(text) for one in written)


def _field_fits(rule: Rule, facts: FailureFacts) -> bool:
    """Whether one value in the field that a rule names is what it looks for there."""
    return any(
        (not rule.codes or value in rule.codes)
        and (not rule.contains or _says(normalise(value), rule.contains))
        and (rule.regex is None or search_guarded(rule.regex, value))
        for value in facts.values.get(rule.field, ())
    )


def _structure_fits(rule: Rule, facts: FailureFacts) -> bool:
    if rule.statuses and not _status_fits(rule, facts):
        return False
    if rule.other_statuses and facts.status in rule.other_statuses:
        return False
    if rule.codes and not rule.field and rule.codes.isdisjoint(facts.codes):
        return False
    if rule.types and rule.types.isdisjoint(facts.codes):
        return False
    if rule.other_codes and not rule.other_codes.isdisjoint(facts.codes):
        return False
    if rule.header is None:
        return True
    name, wanted = rule.header
    return name in facts.headers and wanted in facts.headers[name].lower()


def _status_fits(rule: Rule, facts: FailureFacts) -> bool:
    if facts.status in rule.statuses or facts.http_status in rule.statuses:
        return True
    # An event that names no status is one inside a 200, and so are the words of an exception.
    return facts.status is None and 200 in rule.statuses and bool(rule.contains)


def _regex_fits(rule: Rule, text: str) -> bool:
    return rule.regex is None or rule.regex.search(text) is not None


_Entry = tuple[int, str, str, Phrase]
"""A rule's rank, two quick refusals (a word and the longest text of a phrase), the phrase."""


_STEM = 3
"""Letters of a word without its ending under which a phrase is filed."""


class _Ready:
    """A rule's phrases, made ready when the rule is looked at for the first time."""

    __slots__ = ("also", "contains", "near", "unless", "unless_ascii")

    def __init__(self, rule: Rule) -> None:
        self.contains = phrases(rule.contains)
        self.near = Verdicts(rule.near) if rule.near else None
        self.also = phrases(rule.also)
        self.unless = phrases(rule.unless)
        self.unless_ascii = tuple(one for one in self.unless if one.longest.isascii())


class RuleSet:
    """An ordered set of rules, filed for quick matching.

    To be made costs little: phrases are filed under one of their words, and made ready when
    a failure has that word.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._ready: dict[int, _Ready] = {}
        self.fields = frozenset(rule.field for rule in self.rules if rule.field)
        self._fields: dict[str, list[int]] = defaultdict(list)
        self._codes: dict[str, list[int]] = defaultdict(list)
        self._statuses: dict[int | None, list[int]] = defaultdict(list)
        self._by_word: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._by_character: dict[str, list[tuple[int, str]]] = defaultdict(list)
        self._entries: dict[str, tuple[_Entry, ...]] = {}
        for rank, rule in enumerate(self.rules):
            self._file(rank, rule)

    def first(self, facts: FailureFacts) -> Rule | None:
        """The first rule that fits, or ``None``."""
        best = self._first_of(self._by_structure(facts), facts)
        if facts.text:
            # Only a phrase that stands before what the codes and the status say can matter.
            best = self._first_of(self._by_phrase(facts, best), facts, best)
        return self.rules[best] if best < len(self.rules) else None

    def _first_of(self, ranks: set[int], facts: FailureFacts, best: int | None = None) -> int:
        for rank in sorted(ranks) if len(ranks) > 1 else ranks:
            if self._fits(rank, facts):
                return rank
        return len(self.rules) if best is None else best

    def _fits(self, rank: int, facts: FailureFacts) -> bool:
        rule = self.rules[rank]
        if not _structure_fits(rule, facts):
            return False
        if rule.field and not _field_fits(rule, facts):
            return False
        ready = self._ready.get(rank)
        if ready is None:
            ready = self._ready[rank] = _Ready(rule)
        if ready.contains and rule.codes and not rule.field and not _found(ready.contains, facts):
            return False
        if ready.also and not _found(ready.also, facts):
            return False
        unless = ready.unless_ascii if facts.text.isascii() else ready.unless
        if unless and _found(unless, facts):
            return False
        if ready.near and not near(facts.text, facts.words, ready.contains, ready.near):
            return False
        return bool(rule.field) or _regex_fits(rule, facts.raw)

    def _file(self, rank: int, rule: Rule) -> None:
        if rule.field:
            self._fields[rule.field].append(rank)
        elif rule.codes:
            for code in rule.codes:
                self._codes[code].append(rank)
        elif rule.contains:
            for written in spellings(rule.contains):
                self._file_phrase(rank, written)
        else:
            for status in rule.statuses:
                self._statuses[status].append(rank)

    def _file_phrase(self, rank: int, written: str) -> None:
        if words := anchors(written):
            self._by_word[rarest(words)].append((rank, written))
            return
        if written.isascii():
            self._by_stem[phrase(written).parts[0].text[:_STEM]].append((rank, written))
        else:
            self._by_character[written.lstrip("*")[0]].append((rank, written))

    def _by_structure(self, facts: FailureFacts) -> set[int]:
        """The ranks of rules that a code or the status points at."""
        ranks: set[int] = set()
        for code in facts.codes:
            if code in self._codes:
                ranks.update(self._codes[code])
        for field in facts.values:
            ranks.update(self._fields.get(field, ()))
        for status in (facts.status, facts.http_status):
            ranks.update(self._statuses.get(status, ()))
        return ranks

    def _by_phrase(self, facts: FailureFacts, before: int) -> set[int]:
        """The ranks below ``before`` of rules that a phrase in the text belongs to."""
        text, words = facts.text, facts.words
        ranks: set[int] = set()
        for entries in self._filed(facts):
            for rank, second, longest, ready in entries:
                if rank >= before:
                    break
                if (
                    (not second or second in words)
                    and rank not in ranks
                    and longest in text
                    and ready.within(text)
                ):
                    ranks.add(rank)
        return ranks

    def _filed(self, facts: FailureFacts) -> Iterator[tuple[_Entry, ...]]:
        """The entries under each word, each stem and each foreign character of the text."""
        for word in facts.words:
            if word in self._by_word:
                yield self._entries.get(word) or self._enter(word, self._by_word[word])
        if self._by_stem:
            for stem in {word[:_STEM] for word in facts.words} & self._by_stem.keys():
                key = f"{stem}*"
                yield self._entries.get(key) or self._enter(key, self._by_stem[stem])
        if not facts.text.isascii():
            for character in self._by_character.keys() & set(facts.text):
                filed = self._by_character[character]
                yield self._entries.get(character) or self._enter(character, filed)

    def _enter(self, key: str, filed: Iterable[tuple[int, str]]) -> tuple[_Entry, ...]:
        entries = tuple(_entry(rank, phrase(written), key) for rank, written in filed)
        self._entries[key] = entries
        return entries


def _entry(rank: int, ready: Phrase, key: str) -> _Entry:
    # A second word that must be there refuses most phrases for next to nothing.
    others = ready.anchors - {key}
    return rank, rarest(others) if others else "", ready.longest, ready


def _found(ready: Sequence[Phrase], facts: FailureFacts) -> bool:
    text = facts.text
    for one in ready:  # noqa: SIM110 - a generator costs three times as much here
        if one.longest in text and one.within(text):
            return True
    return False
