"""Lines on a terminal: whole in a pipe, wrapped with an indent where a person reads."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from orchestrator.cli.screen import write

WORDS = "warning: a line that is longer than the terminal is wide, and a-word-that-is-longer-still"


def shown(width: int, *, terminal: bool, margin: int = 0, hang: int = 4) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, force_terminal=terminal, color_system=None)
    write(console, WORDS, margin, hang)
    return file.getvalue().splitlines()


@pytest.mark.parametrize("margin", [0, 2])
@pytest.mark.parametrize("width", range(30, 100))
def test_a_line_fills_the_terminal_and_loses_nothing(width: int, margin: int) -> None:
    first, *rest = shown(width, terminal=True, margin=margin)

    assert "".join((first + "".join(rest)).split()) == "".join(WORDS.split())
    assert max(map(len, (first, *rest))) <= width
    assert all(line.startswith(" " * (margin + 4)) for line in rest)
    if rest and "-" not in rest[0].split()[0]:
        # The next word would not have fitted.
        assert len(first) + 1 + len(rest[0].split()[0]) > width


@pytest.mark.parametrize(("width", "indent"), [(30, 2 + 4), (80, 2 + 18)])
def test_the_rest_hangs_below_what_it_belongs_to_where_there_is_room(
    width: int, indent: int
) -> None:
    _, *rest = shown(width, terminal=True, margin=2, hang=18)

    assert {len(line) - len(line.lstrip()) for line in rest} == {indent}


def test_a_pipe_gets_it_whole() -> None:
    assert shown(30, terminal=False) == [WORDS]
