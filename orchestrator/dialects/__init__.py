"""Dialects: request out, answer in; one file each.

The rules of the room: a dialect is stateless and does no I/O. ``encode`` builds one
HTTP request; ``decode`` never raises, whatever the bytes: what is no answer is a
:class:`~orchestrator.dialects.answer.Fault`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol

import httpx

from orchestrator.config.errors import nearest
from orchestrator.config.records import Provider
from orchestrator.dialects.answer import Answer, Fault, ToolCall, Usage
from orchestrator.dialects.openai_chat import OpenAIChat

__all__ = ["DIALECTS", "Answer", "Dialect", "Fault", "ToolCall", "Usage", "dialect"]


class Dialect(Protocol):
    """How one family of endpoints is spoken to."""

    @property
    def name(self) -> str:
        """The name that configs use."""
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
        """The request to send for ``payload``, which is in chat-completions shape.

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

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault:
        """What an answer's bytes mean. Never raises."""
        ...


def dialect(name: str) -> Dialect:
    """The dialect of that name.

    Raises:
        LookupError: There is none; the text names the nearest that is known.
    """
    found = DIALECTS.get(name)
    if found is None:
        raise LookupError(
            f"no dialect {name!r}{nearest(name, DIALECTS)}; allowed: {', '.join(DIALECTS)}"
        )
    return found


DIALECTS: Mapping[str, Dialect] = MappingProxyType({OpenAIChat.name: OpenAIChat()})
"""The dialects that can be spoken, by name. They are stateless: one serves every call."""
