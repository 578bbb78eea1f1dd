"""One HTTP request out.

Headers as in https://platform.claude.com/docs/en/api/overview (looked up 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.anthropic_messages.reasoning import suited
from orchestrator.dialects.encoding import EndpointSettings, KeyForm, Payload, post
from orchestrator.dialects.wire import count
from orchestrator.http_messages import OutgoingRequest

VERSION = "2023-06-01"
"""The version of the API that is asked for; ``anthropic-version`` in the provider's headers
replaces it. Not 2026-10-21, which refuses ``temperature``, ``top_p`` and ``top_k``, and which
relays do not know (https://platform.claude.com/docs/en/api/versioning, 2026-11-21)."""

DEFAULT_MAX_TOKENS = 16_000
"""Tokens of an answer where the caller names no limit, which this API demands.

What the vendor's own examples ask for. Each model that its Python package 2.11 names can
write as much (Haiku 4.5, the least of them, 64,000), and that package expects no more than
21,333 to come within the ten minutes that it waits unstreamed (2026-11-21). A budget for
thinking is added, since it counts towards the limit. A target's ``overrides`` may say
``max_tokens``.
"""

KEYS = (
    KeyForm("authorization", "Bearer", "sk-ant-oat", {"anthropic-beta": "oauth-2025-04-20"}),
    KeyForm("x-api-key"),
)
"""The tokens of subscriptions are refused as ``x-api-key``, and need a feature switched on
(2026-11-21); a provider's own ``anthropic-beta`` header replaces that, and must name it too."""


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> OutgoingRequest:
    """See :class:`orchestrator.dialects.encoding.Encode`.

    :data:`DEFAULT_MAX_TOKENS` is sent where nobody says ``max_tokens``.
    """
    fields = {**payload, **overrides}
    asked = {name: value for name, value in fields.items() if name not in ("model", "stream")}
    fitting = suited(asked, model)
    # Ours first: what the caller or the target says of `max_tokens` replaces it.
    body = {"model": model, "max_tokens": _max_tokens(fitting), **fitting}
    body |= {"stream": True} if stream else {}
    return post(provider, "messages", body, stream=stream, ours={"anthropic-version": VERSION})


def encode_count(
    payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
) -> OutgoingRequest:
    """The same, for the number of tokens that such a request has.

    https://platform.claude.com/docs/en/api/messages-count-tokens (2026-11-30).
    """
    fields = {**payload, **overrides}
    asked = {name: value for name, value in fields.items() if name not in ("model", "stream")}
    body = {"model": model, **suited(asked, model)}
    ours = {"anthropic-version": VERSION}
    return post(provider, "messages/count_tokens", body, stream=False, ours=ours)


def _max_tokens(fields: Mapping[str, Any]) -> int:
    return DEFAULT_MAX_TOKENS + count(fields.get("thinking"), "budget_tokens")
