"""What a guard or an effect does, as a short text that changes when its code does.

The table names its guards, so a guard that was rewritten leaves the table as it was; a
review wants to see that. Layout, comments and docstrings do not count.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import inspect
import textwrap
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

LENGTH = 12
"""Hexadecimal digits: 48 bits, for some fifty functions."""


@functools.cache
def fingerprint(function: Callable[..., Any]) -> str:
    """A digest of ``function`` and of the functions of its package that it names.

    Methods and properties that it uses are not followed. Empty where the source is not
    there.
    """
    try:
        parts = sorted(_source(each) for each in _reached(function))
    except (OSError, TypeError):
        return ""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:LENGTH]


def _reached(function: Callable[..., Any]) -> Iterator[FunctionType]:
    """``function`` and what it names, and what that names, each once."""
    seen: set[object] = set()
    waiting: list[object] = [function]
    while waiting:
        one = waiting.pop()
        if one in seen or not isinstance(one, FunctionType):
            continue
        seen.add(one)
        yield one
        named = (one.__globals__.get(name) for name in _names(one.__code__))
        waiting += [each for each in named if _is_near(each, one)]


def _names(code: CodeType) -> Iterator[str]:
    """The names that ``code`` uses; those within a comprehension or lambda too."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)


def _is_near(value: object, function: FunctionType) -> bool:
    package = function.__module__.partition(".")[0]
    return isinstance(value, FunctionType) and value.__module__.partition(".")[0] == package


def _source(function: FunctionType) -> str:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and ast.get_docstring(node) is not None:
            node.body = node.body[1:] or [ast.Pass()]
    # Versions of Python write the quotes within an f-string in their own ways.
    return ast.unparse(tree).replace("'", "").replace('"', "")
