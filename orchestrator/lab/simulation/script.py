"""The scripts that ``simulate`` plays: ``402, ok`` or ``429(retry_after=2)@key#1, 503*3, timeout``.

::

    script   = [ "stream:" ] item { ("," | ";" | line end) item }
    item     = word [ "(" option { "," option } ")" ] { "@" name } [ "*" count ]
    option   = "retry_after=" seconds | "after=" seconds | "message=" text
             | "pieces=" number | "pace=" seconds | "content=" ("text" | "tool")

A word is an HTTP status, the name of a reason, or ``ok``, ``timeout``, ``silence``, ``stall``,
``connect``, ``cut``. A name binds the item to a provider, a ``provider/model`` or a
credential's label. A text with commas or brackets is quoted. A ``#`` after a blank, or first
in a line, begins a comment. A script that begins with ``stream:`` is one for streamed calls.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import attrs

from orchestrator.config.errors import NotAllowed
from orchestrator.config.scalars import seconds_or_zero
from orchestrator.lab.simulation.script_items import (
    CONTENTS,
    CUT,
    STALL,
    SYNONYMS,
    WITHOUT_PIECES,
    WORDS,
    Item,
    is_whole,
)

MOST = 10_000
"""The largest count after ``*`` and of pieces: far above any policy's attempts."""

_STATUS = re.compile(r"[2-5][0-9]{2}", re.ASCII)
_WORD = re.compile(r"[^\s,;(@*]+")
_NAME = re.compile(r"[^\s,;(@*]+")
_KEY = re.compile(r"\s*([a-z_]*)\s*=\s*")
_QUOTES = ("'", '"')
_BARE = re.compile(r"[^,()\"']*")
_COUNT = re.compile(r"[0-9]+", re.ASCII)
_BLANK = re.compile(r"(?:\s|(?:^|(?<=\s))#[^\n]*)*", re.MULTILINE)
_STREAM = re.compile(r"stream\s*:")
_DURATIONS = ("retry_after", "after", "pace")
_OPTIONS = ("retry_after", "after", "message", "pieces", "pace", "content")
_FIELDS = {"after": "seconds"}


class BadScript(ValueError):
    """A script cannot be read. The text names the column, what was found and what is allowed."""


@attrs.frozen
class AttemptScript:
    """A script that was read.

    Attributes:
        items: What the attempts meet, in order.
        stream: True where it begins with ``stream:``, so that calls are streamed.
    """

    items: tuple[Item, ...]
    stream: bool = False


def parse(text: str) -> tuple[Item, ...]:
    """The items of a script, in order; ``503*3`` gives three.

    Raises:
        BadScript: It is none.
    """
    return read_script(text).items


def read_script(text: str) -> AttemptScript:
    """The script in ``text``; see :func:`parse`.

    Raises:
        BadScript: It is none.
    """
    reader = _Reader(text)
    stream = reader.streamed()
    items = tuple(reader.items())
    if not items:
        raise BadScript(f"the script is empty; allowed: {_allowed_words()}")
    return AttemptScript(items, stream)


def check_names(items: Iterable[Item], known: Iterable[str]) -> None:
    """Refuse a script that is bound to what is not on the route.

    Raises:
        BadScript: An item's ``@name`` is none of ``known``.
    """
    names = tuple(dict.fromkeys(known))
    for item in items:
        for name in item.names:
            if name not in names:
                raise BadScript(
                    f"{item.place}: @{name} is nothing of this route{_near(name, names)}; "
                    f"allowed: {', '.join(f'@{each}' for each in names)}"
                )


