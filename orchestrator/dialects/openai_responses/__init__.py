"""The responses dialect of OpenAI and of those who serve its models.

The rules of the room: what was looked up comes from the API reference at
https://platform.openai.com/docs/api-reference/responses and from the types of the openai
package 3.52.0 (2026-11-21); departures of other servers are named where they are read.
A request is a flat list of items; ``input_reading`` gathers them into turns and
``input_writing`` lays the turns out again, so that each knows the other's order.
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
from orchestrator.dialects.openai_responses import answer, http, request_reading, request_writing
from orchestrator.dialects.openai_responses.losses import losses
from orchestrator.dialects.openai_responses.names import DIALECT
from orchestrator.dialects.openai_responses.stream_reader import ResponsesReader
from orchestrator.dialects.openai_responses.stream_writer import ResponsesWriter

__all__ = ["OpenAIResponses"]


@attrs.frozen
class OpenAIResponses:
    """``POST {base_url}/responses``."""

    name = DIALECT
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
        """See :meth:`orchestrator.dialects.Dialect.encode`; the payload is in this dialect."""
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
        return request_reading.read_request(payload)

    def losses(self, conversation: Conversation) -> tuple[Loss, ...]:
        """See :meth:`orchestrator.dialects.Dialect.losses`."""
        return losses(conversation)

    def reworded(self, conversation: Conversation) -> Reworded:
        """See :meth:`orchestrator.dialects.Dialect.reworded`."""
        return request_writing.reworded(conversation)

    def write_request(self, conversation: Conversation) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_request`."""
        return request_writing.write_request(conversation)

    def read_answer(self, body: Mapping[str, Any]) -> Reply:
        """See :meth:`orchestrator.dialects.Dialect.read_answer`."""
        return answer.read_answer(body)

    def write_answer(self, reply: Reply, heading: Heading = UNTITLED) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_answer`."""
        return answer.write_answer(reply, heading)

    def complete_answer(self, body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.complete_answer`."""
        return answer.complete_answer(body, heading)

    def stream_reader(self) -> ResponsesReader:
        """See :meth:`orchestrator.dialects.Dialect.stream_reader`."""
        return ResponsesReader()

    def stream_writer(self, heading: Heading) -> ResponsesWriter:
        """See :meth:`orchestrator.dialects.Dialect.stream_writer`."""
        return ResponsesWriter(heading)
