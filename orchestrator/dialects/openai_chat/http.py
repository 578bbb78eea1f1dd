"""One HTTP request out."""

from __future__ import annotations

from urllib.parse import quote

import httpx

from orchestrator.dialects.encoding import EndpointSettings, Payload, post, with_model


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> httpx.Request:
    """See :class:`orchestrator.dialects.record.Encode`."""
    passed = {name: value for name, value in payload.items() if name not in provider.omitted}
    body = with_model({**passed, **overrides}, model, stream=stream)
    path = provider.path.replace("{model}", quote(model, safe="")) or "chat/completions"
    return post(provider, path, body, stream=stream)
