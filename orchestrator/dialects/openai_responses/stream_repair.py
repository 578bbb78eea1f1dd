"""Which streams are passed on: those whose beginning has what the rest refers to.

Every event repeats ids, places and a number, so a stream that begins otherwise is written anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.completion import made_at
from orchestrator.dialects.forwarding import StreamRepair
from orchestrator.dialects.sse import ServerEvent
from orchestrator.dialects.wire import mapping, string


def _is_sound(event: ServerEvent, body: Mapping[str, Any]) -> bool:  # noqa: ARG001 - said twice
    response = mapping(body.get("response"))
    named = bool(string(response.get("id")) and string(response.get("model")))
    timed = made_at(response.get("created_at"), 0) > 0
    known = response.get("object") == "response" and isinstance(response.get("output"), list)
    # A first number that is false, or a time, would be a boolean or a float here.
    numbered = type(body.get("sequence_number")) is int and body["sequence_number"] == 0
    return named and timed and known and numbered and bool(string(body.get("type")))


REPAIR = StreamRepair(is_sound=_is_sound)
