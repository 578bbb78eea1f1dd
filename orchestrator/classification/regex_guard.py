"""Refusing regexes that a hostile text could make run for ever.

Python's engine backtracks. What makes backtracking explode is repetition over
something that can match one text in many ways: a repetition inside a
repetition, or alternatives below one that can begin alike. Both are refused by
structure, so a pattern is judged when a config is read and not when a provider
sends the text that it breaks on. Some harmless patterns are refused too.
"""

from __future__ import annotations

import re
from typing import Any

try:
    from re import _parser as parser  # type: ignore[attr-defined]
except ImportError:  # pragma: no cover - an interpreter that keeps its parser elsewhere
    parser = None

PATTERN_LIMIT = 500
"""Characters of a user's regex; rules of ours need at most 60."""
_UNBOUNDED_FROM = 50
"""A repetition that may run this often counts as unbounded."""
_LOOSE_LIMIT = 2
"""Unbounded repetitions in a row that are still cheap: the cost is this power of the text."""

_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def compile_guarded(pattern: str) -> re.Pattern[str]:
    """``pattern``, compiled without regard to case.

    Raises:
        ValueError: It is too long, no regex, or could backtrack catastrophically.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise ValueError(f"the regex has {len(pattern)} characters; allowed are {PATTERN_LIMIT}")
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
        tree = parser.parse(pattern, re.IGNORECASE) if parser is not None else ()
    except (re.error, RecursionError, OverflowError) as problem:
        raise ValueError(f"the regex {pattern!r} does not parse: {problem}") from None
    reason = _danger(tree)
    if reason is not None:
        raise ValueError(f"the regex {pattern!r} could run for ever: {reason}")
    return compiled


def _danger(tree: Any) -> str | None:
    loose = 0
    for name, argument in _nodes(tree):
        if name in _REPEATS and argument[1] >= _UNBOUNDED_FROM:
            loose += 1
            problem = _inside_repeat(argument[2])
            if problem is not None:
                return problem
        if name in ("GROUPREF", "GROUPREF_EXISTS"):
            return "it refers back to a group"
    if loose > _LOOSE_LIMIT:
        return f"it has {loose} unbounded repetitions; allowed are {_LOOSE_LIMIT}"
    return None


def _inside_repeat(body: Any) -> str | None:
    for name, argument in _nodes(body):
        if name in _REPEATS and argument[1] > 1:
            return "a repetition stands inside a repetition"
        if name == "BRANCH":
            return "alternatives stand inside a repetition"
        if name in _REPEATS:
            return "an optional part stands inside a repetition"
    return None


def _nodes(tree: Any) -> list[tuple[str, Any]]:
    """Every node of a parsed pattern, at any depth."""
    found: list[tuple[str, Any]] = []
    waiting = [tree]
    while waiting:
        item = waiting.pop()
        if _is_node(item):
            found.append((str(item[0]), item[1]))
            waiting.append(item[1])
        elif isinstance(item, list | tuple) or hasattr(item, "data"):
            waiting.extend(item)
    return found


def _is_node(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and hasattr(item[0], "name")
