"""Phrases in a provider's text: how both are normalised, and when one holds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import attrs

_WORD = re.compile(r"[a-z0-9]+")
TEXT_LIMIT = 6_000
"""Characters of text that are looked at; the longest error text seen has 3,400 (2026-11)."""


def normalise(text: str) -> str:
    """``text`` in the form in which phrases are looked up: lower case, single spaces."""
    text = text[:TEXT_LIMIT].lower().replace("_", " ").replace("-", " ")
    if not text.isascii():
        text = text.replace("\u2019", "'").replace("\u2018", "'")
    return " ".join(text.split())


def words(text: str) -> frozenset[str]:
    """The words of a normalised text."""
    return frozenset(_WORD.findall(text))


@attrs.frozen
class Part:
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

    parts: tuple[Part, ...]
    anchors: frozenset[str]
    longest: str

    def within(self, text: str) -> bool:
        """Whether the normalised ``text`` contains this phrase."""
        start = 0
        for part in self.parts:
            start = _find(text, part, start)
            if start < 0:
                return False
        return True


NEAR = 60
"""Characters between two phrases that are said of one another: the longest such gap in 261
real errors is 52 ("credit balance … to access the API … too low", corpus of 2026-11)."""
_NOUNS = 12
_SENTENCE_END = re.compile("[.!?;] |[。！？；]")
_NEGATION = re.compile(r"(?:\b(?:not|never|without)|n't)(?: yet| been| be)* $")


def near(text: str, subjects: Sequence[Phrase], verdicts: Sequence[Phrase]) -> bool:
    """Whether one of ``verdicts`` is said of one of ``subjects``: in its sentence, close by.

    A verdict that is denied ("has not expired") does not count. At most the first dozen
    places of subjects are looked at, which bounds the cost of a hostile text.
    """
    said = [one for one in verdicts if one.longest in text]
    if not said:
        return False
    places = 0
    for subject in subjects:
        for start, end in _places(text, subject):
            if _said_around(text, start, end, said):
                return True
            places += 1
            if places == _NOUNS:
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
    before = _SENTENCE_END.split(text[max(0, start - NEAR) : start])[-1]
    after = _SENTENCE_END.split(text[end : end + NEAR], maxsplit=1)[0]
    for verdict in verdicts:
        for side in (before, after):
            if verdict.longest in side and _affirmed(side, verdict):
                return True
    return False


def _affirmed(side: str, verdict: Phrase) -> bool:
    end = _find(side, verdict.parts[0], 0)
    if end < 0 or len(verdict.parts) > 1:
        return verdict.within(side)
    return _NEGATION.search(side[: end - len(verdict.parts[0].text)]) is None


@lru_cache(maxsize=4096)
def phrase(written: str) -> Phrase:
    """The phrase for what a rule's author wrote."""
    parts = tuple(_part(piece) for piece in written.split("…"))
    anchors: set[str] = set()
    for part in parts:
        anchors.update(_whole_words(part))
    return Phrase(parts, frozenset(anchors), max((part.text for part in parts), key=len))


def _part(piece: str) -> Part:
    piece = piece.strip()
    text = normalise(piece.strip("*"))
    if not text:
        raise ValueError(f"the phrase part {piece!r} has no text to look for")
    # A boundary is a change between ASCII letters or digits and anything else.
    open_left = piece.startswith("*") or not _alphanumeric(text[0])
    open_right = piece.endswith("*") or not _alphanumeric(text[-1])
    return Part(text, open_left, open_right)


def _whole_words(part: Part) -> list[str]:
    return [
        match.group()
        for match in _WORD.finditer(part.text)
        if not (part.open_left and match.start() == 0)
        and not (part.open_right and match.end() == len(part.text))
    ]


def _alphanumeric(character: str) -> bool:
    return character.isascii() and character.isalnum()


def _find(text: str, part: Part, start: int) -> int:
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
