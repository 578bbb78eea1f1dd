"""One HTTP request out."""

from __future__ import annotations

from orchestrator.dialects.encoding import EndpointSettings, Payload, post, with_model
from orchestrator.http_messages import OutgoingRequest


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> OutgoingRequest:
    """See :class:`orchestrator.dialects.record.Encode`."""
    body = with_model({**payload, **overrides}, model, stream=stream)
    return post(provider, "responses", body, stream=stream)
