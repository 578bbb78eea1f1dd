"""What is special about a dialect or a vendor stands in its record: nobody else knows its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.dialects import DIALECTS
from orchestrator.vendors import all_vendors

ROOT = Path(__file__).parents[2] / "orchestrator"
AT_HOME = ("dialects", "vendors")


def strings(tree: ast.AST) -> Iterator[str]:
    """The texts of a module, but for docstrings and other texts that are statements."""
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def named_in(path: Path) -> set[str]:
    return set(strings(ast.parse(path.read_text(encoding="utf-8")))) & set(DIALECTS)


WORDS = {"codex", "grok", "litellm"}
"""Vendors' names that stand in the texts of others, and are read there as words."""

EXAMPLES = {"cli/demo.py"}
"""What shows how a config looks."""

CALLED_ELSEWHERE = {"importing/hermes_names.py", "importing/litellm_names.py"}
"""What other tools call vendors and dialects: facts about those tools, a page each, and not about
a vendor, whose module would have to know all tools that there are."""


def test_no_vendor_is_known_by_its_name_outside_its_room() -> None:
    vendors = {name for one in all_vendors() for name in (one.name, *one.aliases)} - WORDS
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    found = {
        str(path): set(strings(ast.parse((ROOT / path).read_text(encoding="utf-8")))) & vendors
        for path in files
        if path.parts[0] not in AT_HOME and str(path) not in EXAMPLES | CALLED_ELSEWHERE
    }

    assert {path: names for path, names in found.items() if names} == {}


def test_no_dialect_is_known_by_its_name_outside_its_room() -> None:
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    found = {
        str(path): named_in(ROOT / path)
        for path in files
        if path.parts[0] not in AT_HOME and str(path) not in CALLED_ELSEWHERE
    }

    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "seen"),
    [
        ('"""gemini"""', False),
        ('X = 1\n"gemini"', False),
        ('spoken == "gemini"', True),
        ('{"gemini": 1}', True),
        ('match x:\n    case "gemini": pass', True),
        ('f"{x}gemini"', True),
    ],
)
def test_a_name_is_seen_wherever_it_is_compared(source: str, *, seen: bool) -> None:
    assert ("gemini" in set(strings(ast.parse(source)))) is seen
