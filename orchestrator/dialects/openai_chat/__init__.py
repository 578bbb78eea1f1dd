"""The chat-completions dialect, which most providers speak.

The field names are those of https://platform.openai.com/docs/api-reference/chat
(looked up 2026-11-21); departures of other providers are named where they are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.openai_chat import http

__all__ = ["OpenAIChat"]


@attrs.frozen
class OpenAIChat:
    """``POST {base_url}/chat/completions``."""

    name = "openai-chat"

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

    def decode(self, status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault:
        """See :meth:`orchestrator.dialects.Dialect.decode`."""
        return http.decode(status, headers, body)
