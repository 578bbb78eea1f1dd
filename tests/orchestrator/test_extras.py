"""How an extra is installed: a command that this very Python can run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.extras import how_to_install, shell_path


def test_the_command_starts_this_very_python() -> None:
    command, *_ = how_to_install("gateway").partition(" -m pip install '.[gateway]' ")

    asked = f"{command} -c 'import sys; print(sys.prefix)'"
    done = subprocess.run(["/bin/sh", "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == sys.prefix


def test_a_path_is_told_from_the_working_directory_and_as_a_shell_takes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert shell_path(tmp_path / "a folder" / "python") == "'a folder/python'"
    assert shell_path(Path("/elsewhere/python-of-others")) == "/elsewhere/python-of-others"
