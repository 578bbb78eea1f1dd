"""One HTTP request out."""

from __future__ import annotations

import httpx

from orchestrator.dialects.encoding import EndpointSettings, Payload, post

_HANDLED = ("model", "stream")
_STREAMED_ONLY = "stream_options"


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> httpx.Request:
    """See :class:`orchestrator.dialects.record.Encode`."""
    fields = {**payload, **overrides}
    for name in (*_HANDLED, *(() if stream else (_STREAMED_ONLY,))):
        fields.pop(name, None)
    body = {"model": model, **fields, **({"stream": True} if stream else {})}
    return post(provider, "responses", body, stream=stream)
