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
    """See :class:`orchestrator.dialects.encoding.Encode`."""
    body = with_model({**payload, **overrides}, model, stream=stream)
    return post(provider, "responses", body, stream=stream)


def encode_count(
    payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
) -> OutgoingRequest:
    """The same, for the number of tokens that such a request has.

    https://platform.openai.com/docs/api-reference/responses/input-tokens (2026-11-30).
    """
    body = with_model({**payload, **overrides}, model, stream=False)
    return post(provider, "responses/input_tokens", body, stream=False)
