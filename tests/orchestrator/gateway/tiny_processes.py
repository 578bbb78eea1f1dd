"""Tiny gateways as processes, and what their clients and the machine see of them."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from orchestrator.gateway.instance import RunningInstance, find_instances
from tests.orchestrator.cli.entry import ROOT
from tests.waiting import AMPLE, eventually

PROGRAM = (sys.executable, "-m", "tests.orchestrator.gateway.tiny_gateway")


@attrs.frozen
class Started:
    """A gateway that was started, and those that come after it.

    Attributes:
        folder: Its home.
        state: Its user's state folder.
        how: The file that says how a start goes.
        first: The first process.
        log: What all of them write to stderr.
    """

    folder: Path
    state: Path
    how: Path
    first: subprocess.Popen[str]
    log: Path

    @property
    def instances(self) -> tuple[RunningInstance, ...]:
        return find_instances(self.state / "llm-request-orchestrator" / "gateways")

    @property
    def now(self) -> RunningInstance:
        """The one that serves."""
        return self.instances[0]

    @property
    def port(self) -> int:
        return self.now.instance.port

    def ask(self, path: str = "/") -> str:
        """The last word of an answer, which is the id of the instance that gave it."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=AMPLE)
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode().split()[-1]
        finally:
            connection.close()


@contextlib.contextmanager
def started(
    folder: Path,
    how: str = "good",
    variables: Mapping[str, str] | None = None,
    state: Path | None = None,
) -> Iterator[Started]:
    """A tiny gateway that serves; in the end all its processes have ended."""
    file, log = folder / "gateway.toml", folder / "gateway.log"
    file.write_text(how)
    state = folder / "state" if state is None else state
    own = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder),
        "XDG_STATE_HOME": str(state),
    }
    with log.open("w") as errors:
        process = subprocess.Popen(
            [*PROGRAM, str(file), "0"],
            env={**own, **(variables or {})},
            cwd=folder, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline(), log.read_text()
    gateway = Started(folder, state, file, process, log)
    try:
        yield gateway
    finally:
        own_ones = [one for one in gateway.instances if one.instance.config == str(file)]
        for one in own_ones:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.instance.pid, signal.SIGTERM)
        process.stdout.close()
        process.wait(AMPLE)
        assert eventually(lambda: not {*own_ones} & {*gateway.instances})


def open_descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
