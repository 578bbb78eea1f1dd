"""Phrases in a provider's text: how both are normalised, and when one holds."""

from __future__ import annotations

import re
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
