"""One HTTP request out.

Headers as in https://platform.claude.com/docs/en/api/overview (looked up 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from orchestrator.config.records import Provider
from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.models import suited

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

OAUTH_PREFIX = "sk-ant-oat"
"""How the tokens of subscriptions begin; they are refused as ``x-api-key``."""

OAUTH_BETA = "oauth-2025-04-20"
"""The feature that such a token needs (2026-11-21); a provider's own ``anthropic-beta``
header replaces it, and must name it too."""


def encode(
    fields: Mapping[str, Any], *, provider: Provider, model: str, secret: str, stream: bool
) -> httpx.Request:
    """The request for ``fields``, whose own ``model`` and ``stream`` are put aside.

    Raises:
        RequestError: The fields hold something that JSON cannot say.
    """
    asked = {name: value for name, value in fields.items() if name not in ("model", "stream")}
    fitting = suited(asked, model)
    body = {"model": model, "max_tokens": _max_tokens(fitting), **fitting}
    return httpx.Request(
        "POST",
        wire.address(provider.base_url, "messages"),
        headers=wire.headers(provider.headers, _headers(provider, secret, stream=stream)),
        content=wire.json_body({**body, **({"stream": True} if stream else {})}),
    )


def _max_tokens(fields: Mapping[str, Any]) -> int:
    return DEFAULT_MAX_TOKENS + wire.count(fields.get("thinking"), "budget_tokens")


def _headers(provider: Provider, secret: str, *, stream: bool) -> dict[str, str]:
    ours = {
        "accept": "text/event-stream" if stream else "application/json",
        "anthropic-version": VERSION,
    }
    if secret.startswith(OAUTH_PREFIX):
        return {**ours, "authorization": f"Bearer {secret}", "anthropic-beta": OAUTH_BETA}
    return {**ours, **wire.authorization(provider, "x-api-key", secret)}
