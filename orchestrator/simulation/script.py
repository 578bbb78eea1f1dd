"""The scripts that ``simulate`` plays: ``402, ok`` or ``429(retry_after=2)@key#1, 503*3, timeout``.

::

    script   = item { ("," | ";" | line end) item }
    item     = word [ "(" option { "," option } ")" ] { "@" name } [ "*" count ]
    option   = "retry_after=" seconds | "after=" seconds | "message=" text

A word is an HTTP status, the name of a reason, or ``ok``, ``timeout``, ``connect``, ``cut``.
A name binds the item to a provider, a ``provider/model`` or a credential's label. A text
with commas or brackets is quoted. A ``#`` after a blank, or first in a line, begins a
comment.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from orchestrator.config.errors import NotAllowed
from orchestrator.config.scalars import seconds_or_zero
from states import Reason

OK = "ok"
TIMEOUT = "timeout"
CONNECT = "connect"
CUT = "cut"

_SYNONYMS = {Reason.CONNECTION.value: CONNECT, Reason.STREAM_INTERRUPTED.value: CUT}
_NOT_ANSWERS = frozenset({Reason.CANCELLED, Reason.DEADLINE})
REASONS = tuple(reason.value for reason in Reason if reason not in _NOT_ANSWERS)
"""Reasons that an answer can have; the other two are endings of the caller's own."""

WORDS = (OK, CONNECT, CUT, *(name for name in REASONS if name not in _SYNONYMS))
"""What an item may say, besides an HTTP status."""

ANSWER_SECONDS = 0.5
"""Seconds that an answer takes where the script does not say: about what a short completion of
a hosted model takes (an assumption of ours, 2026-11-21)."""

MOST = 10_000
"""The largest count after ``*``: far above any policy's attempts."""

_STATUS = re.compile(r"[2-5][0-9]{2}", re.ASCII)
_WORD = re.compile(r"[^\s,;(@*]+")
_NAME = re.compile(r"[^\s,;(@*]+")
_KEY = re.compile(r"\s*([a-z_]*)\s*=\s*")
_BARE = re.compile(r"[^,()\"']*")
_COUNT = re.compile(r"[0-9]+", re.ASCII)
_BLANK = re.compile(r"(?:\s|(?:^|(?<=\s))#[^\n]*)*", re.MULTILINE)
_OPTIONS = ("retry_after", "after", "message")


class BadScript(ValueError):
    """A script cannot be read. The text names the column, what was found and what is allowed."""


@attrs.frozen
class Item:
    """What one attempt meets.

    Attributes:
        word: An HTTP status as text, or one of :data:`WORDS`.
        names: What the attempt must be at, all of them: provider, ``provider/model``, label.
        seconds: How long the answer takes.
        retry_after: What the answer asks to wait, in seconds.
        message: The provider's own words; ``None`` where the usual ones do.
        place: Where in the script it stands, for errors.
    """

    word: str
    names: tuple[str, ...] = ()
    seconds: float = ANSWER_SECONDS
    retry_after: float | None = None
    message: str | None = None
    place: str = attrs.field(default="", eq=False)

    @property
    def status(self) -> int | None:
        """The HTTP status that the item names; ``None`` for the other words."""
        return int(self.word) if self.word.isdigit() else None


def parse(text: str) -> tuple[Item, ...]:
    """The items of a script, in order; ``503*3`` gives three.

    Raises:
        BadScript: It is none.
    """
    items = tuple(_Reader(text).items())
    if not items:
        raise BadScript(f"the script is empty; allowed: {_allowed_words()}")
    return items


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
                item = attrs.evolve(item, names=(*item.names, self._match(_NAME, "a name")))
            elif sign == "(":
                options |= self._options()
            elif count is not None:
                raise BadScript(f"{start}: a second '*'; allowed: one count for an item")
            else:
                count = self._count()
        return attrs.evolve(item, **options), 1 if count is None else count

    def _word(self) -> str:
        place = self._place()
        found = _WORD.match(self._text, self._at)
        word = found[0] if found else ""
        self._at += len(word)
        word = _SYNONYMS.get(word, word)
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
            options["seconds" if name == "after" else name] = value
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
        return name, value if name == "message" else _duration(value, name, place)

    def _value(self) -> str:
        quote = self._peek()
        if quote not in ("'", '"'):
            return self._match(_BARE, "a value").strip()
        place = self._place()
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


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1, 0.5)
    return f"; did you mean {close[0]}?" if close else ""


def _allowed_words() -> str:
    return f"an HTTP status (402), {', '.join(WORDS)}"
