"""One scripted answer: what is sent, how it is framed, and how it goes wrong.

All of it is plain data, so that a script can be written as JSON and sent to
another process.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from typing import Any

import attrs


class Framing(enum.StrEnum):
    """How the client learns where the body ends."""

    LENGTH = "length"
    CHUNKED = "chunked"
    CLOSE = "close"


class Ending(enum.StrEnum):
    """What becomes of the connection where a reply is cut."""

    CLOSE = "close"
    RESET = "reset"
    HANG = "hang"


@attrs.frozen
class Cut:
    """Where a reply stops before it is whole.

    Attributes:
        after: Bytes of the body that are sent; ``None`` stops before the status
            line, so that not one byte is sent.
        ending: ``close`` ends the connection in order (FIN), ``reset`` breaks it
            (RST), ``hang`` leaves it open and silent until the client goes away.
    """

    after: int | None = attrs.field(default=None)
    ending: Ending = Ending.CLOSE

    @after.validator
    def _not_negative(self, _attribute: object, value: int | None) -> None:
        if value is not None and value < 0:
            raise ValueError(f"Cut.after is {value}; allowed: 0 or more bytes, or None")


@attrs.frozen
class Completion:
    """An answer in chat-completions shape, with the model that the request names.

    It is sent as server-sent events where the request says ``"stream": true``.

    Attributes:
        text: What the model says; ``None`` where it only calls tools.
        finish_reason: As the dialect spells it.
        tool_calls: Pairs of a function's name and its arguments, which are text as
            models write it: JSON, broken JSON, or nothing.
        usage: Token counts; ``None`` counts ten in, and five out.
    """

    text: str | None = "ok"
    finish_reason: str = "stop"
    tool_calls: tuple[tuple[str, str], ...] = ()
    usage: Mapping[str, Any] | None = attrs.field(default=None, hash=False)


Body = Mapping[str, Any] | Sequence[Any] | str | bytes
"""A mapping or a list is sent as JSON, text as UTF-8, bytes as they are."""


def _not_negative(_reply: object, attribute: attrs.Attribute[float], value: float) -> None:
    if value < 0:
        raise ValueError(f"Reply.{attribute.name} is {value}; allowed: 0 or more seconds")


@attrs.frozen
class Reply:
    """What a provider answers to one request.

    Attributes:
        status: The HTTP status.
        body: What is sent where neither ``completion`` nor ``events`` is given. In
            text, ``{credential}`` becomes the credential that was received, as in
            errors that echo it.
        completion: A whole answer, made to fit the request.
        events: The data of server-sent events, sent one by one.
        headers: Added to, or replacing, what is sent.
        delay: Seconds before the first byte.
        pace: Seconds between two pieces of the body (events, or chunks).
        framing: How the client learns where the body ends. Events are chunked
            unless the connection's end is to tell.
        cut: Where the reply stops before it is whole, if it does.
        malformed: Bytes that are sent in place of everything else, before the
            connection is closed.
    """

    status: int = 200
    body: Body = attrs.field(default=b"", hash=False)
    completion: Completion | None = None
    events: tuple[str, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    delay: float = attrs.field(default=0.0, validator=_not_negative)
    pace: float = attrs.field(default=0.0, validator=_not_negative)
    framing: Framing = Framing.LENGTH
    cut: Cut | None = None
    malformed: bytes | None = None
