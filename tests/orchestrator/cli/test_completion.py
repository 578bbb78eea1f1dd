"""``completion``: a shell completes with what it prints."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import attrs
import pytest

from tests.orchestrator.cli.entry import Place

BASH = shutil.which("bash") or ""


@pytest.mark.skipif(not BASH, reason="there is no bash here")
def test_bash_completes_commands_options_values_and_files(tmp_path: Path) -> None:
    """A person's own shell, on a terminal, and an ``orchestrator`` on its path."""
    script = tmp_path / "bin" / "orchestrator"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m orchestrator "$@"\n')
    script.chmod(0o755)
    (tmp_path / "night.toml").write_text("")
    place = Place(tmp_path)
    path = f"{script.parent}:{place.environment()['PATH']}"
    own = attrs.evolve(place, variables={"PATH": path, "PS1": "> ", "INPUTRC": "/dev/null"})
    terminal = own.program_on_terminal(BASH, "--norc", "--noprofile", "-i")

    terminal.type('eval "$(orchestrator completion bash)"; echo rea""dy\n')
    terminal.see("ready")
    for typed, completed in (
        ("orchestrator sim\t", "orchestrator simulate "),
        ("--ran\t", "--random "),
        ("3 --mix bil\t", "--mix billing "),
        ("--config nig\t", "--config night.toml "),
    ):
        terminal.type(typed)
        terminal.see(completed)
    terminal.type("\x15exit\n")  # Ctrl-U: the line is not run
    terminal.ended()


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script_and_shell_says_which(tmp_path: Path, shell: str) -> None:
    place = Place(tmp_path, {"SHELL": f"/usr/bin/{shell}"})
    named, own = Place(tmp_path).run("completion", shell), place.run("completion")

    assert (named.status, named.err) == (0, "")
    assert named.out == own.out
    for word in ("simulate", "max-attempts", "brown-out"):
        assert word in named.out


def test_a_shell_that_is_none_of_these_is_said_to_be(tmp_path: Path) -> None:
    ended = Place(tmp_path, {"SHELL": "/bin/sh"}).run("completion")

    assert (ended.status, ended.out) == (2, "")
    assert ended.err == "error: $SHELL is 'sh'; allowed: orchestrator completion bash|zsh|fish\n"


def test_a_person_is_told_what_to_do_with_it(tmp_path: Path) -> None:
    shown = Place(tmp_path).run_on_terminal("completion", "bash").out

    assert shown.rstrip().endswith('eval "$(orchestrator completion bash)"   # in ~/.bashrc')
