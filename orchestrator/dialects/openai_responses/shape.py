"""The shape of a request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.encoding import Payload
from orchestrator.dialects.shape import RequestShape, add_system_turn, appended_turns
from orchestrator.dialects.wire import mapping

HISTORY = "input"


def _add_system(payload: Payload, text: str) -> Payload:
    """Among the input: ``instructions`` are not looked at for the word that some demand.

    See https://github.com/BigDawnGhost/wenyi/pull/66 (2026-11-29).
    """
    return add_system_turn(payload, HISTORY, text)


def strip_reasoning(payload: Payload) -> Payload:
    """A copy without thoughts and without the ids of items.

    An agent sends back what it was answered. Thoughts that another vendor, another account
    or a server without storage gave are refused then ("encrypted content could not be
    verified", "Item with id 'rs_...' not found. Items are not persisted when `store` is
    set to false"), and so are ids of messages and calls that were never stored
    (https://github.com/vercel/ai/issues/7543, looked up 2026-11-21). What was said, called
    and returned is all kept.
    """
    made = dict(payload)
    if isinstance(given := payload.get(HISTORY), list):
        made[HISTORY] = [_own(item) for item in given if not _thinks(item)]
    if isinstance(include := payload.get("include"), list):
        made["include"] = [one for one in include if one != "reasoning.encrypted_content"]
    return made


def _thinks(item: object) -> bool:
    return isinstance(item, Mapping) and item.get("type") == "reasoning"


def _own(item: Any) -> Any:
    """The item without its id, unless the id is all it says."""
    if not isinstance(item, Mapping) or item.get("type") == "item_reference":
        return item
    return {name: value for name, value in item.items() if name != "id"}


SHAPE = RequestShape(
    history=HISTORY,
    max_tokens=(("max_output_tokens",),),
    effort=(("reasoning", "effort"),),
    answer_format=("text", "format"),
    answer_schemas=(("text", "format", "schema"),),
    tool_schemas=(("tools", "*", "parameters"),),
    continue_from=appended_turns(HISTORY),
    add_system=_add_system,
    strip_reasoning=strip_reasoning,
)


def wants_reasoning(payload: Payload) -> bool:
    """True where an effort or a summary of the thoughts is asked for."""
    asked = mapping(payload.get("reasoning"))
    return bool(asked) and asked.get("effort") not in ("none", "minimal")
