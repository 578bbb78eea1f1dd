"""What streams of relays lack: the message's id and fields, counts, the names of events.

The vendor's own packages skip events without a name, add counts to those of the beginning, and
fail where there are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.anthropic_messages.answer import completed_block, opening
from orchestrator.dialects.anthropic_messages.vocabulary import (
    read_usage,
    write_usage,
    write_usage_so_far,
)
from orchestrator.dialects.completion import completed
from orchestrator.dialects.forwarding import StreamRepair
from orchestrator.dialects.neutral import Heading
from orchestrator.dialects.sse import ServerEvent
from orchestrator.dialects.wire import count, mapping, string

_ENDING: Mapping[str, Any] = {
    "stop_reason": None,
    "stop_sequence": None,
    "stop_details": None,
    "container": None,
}


def _is_sound(event: ServerEvent, body: Mapping[str, Any]) -> bool:
    message = mapping(body.get("message"))
    usage = mapping(message.get("usage"))
    named = event.event == body.get("type") and bool(string(message.get("id")))
    counted = all(type(usage.get(name)) is int for name in ("input_tokens", "output_tokens"))
    known = (message.get("type"), message.get("role")) == ("message", "assistant")
    said = bool(string(message.get("model"))) and isinstance(message.get("content"), list)
    return named and counted and known and said


def _mended(
    body: Mapping[str, Any],
    first: Mapping[str, Any],  # noqa: ARG001 - only one event has what it says
    heading: Heading,
) -> Mapping[str, Any] | None:
    usage = mapping(body.get("usage"))
    match body.get("type"):
        case "message_start":
            return {**body, "message": _message(mapping(body.get("message")), heading)}
        case "content_block_start":
            block = completed_block(mapping(body.get("content_block")))
            return {**completed(body, {"index": 0}), "content_block": block}
        case "message_delta":
            ended = completed(mapping(body.get("delta")), _ENDING)
            counted = {**write_usage_so_far(read_usage(usage)), "input_tokens": None}
            if count(usage, "input_tokens"):
                counted["input_tokens"] = usage["input_tokens"]
            return {**body, "delta": ended, "usage": completed(usage, counted)}
        case "content_block_delta" | "content_block_stop":
            return completed(body, {"index": 0})
        case str():
            return body
        case _:
            return None


def _message(said: Mapping[str, Any], heading: Heading) -> dict[str, Any]:
    counted = mapping(said.get("usage"))
    usual = opening(f"msg_{heading.id}", heading.model, read_usage(counted))
    usage = completed(counted, write_usage(read_usage(counted)))
    return {**completed(said, usual), "type": "message", "role": "assistant", "usage": usage}


REPAIR = StreamRepair(is_sound=_is_sound, mended=_mended, is_named=True)
