"""What a call that succeeded brings."""

from __future__ import annotations

from typing import Any

import attrs

from orchestrator.dialects import Answer, ToolCall, Usage
from orchestrator.ledger import Attempt, Ledger, Skipped


@attrs.frozen
class Response:
    """An answer, and how it was come by.

    Attributes:
        provider, model, credential: Who answered; the credential by its label.
        skipped: Targets that were passed over, and why.
        ledger: The whole record of the call.
    """

    answer: Answer = attrs.field(repr=False)
    provider: str
    model: str
    credential: str
    skipped: tuple[Skipped, ...] = attrs.field(repr=False)
    ledger: Ledger = attrs.field(repr=False)

    @property
    def text(self) -> str:
        """The text of the first choice; empty where the model only called tools."""
        return self.answer.text

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tool calls of the first choice."""
        return self.answer.tool_calls

    @property
    def finish_reason(self) -> str | None:
        """Why the model stopped, in chat-completions words."""
        return self.answer.finish_reason

    @property
    def usage(self) -> Usage:
        """Tokens as the provider counted them."""
        return self.answer.usage

    @property
    def raw(self) -> dict[str, Any]:
        """The provider's own answer, decoded."""
        return self.answer.raw

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """Every attempt of the call, the one that succeeded last."""
        return self.ledger.attempts

    def to_dict(self) -> dict[str, Any]:
        """The answer as a ``chat.completion``."""
        return dict(self.answer.raw)
