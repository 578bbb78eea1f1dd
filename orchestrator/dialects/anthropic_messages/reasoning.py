"""How much to think: ``thinking`` and ``output_config.effort``.

See https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking and
https://platform.claude.com/docs/en/build-with-claude/effort (both looked up 2026-11-21).
``adaptive`` without an effort is a :class:`~orchestrator.dialects.neutral.Reasoning` that
names no amount.

How much to think is said in two ways, and no model older than 4.6 takes the one, none
newer the other. A chain often holds both kinds, so a setting that a model is documented
to refuse is said in the way that it takes; everything else goes out as it came. Names
that tell no version (a relay's own) are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.dialects import wire
from orchestrator.dialects.neutral import Reasoning

_MODEL = re.compile(r"claude-(?:(?P<family>[a-z]+)-)?(?P<major>\d)(?:[-.](?P<minor>\d)(?!\d))?")

_ADAPTIVE_SINCE = (4, 6)
"""The first version that decides itself how long to think
(https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking, 2026-11-21)."""

_BUDGETS_UNTIL = (4, 6)
"""The last version that all takes budgets; Opus 4.7 refuses them (same page)."""

_ALWAYS_THINKING = ("fable", "mythos")
"""Families that refuse to have thinking switched off (same page)."""

LEAST_BUDGET = 1_024
"""Fewer tokens than these are refused as a budget
(https://platform.claude.com/docs/en/build-with-claude/extended-thinking, 2026-11-21)."""

_BUDGETS = {"low": 1_024, "medium": 4_096, "high": 16_384, "xhigh": 32_000, "max": 32_000}
"""Tokens for an effort. Ours: from the least allowed to 32,000, above which the vendor
advises against waiting for one answer (same page)."""


def suited(fields: Mapping[str, Any], model: str) -> dict[str, Any]:
    """``fields`` with ``thinking`` as ``model`` takes it."""
    found = _MODEL.search(model.lower())
    if found is None:
        return dict(fields)
    version = _version(found)
    match wire.mapping(fields.get("thinking")).get("type"):
        case "adaptive" if version < _ADAPTIVE_SINCE:
            return _with_budget(fields)
        case "enabled" if version > _BUDGETS_UNTIL:
            return _with_effort(fields)
        # The least that they take; to refuse the call would help nobody.
        case "disabled" if found["family"] in _ALWAYS_THINKING:
            return _put({**fields, "thinking": None}, "low")
        case _:
            return dict(fields)


def takes_prefill(model: str) -> bool:
    """True where ``model`` is known to go on from a last message of its own.

    Versions since 4.6 refuse it
    (https://platform.claude.com/docs/en/about-claude/models/whats-new-claude-4-6,
    2026-11-21), as every version does while it thinks on a budget.
    """
    found = _MODEL.search(model.lower())
    return found is not None and _version(found) < _ADAPTIVE_SINCE


def _version(found: re.Match[str]) -> tuple[int, int]:
    return int(found["major"]), int(found["minor"] or 0)


def _with_budget(fields: Mapping[str, Any]) -> dict[str, Any]:
    effort = wire.mapping(fields.get("output_config")).get("effort")
    budget = _BUDGETS.get(effort if isinstance(effort, str) else "high", _BUDGETS["high"])
    budget = fitting_budget(budget, fields.get("max_tokens"))
    # What else was said of the thoughts (`display`) holds in both spellings.
    shown = wire.mapping(fields.get("thinking"))
    thinking = {**shown, "type": "enabled", "budget_tokens": budget} if budget else None
    return _put({**fields, "thinking": thinking}, None)


def _with_effort(fields: Mapping[str, Any]) -> dict[str, Any]:
    budget = wire.count(fields.get("thinking"), "budget_tokens")
    given = wire.mapping(fields.get("output_config")).get("effort")
    nearest = next((name for name, tokens in _BUDGETS.items() if budget <= tokens), "high")
    effort = given or ("high" if nearest in ("xhigh", "max") else nearest)
    shown = {**wire.mapping(fields.get("thinking")), "type": "adaptive"}
    shown.pop("budget_tokens", None)
    return _put({**fields, "thinking": shown}, effort)


def _put(fields: dict[str, Any], effort: str | None) -> dict[str, Any]:
    """``fields`` with that effort or none, and without what is ``None`` or empty now."""
    config = dict(wire.mapping(fields.get("output_config")))
    config.pop("effort", None)
    fields["output_config"] = {**config, "effort": effort} if effort else config
    return {
        name: value
        for name, value in fields.items()
        if value or name not in ("thinking", "output_config")
    }


def fitting_budget(budget: int, max_tokens: Any) -> int:
    """``budget`` within its bounds: it must lie below ``max_tokens``; 0 where none fits."""
    # Too small a budget is refused, one above `max_tokens` too: between them there may be none.
    budget = max(budget, LEAST_BUDGET)
    if isinstance(max_tokens, int):
        budget = min(budget, max_tokens - 1)
    return budget if budget >= LEAST_BUDGET else 0


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
