"""Items of a script: the answer that one attempt meets, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby

import attrs

from orchestrator.states import Reason

OK = "ok"
TIMEOUT = "timeout"
SILENCE = "silence"
STALL = "stall"
CONNECT = "connect"
CUT = "cut"
EMPTY = "empty"

SYNONYMS = {Reason.CONNECTION.value: CONNECT, Reason.STREAM_INTERRUPTED.value: CUT}
_NOT_ANSWERS = frozenset({Reason.CANCELLED, Reason.DEADLINE})
REASONS = tuple(reason.value for reason in Reason if reason not in _NOT_ANSWERS)
"""Reasons that an answer can have; the other two are endings of the caller's own."""

WORDS = (
    OK,
    EMPTY,
    CONNECT,
    CUT,
    SILENCE,
    STALL,
    *(name for name in REASONS if name not in SYNONYMS),
)
"""What an item may say, besides an HTTP status."""

WITHOUT_PIECES = (
    *(EMPTY, TIMEOUT, SILENCE, CONNECT, Reason.INVALID_RESPONSE.value, Reason.UNKNOWN.value),
)
"""Words that come in place of a stream, whatever is asked for."""

ANSWER_SECONDS = 0.5
"""Seconds until an answer is here, or the first piece of a stream, where the script does not
say: about what a short completion of a hosted model takes (an assumption of ours,
2026-11-21)."""

PACE = 0.1
"""Seconds between two pieces of a stream where the script does not say (our assumption)."""

PIECES = 3
"""Pieces of an answer that comes whole, where the script does not say."""

BROKEN_PIECES = 2
"""Pieces that come of one that does not."""

TEXT, TOOL = "text", "tool"
CONTENTS = (TEXT, TOOL)
"""What the pieces of an answer are: words, or parts of a tool call."""

_PARTING = re.compile(r"""[\s,;(@*'"]""")
"""What ends a name that is not quoted; some models' names have an ``@``."""


@attrs.frozen
class Item:
    """One item of a script: the answer that one attempt meets.

    Attributes:
        word: An HTTP status as text, or one of :data:`WORDS`.
        names: What the attempt must be at, all of them: provider, ``provider/model``, label.
        seconds: Until the answer is here; of a stream, until its first piece is.
        retry_after: What the answer asks to wait, in seconds.
        message: The provider's own words; ``None`` where the usual ones do.
        pieces: Of a stream: how many pieces come before what the word says; ``None`` for
            the usual number, and for a failure that comes in place of a stream.
        pace: Seconds between two pieces of a stream.
        content: One of :data:`CONTENTS`.
        place: Where in the script it stands, for errors.
    """

    word: str
    names: tuple[str, ...] = ()
    seconds: float = ANSWER_SECONDS
    retry_after: float | None = None
    message: str | None = None
    pieces: int | None = None
    pace: float = PACE
    content: str = TEXT
    place: str = attrs.field(default="", eq=False)

    @property
    def status(self) -> int | None:
        """The HTTP status that the item names; ``None`` for the other words."""
        return int(self.word) if self.word.isdigit() else None

    def __str__(self) -> str:
        """The item as a script says it."""
        options = ", ".join(_options(self))
        return f"{self.word}{f'({options})' if options else ''}{''.join(map(_at, self.names))}"


def is_whole(item: Item) -> bool:
    """Whether the answer comes to its end: then a stream of it is not an error."""
    answers = item.word in (OK, EMPTY, Reason.OUTPUT_TRUNCATED)
    return answers or (item.status is not None and item.status < 300)


def written(items: Iterable[Item], *, stream: bool = False) -> str:
    """The script that says ``items``."""
    counted = ((text, sum(1 for _ in same)) for text, same in groupby(map(str, items)))
    text = ", ".join(f"{text}*{count}" if count > 1 else text for text, count in counted)
    return f"stream: {text}" if stream else text


def _options(item: Item) -> Iterator[str]:
    if item.seconds != ANSWER_SECONDS:
        yield f"after={_number(item.seconds)}"
    if item.retry_after is not None:
        yield f"retry_after={_number(item.retry_after)}"
    if item.message is not None:
        yield f"message={quoted(item.message)}"
    if item.pieces is not None:
        yield f"pieces={item.pieces}"
    if item.pace != PACE:
        yield f"pace={_number(item.pace)}"
    if item.content != TEXT:
        yield f"content={item.content}"


def _number(seconds: float) -> str:
    """All its digits, but no ``.0``."""
    return repr(float(seconds)).removesuffix(".0")


def quoted(text: str) -> str:
    """``text`` as a script quotes it, in one line; one kind of quote is given up at need."""
    line = " ".join(text.split())
    if '"' in line and "'" not in line:
        return f"'{line}'"
    return '"' + line.replace('"', "'") + '"'


def _at(name: str) -> str:
    return f"@{quoted(name) if _PARTING.search(name) else name}"
