"""The shape of a request."""

from __future__ import annotations

from orchestrator.dialects.anthropic_messages.http import DEFAULT_MAX_TOKENS
from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.shape import RequestShape, appended_turns, strip_messages
from orchestrator.dialects.wire import mapping


def _add_system(payload: Payload, text: str) -> Payload:
    if "messages" not in payload:
        return payload
    before = payload.get("system") or []
    blocks = [{"type": "text", "text": before}] if isinstance(before, str) else list(before)
    return {**payload, "system": [*blocks, {"type": "text", "text": text}]}


SHAPE = RequestShape(
    history="messages",
    max_tokens=(("max_tokens",),),
    default_max_tokens=DEFAULT_MAX_TOKENS,
    effort=(("output_config", "effort"),),
    stops=(("stop_sequences",),),
    answer_format=("output_config", "format"),
    has_json_mode=False,
    answer_schemas=(("output_config", "format", "schema"), ("output_format", "schema")),
    tool_schemas=(("tools", "*", "input_schema"),),
    continue_from=appended_turns("messages"),
    add_system=_add_system,
    strip_reasoning=strip_messages,
)


def wants_reasoning(payload: Payload) -> bool:
    """True where thinking is switched on."""
    return mapping(payload.get("thinking")).get("type") in ("enabled", "adaptive")


def check_count(payload: Payload) -> None:
    """Refuse what has nothing to count.

    ``messages`` is required, as in ``CountMessageTokensParams`` of the vendor's description
    (2026-11-30); an estimate would say 1 where the vendor refuses.

    Raises:
        RequestError: The text names the place.
    """
    messages = payload.get("messages")
    if not isinstance(messages, list):
        raise RequestError(f"'messages' is {kind_of(messages)}; allowed: a list of messages")
    if not messages:
        raise RequestError("'messages' is empty; at least one message is needed")
