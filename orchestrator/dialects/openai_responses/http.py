"""One HTTP request out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
    fields = {**payload, **overrides}
    for name in (*_HANDLED, *(() if stream else (_STREAMED_ONLY,))):
        fields.pop(name, None)
    body = {"model": model, **fields, **({"stream": True} if stream else {})}
    ours = {"accept": "text/event-stream" if stream else "application/json"}
    ours.update(authorization(provider, "authorization", secret))
    return httpx.Request(
        "POST",
        address(provider.base_url, "responses"),
        headers=headers(provider.headers, ours),
        content=json_body(body),
    )
