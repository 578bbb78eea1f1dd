"""Refusing regexes that a hostile text could make run for ever.

Python's engine backtracks. What makes backtracking explode is repetition over
something that can match one text in many ways: a repetition inside a
repetition, or alternatives below one that can begin alike. Both are refused by
structure, so a pattern is judged when a config is read and not when a provider
sends the text that it breaks on. Some harmless patterns are refused too. What is
left costs its ways of matching times the places where it may begin, and times the
length once more where it has an unbounded repetition: a pattern is tried on so much
of a text that this product stays within :data:`STEPS`.
"""

from __future__ import annotations

import math
import re
import warnings
from functools import lru_cache
from importlib import import_module
from typing import Any

# The parser has no public name; the tests of this module say so if it ever moves.
parser: Any = import_module("re._parser")

PATTERN_LIMIT = 500
"""Characters of a user's regex; rules of ours need at most 60."""
TEXT_LIMIT = 4_096
"""Characters that a user's regex is tried on at most."""
STEPS = 1_000_000
"""Steps of the engine that one search may take: about 20 ms (18 ns each, 2026-11-29)."""
_LEAST = 256
"""A pattern that could be tried on fewer characters than this is refused."""
_UNBOUNDED_FROM = 50
"""A repetition that may run this often counts as unbounded."""

_REPEATS = {"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"}


def compile_guarded(pattern: str) -> re.Pattern[str]:
    """``pattern``, compiled without regard to case.

    Raises:
        ValueError: It is too long, no regex, or could backtrack catastrophically.
    """
    if len(pattern) > PATTERN_LIMIT:
        raise ValueError(f"the regex has {len(pattern)} characters; allowed are {PATTERN_LIMIT}")
    try:
        # What Python only warns about today means something else tomorrow.
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compiled = re.compile(pattern, re.IGNORECASE)
            tree = parser.parse(pattern, re.IGNORECASE)
    except (re.error, Warning, RecursionError, OverflowError) as problem:
        raise ValueError(f"the regex {pattern!r} does not parse: {problem}") from None
    reason = _danger(tree)
    if reason is not None:
        raise ValueError(f"the regex {pattern!r} could run for ever: {reason}")
    return compiled


def search_guarded(pattern: re.Pattern[str], text: str) -> bool:
    """Whether ``pattern``, which the guard let through, is found in the beginning of ``text``."""
    return pattern.search(text[: _looked_at(pattern.pattern)]) is not None


@lru_cache(maxsize=256)
def _looked_at(pattern: str) -> int:
    unbounded, ways = _cost(parser.parse(pattern, re.IGNORECASE))
    return _characters(unbounded, ways)


def _characters(unbounded: int, ways: int) -> int:
    """Of how many characters a search may take its steps."""
    steps = STEPS // ways
    return min(TEXT_LIMIT, math.isqrt(steps) if unbounded else steps)


def _danger(tree: Any) -> str | None:
    for name, argument in _nodes(tree):
        if name in _REPEATS and argument[1] > 1:
            problem = _inside_repeat(argument[2])
            if problem is not None:
                return problem
        elif name.startswith("GROUPREF"):
            return "it refers back to a group"
    unbounded, ways = _cost(tree)
    if unbounded > 1:
        return f"it has {unbounded} unbounded repetitions; allowed is one (write {{1,9}} for +)"
    if _characters(unbounded, ways) < _LEAST:
        most = STEPS // (_LEAST**2 if unbounded else _LEAST)
        return f"it has {ways} ways to match; allowed are {most}"
    return None


def _cost(tree: Any) -> tuple[int, int]:
    """The unbounded repetitions of a pattern, and the ways through all the rest of it."""
    unbounded, ways = 0, 1
    for name, argument in _nodes(tree):
        if name in _REPEATS:
            least, most, _ = argument
            unbounded += most >= _UNBOUNDED_FROM
            ways *= most - least + 1 if most < _UNBOUNDED_FROM else 1
        elif name == "BRANCH":
            ways *= len(argument[1])
    return unbounded, ways


def _inside_repeat(body: Any) -> str | None:
    for name, _ in _nodes(body):
        if name in _REPEATS:
            return "a repetition or an optional part stands inside a repetition"
        if name == "BRANCH":
            return "alternatives stand inside a repetition"
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
