"""Every block of a page that a reader may run, run as it stands, with nothing replaced.

Each runs in a process of its own and a folder of its own, as its reader would run it. What it
sends to a provider goes through a proxy, which the environment names as an office's would be, and
which answers in the provider's name.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.mark.structures import ParameterSet

from orchestrator.vendors.registry import known
from tests.pages.answers import answer
from tests.pages.blocks import CONFIG, Block, blocks, is_as_shown
from tests.pages.intercepting_proxy import InterceptingProxy
from tests.slow import slow
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [block for page in PAGES for block in blocks(page)]


def case(block: Block) -> ParameterSet:
    """A block by its place; a change of the README is noticed by `make test`."""
    place = f"{block.page.relative_to(ROOT)}:{block.line}:{block.kind}"
    marks = () if block.page.name == "README.md" else slow("a process for each block of a page")
    return pytest.param(block, marks=marks, id=place)


END = "a line has ended with status "
"""What the shell says between two lines; nothing else says it."""

_HOLDS_TESTS = re.compile(r"^def test_|^Test\w+ = ", re.MULTILINE)
"""What pytest collects of a block: as a program it would only be defined."""

ALL_KEYS = (
    "ANTHROPIC_API_KEY",
    "CORP_KEY",
    "DEEPSEEK_API_KEY",
    "DEEPSEEK_API_KEY_2",
    "GEMINI_API_KEY",
    "OPENAI_API_KEY",
    "OPENROUTER_API_KEY",
)
"""What a page's reader may have in the environment."""

KEYS = {"README.md": ("DEEPSEEK_API_KEY", "OPENAI_API_KEY")}
"""Those of a page's reader where the page says which."""

READ_BEFORE = next(
    one.text for one in BLOCKS if one.page.name == "README.md" and one.text.startswith(CONFIG)
)
"""A config for the pages that give none: its reader comes from the README."""


@pytest.fixture(scope="module")
def outside() -> Iterator[Mapping[str, str]]:
    """The variables that lead to the providers' stand-in."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = Path(folder) / "office.pem"
        with InterceptingProxy(answer, bundle) as proxy:
            yield {
                "CORP_PROXY": proxy.url,
                "HTTPS_PROXY": proxy.url,
                "HTTP_PROXY": proxy.url,
                "SSL_CERT_FILE": str(bundle),
            }


def environment(block: Block, home: Path, outside: Mapping[str, str]) -> dict[str, str]:
    """That of a reader who has installed the project, and has some keys."""
    keys = KEYS.get(block.page.name, ALL_KEYS)
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error::ResourceWarning",
        "PYTHONUNBUFFERED": "1",  # both streams in the order of a terminal
        "HOME": str(home),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_CONFIG_HOME": str(home / "config"),
        "COLUMNS": "200",
        **{name: f"made-up-{name}" for name in keys},
        **outside,
    }


@pytest.mark.parametrize("block", [case(block) for block in BLOCKS])
def test_it_runs_as_written(block: Block, tmp_path: Path, outside: Mapping[str, str]) -> None:
    if block.left_out is not None:
        pytest.skip(f"{block.page.name}:{block.line} is not run: {block.left_out}")
    config = block.config or (None if block.page.name == "README.md" else READ_BEFORE)
    if config is not None:
        (tmp_path / "orchestrator.toml").write_text(config, encoding="utf-8")
    for name, text in block.files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    shutil.copy(outside["SSL_CERT_FILE"], tmp_path / "corp-ca.pem")
    run = {"python": run_python, "console": run_console, "toml": run_toml}[block.kind]

    run(block, tmp_path, environment(block, tmp_path, outside))


def run_python(block: Block, folder: Path, environ: Mapping[str, str]) -> None:
    """A program; a file of tests; or what was typed into the interpreter, with what it said."""
    program = folder / "block.py"
    program.write_text(block.text, encoding="utf-8")
    by = ["-m", "pytest", "-q"] if _HOLDS_TESTS.search(block.text) else []
    if block.text.startswith(">>>"):
        by = ["-m", "doctest"]
        program = program.rename(folder / "block.txt")
    done = started([sys.executable, *by, str(program)], folder, environ)

    assert done.returncode == block.status, done.stdout
    if block.prints is not None:
        assert is_as_shown(done.stdout, block.prints), done.stdout


def run_console(block: Block, folder: Path, environ: Mapping[str, str]) -> None:
    """What is typed into one shell, with what it said to each line."""
    commands = list(block.commands)
    lines = "".join(f"{one.line}\nprintf '\\n{END}%s\\n' $?\n" for one in commands)
    done = started(["bash", "-c", lines], folder, environ)
    said = re.split(rf"\n{END}(\d+)\n", done.stdout)

    statuses = [int(status) for status in said[1::2]]
    assert statuses == [*[0] * (len(commands) - 1), block.status], done.stdout
    for command, printed in zip(commands, said[::2], strict=False):
        if command.shown:
            assert is_as_shown(printed, "\n".join(command.shown)), (command.line, printed)


def run_toml(block: Block, folder: Path, environ: Mapping[str, str]) -> None:
    """A whole config, or a part of one, with what it needs to stand alone."""
    (folder / "orchestrator.toml").write_text(whole_config(block.text), encoding="utf-8")

    done = started([sys.executable, "-m", "orchestrator", "check"], folder, environ)

    assert done.returncode == block.status, done.stdout


def whole_config(text: str) -> str:
    """A part of a config beside a provider's address, and above a route."""
    if text.startswith(CONFIG):
        return text
    told = tomllib.loads(text)
    for name, provider in told.get("providers", {}).items():
        if "base_url" not in provider and known(name) is None:
            head, address = f"[providers.{name}]\n", 'base_url = "http://llm.corp/v1"\n'
            text = text.replace(head, head + address) if head in text else head + address + text
    return text if "routes" in told else f'{text}\n[routes]\ndefault = ["openai/gpt-5-mini"]\n'


def started(
    command: list[str], folder: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """What a command says on both streams, in order, and how it ends."""
    return subprocess.run(
        command,
        cwd=folder,
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2 * AMPLE,
        check=False,
    )
