"""Phrases in a provider's text: how both are normalised, and when one holds."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

import attrs

_WORD = re.compile(r"[a-z0-9]+")
_BETWEEN = bytes(code if chr(code).isalnum() else 32 for code in range(128)) + bytes(128)
TEXT_LIMIT = 6_000
"""Characters of text that are looked at; the longest error text seen has 3,400 (2026-11)."""


def normalise(text: str) -> str:
    """``text`` in the form in which phrases are looked up: lower case, single spaces."""
    text = text[:TEXT_LIMIT].lower().replace("_", " ").replace("-", " ")
    if not text.isascii():
        text = text.translate(_plain_letters())
    if "n't" in text:
        text = text.replace("can't", "cannot").replace("n't", " not")
    return " ".join(text.split())


@lru_cache(maxsize=1)
def _plain_letters() -> dict[int, str | None]:
    """Latin letters without their accents, so that "épuisé" and "epuise" are one word.

    Other scripts stay as they are: what looks like an accent in Japanese or Russian makes
    another letter.
    """
    plain: dict[int, str | None] = {
        0x2019: "'",
        0x2018: "'",
        0x0111: "d",
        0x0131: "i",
        0x00DF: "ss",
    }
    for first, last in ((0x00E0, 0x024F), (0x1E00, 0x1EFF)):
        for code in range(first, last + 1):
            base = unicodedata.normalize("NFD", chr(code))[0]
            if base.isascii() and base.isalpha():
                plain[code] = base
    # What is left of letters that were sent in two parts.
    plain.update(dict.fromkeys(range(0x0300, 0x0370)))
    return plain


_PATH = re.compile(r"(://[^\s/\"'<>()]{1,200})/[^\s\"'<>()]{1,400}")


def without_paths(text: str) -> str:
    """``text`` with the addresses in it cut to their hosts: what a page is called says nothing."""
    return _PATH.sub(r"\1", text[:TEXT_LIMIT]) if "://" in text else text


def words(text: str) -> frozenset[str]:
    """The words of a normalised text."""
    # Cutting at a table of characters takes half the time of looking for words.
    if text.isascii():
        return frozenset(text.encode().translate(_BETWEEN).decode().split())
    return frozenset(_WORD.findall(text))


_COMMON = frozenset(
    {
        "the", "model", "your", "is", "to", "please", "limit", "not", "for", "you", "request",
        "this", "exceeded", "or", "a", "in", "api", "reached", "have", "access", "has", "rate",
        "and", "account", "try", "again", "of", "tokens", "quota", "requests", "key", "credits",
        "error", "usage", "too", "been", "invalid", "no", "on", "id", "token", "at", "plan",
        "with", "be", "per", "available", "service", "current", "are", "it",
    }
)  # fmt: skip
"""The words that most errors say (999 of them, counted 2026-11-21): no place to file a phrase."""


@attrs.frozen
class PhrasePart:
    """One text of a phrase, and at which of its ends a word may go on."""

    text: str
    open_left: bool
    open_right: bool


@attrs.frozen
class Phrase:
    """A phrase made ready for looking up.

    Attributes:
        parts: The texts that must follow one another.
        anchors: The whole words that any text with this phrase contains.
        longest: The longest of the texts: where it is not, the phrase is not.
    """

    parts: tuple[PhrasePart, ...]
    anchors: frozenset[str]
    longest: str

    def rarest(self) -> str:
        """The anchor that the fewest texts have."""
        return rarest(self.anchors)

    def within(self, text: str) -> bool:
        """Whether the normalised ``text`` contains this phrase."""
        if len(self.parts) == 1:
            return _find(text, self.parts[0], 0) >= 0
        end = 0
        for _ in range(_PLACES):
            end = _find(text, self.parts[0], end)
            if end < 0 or self._goes_on(text, end):
                return end >= 0
        return False

    def _goes_on(self, text: str, end: int) -> bool:
        """Whether the other parts follow ``end``, each close to the last and in its sentence."""
        for part in self.parts[1:]:
            after = _find(text, part, end)
            between = text[end : after - len(part.text)]
            if after < 0 or len(between) > GAP or _SENTENCE_END.search(between):
                return False
            end = after
        return True


GAP = 80
"""Characters that ``…`` may stand for: a model's name and what belongs to it (2026-11-29)."""
NEAR = 56
"""Characters between two phrases that are said of one another: of 999 errors, by rules that
never saw their vendors, the most recover at 50 to 56 (2026-11-21; 948 at 20, 959 at 70)."""
_PLACES = 12
_SENTENCE_END = re.compile("[.!?;] |[。！？；]")
_NEGATION = re.compile(r"\b(?:not|cannot|never|without)(?: yet| been| be)* $")


class Verdicts:
    """Phrases that may be said of a subject, filed by the words that a text must have."""

    def __init__(self, written: Iterable[str]) -> None:
        self._by_word: dict[str, list[Phrase]] = defaultdict(list)
        self._others: list[Phrase] = []
        self._foreign: list[Phrase] = []
        for one in phrases(written):
            if one.anchors:
                self._by_word[one.rarest()].append(one)
            elif one.longest.isascii():
                self._others.append(one)
            else:
                self._foreign.append(one)
        self._names = frozenset(self._by_word)

    def in_words(self, words: frozenset[str]) -> list[Phrase]:
        """The phrases that a text of these words may contain."""
        found = [one for word in self._names & words for one in self._by_word[word]]
        return [*found, *self._others] if self._others else found

    def said(self, text: str, words: frozenset[str]) -> list[Phrase]:
        """The phrases of which ``text`` has the longest part; ``words`` are its words."""
        found = [one for one in self.in_words(words) if one.longest in text]
        if self._foreign and not text.isascii():
            found += [one for one in self._foreign if one.longest in text]
        return found


