"""One HTTP request out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects.wire import address, authorization, headers, json_body

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
