"""The dialect of Google's Gemini API, ``generateContent`` and ``streamGenerateContent``.

The rules of the room: ``words`` holds the vendor's vocabulary; ``parts``, ``results``,
``tools``, ``generation`` and ``schema`` each say one piece of a request both ways;
``request``, ``answer``, ``stream_reader`` and ``stream_writer`` put them together; ``http``
alone knows addresses and headers. Every fact of the API has its source beside it.

Calls may come without an id: they get one that depends on nothing but the answer's bytes
(:func:`~orchestrator.dialects.wire.call_id`). Results are matched by id, else by name in the
order of calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects import judgement
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.gemini import answer, http, request, schema
from orchestrator.dialects.gemini.stream_reader import GeminiStreamReader
from orchestrator.dialects.gemini.stream_writer import GeminiStreamWriter
from orchestrator.dialects.gemini.words import NAME
from orchestrator.dialects.judgement import Flawed
from orchestrator.dialects.loss import Loss, Reworded
from orchestrator.dialects.neutral import UNTITLED, Conversation, Heading, Reply

__all__ = ["Gemini", "GeminiStreamReader", "GeminiStreamWriter"]


@attrs.frozen
class Gemini:
    """``POST {base_url}/models/{model}:generateContent``.

    ``base_url`` is such as ``https://generativelanguage.googleapis.com/v1beta``.
    """

    name = NAME
    unsupported_keywords = schema.UNSUPPORTED

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
        return request.read_request(payload)

    def losses(self, conversation: Conversation) -> tuple[Loss, ...]:
        """See :meth:`orchestrator.dialects.Dialect.losses`."""
        return request.losses(conversation)

    def reworded(self, conversation: Conversation) -> Reworded:
        """See :meth:`orchestrator.dialects.Dialect.reworded`."""
        return request.reworded(conversation)

    def write_request(self, conversation: Conversation) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_request`."""
        return request.write_request(conversation)

    def read_answer(self, body: Mapping[str, Any]) -> Reply:
        """See :meth:`orchestrator.dialects.Dialect.read_answer`."""
        return answer.read_answer(body)

    def write_answer(self, reply: Reply, heading: Heading = UNTITLED) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.write_answer`."""
        return answer.write_answer(reply, heading)

    def complete_answer(self, body: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
        """See :meth:`orchestrator.dialects.Dialect.complete_answer`."""
        return answer.complete_answer(body, heading)

    def stream_reader(self) -> GeminiStreamReader:
        """See :meth:`orchestrator.dialects.Dialect.stream_reader`."""
        return GeminiStreamReader()

    def stream_writer(self, heading: Heading) -> GeminiStreamWriter:
        """See :meth:`orchestrator.dialects.Dialect.stream_writer`."""
        return GeminiStreamWriter(heading)
