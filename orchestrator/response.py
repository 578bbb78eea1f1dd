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
        """The answer as a ``chat.completion``, with whatever else the provider said.

        What a provider left out or spells in a way of its own is put in the standard
        way; ``created`` is 0 where it did not say.
        """
        raw = self.answer.raw
        others = list(raw.get("choices") or ())[1:]
        return {
            "created": 0,
            **raw,
            "id": self.answer.id,
            "object": "chat.completion",
            "model": self.answer.model or self.model,
            "choices": [self._choice(), *others],
            "usage": self._usage(),
        }

    def _choice(self) -> dict[str, Any]:
        said: dict[str, Any] = next(iter(self.answer.raw.get("choices") or ()), {})
        message = said.get("message")
        message = message if isinstance(message, dict) else {"content": self.text}
        return {
            "index": 0,
            **{name: value for name, value in said.items() if name != "text"},
            "message": {"role": "assistant", **message},
            "finish_reason": self.finish_reason,
        }

    def _usage(self) -> dict[str, Any]:
        said = self.answer.raw.get("usage")
        counts = {
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "total_tokens": self.usage.total_tokens,
        }
        return {**(said if isinstance(said, dict) else {}), **counts}
