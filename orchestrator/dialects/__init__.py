"""Dialects: request out, answer and stream in, each both ways; one package each.

The rules of the room: a dialect is stateless and does no I/O. ``encode`` builds one
HTTP request; ``decode`` never raises, whatever the bytes: what is no answer is a
:class:`~orchestrator.dialects.answer.Fault`. Between dialects everything goes through
:mod:`~orchestrator.dialects.neutral`; no dialect imports another. ``wire`` and ``sse``
are shared. A dialect is loaded when it is first spoken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol

import httpx

from orchestrator.config.errors import nearest
from orchestrator.config.records import Provider
from orchestrator.dialects.answer import Answer, Fault, ToolCall, Usage
from orchestrator.dialects.judgement import Flaw, Flawed
from orchestrator.dialects.loss import Loss, Reworded, Weight
from orchestrator.dialects.neutral import (
    UNTITLED,
    Conversation,
    Delta,
    Heading,
    Reply,
    StreamEvent,
)

__all__ = [
    "DIALECTS",
    "Answer",
    "Dialect",
    "Fault",
    "Flaw",
    "Flawed",
    "Loss",
    "StreamReader",
    "StreamWriter",
    "ToolCall",
    "Usage",
    "Weight",
    "dialect",
]


class Dialect(Protocol):
    """How one family of endpoints is spoken to."""

    @property
    def name(self) -> str:
        """The name that configs use."""
        ...

    @property
    def unsupported_keywords(self) -> frozenset[str]:
        """Keywords of JSON schema that the vendor documents as not supported."""
        ...

    def encode(
        self,
        payload: Mapping[str, Any],
        *,
        provider: Provider,
        model: str,
        overrides: Mapping[str, Any],
        secret: str,
        stream: bool = False,
    ) -> httpx.Request:
        """The request to send for ``payload``, which is in this dialect's own shape.

        Args:
            payload: What the agent asks for; it is never changed.
            provider: Where to send it; its headers are applied last.
            model: The model's name as the provider spells it.
            overrides: The target's own fields, which win over the payload's.
            secret: The credential; nothing authorizes where it is empty.
            stream: Ask for a stream of events in place of one body.

        Raises:
            RequestError: The payload holds something that JSON cannot say.
        """
        ...

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault | Flawed:
        """What an answer's bytes mean. Never raises."""
        ...

    # Between dialects. None of these raises for what a provider sent.

    def read_request(self, payload: Mapping[str, Any]) -> Conversation:
        """A request in this dialect's shape, in the neutral form.

        Raises:
            RequestError: The payload is not a request of this dialect.
        """
        ...

    def losses(self, conversation: Conversation) -> tuple[Loss, ...]:
        """What the conversation asks for and this dialect cannot express."""
        ...

    def reworded(self, conversation: Conversation) -> Reworded:
        """What the conversation asks for and :meth:`write_request` says in another way."""
        ...

    def write_request(self, conversation: Conversation) -> dict[str, Any]:
        """The conversation in this dialect's shape, without ``model`` and ``stream``.

        What :meth:`losses` names is left out.
        """
        ...

    def read_answer(self, body: Mapping[str, Any]) -> Reply:
        """A whole answer of this dialect, in the neutral form."""
        ...

    def write_answer(self, reply: Reply, heading: Heading = UNTITLED) -> dict[str, Any]:
        """The whole answer in this dialect's shape; ``heading`` is what ``reply`` leaves out."""
        ...

    def complete_answer(self, body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
        """``body``, a whole answer of this dialect, as its clients expect it.

        All that the provider said stays. What it left out is added, and where its parts say
        otherwise than its finish reason, they decide.
        """
        ...

    def stream_reader(self) -> StreamReader:
        """A reader for one stream of this dialect."""
        ...

    def stream_writer(self, heading: Heading) -> StreamWriter:
        """A writer of one stream of this dialect, for a caller who speaks it."""
        ...


class StreamReader(Protocol):
    """Reads one stream, fed with bytes as they come, cut anywhere. No I/O; never raises."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes, in order."""
        ...

    def close(self) -> list[StreamEvent]:
        """What was left when the connection ended.

        An unfinished event gives nothing: a stream without :class:`~.neutral.Ended`, or
        without a finish reason where the dialect has no end mark, is not whole.
        """
        ...


class StreamWriter(Protocol):
    """Writes one stream, delta by delta."""

    def write(self, delta: Delta) -> bytes:
        """The events for ``delta``; empty where the dialect says it later or never."""
        ...


def _openai_chat() -> Dialect:
    from orchestrator.dialects.openai_chat import OpenAIChat

    return OpenAIChat()


def _openai_responses() -> Dialect:
    from orchestrator.dialects.openai_responses import OpenAIResponses

    return OpenAIResponses()


def _anthropic_messages() -> Dialect:
    from orchestrator.dialects.anthropic_messages import AnthropicMessages

    return AnthropicMessages()


def _gemini() -> Dialect:
    from orchestrator.dialects.gemini import Gemini

    return Gemini()


_MAKERS: Mapping[str, Callable[[], Dialect]] = MappingProxyType(
    {
        "openai-chat": _openai_chat,
        "openai-responses": _openai_responses,
        "anthropic-messages": _anthropic_messages,
        "gemini": _gemini,
    }
)


class _Dialects(Mapping[str, Dialect]):
    """Every dialect by name; making one is left to whoever asks for it first."""

    def __getitem__(self, name: str) -> Dialect:
        return _made(name)

    def __iter__(self) -> Iterator[str]:
        return iter(_MAKERS)

    def __len__(self) -> int:
        return len(_MAKERS)

    def __contains__(self, name: object) -> bool:
        return name in _MAKERS


@cache
def _made(name: str) -> Dialect:
    return _MAKERS[name]()


DIALECTS: Mapping[str, Dialect] = _Dialects()
"""The dialects that can be spoken, by name. They are stateless: one serves every call."""


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        LookupError: There is none; the text names the nearest that is known.
    """
    if name not in DIALECTS:
        raise LookupError(
            f"no dialect {name!r}{nearest(name, DIALECTS)}; allowed: {', '.join(DIALECTS)}"
        )
    return DIALECTS[name]
