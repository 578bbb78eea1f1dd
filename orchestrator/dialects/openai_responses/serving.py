"""How clients of this dialect are served, and how its streams end.

https://platform.openai.com/docs/api-reference/responses-streaming (2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.openai_responses.stream_repair import REPAIR
from orchestrator.dialects.serving import Serving, StreamClosing

_LAST = ("response.completed", "response.incomplete", "response.failed", "error")


def _may_close(event: Mapping[str, Any]) -> bool:
    """There is no end mark: one of these is the last event."""
    return event.get("type") in _LAST


SERVING = Serving(
    paths=("/responses",),
    passed_headers=("openai-beta",),
    repair=REPAIR,
    names_items=True,
    closing=StreamClosing(may_close=_may_close),
)
