"""How clients of this dialect are served, and how its streams end.

https://platform.openai.com/docs/api-reference/chat-streaming (2026-11-30).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.openai_chat.stream_repair import REPAIR
from orchestrator.dialects.serving import Serving, StreamClosing
from orchestrator.dialects.wire import mappings


def _may_close(chunk: Mapping[str, Any]) -> bool:
    """A chunk with a finish reason, or the one of the usage, which has no choice; or an error."""
    choices = mappings(chunk.get("choices"))
    return not choices or any(one.get("finish_reason") for one in choices)


SERVING = Serving(
    paths=("/chat/completions",),
    passed_headers=("openai-beta",),
    repair=REPAIR,
    closing=StreamClosing(marks=frozenset({"[DONE]"}), may_close=_may_close),
)
