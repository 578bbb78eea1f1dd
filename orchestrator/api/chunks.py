"""What a streamed call yields."""

from __future__ import annotations

from typing import Any

import msgspec

from orchestrator.dialects import Usage
from orchestrator.dialects.neutral import (
    Delta,
    FinishReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    UsageDelta,
)


class Chunk(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """A piece of an answer; most have text, and the last ones a finish reason and usage.

    Attributes:
        delta: What came.
        id: Of the whole answer.
        model: Who wrote this piece, in its provider's words; one answer may have several
            writers, where another went on with what broke.
        target: The same as ``provider/model``.
        created: Wall clock of the first chunk, whole seconds since the epoch.
    """

    delta: Delta
    id: str = ""
    model: str = ""
    created: int = 0
    target: str = ""

    @property
    def text(self) -> str:
        """The words of this piece; empty where it has none."""
        return self.delta.text if isinstance(self.delta, TextDelta) else ""

    @property
    def reasoning(self) -> str:
        """The thoughts of this piece; empty where it has none."""
        return self.delta.text if isinstance(self.delta, ThinkingDelta) else ""

    @property
    def tool_calls(self) -> tuple[ToolCallDelta, ...]:
        """The piece of a tool call that came: ``index``, ``id``, ``name``, ``arguments``."""
        return (self.delta,) if isinstance(self.delta, ToolCallDelta) else ()

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in the piece that says it."""
        return self.delta.finish_reason if isinstance(self.delta, FinishReason) else None

    @property
    def usage(self) -> Usage | None:
        """Tokens, in the piece that says them."""
        return self.delta.usage if isinstance(self.delta, UsageDelta) else None

    def to_dict(self) -> dict[str, Any]:
        """The piece as a ``chat.completion.chunk``."""
        # Loaded long ago: who holds a chunk made a call.
        from orchestrator.dialects.openai_chat import chunk

        return chunk(self.delta, id=self.id, model=self.model, created=self.created)
