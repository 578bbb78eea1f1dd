"""One HTTP request out.

https://ai.google.dev/api/generate-content (2026-11-21). The key goes into a header, never
into the address, which proxies and logs write down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from orchestrator.dialects.encoding import EndpointSettings, Payload, post
from orchestrator.dialects.gemini.generation import budgeted
from orchestrator.dialects.gemini.request_writer import merged
from orchestrator.dialects.gemini.vocabulary import take
from orchestrator.dialects.wire import mapping
from orchestrator.http_messages import OutgoingRequest

_HANDLED = ("model", "stream")
_GENERATION = "generationConfig"

_WORDS = {
    "max_tokens": "maxOutputTokens",
    "max_completion_tokens": "maxOutputTokens",
    "temperature": "temperature",
    "top_p": "topP",
    "top_k": "topK",
    "stop": "stopSequences",
    "seed": "seed",
    "n": "candidateCount",
    "frequency_penalty": "frequencyPenalty",
    "presence_penalty": "presencePenalty",
}
_INNER = frozenset(_WORDS.values()) | {
    "responseMimeType",
    "responseJsonSchema",
    "responseSchema",
    "thinkingConfig",
    "mediaResolution",
}
"""Overrides that belong into ``generationConfig``, in a config's words or in ours."""

_NO_LEVELS = re.compile(r"gemini-(1|2)\.")
"""Models that refuse a thinking level: https://ai.google.dev/gemini-api/docs/thinking
(2026-11-21)."""


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> OutgoingRequest:
    """See :class:`orchestrator.dialects.encoding.Encode`."""
    body = _body(payload, model, _placed(overrides))
    return post(provider, _path(model, stream=stream), body, stream=stream)


def _body(payload: Mapping[str, Any], model: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """What is sent: the payload as it is, but for what this target cannot take."""
    body = {name: value for name, value in payload.items() if name not in _HANDLED}
    # A route may hold models of both kinds.
    levels = not _NO_LEVELS.search(model)
    if levels and not overrides:
        return body
    # Taken in either spelling and put back in one, so that overrides meet it.
    generation = take(body, _GENERATION)
    if isinstance(generation, dict):
        body[_GENERATION] = generation
    body = merged(body, overrides)
    if not levels and isinstance(generation := body.get(_GENERATION), dict):
        body[_GENERATION] = budgeted(generation)
    return body


def encode_count(
    payload: Payload, *, provider: EndpointSettings, model: str, overrides: Payload
) -> OutgoingRequest:
    """The same, for the number of tokens that such a request has.

    https://ai.google.dev/api/tokens (2026-11-30).
    """
    body = {k: v for k, v in {**payload, **overrides}.items() if k not in _HANDLED}
    whole = take(body, "generateContentRequest")
    if isinstance(whole, dict):  # it names the model again
        body["generateContentRequest"] = {**whole, "model": model_path(model)}
    return post(provider, f"{model_path(model)}:countTokens", body, stream=False)


def _path(model: str, *, stream: bool) -> str:
    """``models/NAME:method``."""
    whole = model_path(model)
    return f"{whole}:streamGenerateContent?alt=sse" if stream else f"{whole}:generateContent"


def model_path(model: str) -> str:
    """``models/NAME``; a name that says its collection keeps it."""
    name = quote(model, safe="/-._~@")
    return name if name.startswith(("models/", "tunedModels/")) else f"models/{name}"


def _placed(overrides: Mapping[str, Any]) -> dict[str, Any]:
    """A target's own fields, each where this dialect has it."""
    placed = {name: value for name, value in overrides.items() if not _inner(name)}
    inner = {_WORDS.get(name, name): value for name, value in overrides.items() if _inner(name)}
    # Configs say it in the words of chat completions.
    effort = placed.pop("reasoning_effort", None)
    if isinstance(effort, str):
        none = effort == "none"
        inner["thinkingConfig"] = {"thinkingBudget": 0} if none else {"thinkingLevel": effort}
    if isinstance(inner.get("stopSequences"), str):
        inner["stopSequences"] = [inner["stopSequences"]]
    if inner:
        placed[_GENERATION] = merged(inner, mapping(placed.get(_GENERATION)))
    return placed


def _inner(name: str) -> bool:
    return name in _WORDS or name in _INNER
