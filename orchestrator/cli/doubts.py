"""What of a failure that was typed in is probably misspelt, and what is surely wrong."""

from __future__ import annotations

import builtins
import difflib
from collections.abc import Iterator, Mapping, Sequence

import httpx

from orchestrator.classification.rule_books import all_rules
from orchestrator.cli.endings import UsageError
from orchestrator.config.config import Config
from orchestrator.config.errors import nearest
from orchestrator.dialects import DIALECTS
from orchestrator.secrets import mask
from orchestrator.vendors import CATALOGUE, family, vendor

_LEAST, _MOST = 100, 599

_HEADERS = (
    "retry-after", "x-retry-after", "retry-after-ms", "x-retry-after-ms", "content-type",
    "location", "x-ratelimit-reset", "x-request-id",
)  # fmt: skip
"""Headers that a person types in; rules read some more."""

_ALIKE = 0.85
"""How alike a header's name must be to one of these to be taken for a slip of the fingers."""

_EXCEPTION = "exception:"


def refuse(status: int | None, header: Sequence[str], dialect: str | None) -> None:
    """Refuse what can mean nothing.

    Raises:
        UsageError: A status, a header or a dialect that is none; the text says what is allowed.
    """
    if status is not None and not _LEAST <= status <= _MOST:
        raise UsageError(f"--status: found {status}; allowed: {_LEAST} to {_MOST}")
    for line in header:
        name, colon, _ = line.partition(":")
        if not colon or not name.strip():
            raise UsageError(f'--header: found {mask(repr(line))}; allowed: "Name: value"')
    if dialect is not None and dialect not in DIALECTS:
        raise UsageError(
            f"--dialect: found {dialect!r}{nearest(dialect, DIALECTS)}; "
            f"allowed: {', '.join(DIALECTS)}"
        )


def notes(
    provider: str | None,
    exception: str | None,
    headers: Mapping[str, str],
    config: Config | None,
) -> Iterator[str]:
    """What no rule knows by that name, and the nearest name that one does."""
    if provider is not None and not _is_known(provider, config):
        names = [*_configured(config), *CATALOGUE]
        near = nearest(provider, names)
        yield f"no provider is known as {provider!r}{near}; the rules for any provider are used"
    if exception is not None and _leaf(exception) not in _exceptions():
        near = nearest(_leaf(exception), _names())
        yield f"no rule knows the exception {exception!r}{near}; it is read as any exception"
    for name in headers:
        near_names = difflib.get_close_matches(name, _HEADERS, 1, _ALIKE)
        if near_names and name not in _HEADERS:
            yield f"no rule reads the header {name!r} (did you mean {near_names[0]!r}?)"


def _configured(config: Config | None) -> Sequence[str]:
    return () if config is None else tuple(config.providers)


def _is_known(provider: str, config: Config | None) -> bool:
    return provider in _configured(config) or vendor(family(provider)) is not None


def _leaf(exception: str) -> str:
    return exception.strip().rpartition(".")[2].lower()


def _exceptions() -> frozenset[str]:
    codes = (code for rule in all_rules() for code in rule.codes | rule.types)
    return frozenset(code.removeprefix(_EXCEPTION) for code in codes if code.startswith(_EXCEPTION))


def _names() -> list[str]:
    """The exceptions that rules know, spelt as Python spells them where that is known."""
    spelt = {name.lower(): name for name in (*dir(builtins), *dir(httpx))}
    return [spelt.get(name, name) for name in sorted(_exceptions())]
