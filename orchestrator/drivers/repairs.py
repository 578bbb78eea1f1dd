"""Changes of a request that cure a failure, by the name that a classified error gives.

Each takes a payload in any dialect and returns a changed copy. None removes what anybody
said: thoughts that the vendor refuses to read are the only part of a conversation that is
left out, and the words, calls and results around them stay. A repair that would change
nothing cures nothing, and a value that no model takes is the caller's to correct: for both
:func:`plan` says ``None``, and the error stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from orchestrator.drivers.fields import Path, Payload, found, removed, replaced
from orchestrator.drivers.thoughts import without_thoughts

NO_STREAM = "no_stream"
FORCE_STREAM = "force_stream"
NO_PREFILL = "no_prefill"
CLAMP = "clamp_max_tokens"

Change = Callable[[Payload], Payload]

_INNER = ("generationConfig", "generation_config")
"""Where Gemini has its parameters; its SDK mixes the two spellings."""


def _paths(*names: str, also: tuple[Path, ...] = ()) -> tuple[Path, ...]:
    """Where any dialect has the field: at the top, or within Gemini's object."""
    within = ((outer, name) for outer in _INNER for name in names)
    return (*((name,) for name in names), *within, *also)


TEMPERATURE = _paths("temperature")
LONGEST = _paths("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens")
EFFORT = _paths(
    "reasoning_effort",
    also=(
        ("reasoning", "effort"),
        ("output_config", "effort"),
        *(
            (outer, middle, name)
            for outer in _INNER
            for middle in ("thinkingConfig", "thinking_config")
            for name in ("thinkingLevel", "thinking_level")
        ),
    ),
)
EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
"""The words that some vendor takes (2026-11-21); any other is a slip of the caller's."""

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?![\w-])")
"""A number that is no part of a name such as ``claude-3-haiku-20240307``."""


def _renamed(old: str, new: str) -> Change:
    def rename(payload: Payload) -> Payload:
        # Where both are given the one that is asked for stays as it is.
        kept = payload if new not in payload else {k: v for k, v in payload.items() if k != old}
        return {new if name == old else name: value for name, value in kept.items()}

    return rename


def _without(paths: tuple[Path, ...]) -> Change:
    return lambda payload: removed(payload, paths)


def _without_encrypted(payload: Payload) -> Payload:
    # A dialect is loaded when it is first spoken; most programs speak one.
    from orchestrator.dialects.openai_responses.replay import without_vendor_state

    changed = dict(without_vendor_state(payload))
    include = changed.get("include")
    if isinstance(include, list):
        changed["include"] = [one for one in include if one != "reasoning.encrypted_content"]
    messages = changed.get("messages")
    return without_thoughts(changed) if isinstance(messages, list) else changed


def _as_it_is(payload: Payload) -> Payload:
    """How the answer is asked for is no field of the payload."""
    return payload


REPAIRS: Mapping[str, Change] = {
    "max_tokens_to_max_completion_tokens": _renamed("max_tokens", "max_completion_tokens"),
    "max_completion_tokens_to_max_tokens": _renamed("max_completion_tokens", "max_tokens"),
    "drop_temperature": _without(TEMPERATURE),
    "drop_stream_options": _without((("stream_options",),)),
    "drop_reasoning_effort": _without(EFFORT),
    "drop_thinking_signature": without_thoughts,
    "drop_encrypted_content": _without_encrypted,
    NO_STREAM: _as_it_is,
    FORCE_STREAM: _as_it_is,
    NO_PREFILL: _as_it_is,
}
"""The repairs that need no more than their name; the other is :data:`CLAMP`."""


def apply(repair: str, payload: Payload) -> Payload:
    """``payload`` with ``repair``, which :func:`plan` gave, done to a copy."""
    name, _, value = repair.partition("=")
    if name == CLAMP:
        return _clamped(payload, int(value))
    return REPAIRS[name](payload)


def plan(name: str, payload: Payload, message: str, *, spoken: str, streamed: bool) -> str | None:
    """What to do to ``payload`` for the repair ``name``; ``None`` where it would not help.

    Args:
        name: The name that the error gives.
        payload: What was sent, the target's own fields included.
        message: What the provider said.
        spoken: The dialect of ``payload``.
        streamed: True where a stream was asked for.
    """
    match name:
        case "no_stream":
            return name if streamed else None
        case "force_stream":
            return name if not streamed else None
        case "no_prefill":
            return name
        case "clamp_max_tokens":
            return _clamp(payload, message, spoken)
        case "drop_reasoning_effort" if any(
            str(value).lower() not in EFFORTS for value in found(payload, EFFORT)
        ):
            return None
        case _ if name in REPAIRS:
            return name if REPAIRS[name](payload) != payload else None
        case _:
            return None


def _clamp(payload: Payload, message: str, spoken: str) -> str | None:
    """The largest number in ``message`` that is below what was asked for."""
    asked = list(_whole_numbers(found(payload, LONGEST)))
    if not asked and spoken == "anthropic-messages":
        from orchestrator.dialects.anthropic_messages.http import DEFAULT_MAX_TOKENS

        asked = [DEFAULT_MAX_TOKENS]  # the dialect's own, where the request says none
    if not asked:
        return None
    said = (int(number.replace(",", "")) for number in _NUMBER.findall(message))
    fitting = [number for number in said if 0 < number < max(asked)]
    return f"{CLAMP}={max(fitting)}" if fitting else None


def _clamped(payload: Payload, most: int) -> Payload:
    given = found(payload, LONGEST)
    if not given and "messages" in payload:
        return {**payload, "max_tokens": most}
    return replaced(
        payload, LONGEST, lambda value: min(value, most) if isinstance(value, int) else value
    )


def _whole_numbers(values: Iterable[Any]) -> Iterator[int]:
    return (value for value in values if isinstance(value, int) and not isinstance(value, bool))
