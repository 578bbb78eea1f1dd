"""What a call that succeeded brings."""

from __future__ import annotations

from typing import Any

import attrs

from orchestrator.dialects import Answer, ToolCall, Usage, dialect
from orchestrator.ledger import Attempt, Ledger, Skipped

_CHAT = "openai-chat"


@attrs.frozen
class Response:
    """An answer, and how it was come by.

    Attributes:
        provider, model, credential: Who answered; the credential by its label.
        skipped: Targets that were passed over, and why.
        ledger: The whole record of the call.
        dialect: The dialect that :attr:`raw` is written in.
        created: Wall clock of the answer, whole seconds since the epoch; 0 where unknown.
    """

    answer: Answer = attrs.field(repr=False)
    provider: str
    model: str
    credential: str
    skipped: tuple[Skipped, ...] = attrs.field(repr=False)
    ledger: Ledger = attrs.field(repr=False)
    dialect: str = attrs.field(default=_CHAT, repr=False)
    created: int = attrs.field(default=0, repr=False)

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

    def in_dialect(self, name: str) -> dict[str, Any]:
        """The answer as a client of that dialect expects it; the very one where it came so."""
        if name == self.dialect:
            return self.raw
        return dialect(name).write_answer(dialect(self.dialect).read_answer(self.raw))

    def to_dict(self) -> dict[str, Any]:
        """The answer as a ``chat.completion``, with whatever else the provider said.

        What a provider left out or spells in a way of its own is put in the standard
        way; ``created`` is our own clock's where it did not say.
        """
        raw = self.in_dialect(_CHAT)
        others = list(raw.get("choices") or ())[1:]
        return {
            **raw,
            "created": raw.get("created") or self.created,
            "id": self.answer.id,
            "object": "chat.completion",
            "model": self.answer.model or self.model,
            "choices": [self._choice(raw), *others],
            "usage": self._usage(raw),
        }

    def _choice(self, raw: dict[str, Any]) -> dict[str, Any]:
        said: dict[str, Any] = next(iter(raw.get("choices") or ()), {})
        message = said.get("message")
        message = message if isinstance(message, dict) else {"content": self.text}
        return {
            "index": 0,
            **{name: value for name, value in said.items() if name != "text"},
            "message": {"role": "assistant", **message},
            "finish_reason": self.finish_reason,
        }

    def _usage(self, raw: dict[str, Any]) -> dict[str, Any]:
        said = raw.get("usage")
        counts = {
            "prompt_tokens": self.usage.prompt_tokens,
            "completion_tokens": self.usage.completion_tokens,
            "total_tokens": self.usage.total_tokens,
        }
        return {**(said if isinstance(said, dict) else {}), **counts}
