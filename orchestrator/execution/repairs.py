"""Changes of a request that cure a failure, by the name that a classified error gives.

Each takes a payload and its dialect and returns a changed copy. None removes what anybody
said: thoughts that the vendor refuses to read are the only part of a conversation that is
left out, and the words, calls and results around them stay. A repair that would change
nothing cures nothing, and a value that no model takes is the caller's to correct: for both
:func:`plan` says ``None``, and the error stands. What a repair needs to know beside its name
is read from the refusal and kept in it, ``clamp_max_tokens=8192``: so it can be done again
for other requests, and another refusal at the same target is another repair.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from orchestrator.dialects import Dialect, Payload
from orchestrator.dialects.shape import Path, RequestShape
from orchestrator.execution.history_fields import (
    drop_fields,
    find_demanded_fields,
    find_refused_fields,
    pad_fields,
)
from orchestrator.execution.json_paths import find_values, remove_fields, replace_values
from orchestrator.execution.named_fields import is_named, without_addresses
from orchestrator.execution.response_formats import next_format, say_json, soften_format
from orchestrator.execution.schema_reduction import (
    close_schemas,
    find_refused_keywords,
    reduce_schemas,
)

NO_STREAM = "no_stream"
FORCE_STREAM = "force_stream"
NO_PREFILL = "no_prefill"
CUT_STOP = "cut_stop"
CLAMP = "clamp_max_tokens"

Change = Callable[[Payload, Dialect], Payload]
ChangeTo = Callable[[Payload, str, Dialect], Payload]

EFFORTS = frozenset({"none", "minimal", "low", "medium", "high", "xhigh", "max"})
"""The words that some vendor takes (2026-11-21); any other is a slip of the caller's."""

EFFORTS_ASKED = (
    "seed", "user", "store", "metadata", "service_tier", "prompt_cache_key", "safety_identifier",
    "prompt_cache_retention", "prompt_cache_options",
)  # fmt: skip
"""Fields that ask for best effort only (our own choice, 2026-11): who refuses one does without."""

_UNSAID = frozenset({"logprobs", "echo", "background"})
_USUAL: Mapping[str, Any] = {"frequency_penalty": 0, "presence_penalty": 0, "n": 1}
"""What says nothing, for it holds where nothing is said: false in these, these values
(https://platform.openai.com/docs/api-reference/chat/create, 2026-11-29)."""

_NUMBER = re.compile(r"(?<![\w.-])\d[\d,]*(?![\w-])")
"""A number that is no part of a name such as ``claude-3-haiku-20240307``."""


def _renamed(old: str, new: str) -> Change:
    def rename(payload: Payload, spoken: Dialect) -> Payload:  # noqa: ARG001 - its names are given
        # Where both are given the one that is asked for stays as it is.
        kept = payload if new not in payload else {k: v for k, v in payload.items() if k != old}
        return {new if name == old else name: value for name, value in kept.items()}

    return rename


def _without(paths: Callable[[RequestShape], tuple[Path, ...]]) -> Change:
    return lambda payload, spoken: remove_fields(payload, paths(spoken.shape))


def _as_it_is(payload: Payload, spoken: Dialect) -> Payload:  # noqa: ARG001
    """How the answer is asked for is no field of the payload."""
    return payload


def _as_system(payload: Payload, spoken: Dialect) -> Payload:
    """What a developer says, said by the system: the older name of the same role."""
    return replace_values(payload, ((spoken.shape.history, "*"),), _system)


def _system(message: Any) -> Any:
    is_developers = isinstance(message, Mapping) and message.get("role") == "developer"
    return {**message, "role": "system"} if is_developers else message


def _without_refused(payload: Payload, names: str, spoken: Dialect) -> Payload:
    fields = names.split(",")
    top = [(name,) for name in fields if name in payload and _may_go(name, payload[name], spoken)]
    return drop_fields(remove_fields(payload, top), fields, spoken)


def _may_go(name: str, value: Any, spoken: Dialect) -> bool:
    """Whether a field at the top says nothing that the answer hangs on."""
    is_empty = value is None or value in ({}, []) or (name in _UNSAID and value is False)
    is_usual = name in _USUAL and value == _USUAL[name]
    return name in EFFORTS_ASKED or is_usual or (is_empty and name != spoken.shape.history)


def _stripped(payload: Payload, spoken: Dialect) -> Payload:
    return spoken.shape.strip_reasoning(payload)


