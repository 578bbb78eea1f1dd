"""One HTTP request out."""

from __future__ import annotations

from urllib.parse import quote

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
    """See :class:`orchestrator.dialects.encoding.Encode`."""
    passed: Payload = payload
    if provider.omitted:
        passed = {name: value for name, value in payload.items() if name not in provider.omitted}
    body = with_model({**passed, **overrides}, model, stream=stream)
    path = provider.path or "chat/completions"
    if "{model}" in path:
        path = path.replace("{model}", quote(model, safe=""))
    return post(provider, path, body, stream=stream)
