"""A gateway and its successors outlive the terminal and the pipes that it was started on."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.gateway.instance import Instance, find_instances
from orchestrator.gateway.standard_streams import is_unread, leads_nowhere
from orchestrator.gateway.surroundings import NOWHERE
from tests.orchestrator.cli.entry import Place, configured
from tests.waiting import AMPLE, eventually


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return configured(tmp_path, {"up": "http://127.0.0.1:9"}, ["up/m"])


def running(place: Place) -> list[Instance]:
    folder = place.home / "state/llm-request-orchestrator/gateways"
    return [one.instance for one in find_instances(folder)]


def restarted(place: Place) -> Instance:
    """The instance that a restart has put in the place of the one that runs."""
    (old,) = running(place)
    ended = place.run("restart")
    assert ended.status == 0, ended.err
    assert f"note: its log leads {NOWHERE}" in ended.err
    assert "background of its terminal" not in ended.err
    (new,) = running(place)
    assert new.id != old.id
    return new


def said_of_a_failure(place: Place) -> list[str]:
    """What a restart says with a config that is wrong."""
    config = place.home / "orchestrator.toml"
    sound = config.read_text()
    config.write_text("[routes")
    ended = place.run("restart")
    config.write_text(sound)
    assert ended.status == 1
    return ended.said


@contextlib.contextmanager
def ended_in_the_end(place: Place) -> Iterator[None]:
    """In the end every gateway of the place has ended."""
    try:
        yield
    finally:
        for one in running(place):
            os.kill(one.pid, signal.SIGTERM)
        assert eventually(lambda: not running(place))


def test_where_nobody_reads_is_told_apart(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    read, write = os.pipe()
    file = os.open(tmp_path / "log", os.O_CREAT | os.O_WRONLY)
    null = os.open(os.devnull, os.O_WRONLY)

    assert not any(map(is_unread, (theirs, write, file, null)))
    assert [leads_nowhere(one) for one in (theirs, write, file, null)] == [False] * 3 + [True]
    os.close(ours)
    os.close(read)
    assert [is_unread(one) for one in (theirs, write, file)] == [True, True, False]
    for one in (theirs, write, file, null):
        os.close(one)
    assert leads_nowhere(theirs)


def test_a_gateway_whose_terminal_was_closed_is_restarted_again_and_again(place: Place) -> None:
    terminal = place.on_terminal("serve", "--port", "0")
    with ended_in_the_end(place):
        terminal.see(r"ready on \S+")
        os.close(terminal.descriptor)  # SIGHUP, and EIO from now on
        said = said_of_a_failure(place)
        first = restarted(place)
        second = restarted(place)
        terminal.process.wait(AMPLE)

    assert "orchestrator.toml: not TOML" in said[1]
    assert said[1].startswith("failed: start: the new process ended with status 2: ")
    assert said[-1] == f"where to look: {NOWHERE}"
    assert first.log == second.log == NOWHERE


@pytest.mark.parametrize("streams", ["stderr", "both"])
def test_a_gateway_whose_readers_have_left_is_restarted(place: Place, streams: str) -> None:
    """As of ``serve 2>&1 | head -1``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "serve", "--port", "0"],
        cwd=place.home,
        env=place.environment(),
        stdout=subprocess.DEVNULL if streams == "stderr" else subprocess.PIPE,
        stderr=subprocess.PIPE if streams == "stderr" else subprocess.STDOUT,
        text=True,
    )
    read = process.stderr or process.stdout
    assert read is not None
    with ended_in_the_end(place):
        assert re.search("config: .*orchestrator.toml", read.readline())
        read.close()
        assert eventually(lambda: len(running(place)) == 1)
        assert eventually(lambda: place.run("status").out.startswith("gateway"))
        restarted(place)
        assert process.wait(AMPLE) == 0


def test_a_gateway_begins_where_nobody_reads(place: Place) -> None:
    read, write = os.pipe()
    os.close(read)
    process = subprocess.Popen(
        [sys.executable, "-m", "orchestrator", "serve", "--port", "0"],
        cwd=place.home, env=place.environment(), stdout=write, stderr=write,
    )  # fmt: skip
    os.close(write)
    with ended_in_the_end(place):
        assert eventually(lambda: len(running(place)) == 1)
        assert running(place)[0].log == NOWHERE
        restarted(place)
        assert process.wait(AMPLE) == 0