class _Reader:
    """Reads a script from left to right, and knows where it is."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def streamed(self) -> bool:
        """Whether the script begins with ``stream:``, which is passed over."""
        self._blank()
        found = _STREAM.match(self._text, self._at)
        self._at = found.end() if found else self._at
        return found is not None

    def items(self) -> Iterator[Item]:
        """Every item, as often as its count says."""
        self._blank()
        while self._at < len(self._text):
            if self._skip(",;"):
                self._blank()
                continue
            item, count = self._item()
            yield from [item] * count
            self._end_of_item()

    def _item(self) -> tuple[Item, int]:
        place = self._place()
        item = attrs.evolve(Item(self._word()), place=place)
        count: int | None = None
        options: dict[str, Any] = {}
        while (sign := self._peek()) and sign in "(@*":
            start = self._place()
            self._at += 1
            if sign == "@":
                item = attrs.evolve(item, names=(*item.names, self._name()))
            elif sign == "(":
                options |= self._options()
            elif count is not None:
                raise BadScript(f"{start}: a second '*'; allowed: one count for an item")
            else:
                count = self._count()
        _check_pieces(item, options)
        return attrs.evolve(item, **options), 1 if count is None else count

    def _word(self) -> str:
        place = self._place()
        found = _WORD.match(self._text, self._at)
        word = found[0] if found else ""
        self._at += len(word)
        word = SYNONYMS.get(word, word)
        if word in WORDS or _STATUS.fullmatch(word):
            return word
        raise BadScript(
            f"{place}: {word or self._peek()!r} is no item{_near(word, WORDS)}; "
            f"allowed: {_allowed_words()}"
        )

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        while True:
            name, value = self._option()
            options[_FIELDS.get(name, name)] = value
            self._spaces()
            if self._skip(")"):
                return options
            if not self._skip(","):
                raise BadScript(f"{self._place()}: found {self._shown()}; allowed: ',' or ')'")

    def _option(self) -> tuple[str, object]:
        place = self._place()
        found = _KEY.match(self._text, self._at)
        name = found[1] if found else ""
        if name not in _OPTIONS:
            shown = f"{name!r} is no option{_near(name, _OPTIONS)}" if name else "no option"
            allowed = ", ".join(f"{each}=" for each in _OPTIONS)
            raise BadScript(f"{place}: {shown}; allowed: {allowed}")
        self._at += len(found[0]) if found else 0
        place = self._place()
        value = self._value()
        if name in _DURATIONS:
            return name, _duration(value, name, place)
        return name, _CHECKS[name](value, place)

    def _name(self) -> str:
        return self._quoted() if self._peek() in _QUOTES else self._match(_NAME, "a name")

    def _value(self) -> str:
        if self._peek() not in _QUOTES:
            return self._match(_BARE, "a value").strip()
        return self._quoted()

    def _quoted(self) -> str:
        quote, place = self._peek(), self._place()
        end = self._text.find(quote, self._at + 1)
        if end < 0:
            raise BadScript(f"{place}: the quote {quote} is never closed")
        value = self._text[self._at + 1 : end]
        self._at = end + 1
        return value

    def _count(self) -> int:
        place = self._place()
        count = int(self._match(_COUNT, "a number after '*'")[:9])
        if not 1 <= count <= MOST:
            raise BadScript(f"{place}: *{count}; allowed: *1 to *{MOST}")
        return count

    def _end_of_item(self) -> None:
        line = self._text.count("\n", 0, self._at)
        self._blank()
        ended = self._at >= len(self._text) or self._text.count("\n", 0, self._at) > line
        if not ended and self._peek() not in (",", ";"):
            raise BadScript(
                f"{self._place()}: found {self._shown()} after an item; allowed: ',' and the next "
                "item, '(' options ')', '@' name, '*' count"
            )

    def _match(self, pattern: re.Pattern[str], what: str) -> str:
        found = pattern.match(self._text, self._at)
        if found is None or not found[0]:
            raise BadScript(f"{self._place()}: found {self._shown()}; allowed: {what}")
        self._at = found.end()
        return found[0]

    def _blank(self) -> None:
        found = _BLANK.match(self._text, self._at)
        self._at = found.end() if found else self._at

    def _spaces(self) -> None:
        while self._peek().isspace():
            self._at += 1

    def _skip(self, signs: str) -> bool:
        if not (self._peek() and self._peek() in signs):
            return False
        self._at += 1
        return True

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _shown(self) -> str:
        return repr(self._peek()) if self._peek() else "the end"

    def _place(self) -> str:
        before = self._text[: self._at]
        column = self._at - (before.rfind("\n") + 1) + 1
        line = before.count("\n") + 1
        return f"line {line}, column {column}" if "\n" in self._text.strip() else f"column {column}"


def _duration(text: str, name: str, place: str) -> float:
    try:
        number: object = float(text)
    except ValueError:
        number = text
    try:
        return seconds_or_zero(number)
    except NotAllowed as error:
        raise BadScript(f"{place}: {name}: {error}") from None


def _number(text: str, place: str) -> int:
    if not (_COUNT.fullmatch(text) and int(text[:9]) <= MOST):
        raise BadScript(f"{place}: pieces: found {text!r}; allowed: 0 to {MOST}")
    return int(text)


def _content(text: str, place: str) -> str:
    if text not in CONTENTS:
        near = _near(text, CONTENTS)
        raise BadScript(f"{place}: content: found {text!r}{near}; allowed: {', '.join(CONTENTS)}")
    return text


_CHECKS: dict[str, Callable[[str, str], object]] = {
    "message": lambda text, _place: text,
    "pieces": _number,
    "content": _content,
}


def _check_pieces(item: Item, options: Mapping[str, Any]) -> None:
    """Refuse pieces where nothing of an answer can come, and answers that have none."""
    pieces = options.get("pieces")
    if pieces is not None and item.word in WITHOUT_PIECES:
        raise BadScript(
            f"{item.place}: {item.word} has no pieces; allowed: pieces= at ok, {CUT}, {STALL} "
            "and failures"
        )
    if pieces == 0 and is_whole(item):
        raise BadScript(f"{item.place}: {item.word} has pieces=0; allowed: 1 or more")


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _allowed_words() -> str:
    return f"an HTTP status (402), {', '.join(WORDS)}"
