"""What came back from a provider: an :class:`Answer`, or a :class:`Fault` to classify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from orchestrator.dialects.wire import parsed_object


@attrs.frozen
class ToolCall:
    """One tool call of an answer.

    Attributes:
        id: The provider's id of the call; empty where it sent none.
        name: The tool's name.
        arguments: The arguments as JSON text, exactly as the model wrote them.
    """

    id: str
    name: str
    arguments: str

    @property
    def parses(self) -> bool:
        """True where the arguments are a JSON object; no text at all means none are given."""
        return not self.arguments.strip() or parsed_object(self.arguments) is not None


@attrs.frozen(slots=False)  # with slots each field is set by a function call
class Usage:
    """Tokens, as the provider counted them; 0 where it said nothing.

    Attributes:
        prompt_tokens: Tokens of the request, cached ones included.
        completion_tokens: Tokens of the answer, reasoning included.
        total_tokens: The provider's own sum; ours where it sent none.
        cached_tokens: Those of the prompt that came from the provider's cache.
        reasoning_tokens: Those of the completion that were spent on reasoning.
    """

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0


@attrs.frozen(slots=False)  # as usage
class Answer:
    """A finished answer; ``finish_reason="length"`` is one too.

    Attributes:
        text: The text of the first choice; empty where there are only tool calls.
        tool_calls: The tool calls of the first choice, in order.
        finish_reason: Why the model stopped; ``None`` where the provider did not say.
        usage: What it cost in tokens.
        id: The provider's id of the answer, empty where it sent none.
        model: The model that answered, in the provider's words, empty where unsaid.
        raw: The whole decoded body.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage = Usage()
    id: str = ""
    model: str = ""
    raw: dict[str, Any] = attrs.field(factory=dict, repr=False, hash=False)

    @property
    def truncated(self) -> bool:
        """True where the model stopped at its length limit."""
        return self.finish_reason == "length"

    @property
    def truncated_tool_call(self) -> bool:
        """True where a tool call cannot be carried out because its JSON does not parse.

        Arguments that are wholly missing count where the model stopped at its limit.
        """
        return any(
            not call.parses or (self.truncated and not call.arguments.strip())
            for call in self.tool_calls
        )


@attrs.frozen
class Fault:
    """A failure, raw: everything that classification looks at.

    Attributes:
        status: The HTTP status; a 200 whose body is not an answer is a fault too.
        headers: The response's headers, names in lower case, repeated ones joined by ``", "``.
        body: The decoded JSON, else the text, else the bytes; ``None`` where empty.
        where: Where it was found: ``"response"`` or ``"stream"``.
    """

    status: int
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False, hash=False)
    body: Any = attrs.field(default=None, repr=False, hash=False)
    where: str = "response"
