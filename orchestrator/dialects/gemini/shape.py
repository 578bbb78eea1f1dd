"""The shape of a request. The SDK mixes two spellings, and so do its users."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.gemini.vocabulary import UNSIGNED, field
from orchestrator.dialects.shape import Path, RequestShape, appended_turns
from orchestrator.dialects.wire import mapping

_GENERATION = ("generationConfig", "generation_config")
_DECLARATIONS = ("functionDeclarations", "function_declarations")
_SIGNATURES = ("thoughtSignature", "thought_signature")
_CALLS = {"functionCall", "function_call"}


def _either(*names: str) -> tuple[Path, ...]:
    """Within ``generationConfig``, or at the top, where a target's own fields have it."""
    return (*product(_GENERATION, names), *((name,) for name in names))


def strip_reasoning(payload: Payload) -> Payload:
    """A copy without signatures; a call keeps one, which the vendor demands."""
    contents = payload.get("contents")
    if not isinstance(contents, list):
        return payload
    return {**payload, "contents": [_content(content) for content in contents]}


def _content(content: Any) -> Any:
    parts = content.get("parts") if isinstance(content, Mapping) else None
    return {**content, "parts": list(map(_part, parts))} if isinstance(parts, list) else content


def _part(part: Any) -> Any:
    if not isinstance(part, Mapping) or not any(name in part for name in _SIGNATURES):
        return part
    unsigned = {name: value for name, value in part.items() if name not in _SIGNATURES}
    return {**unsigned, "thoughtSignature": UNSIGNED} if _CALLS & set(part) else unsigned


def _turn(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": text}]}


SHAPE = RequestShape(
    history="contents",
    max_tokens=_either(
        "maxOutputTokens", "max_output_tokens", "max_tokens", "max_completion_tokens"
    ),
    temperature=_either("temperature"),
    effort=(
        *product(
            _GENERATION,
            ("thinkingConfig", "thinking_config"),
            ("thinkingLevel", "thinking_level"),
        ),
        ("reasoning_effort",),
    ),
    choices=_either("candidateCount", "candidate_count", "n"),
    stops=_either("stopSequences", "stop_sequences", "stop"),
    answer_schemas=tuple(
        product(
            _GENERATION,
            ("responseSchema", "responseJsonSchema", "response_schema", "response_json_schema"),
        )
    ),
    tool_schemas=tuple(
        ("tools", "*", declared, "*", name)
        for declared, name in product(
            _DECLARATIONS, ("parameters", "parametersJsonSchema", "parameters_json_schema")
        )
    ),
    containers=frozenset({*_DECLARATIONS, "parts"}),
    said=frozenset(
        {
            "args", "fileData", "functionCall", "functionResponse", "inlineData",
            "parametersJsonSchema", "parts", "response", "thought", *_DECLARATIONS,
        }
    ),
    continue_from=appended_turns("contents", assistant="model", turn=_turn),
    words=frozenset(
        {
            "contents", "generateContentRequest", "parts", "systemInstruction",
            "system_instruction", "text",
        }
    ),
    strip_reasoning=strip_reasoning,
)  # fmt: skip


def wants_reasoning(payload: Payload) -> bool:
    """True where a level or a budget of thought is asked for."""
    thinking = mapping(field(mapping(field(payload, "generationConfig")), "thinkingConfig"))
    level, budget = field(thinking, "thinkingLevel"), field(thinking, "thinkingBudget")
    low = isinstance(level, str) and level.lower() in ("none", "minimal")
    return (level is not None and not low) or (isinstance(budget, int) and budget != 0)
