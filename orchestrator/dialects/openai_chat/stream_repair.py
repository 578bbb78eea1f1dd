"""What chunks of other servers lack: ids, times and the fields that every chunk has.

Seen: no ``id`` or an empty one, ``created`` 0 or missing (Azure's first chunk, local servers),
no ``object``, a choice without ``index``, and ``finish_reason`` only where there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.completion import completed, made_at, without_nulls
from orchestrator.dialects.forwarding import StreamRepair
from orchestrator.dialects.neutral import Heading
from orchestrator.dialects.openai_chat.stream_writer import DONE
from orchestrator.dialects.sse import ServerEvent
from orchestrator.dialects.wire import mapping, mappings, string

_OBJECT = "chat.completion.chunk"
_CHOICE: Mapping[str, Any] = {"index": 0, "delta": {}, "finish_reason": None}


def _is_sound(event: ServerEvent, body: Mapping[str, Any]) -> bool:  # noqa: ARG001 - nobody names it
    named = bool(string(body.get("id")) and string(body.get("model")))
    timed = made_at(body.get("created"), 0) == body.get("created")
    if not (named and timed and body.get("object") == _OBJECT):
        return False
    return all(
        type(choice.get("index")) is int and "finish_reason" in choice and "delta" in choice
        for choice in mappings(body.get("choices"))
    )


def _mended(
    body: Mapping[str, Any], first: Mapping[str, Any], heading: Heading
) -> Mapping[str, Any]:
    told = body if body.get("system_fingerprint", "") is not None else without_nulls(body)
    return {
        **told,
        "id": string(first.get("id")) or f"chatcmpl-{heading.id}",
        "object": _OBJECT,
        "created": made_at(first.get("created"), heading.created),
        "model": string(body.get("model")) or string(first.get("model")) or heading.model,
        "choices": [_choice(choice) for choice in mappings(body.get("choices"))],
    }


def _choice(said: dict[str, Any]) -> dict[str, Any]:
    # All of a delta may be left out, and hardly anything be null.
    return {**completed(said, _CHOICE), "delta": without_nulls(mapping(said.get("delta")))}


REPAIR = StreamRepair(is_sound=_is_sound, mended=_mended, end_mark=DONE)
