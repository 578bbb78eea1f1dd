"""What a failure repeats of the request: the caller's words, which are no evidence.

Whoever writes a prompt chooses its words, and many endpoints quote them back. So a quoted
span that stands in the request is blanked before any rule reads. A span counts as quoted
behind an opening quotation mark, or behind a colon or the like where it is the beginning of
one of the request's texts: provider's own words that a conversation speaks of ("Your credit
balance is too low") begin a sentence of the provider's, and are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from orchestrator.secrets.masker import merge_spans

FIELDS = frozenset(
    {
        "input", "inputs", "input_value", "failed_generation", "ctx", "messages", "prompt",
        "contents", "flagged_input", "flagged_text", "flagged_content", "request",
        "request_body", "original_request", "instructions", "system", "tools", "tool_calls",
        "arguments", "user_input", "received", "generation", "completion", "query",
    }
)  # fmt: skip
"""Fields that repeat what the caller or a model wrote: pydantic's ``input`` and ``ctx``, Groq's
``failed_generation``, OpenRouter's ``flagged_input`` (2026-11-29)."""
SHORTEST = 12
"""Characters of the shortest span that counts (our own choice, 2026-11): shorter ones are names
and values that every answer may hold."""
BLANK = "..."
"""What stands in place of what is blanked."""
_OPENING = {'"': '"', "'": "'", "`": "`", "\u201c": "\u201d", "\u2018": "\u2019",
            "\u00ab": "\u00bb", "\u300c": "\u300d", "\u300e": "\u300f"}  # fmt: skip
_ANCHOR = re.compile("[\"'`\u201c\u2018\u00ab\u300c\u300e]|[:=>(\\n]\\s{0,4}")
_ANCHORS = 32
"""Places of a text that are compared with the request, which bounds the cost."""
_LONGEST = 100_000
_MOST = 250_000
"""Characters of the request that are compared, the last ones first: 0.1 ms a place
(2026-11-29)."""
_NODES = 20_000
_DATA = 1_000
_DROPPED = bytes(code for code in range(1, 128) if not chr(code).isalnum())
_END = b"\0"
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[nrt])")


class Echoes:
    """Blanks what a failure quotes of one request.

    Args:
        request: What was asked for, decoded; ``None`` where nobody knows.
    """

    def __init__(self, request: Any = None) -> None:
        self._request = request
        self._heard: bytes | None = None

    def blank(self, text: str, until: int | None = None) -> str:
        """``text`` without the spans that it quotes of the request.

        With ``until``, without those that begin before it.
        """
        end = len(text) if until is None else until
        if self._request is None or len(text) < SHORTEST or not _ANCHOR.search(text, 0, end):
            return text
        spans = merge_spans(self._spans(_Print(text), end))
        for start, end in reversed(spans):
            text = f"{text[:start]}{BLANK}{text[end:]}"
        return text

    def repeats(self, piece: str) -> bool:
        """Whether ``piece``, which begins like an object, stands in the request."""
        if self._request is None:
            return False
        said = _Print(piece[:_HEAD])
        return len(said.bytes) >= SHORTEST and said.bytes in self._asked

    @property
    def _asked(self) -> bytes:
        """The texts of the request, letters and digits alone, each between two marks."""
        if self._heard is None:
            texts = (_letters(_unescaped(text)) for text in _texts(self._request))
            self._heard = _END + _END.join(texts) + _END
        return self._heard

    def _spans(self, said: _Print, until: int) -> Iterator[tuple[int, int]]:
        text, end = said.text, 0
        for match in islice(_ANCHOR.finditer(text, 0, until), _ANCHORS):
            start, mark = match.end(), match.group()[0]
            closing = _OPENING.get(mark)
            # An apostrophe inside a word opens nothing, and what is inside a span is part of it.
            inside = closing is not None and match.start() and text[match.start() - 1].isalnum()
            if inside or start < end:
                continue
            # Where the quotation ends at once, what follows is the provider's, unless all of it
            # is how one of the request's texts begins.
            begins = closing is None or closing in text[start : start + SHORTEST]
            first = said.first_from(start)
            ends = self._common(said, first, begins=begins)
            if ends - first >= SHORTEST:
                end = ends
                yield start, end

    def _common(self, said: _Print, start: int, *, begins: bool) -> int:
        """Where the longest text that ``said`` and the request share from ``start`` on ends."""
        first, least = said.at(start), said.at(start + SHORTEST)
        if least - first < _LEAST:
            return start
        wanted = (_END if begins else b"") + said.bytes[first:]
        length = least - first + begins
        at = self._asked.find(wanted[:length])
        if at < 0:
            return start
        # A longer one can only stand behind: the request is gone through once.
        while at >= 0:
            length = _shared(wanted, self._asked, at, length)
            at = self._asked.find(wanted[: length + 1], at + 1) if length < len(wanted) else -1
        return said.end_of(first + length - begins)


