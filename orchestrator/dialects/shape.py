"""Where a request of a dialect has what repairs change, and how a turn is put into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import attrs

from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.neutral import Conversation, Message, Role, Text

Path = tuple[str, ...]
"""Names of fields, one within the other; ``*`` is each item of a list."""

CONTINUE = (
    "Your answer was cut off. Go on from exactly where it stopped, in the same form and "
    "language. Do not repeat any of it, and do not comment on the interruption."
)
"""What asks a model to go on that takes no prefill."""


class ContinueFrom(Protocol):
    """Asks for the rest of an answer of which the caller has the beginning."""

    def __call__(self, payload: Payload, text: str, *, prefill: bool) -> dict[str, Any]:
        """``payload``, asked to go on from ``text``; all that was asked stays untouched.

        Args:
            payload: The request in the dialect's shape.
            text: What the caller has already.
            prefill: True where the model goes on from a last message of its own; else it is
                asked to by :data:`CONTINUE`. Vendors refuse a prefill that ends in white space.
        """
        ...


_WORDS = frozenset({"messages", "content", "text", "input", "instructions", "system", "parts"})


def _untouched(payload: Payload) -> Payload:
    return payload


def _untold(payload: Payload, text: str) -> Payload:  # noqa: ARG001 - there is no place for it
    return payload


@attrs.frozen(kw_only=True, eq=False)
class RequestShape:
    """The shape of a request in one dialect.

    Attributes:
        history: The field that holds the turns.
        max_tokens: Where the limit of the answer stands, the usual place first; with the names
            that a target's own fields may use, as in all of these.
        default_max_tokens: The limit that encoding puts in where nobody names one.
        temperature, effort, choices, stops: Where these stand; empty where there is no word.
        answer_format: Where the form of the answer stands; empty where it cannot be softened.
        has_json_mode: Whether JSON of any form can be demanded there.
        answer_schemas, tool_schemas: Where JSON schemas stand.
        containers: Fields of a turn, beside the common ones, that hold more of it.
        said: Fields of a turn, beside the common ones, that hold what was said.
        continue_from: See :class:`ContinueFrom`.
        add_system: The request with a text after what the system says; unchanged where it has
            no history, as a target's own fields have none.
        words: Fields that hold words, or what holds words.
        strip_reasoning: A copy without the thoughts that only the vendor who signed them can
            read; all that was said, called and returned stays.
    """

    history: str
    max_tokens: tuple[Path, ...]
    continue_from: ContinueFrom
    default_max_tokens: int | None = None
    temperature: tuple[Path, ...] = (("temperature",),)
    effort: tuple[Path, ...] = ()
    choices: tuple[Path, ...] = ()
    stops: tuple[Path, ...] = ()
    answer_format: Path = ()
    has_json_mode: bool = True
    answer_schemas: tuple[Path, ...] = ()
    tool_schemas: tuple[Path, ...] = ()
    containers: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    words: frozenset[str] = _WORDS
    add_system: Callable[[Payload, str], Payload] = attrs.field(default=_untold)
    strip_reasoning: Callable[[Payload], Payload] = attrs.field(default=_untouched)


# Going on from where an answer was cut.


def continue_conversation(conversation: Conversation, text: str, *, prefill: bool) -> Conversation:
    """The same as :class:`ContinueFrom`, in the neutral form.

    White space alone is nothing to go on from, and vendors refuse a turn that holds no more.
    """
    if not text.strip():
        return conversation
    said = Message(Role.ASSISTANT, (Text(text.rstrip() if prefill else text),))
    asked = () if prefill else (Message(Role.USER, (Text(CONTINUE),)),)
    return attrs.evolve(conversation, messages=(*conversation.messages, said, *asked))


def spoken_turn(role: str, text: str) -> dict[str, Any]:
    """A turn of words in most dialects."""
    return {"role": role, "content": text}


def appended_turns(
    history: str,
    *,
    user: str = "user",
    assistant: str = "assistant",
    turn: Callable[[str, str], Any] = spoken_turn,
) -> ContinueFrom:
    """What goes on by turns at the end of the history.

    Args:
        history: The field that holds the turns; a text there is the user's one turn.
        user: How the caller is called.
        assistant: How the model is called.
        turn: Writes a turn of that role.
    """

    def continue_from(payload: Payload, text: str, *, prefill: bool) -> dict[str, Any]:
        given = payload.get(history)
        earlier = [turn(user, given)] if isinstance(given, str) else list(given or ())
        added = [turn(assistant, text.rstrip() if prefill else text)]
        added += [] if prefill else [turn(user, CONTINUE)]
        return {**payload, history: [*earlier, *added]}

    return continue_from


# What the system says.


def add_system_turn(payload: Payload, history: str, text: str) -> Payload:
    """``payload`` with ``text`` as a turn of the system's, after those at the beginning."""
    given = payload.get(history)
    turns = [spoken_turn("user", given)] if isinstance(given, str) else given
    told = spoken_turn("system", text)
    if not isinstance(turns, list | tuple) or told in turns:
        return payload
    others = (at for at, turn in enumerate(turns) if not _is_systems(turn))
    at = next(others, len(turns))
    return {**payload, history: [*turns[:at], told, *turns[at:]]}


def _is_systems(turn: Any) -> bool:
    return isinstance(turn, Mapping) and turn.get("role") in ("system", "developer")


# Thoughts in messages, which chat completions and Messages share.

THOUGHT_BLOCKS = ("thinking", "redacted_thinking")
_SIGNED = ("reasoning_details", "thinking_blocks")
"""Fields of a chat message that hold signed thoughts; unsigned ones beside them stay."""


def strip_messages(payload: Payload) -> Payload:
    """A copy whose messages hold no signed thoughts.

    A turn of thoughts alone says them as text, and goes where there is nothing to read.
    While tools are being called, Messages asks for the thoughts that were left out unless
    the model is not to think (https://docs.claude.com/en/docs/build-with-claude/extended-thinking,
    2026-11-21): so thinking is turned off then.
    """
    messages = payload.get("messages")
    if not isinstance(messages, list):
        return payload
    kept = [turn for message in messages if (turn := _stripped(message)) is not None]
    # Thoughts are demanded back in the middle of tool use only; outside it they may go.
    off = "thinking" in payload and _calls_tools(kept)
    others = {name: value for name, value in payload.items() if not (off and name == "thinking")}
    return {**others, "messages": kept}


def _stripped(message: Any) -> Any:
    if not isinstance(message, Mapping):
        return message
    turn = {name: value for name, value in message.items() if name not in _SIGNED}
    blocks = message.get("content")
    if not isinstance(blocks, list) or not any(is_thought_block(block) for block in blocks):
        return turn
    said = [block for block in blocks if not is_thought_block(block)]
    thoughts = (str(b.get("thinking") or "") for b in blocks if is_thought_block(b))
    if not said and (words := "".join(thoughts)).strip():
        said = [{"type": "text", "text": words}]
    return {**turn, "content": said} if said or turn.get("tool_calls") else None


def is_thought_block(block: Any) -> bool:
    """True for a part of a message that holds thoughts."""
    return isinstance(block, Mapping) and block.get("type") in THOUGHT_BLOCKS


def _calls_tools(messages: Sequence[Any]) -> bool:
    """True where the last turn of the model's calls tools, whose results are being given."""
    own = [each for each in messages if isinstance(each, Mapping) and each.get("role") != "user"]
    blocks = own[-1].get("content") if own else None
    return isinstance(blocks, list) and any(
        isinstance(block, Mapping) and block.get("type") == "tool_use" for block in blocks
    )
