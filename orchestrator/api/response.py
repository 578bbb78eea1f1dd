"""What a call that succeeded brings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.dialects import DEFAULT_DIALECT, Answer, ToolCall, Usage, dialect
from orchestrator.dialects.neutral import Heading
from orchestrator.ledger import Attempt, Ledger, Skipped


@attrs.frozen(slots=False)  # with slots eight fields are set by function calls
class Response:
    """The answer of a call, and the record of how it was reached.

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
    ledger: Ledger = attrs.field(repr=False, hash=False)  # it grows while its call runs
    dialect: str = attrs.field(default=DEFAULT_DIALECT, repr=False)
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
    def message(self) -> dict[str, Any]:
        """The assistant's message in chat-completions shape, to append to the next request's."""
        message: dict[str, Any] = self.to_dict()["choices"][0]["message"]
        # A null or an empty list says nothing, and strict servers refuse it: OpenAI an empty
        # `tool_calls`, others a null under a name that they do not know.
        return {
            name: said
            for name, said in message.items()
            if name == "content" or said not in (None, [])
        }

    def __str__(self) -> str:
        """The text."""
        return self.text

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

    def in_dialect(self, name: str, asked: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The answer as a client of that dialect expects it.

        Where it came in that dialect, with all that the provider said. What a provider left
        out or spells in a way of its own is put in the standard way.

        Args:
            name: The dialect.
            asked: The request in it, which answers of the Responses API repeat.
        """
        heading = Heading(self.ledger.call, self.model, self.created, asked or {})
        spoken = dialect(self.dialect)
        if name == self.dialect:
            # Not by way of the neutral form, which knows no field of a vendor's own.
            return spoken.complete_answer(self.raw, heading)
        # An id of another dialect's provider is none here: clients know theirs by the beginning,
        # and by there being no other.
        reply = attrs.evolve(spoken.read_answer(self.raw), id="")
        return dialect(name).write_answer(reply, heading)

    def to_dict(self) -> dict[str, Any]:
        """The answer as a ``chat.completion``; see :meth:`in_dialect`.

        ``created`` is our own clock's where the provider did not say.
        """
        return self.in_dialect(DEFAULT_DIALECT)
