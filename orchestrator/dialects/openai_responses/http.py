"""One HTTP request out."""

from __future__ import annotations

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
    body = with_model({**payload, **overrides}, model, stream=stream)
    return post(provider, "responses", body, stream=stream)
