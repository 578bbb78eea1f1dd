"""One HTTP request out, the meaning of one HTTP answer in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.openai_chat.answer import answer_of
from orchestrator.dialects.wire import address, authorization, decoded, headers, json_body

_HANDLED = ("model", "stream")
_STREAMED_ONLY = "stream_options"


def encode(
    payload: Mapping[str, Any],
    *,
    provider: Provider,
    model: str,
    overrides: Mapping[str, Any],
    secret: str,
    stream: bool,
) -> httpx.Request:
    """See :meth:`orchestrator.dialects.Dialect.encode`."""
    passed = {name: value for name, value in payload.items() if name not in provider.omitted}
    fields = {**passed, **overrides}
    for name in (*_HANDLED, *(() if stream else (_STREAMED_ONLY,))):
        fields.pop(name, None)
    body = {"model": model, **fields, **({"stream": True} if stream else {})}
    ours = {"accept": "text/event-stream" if stream else "application/json"}
    ours.update(authorization(provider, "authorization", secret))
    path = provider.path.replace("{model}", quote(model, safe="")) or "chat/completions"
    return httpx.Request(
        "POST",
        address(provider.base_url, path),
        headers=headers(provider.headers, ours),
        content=json_body(body),
    )


def decode(status: int, headers: httpx.Headers, body: bytes) -> Answer | Fault:
    """See :meth:`orchestrator.dialects.Dialect.decode`."""
    content = decoded(body)
    if 200 <= status < 300 and isinstance(content, dict):
        answer = answer_of(content)
        if answer is not None:
            return answer
    return Fault(status, dict(headers.items()), content)