def near(text: str, words: frozenset[str], subjects: Sequence[Phrase], verdicts: Verdicts) -> bool:
    """Whether one of ``verdicts`` is said of one of ``subjects``: in its sentence, close by.

    A verdict that is denied ("has not expired") does not count. At most the first dozen
    places of subjects are looked at, which bounds the cost of a hostile text.
    """
    said = verdicts.said(text, words)
    if not said:
        return False
    places = 0
    for subject in subjects:
        for start, end in _places(text, subject):
            if _said_around(text, start, end, said):
                return True
            places += 1
            if places == _PLACES:
                return False
    return False


def _places(text: str, subject: Phrase) -> Iterator[tuple[int, int]]:
    """Where a phrase of a single part stands in ``text``."""
    part, end = subject.parts[0], 0
    if part.text not in text:
        return
    while (end := _find(text, part, end)) >= 0:
        yield end - len(part.text), end


def _said_around(text: str, start: int, end: int, verdicts: Sequence[Phrase]) -> bool:
    # Whole words only, so that a cut does not make "expired" of "unexpired".
    before = text[text.rfind(" ", 0, max(0, start - NEAR)) + 1 : start]
    after = text[end : end + NEAR]
    if len(text) > end + NEAR and _alphanumeric(text[end + NEAR]):
        # Where words are not parted by spaces, the cut may stand anywhere.
        after = after.rpartition(" ")[0] if after.isascii() else after
    if not any(one.longest in before or one.longest in after for one in verdicts):
        return False
    before = _SENTENCE_END.split(before)[-1]
    after = _SENTENCE_END.split(after, maxsplit=1)[0]
    return any(
        verdict.longest in side and _affirmed(side, verdict)
        for verdict in verdicts
        for side in (before, after)
    )


def _affirmed(side: str, verdict: Phrase) -> bool:
    end = _find(side, verdict.parts[0], 0)
    if end < 0 or len(verdict.parts) > 1:
        return verdict.within(side)
    return _NEGATION.search(side[: end - len(verdict.parts[0].text)]) is None


def rarest(anchors: Iterable[str]) -> str:
    """The word of a phrase that the fewest texts have: no common one, and a long one."""
    ordered = sorted(anchors)
    return max([word for word in ordered if word not in _COMMON] or ordered, key=len)


_PLAIN = re.compile(r"[a-z0-9 ]+")
"""A phrase of nothing but words, as most are; it is ready as it stands."""


_FOREIGN = re.compile(r"[^\x00-\x7f\u00c0-\u024f\u1e00-\u1eff]+\*?")
"""A phrase without a letter of the Latin script: it has no whole words to be filed under."""


@lru_cache(maxsize=8192)
def phrase(written: str) -> Phrase:
    """The phrase for what a rule's author wrote."""
    if _PLAIN.fullmatch(written):
        return Phrase((PhrasePart(written, False, False),), frozenset(written.split()), written)
    parts = tuple(_part(piece) for piece in written.split("…"))
    anchors: set[str] = set()
    for part in parts:
        anchors.update(_whole_words(part))
    return Phrase(parts, frozenset(anchors), max((part.text for part in parts), key=len))


def anchors(written: str) -> Iterable[str]:
    """The whole words that any text with this phrase contains; quicker than the phrase itself."""
    if _PLAIN.fullmatch(written):
        return written.split()
    return () if _FOREIGN.fullmatch(written) else phrase(written).anchors


_SPELLED = re.compile(r"(?<=[a-z]i)z(?=e[ds]?\b|ed\b|ing\b|ation)|(?<=licen)s(?=e\b)")


def spellings(written: Iterable[str]) -> Iterator[str]:
    """What a rule's author wrote, in American and in British spelling."""
    for one in written:
        yield one
        if "z" in one or "license" in one:
            british = _SPELLED.sub(_british, one)
            if british != one:
                yield british


def phrases(written: Iterable[str]) -> tuple[Phrase, ...]:
    """The phrases for what a rule's author wrote, in American and in British spelling."""
    return tuple(phrase(one) for one in dict.fromkeys(spellings(written)))


def _british(match: re.Match[str]) -> str:
    return "s" if match.group() == "z" else "c"


def _part(piece: str) -> PhrasePart:
    piece = piece.strip()
    text = normalise(piece.strip("*"))
    if not text:
        raise ValueError(f"the phrase part {piece!r} has no text to look for")
    # A boundary is a change between ASCII letters or digits and anything else.
    open_left = piece.startswith("*") or not _alphanumeric(text[0])
    open_right = piece.endswith("*") or not _alphanumeric(text[-1])
    return PhrasePart(text, open_left, open_right)


def _whole_words(part: PhrasePart) -> list[str]:
    return [
        match.group()
        for match in _WORD.finditer(part.text)
        if not (part.open_left and match.start() == 0)
        and not (part.open_right and match.end() == len(part.text))
    ]


def _alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _find(text: str, part: PhrasePart, start: int) -> int:
    """Where ``part`` ends in ``text`` at or after ``start``, bounded by words; -1 if nowhere."""
    length = len(part.text)
    while (at := text.find(part.text, start)) >= 0:
        end = at + length
        left = part.open_left or at == 0 or not _alphanumeric(text[at - 1])
        right = part.open_right or end == len(text) or not _alphanumeric(text[end])
        if left and right:
            return end
        start = at + 1
    return -1
