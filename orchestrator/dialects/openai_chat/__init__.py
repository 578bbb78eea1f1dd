"""The chat-completions dialect, which most providers speak.

The field names are those of https://platform.openai.com/docs/api-reference/chat and of
the openai package 3.52.0 (looked up 2026-11-21); departures of other providers are named
where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects import judgement
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.json_schema import UNSUPPORTED_AT_OPENAI
from orchestrator.dialects.judgement import Flawed
from orchestrator.dialects.loss import Loss, Reworded
from orchestrator.dialects.neutral import UNTITLED, Conversation, Heading, Reply
from orchestrator.dialects.openai_chat import answer, http, request_reader, request_writer
from orchestrator.dialects.openai_chat.losses import losses
from orchestrator.dialects.openai_chat.names import NAME
from orchestrator.dialects.openai_chat.stream_reader import ChatReader
from orchestrator.dialects.openai_chat.stream_writer import ChatWriter, chunk

__all__ = ["ChatReader", "ChatWriter", "OpenAIChat", "chunk"]


@attrs.frozen
class OpenAIChat:
    """``POST {base_url}/chat/completions``."""

    name = NAME
    unsupported_keywords = UNSUPPORTED_AT_OPENAI

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
        """See :meth:`orchestrator.dialects.Dialect.encode`."""
        return http.encode(
            payload,
            provider=provider,
            model=model,
            overrides=overrides,
            secret=secret,
            stream=stream,
        )

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault | Flawed:
        """See :meth:`orchestrator.dialects.Dialect.decode`."""
        return judgement.decode(status, headers, body, answer.read_whole)

    def read_request(self, payload: Mapping[str, Any]) -> Conversation:
        """See :meth:`orchestrator.dialects.Dialect.read_request`."""
        return request_reader.read_request(payload)

    def losses(self, conversation: Conversation) -> tuple[Loss, ...]:
        """See :meth:`orchestrator.dialects.Dialect.losses`."""
        return losses(conversation)

    def reworded(self, conversation: Conversation) -> Reworded:
        """See :meth:`orchestrator.dialects.Dialect.reworded`."""
        return request_writer.reworded(conversation)

    def write_request(self, conversation: Conversation) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_request`."""
        return request_writer.write_request(conversation)

    def read_answer(self, body: Mapping[str, Any]) -> Reply:
        """See :meth:`orchestrator.dialects.Dialect.read_answer`."""
        return answer.read_answer(body)

    def write_answer(self, reply: Reply, heading: Heading = UNTITLED) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_answer`."""
        return answer.write_answer(reply, heading)

    def complete_answer(self, body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.complete_answer`."""
        return answer.complete_answer(body, heading)

    def stream_reader(self) -> ChatReader:
        """See :meth:`orchestrator.dialects.Dialect.stream_reader`."""
        return ChatReader()

    def stream_writer(self, heading: Heading) -> ChatWriter:
        """See :meth:`orchestrator.dialects.Dialect.stream_writer`."""
        return ChatWriter(heading)
