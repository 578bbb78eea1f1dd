"""A conversation, written as a request of this dialect; and what cannot be asked here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.json_word import NOTE, WORD, lacks_word
from orchestrator.dialects.loss import Reworded
from orchestrator.dialects.neutral import (
    Conversation,
    JsonFormat,
    Reasoning,
    Tool,
    ToolChoice,
)
from orchestrator.dialects.openai_responses.input_writing import instructions, write_input
from orchestrator.dialects.openai_responses.losses import shared
from orchestrator.dialects.openai_responses.names import (
    DIALECT,
    FORMAT,
    FORMAT_DESCRIPTION,
    INPUT_CONTENT,
    INPUT_ITEMS,
)

_ELSEWHERE = frozenset(
    {FORMAT, FORMAT_DESCRIPTION, INPUT_CONTENT, INPUT_ITEMS, "reasoning", "tools"}
)
"""Extras and hints that are written inside other fields."""

_EFFORTS = ((0, "none"), (1_024, "low"), (8_192, "medium"))
"""The most tokens that each effort stands for; above them it is ``high``.

The only vendor that says how budgets and efforts compare is Google, for its own models:
https://ai.google.dev/gemini-api/docs/openai (looked up 2026-11-21).
"""


def reworded(conversation: Conversation) -> Reworded:
    """See :meth:`orchestrator.dialects.Dialect.reworded`: there is no stop parameter here."""
    ours = conversation.dialect == DIALECT
    notes = (NOTE,) if not ours and _lacks_word(conversation) else ()
    return Reworded(notes, conversation.stop)


def _lacks_word(conversation: Conversation) -> bool:
    """Whether the word that JSON mode demands is nowhere in the input.

    Instructions are not looked at (https://github.com/BigDawnGhost/wenyi/pull/66, 2026-11-29).
    """
    return lacks_word(conversation, in_system=instructions(conversation) is None)


def _input(conversation: Conversation) -> list[dict[str, Any]]:
    """The input items, with the word that JSON mode demands after what the system says there."""
    items = write_input(conversation)
    if conversation.dialect != DIALECT and _lacks_word(conversation):
        at = int(bool(conversation.system) and instructions(conversation) is None)
        items.insert(at, {"type": "message", "role": "system", "content": WORD})
    return items


def write_request(conversation: Conversation) -> dict[str, Any]:
    """See :meth:`orchestrator.dialects.Dialect.write_request`."""
    ours = conversation.dialect == DIALECT
    known: Mapping[str, Any] = (
        {**conversation.extras, **conversation.hints} if ours else shared(conversation)
    )
    body = {
        "input": _input(conversation),
        "instructions": instructions(conversation),
        "tools": [
            *(_tool(tool, ours=ours) for tool in conversation.tools),
            *known.get("tools", ()),
        ],
        "tool_choice": _tool_choice(conversation.tool_choice),
        "parallel_tool_calls": conversation.parallel_tool_calls,
        "max_output_tokens": conversation.max_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "text": _text(conversation, known),
        "reasoning": _reasoning(conversation),
        "user": conversation.user,
        # Whoever asks in another dialect did not agree to have the answer kept for 30 days.
        "store": None if ours else False,
    }
    said = {name: value for name, value in body.items() if value not in (None, {})}
    if not said["tools"]:
        del said["tools"]
    return {**said, **{name: known[name] for name in known if name not in _ELSEWHERE}}


def _tool(tool: Tool, *, ours: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        made["description"] = tool.description
    made["parameters"] = dict(tool.parameters) or None
    # Only here are tools strict where nothing is said.
    strict = tool.strict if ours or tool.strict is not None else False
    return made if strict is None else {**made, "strict": strict}


def _tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None:
        return None
    if choice.name is not None:
        return {"type": "function", "name": choice.name}
    return str(choice.mode)


def _text(conversation: Conversation, known: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if conversation.format is not None:
        made["format"] = _format(conversation.format, known.get(FORMAT_DESCRIPTION))
    elif FORMAT in known:
        made["format"] = known[FORMAT]
    if conversation.verbosity is not None:
        made["verbosity"] = conversation.verbosity
    return made


def _format(shape: JsonFormat, description: str | None) -> dict[str, Any]:
    if shape.schema is None:
        return {"type": "json_object"}
    made: dict[str, Any] = {"type": "json_schema", "name": shape.name, "schema": shape.schema}
    if description is not None:
        made["description"] = description
    return made if shape.strict is None else {**made, "strict": shape.strict}


def _reasoning(conversation: Conversation) -> dict[str, Any]:
    """How to think. A summary is asked for only where the caller speaks this dialect.

    Organizations that are not verified are refused one, and an answer without its thoughts
    is better than none (https://platform.openai.com/docs/guides/reasoning, 2026-11-21).
    """
    asked = conversation.reasoning or Reasoning()
    effort = _effort(asked)
    made = {} if effort is None else {"effort": effort}
    if conversation.dialect != DIALECT:
        return made
    riding = {
        **conversation.extras.get("reasoning", {}),
        **conversation.hints.get("reasoning", {}),
    }
    if asked.shown and not riding.keys() & {"summary", "generate_summary"}:
        riding["summary"] = "auto"
    return {**made, **riding}


def _effort(reasoning: Reasoning) -> str | None:
    """How hard to think; a budget in tokens becomes the effort that it stands for."""
    tokens = reasoning.tokens
    if reasoning.effort is not None or tokens is None or tokens < 0:
        # A budget below 0 leaves it to the model (Gemini), as does saying nothing here.
        return reasoning.effort
    return next((effort for most, effort in _EFFORTS if tokens <= most), "high")
