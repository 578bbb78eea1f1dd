"""``generationConfig``, both ways.

Field names from https://ai.google.dev/api/generate-content#GenerationConfig, thinking from
https://ai.google.dev/gemini-api/docs/thinking (both looked up 2026-11-21): a level for
Gemini 3, a budget for 2.5 (0 is none, -1 as much as the model likes), never both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.gemini.schema import json_schema
from orchestrator.dialects.gemini.vocabulary import NAME, take
from orchestrator.dialects.neutral import Conversation, JsonFormat, Reasoning
from orchestrator.dialects.wire import mapping

STOPS = 5
"""How many stop sequences are taken: https://ai.google.dev/api/generate-content (2026-11-21)."""

_NUMBERS = {
    "max_tokens": ("maxOutputTokens", int),
    "temperature": ("temperature", float),
    "top_p": ("topP", float),
    "top_k": ("topK", int),
    "seed": ("seed", int),
    "frequency_penalty": ("frequencyPenalty", float),
    "presence_penalty": ("presencePenalty", float),
    "choices": ("candidateCount", int),
}
_JSON = "application/json"
_NO_THINKING = "none"
_UNASKED = -1
"""The budget that leaves it to the model, which is what happens unasked."""

BUDGETS = {"minimal": 1024, "low": 1024, "medium": 8192, "high": 24576, "xhigh": 24576}
"""Tokens of thinking for an effort, at models that know no levels: the vendor's own
equivalence, https://ai.google.dev/gemini-api/docs/openai#thinking (2026-11-21)."""


_USUAL: Mapping[str, Any] = {"responseModalities": ["TEXT"], "responseMimeType": "text/plain"}
"""What says nothing, for it holds where nothing is said
(https://ai.google.dev/api/generate-content#GenerationConfig, 2026-11-29)."""


def read_generation(fields: dict[str, Any]) -> dict[str, Any]:
    """What ``fields`` says in the words of a conversation; it is taken out of ``fields``."""
    found: dict[str, Any] = {}
    for word, (name, kind) in _NUMBERS.items():
        value = _number(take(fields, name), kind)
        if value is not None:
            found[word] = value
    stop = take(fields, "stopSequences")
    if isinstance(stop, list):
        found["stop"] = tuple(item for item in stop if isinstance(item, str))
    found["format"] = _read_format(fields)
    found["reasoning"] = _read_thinking(fields)
    return found


def riding_along(fields: dict[str, Any]) -> dict[str, Any]:
    """Of what is left, what only sets how Google works; it is taken out of ``fields``."""
    found = {"mediaResolution": take(fields, "mediaResolution")}
    if mapping(fields.get("thinkingConfig")).get("thinkingBudget") == _UNASKED:
        found["thinkingConfig"] = fields.pop("thinkingConfig")
    for name, value in _USUAL.items():
        if fields.get(name) == value:
            found[name] = fields.pop(name)
    return {name: value for name, value in found.items() if value is not None}


def _number(value: Any, kind: type) -> Any:
    """``value`` where it is such a number; topK is a float in the SDK's types."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if kind is int and isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value


def _read_format(fields: dict[str, Any]) -> JsonFormat | None:
    if fields.get("responseMimeType", fields.get("response_mime_type")) != _JSON:
        return None
    take(fields, "responseMimeType")
    schema, subset = take(fields, "responseJsonSchema"), take(fields, "responseSchema")
    if isinstance(schema, dict):
        return JsonFormat(schema)
    return JsonFormat(json_schema(subset) if isinstance(subset, dict) else None)


def _read_thinking(fields: dict[str, Any]) -> Reasoning | None:
    thinking = dict(mapping(take(fields, "thinkingConfig")))
    level, budget = take(thinking, "thinkingLevel"), take(thinking, "thinkingBudget")
    shown = take(thinking, "includeThoughts")
    tokens = _number(budget, int)
    # As much as the model likes: for everybody else that is what saying nothing means.
    if tokens is not None and tokens < 0:
        thinking["thinkingBudget"], tokens = tokens, None
    effort = level.lower() if isinstance(level, str) else None
    if tokens == 0:
        effort, tokens = _NO_THINKING, None
    if thinking:
        fields["thinkingConfig"] = thinking
    found = Reasoning(effort, tokens, shown if isinstance(shown, bool) else None)
    return None if found == Reasoning() else found


def write_generation(conversation: Conversation) -> dict[str, Any]:
    """``generationConfig`` for ``conversation``."""
    written: dict[str, Any] = {}
    for word, (name, _) in _NUMBERS.items():
        value = getattr(conversation, word)
        if value is not None and _is_sent(word, conversation):
            written[name] = value
    if conversation.stop:
        written["stopSequences"] = list(conversation.stop[:STOPS])
    written |= _write_format(conversation.format)
    if conversation.reasoning is not None:
        thinking = _write_thinking(conversation.reasoning)
        written |= {"thinkingConfig": thinking} if thinking else {}
    return written


def _is_sent(word: str, conversation: Conversation) -> bool:
    """False for several choices, of which a caller of another dialect would get one."""
    return word != "choices" or conversation.dialect == NAME


def _write_format(wanted: JsonFormat | None) -> dict[str, Any]:
    if wanted is None:
        return {}
    schema = {} if wanted.schema is None else {"responseJsonSchema": dict(wanted.schema)}
    return {"responseMimeType": _JSON, **schema}


def _write_thinking(reasoning: Reasoning) -> dict[str, Any]:
    written: dict[str, Any] = {}
    if reasoning.tokens is not None:
        written["thinkingBudget"] = reasoning.tokens
    elif reasoning.effort == _NO_THINKING:
        written["thinkingBudget"] = 0
    elif reasoning.effort is not None:
        written["thinkingLevel"] = reasoning.effort.upper()
    if reasoning.shown is not None:
        written["includeThoughts"] = reasoning.shown
    return written


def budgeted(fields: dict[str, Any]) -> dict[str, Any]:
    """``generationConfig`` for a model that knows no thinking levels and refuses them."""
    left = dict(fields)
    thinking = dict(mapping(take(left, "thinkingConfig")))
    level = take(thinking, "thinkingLevel")
    budget = BUDGETS.get(level.lower()) if isinstance(level, str) else None
    if budget is None:
        return fields
    return {**left, "thinkingConfig": {"thinkingBudget": budget, **thinking}}
