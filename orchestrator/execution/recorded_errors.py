"""Exceptions as data, and as exceptions again that are classified as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from orchestrator.connections import errors
from orchestrator.connections.proxies import UnusableProxy
from orchestrator.connections.tls import UnusableCertificates
from orchestrator.execution.durable_data import RecordedError

MOST_CAUSES = 5
"""Causes that classification looks at."""

_BASES = frozenset({"BaseException", "object"})

_KNOWN: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (*vars(errors).values(), UnusableProxy, UnusableCertificates)
    if isinstance(kind, type) and issubclass(kind, Exception)
}
"""What is told apart by its class, and not by the name of that."""


def record_error(
    error: BaseException, mask: Callable[[str], str], causes: int = MOST_CAUSES
) -> RecordedError:
    """What is kept of ``error``, its words without secrets."""
    types = tuple(kind.__name__ for kind in type(error).__mro__ if kind.__name__ not in _BASES)
    hidden = error.__suppress_context__
    cause = error.__cause__ or (None if hidden else error.__context__)
    kept = record_error(cause, mask, causes - 1) if cause is not None and causes > 1 else None
    return RecordedError(types, mask(_words(error)), kept)


def rebuild_error(record: RecordedError) -> Exception:
    """An exception with the types, by their names, the words and the causes of the recorded one."""
    error: Exception = _kind(record.types)(record.text)
    error.__cause__ = None if record.cause is None else rebuild_error(record.cause)
    return error


def _kind(types: Sequence[str]) -> type[Exception]:
    """A class of the first name, below classes of the others; of ours where one is known."""
    if not types or types[0] == "Exception":
        return Exception
    name, *below = types
    base = _KNOWN.get(name) or _kind(below)
    # Below the known one, since its own constructor may ask for more than the words.
    return type(name, (base,), {"__init__": _take_words, "__str__": _said})


def _take_words(error: Exception, text: str) -> None:
    Exception.__init__(error, text)


def _said(error: Exception) -> str:
    return str(error.args[0])


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever a foreign __str__ does
        return ""
