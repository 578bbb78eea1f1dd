"""What a stream lacks: nothing is demanded but that it is one of server-sent events.

Servers that do not know ``alt=sse`` send a JSON list, which clients who asked for it cannot read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.forwarding import StreamRepair
from orchestrator.dialects.gemini.answer import complete_answer
from orchestrator.dialects.gemini.vocabulary import field
from orchestrator.dialects.neutral import Heading
from orchestrator.dialects.sse import ServerEvent


def _is_sound(event: ServerEvent, body: Mapping[str, Any]) -> bool:
    # Ids may be left out, and are then nobody's.
    return bool(event.data) and field(body, "responseId") != ""


def _mended(
    body: Mapping[str, Any],
    first: Mapping[str, Any],  # noqa: ARG001 - every event says all
    heading: Heading,
) -> Mapping[str, Any] | None:
    return complete_answer(body, heading) if body else None


REPAIR = StreamRepair(is_sound=_is_sound, mended=_mended)