REPAIRS: Mapping[str, Change] = {
    "max_tokens_to_max_completion_tokens": _renamed("max_tokens", "max_completion_tokens"),
    "max_completion_tokens_to_max_tokens": _renamed("max_completion_tokens", "max_tokens"),
    "drop_temperature": _without(lambda shape: shape.temperature),
    "drop_stream_options": _without(lambda _: (("stream_options",),)),
    "drop_reasoning_effort": _without(lambda shape: shape.effort),
    "drop_thinking_signature": _stripped,
    "drop_encrypted_content": _stripped,
    "developer_to_system": _as_system,
    "close_schema": close_schemas,
    "say_json": say_json,
    CUT_STOP: _without(lambda shape: shape.stops),
    NO_STREAM: _as_it_is,
    FORCE_STREAM: _as_it_is,
    NO_PREFILL: _as_it_is,
}
"""The repairs that need no more than their name."""

VALUED: Mapping[str, ChangeTo] = {
    CLAMP: lambda payload, most, spoken: _clamped(payload, int(most), spoken.shape),
    "drop_refused_fields": _without_refused,
    "pad_history_fields": lambda payload, names, _: pad_fields(payload, names.split(",")),
    "reduce_schema": lambda payload, names, spoken: reduce_schemas(
        payload, names.split(","), spoken
    ),
    "soften_response_format": soften_format,
}
"""The repairs that need a value too, which the refusal gives."""


def apply(repair: str, payload: Payload, spoken: Dialect) -> Payload:
    """``payload`` with ``repair``, which :func:`plan` gave, done to a copy."""
    name, _, value = repair.partition("=")
    if name in VALUED:
        return VALUED[name](payload, value, spoken)
    return REPAIRS[name](payload, spoken)


def plan(
    name: str, payload: Payload, message: str, *, spoken: Dialect, streamed: bool
) -> str | None:
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
        case "cut_stop" if any(
            isinstance(value, int) and value > 1
            for value in find_values(payload, spoken.shape.choices)
        ):
            return None  # only the first of several answers could be cut
        case _ if name in VALUED:
            value = _value(name, payload, message, spoken)
            return f"{name}={value}" if value else None
        case "drop_reasoning_effort" if any(
            str(value).lower() not in EFFORTS for value in find_values(payload, spoken.shape.effort)
        ):
            return None
        case _ if name in REPAIRS:
            return name if REPAIRS[name](payload, spoken) != payload else None
        case _:
            return None


def _value(name: str, payload: Payload, message: str, spoken: Dialect) -> str | None:
    """What the repair ``name`` must know to cure the refusal ``message``."""
    match name:
        case "drop_refused_fields":
            text = without_addresses(message)
            going = (one for one in sorted(payload) if _may_go(one, payload[one], spoken))
            top = (one for one in going if is_named(one, text))
            return ",".join((*top, *find_refused_fields(payload, message, spoken)))
        case "pad_history_fields":
            return ",".join(find_demanded_fields(payload, message))
        case "reduce_schema":
            return ",".join(find_refused_keywords(payload, message, spoken=spoken))
        case "soften_response_format":
            return next_format(payload, spoken)
        case _:
            return _clamp(payload, message, spoken.shape)


def _clamp(payload: Payload, message: str, shape: RequestShape) -> str | None:
    """The largest number in ``message`` that is below what was asked for."""
    asked = list(_whole_numbers(find_values(payload, shape.max_tokens)))
    if not asked and shape.default_max_tokens is not None:
        # Nobody asked: it was put in by encoding, and is what was refused.
        asked = [shape.default_max_tokens]
    if not asked:
        return None
    said = (int(number.replace(",", "")) for number in _NUMBER.findall(message))
    # The refusal repeats what was asked; the largest number below it is the limit.
    fitting = [number for number in said if 0 < number < max(asked)]
    return str(max(fitting)) if fitting else None


def _clamped(payload: Payload, most: int, shape: RequestShape) -> Payload:
    unsaid = shape.default_max_tokens is not None and not find_values(payload, shape.max_tokens)
    if unsaid and shape.history in payload:
        return {**payload, shape.max_tokens[0][0]: most}
    return replace_values(payload, shape.max_tokens, partial(_at_most, most=most))


def _at_most(value: Any, most: int) -> Any:
    return min(value, most) if isinstance(value, int) else value


def _whole_numbers(values: Iterable[Any]) -> Iterator[int]:
    return (value for value in values if isinstance(value, int) and not isinstance(value, bool))
