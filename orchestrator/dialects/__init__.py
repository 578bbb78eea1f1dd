"""Dialects: request out, answer and stream in, each both ways; one folder and one record each.

The rules of the room: a dialect is stateless and does no I/O. ``encode`` builds one
HTTP request; ``decode`` never raises, whatever the bytes: what is no answer is a
:class:`~orchestrator.dialects.answer.Fault`. Between dialects everything goes through
:mod:`~orchestrator.dialects.neutral`; no dialect imports another. A dialect is loaded when
it is first spoken.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Iterator, Mapping

from orchestrator.dialects.answer import Answer, Fault, ToolCall, Usage
from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.judgement import Flaw, Flawed
from orchestrator.dialects.loss import Loss, Weight
from orchestrator.dialects.operations import Operation, OperationSpec
from orchestrator.dialects.record import Dialect, StreamReader, StreamWriter
from orchestrator.dialects.request_fields import RequestError

__all__ = [
    "DEFAULT_DIALECT",
    "DIALECTS",
    "Answer",
    "Dialect",
    "Fault",
    "Flaw",
    "Flawed",
    "Loss",
    "Operation",
    "OperationSpec",
    "Payload",
    "RequestError",
    "StreamReader",
    "StreamWriter",
    "ToolCall",
    "Usage",
    "Weight",
    "dialect",
    "register",
    "unregister",
]

_PLACES = {
    "openai-chat": "orchestrator.dialects.openai_chat:CHAT",
    "openai-responses": "orchestrator.dialects.openai_responses:RESPONSES",
    "anthropic-messages": "orchestrator.dialects.anthropic_messages:MESSAGES",
    "gemini": "orchestrator.dialects.gemini:GEMINI",
}
"""Where the record of each dialect stands, the default first."""

DEFAULT_DIALECT = next(iter(_PLACES))
"""What is spoken where nobody says another, and what answers are put together in."""

_loaded: dict[str, Dialect] = {}


class _Dialects(Mapping[str, Dialect]):
    """Every dialect by name; its record is loaded when it is first asked for."""

    def __getitem__(self, name: str) -> Dialect:
        if name not in _loaded:
            module, _, attribute = _PLACES[name].partition(":")
            _loaded[name] = getattr(importlib.import_module(module), attribute)
        return _loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(_PLACES))

    def __len__(self) -> int:
        return len(_PLACES)

    def __contains__(self, name: object) -> bool:
        return name in _PLACES


DIALECTS: Mapping[str, Dialect] = _Dialects()
"""The dialects that can be spoken, by name. They are stateless: one serves every call."""


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        LookupError: There is none; the text names the nearest that is known.
    """
    if (known := _loaded.get(name)) is not None:
        return known
    if name not in _PLACES:
        near = difflib.get_close_matches(name.lower(), _PLACES, 1)
        hint = f" (did you mean {near[0]!r}?)" if near else ""
        raise LookupError(f"no dialect {name!r}{hint}; allowed: {', '.join(_PLACES)}")
    return DIALECTS[name]


def register(name: str, place: str) -> None:
    """Make another dialect known, such as ``register("corp", "corp.dialect:RECORD")``.

    Args:
        name: The name that configs use.
        place: The module of its :class:`Dialect` and the record's name in it; it is loaded
            when it is first spoken.

    Raises:
        ValueError: The name is taken.
    """
    if name in _PLACES:
        raise ValueError(f"the dialect {name!r} is there already")
    _PLACES[name] = place


def unregister(name: str) -> None:
    """Forget a dialect that :func:`register` made known."""
    del _PLACES[name]
    _loaded.pop(name, None)
