"""The shape of a request, and what only this dialect's callers are told."""

from __future__ import annotations

from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.request_fields import RequestError, kind_of
from orchestrator.dialects.shape import (
    RequestShape,
    add_system_turn,
    appended_turns,
    strip_messages,
)
from orchestrator.dialects.wire import mapping

HISTORY = "messages"

SHAPE = RequestShape(
    history=HISTORY,
    max_tokens=(("max_tokens",), ("max_completion_tokens",)),
    effort=(("reasoning_effort",), ("reasoning", "effort")),
    choices=(("n",),),
    stops=(("stop",),),
    answer_format=("response_format",),
    answer_schemas=(("response_format", "json_schema", "schema"),),
    tool_schemas=(
        ("tools", "*", "function", "parameters"),
        ("tools", "*", "parameters"),
        ("functions", "*", "parameters"),
    ),
    continue_from=appended_turns(HISTORY),
    add_system=lambda payload, text: add_system_turn(payload, HISTORY, text),
    strip_reasoning=strip_messages,
)


def wants_reasoning(payload: Payload) -> bool:
    """True where the effort says so, or an object of OpenRouter's, DeepSeek's or GLM's."""
    # Minimal effort answers at once, so it gets no time to think.
    effort = payload.get("reasoning_effort")
    thinking = mapping(payload.get("thinking"))
    asked = bool(thinking) and thinking.get("type") != "disabled"
    return bool(payload.get("reasoning")) or asked or effort not in (None, "none", "minimal")


def ask_for_usage(payload: Payload) -> Payload:
    """``payload``, asking for the usage too, which is not streamed unasked."""
    if "stream_options" in payload:
        return payload
    return {**payload, "stream_options": {"include_usage": True}}


def check_request(payload: Payload) -> None:
    """Refuse what is no chat.

    Raises:
        RequestError: The text names the place.
    """
    messages = payload.get(HISTORY)
    if not isinstance(messages, list):
        raise RequestError(f"'messages' is {kind_of(messages)}; allowed: a list of messages")
    if not messages:
        raise RequestError("'messages' is empty; at least one message is needed")
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or "role" not in message:
            raise RequestError(
                f"messages[{index}] is {kind_of(message)}; allowed: a mapping with 'role' "
                "and 'content'"
            )
    model = payload.get("model")
    if model is not None and not isinstance(model, str):
        raise RequestError(f"'model' is {kind_of(model)}; allowed: a route or provider/model")
