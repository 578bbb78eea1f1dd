"""The commands that are named work from where they are read."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.orchestrator.cli.entry import ROOT

SCRIPT = f"""#!{sys.executable}
from orchestrator.cli.context import program_name
print(program_name())
"""


def script(file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(SCRIPT)
    file.chmod(0o755)
    return file


def said(command: list[str], folder: Path, path: str) -> str:
    environ = os.environ | {"PATH": path, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize(
    ("command", "on_path", "words"),
    [
        (".venv/bin/orchestrator", "nowhere", ".venv/bin/orchestrator"),
        ("./.venv/bin/orchestrator", "other", ".venv/bin/orchestrator"),
        (".venv/bin/orchestrator", ".venv/bin", "orchestrator"),
        ("orchestrator", ".venv/bin", "orchestrator"),
    ],
)
def test_the_program_is_named_as_it_can_be_started_here(
    command: str, on_path: str, words: str, tmp_path: Path
) -> None:
    script(tmp_path / ".venv/bin/orchestrator")
    script(tmp_path / "other/orchestrator")
    path = os.pathsep.join([str(tmp_path / on_path), "/usr/bin", "/bin"])

    assert said(["/bin/sh", "-c", command], tmp_path, path) == words


def test_from_another_folder_it_is_named_with_its_whole_path(tmp_path: Path) -> None:
    file = script(tmp_path / "my tools/orchestrator")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    words = said([str(file)], elsewhere, "/usr/bin:/bin")

    assert shlex.split(words) == [str(file)]


def test_as_a_module_it_is_named_with_its_interpreter(tmp_path: Path) -> None:
    environ = os.environ | {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-m", "orchestrator", "init"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )

    assert f"`{shlex.quote(sys.executable)} -m orchestrator check`" in ended.stdout
