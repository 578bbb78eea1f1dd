"""The Messages dialect of Anthropic, and of everybody who serves it: ``anthropic-messages``.

The rules of the room: names and shapes are those of
https://platform.claude.com/docs/en/api/messages and of version 2.11 of the vendor's Python
package (both looked up 2026-11-21). ``vocabulary`` holds the words that both directions
share; a reader never raises for what a provider sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects import judgement
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.anthropic_messages import answer, http
from orchestrator.dialects.anthropic_messages.formats import UNSUPPORTED
from orchestrator.dialects.anthropic_messages.losses import losses
from orchestrator.dialects.anthropic_messages.request_reader import read_request
from orchestrator.dialects.anthropic_messages.request_writer import reworded, write_request
from orchestrator.dialects.anthropic_messages.stream_reader import MessagesReader
from orchestrator.dialects.anthropic_messages.stream_writer import MessagesWriter
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.judgement import Flawed
from orchestrator.dialects.loss import Loss, Reworded
from orchestrator.dialects.neutral import UNTITLED, Conversation, Heading, Reply

__all__ = ["AnthropicMessages", "MessagesReader", "MessagesWriter"]


@attrs.frozen
class AnthropicMessages:
    """``POST {base_url}/messages``."""

    name = NAME
    unsupported_keywords = UNSUPPORTED

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

        See :meth:`orchestrator.dialects.Dialect.encode`, and
        :data:`~.http.DEFAULT_MAX_TOKENS` for what is sent where nobody says ``max_tokens``.
        """
        return http.encode(
            {**payload, **overrides}, provider=provider, model=model, secret=secret, stream=stream
        )

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault | Flawed:
        """See :meth:`orchestrator.dialects.Dialect.decode`."""
        return judgement.decode(status, headers, body, answer.read_whole)

    def read_request(self, payload: Mapping[str, Any]) -> Conversation:
        """See :meth:`orchestrator.dialects.Dialect.read_request`."""
        return read_request(payload)

    def losses(self, conversation: Conversation) -> tuple[Loss, ...]:
        """See :meth:`orchestrator.dialects.Dialect.losses`."""
        return losses(conversation)

    def reworded(self, conversation: Conversation) -> Reworded:
        """See :meth:`orchestrator.dialects.Dialect.reworded`."""
        return reworded(conversation)

    def write_request(self, conversation: Conversation) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_request`."""
        return write_request(conversation)

    def read_answer(self, body: Mapping[str, Any]) -> Reply:
        """See :meth:`orchestrator.dialects.Dialect.read_answer`."""
        return answer.read_answer(body)

    def write_answer(self, reply: Reply, heading: Heading = UNTITLED) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_answer`."""
        return answer.write_answer(reply, heading)

    def complete_answer(self, body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.complete_answer`."""
        return answer.complete_answer(body, heading)

    def stream_reader(self) -> MessagesReader:
        """See :meth:`orchestrator.dialects.Dialect.stream_reader`."""
        return MessagesReader()

    def stream_writer(self, heading: Heading) -> MessagesWriter:
        """See :meth:`orchestrator.dialects.Dialect.stream_writer`."""
        return MessagesWriter(heading)
