"""The README's transcript is the demo's, and `make demo` is what runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.readme import transcript
from tests.pages.blocks import blocks, is_as_shown

ROOT = Path(__file__).parents[2]
COMMAND = next(
    command
    for block in blocks(ROOT / "README.md")
    for command in block.commands
    if command.line == "make demo"
)


def test_the_transcript_is_what_the_demo_prints() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "orchestrator", "demo"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    shown = "\n".join(COMMAND.shown)
    assert is_as_shown(transcript(printed), shown), "mend it with: python -m scripts.readme"


def test_make_demo_runs_it_with_the_package_alone() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")

    rule = r"^demo: \$\(PACKAGE\) ##.*\n\t@\$\(BIN\)/orchestrator demo$"
    assert re.search(rule, makefile, re.MULTILINE)


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("\na\n\nb\n", "a\n\nb\n"),
        ("a\n\n" + "b\n" * 30, "a\n…\n"),
    ],
    ids=["short", "long"],
)
def test_the_readme_has_whole_paragraphs_and_a_sign_that_there_is_more(
    printed: str, shown: str
) -> None:
    assert transcript(printed) == shown
