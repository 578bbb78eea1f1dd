"""Names and words of an exception, from the object or from its name alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CHAIN = 5
_PROTOCOL = re.compile("protocol|decod|payload|statusline|httpmessage", re.IGNORECASE)
"""Types of exceptions that quote the bytes which they could not read."""
_BYTES = re.compile(r"(?:bytearray\()?\bb(['\"]).*\1\)?", re.DOTALL)
_TOO_WIDE = frozenset({"Exception", "BaseException", "object", "RuntimeError"})


def names(exception: BaseException | str) -> tuple[str, ...]:
    """Signals ``exception:…`` for the exception, its bases and its causes, lower case.

    A plain name brings the last part of a dotted name. ``exception`` itself is
    always there, so that a rule can ask for any exception at all.
    """
    if isinstance(exception, str):
        leaf = exception.strip()[:200].rpartition(".")[2].lower()
        return ("exception", f"exception:{leaf}", leaf)
    found = ["exception"]
    for one in _chain(exception):
        kinds = (kind.__name__ for kind in type(one).__mro__)
        found.extend(f"exception:{kind.lower()}" for kind in kinds if kind not in _TOO_WIDE)
        found.append(f"exception:{type(one).__name__.lower()}")
        found.append(type(one).__name__.lower())
    return tuple(found)


def words(exception: BaseException | str) -> list[str]:
    """The texts of the exception and its causes."""
    if isinstance(exception, str):
        return []
    return [text for one in _chain(exception) if (text := _text(one))]


def _text(exception: BaseException) -> str:
    # Whatever a foreign exception's __str__ does, classifying it must not raise.
    try:
        text = str(exception)[:4_000]
    except Exception:  # noqa: BLE001
        return ""
    # Such bytes may be an answer's own: what a model wrote is no evidence.
    return _BYTES.sub("...", text) if _PROTOCOL.search(type(exception).__name__) else text


def _chain(exception: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = exception
    while current is not None and id(current) not in seen and len(seen) < _CHAIN:
        seen.add(id(current))
        yield current
        # Who raises one "from None" has said that the other is not what happened.
        hidden = current.__suppress_context__
        current = current.__cause__ or (None if hidden else current.__context__)
