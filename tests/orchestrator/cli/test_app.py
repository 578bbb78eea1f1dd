"""What is said to who types a command as it is not."""

from __future__ import annotations

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.cli.app import COMMANDS, MODULES, serve
from tests.orchestrator.cli.entry import ROOT
from tests.waiting import AMPLE


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """How a command ends, and what it says on each stream, on one line each."""
    status = serve(words)
    out, err = capsys.readouterr()
    return status, " ".join(out.split()), " ".join(err.split())


@pytest.fixture(autouse=True)
def _nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without any config."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.delenv("ORCHESTRATOR_CONFIG", raising=False)


def test_help_is_a_word_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "help") == said(capsys, "--help")
    assert said(capsys, "help", "stats") == said(capsys, "stats", "--help")
    assert said(capsys, "help", "stat")[0] == 2


@pytest.mark.parametrize("command", COMMANDS)
def test_the_usage_calls_words_as_the_help_explains_them(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = said(capsys, command, "--help")

    usage = out.partition(f"Usage: orchestrator {command}")[2].partition(".")[0]
    assert status == 0
    assert "ARGS" not in out
    name = MODULES.get(command, command)
    module = __import__(f"orchestrator.cli.{name}", fromlist=[name])
    for one in inspect.signature(getattr(module, name)).parameters.values():
        if one.kind is not inspect.Parameter.KEYWORD_ONLY:
            assert one.name.upper() in usage


def test_options_stand_behind_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    behind = "error: options stand behind the command: orchestrator"

    assert said(capsys, "--config", "x.toml", "status") == (
        2, "", f"{behind} status --config … see: orchestrator --help",
    )  # fmt: skip
    assert said(capsys, "-c", "x.toml")[2].startswith(f"{behind} COMMAND -c …")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("stats", "; without one, name the ledger: `orchestrator stats calls.jsonl`"),
        ("replay calls.jsonl", "; `--config new.toml` names the one to try"),
        ("run hi", "; `--route openai/gpt-5-mini` needs none"),
        ("check", "from the keys in the environment"),
        ("status", "from the keys in the environment"),
    ],
)
def test_without_a_config_each_command_says_how_it_goes_on(
    words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, *words.split())

    assert (status, out) == (2, "")
    assert err.startswith("error: there is no config (looked for --config, $ORCHESTRATOR_CONFIG, ")
    assert err.endswith(told)


def test_a_chart_of_another_kind_is_no_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "stats", "--plot", "day.png") == (
        2, "", "error: day.png: a chart is written as SVG; allowed: --plot day.svg",
    )  # fmt: skip


def test_a_simulation_of_nothing_says_what_there_is_to_play(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert said(capsys, "simulate") == (
        2,
        "",
        'error: there is nothing to play; allowed: a script, such as "402, ok", or --random 2000',
    )


LEAVING = """
import sys

def leave(event, arguments):
    if event == "import" and arguments[0] == "orchestrator.cli.app":
        raise KeyboardInterrupt

from orchestrator.cli import main

sys.addaudithook(leave)
sys.exit(main(["status"]))
"""
"""A person who presses Ctrl-C while the command line is loaded."""


def test_who_leaves_while_it_is_loaded_sees_no_traceback() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LEAVING],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=AMPLE,
    )

    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "interrupted\n")


@pytest.mark.parametrize(
    ("command", "allowed"), [("key", "new, list, remove"), ("service", "install, uninstall, show")]
)
def test_a_command_without_its_action_names_the_actions(
    command: str, allowed: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, command)

    assert (status, out) == (2, "")
    assert f"error: ACTION is missing; allowed: {allowed}" in err
