"""The messages that docs/troubleshooting.md explains are those that the sources say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from orchestrator.states.reasons import SPECS, Reason

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
HOLE = "\0"
"""What stands in a text for a name or number that is put in."""


def rows() -> Iterator[str]:
    """The first cell of each row that explains a message."""
    for table in PAGE.split("\n\n"):
        head, *lines = table.split("\n")
        if head.startswith("| message |"):
            yield from (line.split(" | ")[0].removeprefix("| ") for line in lines[1:])


QUOTED = [message for row in rows() for message in re.findall(r"`([^`]+)`", row)]


@cache
def texts() -> tuple[str, ...]:
    """Every text in the sources, with a hole where something is put in."""
    files = [*(ROOT / "orchestrator").rglob("*.py"), *(ROOT / "states").rglob("*.py")]
    trees = (ast.parse(file.read_text(encoding="utf-8")) for file in files)
    return tuple({_text(node) for tree in trees for node in ast.walk(tree)} - {""})


def _text(node: ast.AST) -> str:
    match node:
        case ast.JoinedStr():
            return "".join(_text(part) or HOLE for part in node.values)
        case ast.Constant(value=str() as text):
            return re.sub(r"%s|\{\w+\}", HOLE, text)
    return ""


def is_said(message: str) -> bool:
    """Whether some text of the sources has the parts of ``message`` in their order."""
    parts = [re.escape(part.strip()) for part in message.split("…") if part.strip()]
    pattern = re.compile(rf"[^{HOLE}]*{HOLE}.*?".join(parts), flags=re.DOTALL)
    return any(pattern.search(text) for text in texts())


@pytest.mark.parametrize("message", QUOTED)
def test_the_sources_say_what_the_page_quotes(message: str) -> None:
    assert max(len(part.strip()) for part in message.split("…")) >= 8, "too short to be looked up"
    assert is_said(message)


def test_a_message_that_nobody_says_is_noticed() -> None:
    assert len(QUOTED) > 60
    assert not is_said("the moon is full over …")
    assert not is_said("could not take over … because of the moon")


@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.CANCELLED}))
def test_the_first_words_of_every_failed_call_are_explained(reason: Reason) -> None:
    headline = re.sub(r"\{\w+\}", "…", SPECS[reason].headline)

    assert headline in QUOTED