_DEPTH = 8
_VALUES = 2_048
_STEP = 64
_HEAD = 32
"""Characters of an object that tell whether it is the caller's."""
_LEAST = 6
"""Letters and digits that a span must have: what is all marks is nobody's words."""


def _shared(wanted: bytes, asked: bytes, at: int, length: int) -> int:
    """How much of ``wanted`` stands at ``at``, of which ``length`` is known to."""
    step = _STEP
    while step:
        if wanted[length : length + step] == asked[at + length : at + length + step]:
            length = min(length + step, len(wanted))
            step = step if length < len(wanted) else 0
        else:
            step //= 2
    return length


class _Print:
    """A text, its letters and digits as bytes, and where in the text each of them is from."""

    def __init__(self, text: str) -> None:
        self.text = text
        if text.isascii() and "\\" not in text:
            self.bytes = _letters(text)
            self._from = [place for place, character in enumerate(text) if character.isalnum()]
            return
        self._from = []
        letters = bytearray()
        place = 0
        while place < len(text):
            character, width = text[place], 1
            if character == "\\" and (escape := _ESCAPE.match(text, place)):
                character, width = _character(escape), len(escape.group())
            kept = _letters(character)
            letters += kept
            self._from += [place] * len(kept)
            place += width
        self.bytes = bytes(letters)

    def at(self, place: int) -> int:
        """The first byte that is from ``place`` or behind it."""
        low, high = 0, len(self._from)
        while low < high:
            middle = (low + high) // 2
            if self._from[middle] < place:
                low = middle + 1
            else:
                high = middle
        return low

    def first_from(self, place: int) -> int:
        """Where the first letter or digit at ``place`` or behind it stands."""
        byte = self.at(place)
        return self._from[byte] if byte < len(self._from) else len(self.text)

    def end_of(self, byte: int) -> int:
        """Where in the text the bytes before ``byte`` end."""
        return self._from[byte - 1] + 1 if byte else 0


def _letters(text: str) -> bytes:
    return text.lower().encode("utf-8", "replace").translate(None, _DROPPED).replace(_END, b"")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    return chr(int(escape.group(1), 16)) if escape.group(1) else " "


def _texts(request: Any) -> Iterator[str]:
    """The texts of a request, the last ones first, but for the model's name."""
    left, waiting = _MOST, [_items(request, top=True)]
    for _ in range(_NODES):
        if not waiting or left <= 0:
            return
        if not waiting[-1]:
            waiting.pop()
            continue
        value = waiting[-1].pop()
        if isinstance(value, str):
            if len(value) >= SHORTEST and not _is_data(value):
                yield value[:_LONGEST]
                left -= min(len(value), _LONGEST)
        elif isinstance(value, Mapping | list | tuple):
            waiting.append(_items(value))


def _is_data(text: str) -> bool:
    """Whether a text is an image or the like, which nobody quotes."""
    head = text[:_DATA]
    return len(head) == _DATA and head.isascii() and " " not in head and "\n" not in head


def _items(value: Any, *, top: bool = False) -> list[Any]:
    if isinstance(value, Mapping):
        return [item for key, item in value.items() if not (top and key == "model")]
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def spoken(value: Any, echoes: Echoes) -> Any:
    """``value`` without the fields that repeat the request, every text in it blanked.

    The first few thousand values of it: more is no error.
    """
    return _spoken(value, echoes, [_VALUES], _DEPTH)


def _spoken(value: Any, echoes: Echoes, left: list[int], depth: int) -> Any:
    left[0] -= 1
    if isinstance(value, str):
        return echoes.blank(value)
    if not depth or left[0] < 0:
        return None
    if isinstance(value, Mapping):
        return {
            key: _spoken(item, echoes, left, depth - 1)
            for key, item in islice(value.items(), _VALUES)
            if not (isinstance(key, str) and key.lower() in FIELDS)
        }
    if isinstance(value, list | tuple):
        return [_spoken(item, echoes, left, depth - 1) for item in value[:_VALUES]]
    return value
