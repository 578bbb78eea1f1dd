"""Masks what must not leave the process: known secrets in any spelling, and what looks like one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

import msgspec

from orchestrator.secrets.held import LEAST, Secret
from orchestrator.secrets.shapes import MASK, mask_shapes
from orchestrator.secrets.spellings import Span, everything, layers, only_layer, readings

PIECE = 12
"""Characters of a secret that are a secret by themselves (our own choice, 2026-11)."""

_GRAM = 4
"""Bytes of a secret that are looked for at once. One of ``LEAST`` bytes, wherever it begins,
holds four that stand at a multiple of four; so one look at each word of 32 bits of a text finds
every secret, however many are known."""

_BETWEEN = b"\n"
"""What stands between two secrets and is in none: no header can carry it."""

LONGEST = 262_144
"""Characters of a body that is masked before it is read; a longer one is no error text (as
:mod:`orchestrator.classification.embedded` has it), and what is shown of it is masked all the
same."""


class Masker:
    """Knows the secrets of a config; called with a text, it gives it without any of them.

    A secret is masked in any case and in any mixture of plain and encoded characters (see
    :mod:`.spellings`), and so is each piece of it of 12 characters and more. One below 8
    characters, which only a local server's key is, is masked as a whole word and as it is.

    Its own repr, copies and pickles hold no secret. Safe from threads.

    Args:
        secrets: The values.
    """

    def __init__(self, secrets: Iterable[str | Secret] = ()) -> None:
        self._secrets = tuple(dict.fromkeys(map(_held, secrets)))
        self._learned: dict[str, tuple[Secret, ...]] = {}
        self._index: _Index | None = None
        # Again from within: a call inside a signal handler may fail while the index is made.
        self._lock = threading.RLock()

    def __call__(self, text: str) -> str:
        """``text`` without known secrets, and without what looks like a key. Never raises."""
        return mask_shapes(self.known(text))

    def known(self, text: str) -> str:
        """``text`` without known secrets; the very same where it holds none."""
        index = self._index or self._make_index()
        spans = index.spans(text)
        if spans:
            text = _replaced(text, spans)
        return index.words.sub(MASK, text) if index.words is not None else text

    def body(self, body: Any) -> Any:
        """A decoded body, text or bytes without known secrets; the very same where it has none."""
        try:
            text = _text(body)
        except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
            return body
        if not text or len(text) > LONGEST:
            return body
        masked = self.known(text)
        return body if masked == text else _like(body, masked)

    def learn(self, secret: str | Secret, of: str, keep: int) -> None:
        """Mask this too from now on: a credential was read again.

        The index is made here, by the thread that read it, before it is used.

        Args:
            secret: The new value.
            of: Whose it is.
            keep: How many of his newest to keep; what the masker was made with stays for good.
        """
        with self._lock:
            newest = (*self._learned.get(of, ()), _held(secret))
            self._learned[of] = tuple(dict.fromkeys(reversed(newest)))[:keep][::-1]
            self._index = _Index(each.reveal() for each in self._known())

    def _known(self) -> tuple[Secret, ...]:
        return tuple(dict.fromkeys((*self._secrets, *chain(*self._learned.values()))))

    def _make_index(self) -> _Index:
        with self._lock:
            if self._index is None:
                self._index = _Index(secret.reveal() for secret in self._known())
            return self._index

    def __repr__(self) -> str:
        return f"Masker({len(self._known())} secrets)"

    def __reduce__(self) -> tuple[object, ...]:
        return Masker, ()


def mask(text: str, secrets: Iterable[str | Secret] = ()) -> str:
    """``text`` with every secret replaced by ``***``. Never raises; linear in ``text``.

    Args:
        text: Whatever is about to leave the process.
        secrets: Values known to be secret; see :class:`Masker`, which keeps what it knows.
    """
    return Masker(secrets)(text) if secrets else mask_shapes(text)


class _Index:
    """The secrets as they are looked for, and each four bytes of them as a number."""

    def __init__(self, values: Iterable[str]) -> None:
        given = [value for value in values if value]
        forms = dict.fromkeys(form for value in given for form in _forms(value))
        self._forms = _BETWEEN.join([b"", *forms, b""]) if forms else b""
        self._grams = _grams(self._forms)
        self._alone = _grams(_BETWEEN.join(form for form in forms if len(form) < PIECE))
        short = {re.escape(value) for value in given if len(_bare(value)) < LEAST}
        # A longer alternative first: the key "xy" is not "x" and a letter.
        words = "|".join(sorted(short, key=len, reverse=True))
        self.words = re.compile(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])") if short else None

    def spans(self, text: str) -> list[Span]:
        """The parts of ``text`` that hold a secret or a piece of one, in whatever spelling."""
        if not self._forms or len(text) < LEAST:
            return []
        # The id of an answer is looked at in every record, and is one layer that holds nothing.
        alone = only_layer(text)
        if alone is not None and self._grams.isdisjoint(_words(everything(alone).lower())):
            return []
        return [
            read.place(start, end)
            for layer in layers(text)
            if not self._grams.isdisjoint(_words(everything(layer.data).lower()))
            for read in readings(layer)
            for start, end in self._found(read.data.lower())
        ]

    def _found(self, data: bytes) -> Iterator[Span]:
        covered = 0
        for hit in self._hits(_words(data)):
            at = hit * _GRAM
            if at < covered:
                continue
            for form, place in self._with(data[at : at + _GRAM]):
                start, end = _grown(data, at, form, place)
                if end - start >= min(PIECE, len(form)):
                    covered = max(covered, end)
                    yield start, end

    def _hits(self, words: memoryview) -> list[int]:
        """Which of ``words`` may belong to a secret. A piece that is long enough has two."""
        known = {place for place, word in enumerate(words) if word in self._grams}
        return sorted(
            place
            for place in known
            if place + 1 in known or place - 1 in known or words[place] in self._alone
        )

    def _with(self, gram: bytes) -> Iterator[tuple[bytes, int]]:
        """Each secret that holds these bytes, and where in it they stand."""
        at = self._forms.find(gram)
        while at >= 0:
            start = self._forms.rfind(_BETWEEN, 0, at + 1) + 1
            yield self._forms[start : self._forms.find(_BETWEEN, at)], at - start
            at = self._forms.find(gram, at + 1)


def _grams(forms: bytes) -> set[int]:
    """Each four bytes of ``forms`` as a number, wherever they begin."""
    return {word for offset in range(_GRAM) for word in _words(forms[offset:])}


def _words(data: bytes) -> memoryview:
    """Each four bytes of ``data``, one beside the other, as a number."""
    return memoryview(data)[: len(data) // _GRAM * _GRAM].cast("I")


def _grown(data: bytes, at: int, form: bytes, place: int) -> Span:
    """The longest part of ``data`` around ``at`` that is a part of ``form`` around ``place``."""
    start, end, first, last = at, at + _GRAM, place, place + _GRAM
    while start > 0 and first > 0 and data[start - 1] == form[first - 1]:
        start, first = start - 1, first - 1
    while end < len(data) and last < len(form) and data[end] == form[last]:
        end, last = end + 1, last + 1
    return start, end


def _forms(value: str) -> Iterator[bytes]:
    """``value`` as it is looked for: as it is read, or the bytes that others make of it.

    One that holds escapes itself, as an address in a header does, is read through them too:
    they are gone from every reading in which escapes around them are.
    """
    for form in (*(read.data for read in layers(value)), _bare(value).encode("utf-8", "replace")):
        if len(form) >= LEAST:
            yield form.lower()


def _bare(value: str) -> str:
    return "".join(value.split())


def _replaced(text: str, spans: list[Span]) -> str:
    pieces, at = [], 0
    for start, end in merge_spans(spans):
        pieces += [text[at:start], MASK]
        at = end
    return "".join([*pieces, text[at:]])


def merge_spans(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that touch as one."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _held(secret: str | Secret) -> Secret:
    return secret if isinstance(secret, Secret) else Secret(secret)


def _text(body: Any) -> str:
    if isinstance(body, str):
        return body
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body).decode("utf-8", "replace")
    return "" if body is None else msgspec.json.encode(body).decode()


def _like(body: Any, text: str) -> Any:
    """``text`` in the form in which ``body`` was, as far as it has one."""
    if isinstance(body, str | bytes | bytearray | memoryview):
        return text
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return text  # where a secret was no text in it, such as a number
