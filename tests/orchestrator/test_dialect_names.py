"""What is special about a dialect is a field of its record: nobody else knows it by its name."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.dialects import DIALECTS

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


def test_no_dialect_is_known_by_its_name_outside_its_room() -> None:
    files = (path.relative_to(ROOT) for path in ROOT.rglob("*.py"))
    found = {str(path): named_in(ROOT / path) for path in files if path.parts[0] not in AT_HOME}

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
