"""How much to think: ``thinking`` and ``output_config.effort``.

See https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking and
https://platform.claude.com/docs/en/build-with-claude/effort (both looked up 2026-11-21).
``adaptive`` without an effort is a :class:`~orchestrator.dialects.neutral.Reasoning` that
names no amount.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.anthropic_messages.models import fitting_budget
from orchestrator.dialects.neutral import Reasoning

_READ_EFFORTS = {"max": "xhigh"}
"""The neutral form ends at ``xhigh``."""

EFFORTS: Mapping[str, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}
"""Efforts as this API spells them, the nearest where it has no such word."""

_DISPLAYS = {"summarized": True, "omitted": False}
"""Whether thoughts are shown; without a word it depends on the model."""

KINDS = ("adaptive", "enabled", "disabled")
"""The settings that the neutral form can say."""


def read_reasoning(payload: Mapping[str, Any]) -> Reasoning | None:
    """How much a request asks to think; ``None`` where it does not say."""
    thinking = wire.mapping(payload.get("thinking"))
    effort = wire.string(wire.mapping(payload.get("output_config")).get("effort"))
    effort = _READ_EFFORTS.get(effort, effort)
    shown = _DISPLAYS.get(wire.string(thinking.get("display")))
    match thinking.get("type"):
        case "disabled":
            return Reasoning(effort="none")
        case "enabled":
            tokens = wire.count(thinking, "budget_tokens") or None
            return Reasoning(effort or None, tokens, shown)
        case "adaptive":
            return Reasoning(effort or None, shown=shown)
        case _:
            return Reasoning(effort) if effort else None


def is_thinking(reasoning: Reasoning | None) -> bool:
    """True where thinking is asked for, which bars some other settings."""
    return reasoning is not None and not _is_off(reasoning)


def _is_off(reasoning: Reasoning) -> bool:
    return reasoning.effort == "none" or reasoning.tokens == 0


def is_sayable(reasoning: Reasoning, max_tokens: int | None) -> bool:
    """False for an effort that nobody here knows, and a budget that cannot fit."""
    if _is_off(reasoning):
        return True
    if reasoning.effort is not None and reasoning.effort not in EFFORTS:
        return False
    return not _budget(reasoning) or fitting_budget(_budget(reasoning), max_tokens) > 0


def write_reasoning(
    reasoning: Reasoning, max_tokens: int | None
) -> tuple[dict[str, Any], str | None]:
    """The values of ``thinking`` and of ``output_config.effort``."""
    if _is_off(reasoning):
        return {"type": "disabled"}, None
    effort = EFFORTS.get(reasoning.effort or "")
    budget = fitting_budget(_budget(reasoning), max_tokens) if _budget(reasoning) else 0
    thinking: dict[str, Any] = {"type": "adaptive"}
    if budget:
        thinking = {"type": "enabled", "budget_tokens": budget}
    if reasoning.shown is not None:
        thinking["display"] = "summarized" if reasoning.shown else "omitted"
    return thinking, effort


def _budget(reasoning: Reasoning) -> int:
    """The budget; other vendors say -1 for one that the model sets itself."""
    return max(reasoning.tokens or 0, 0)
