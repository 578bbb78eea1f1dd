"""Scripted providers in a process of their own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, Self, cast

from orchestrator.sim.codec import dump_script, load_received
from orchestrator.sim.received import Received
from orchestrator.sim.script import AnyScript, ScriptError, nearest

_PATIENCE = 60.0  # seconds, however busy the machine: for an answer, and for the end


class SimProcess:
    """A context manager: the providers of ``scripts``, served by another process.

    It ends with its parent, however that ends. The methods are those of
    :class:`orchestrator.sim.ScriptedProviders`, and may be called from any thread.

    Args:
        scripts: What each provider answers, by its name.

    Raises:
        ScriptError: A script cannot be used, or a provider is not known.
        OSError: The process could not be started, or does not answer.
    """

    def __init__(self, scripts: Mapping[str, AnyScript]) -> None:
        self._names = tuple(scripts)
        self._scripts = json.dumps({name: dump_script(script) for name, script in scripts.items()})

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.sim", "--script", "-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=_environment(),
            text=True,
        )
        # Both are pipes, as asked for; only the types do not say so.
        self._stdin = cast("IO[str]", self._process.stdin)
        self._stdout = cast("IO[str]", self._process.stdout)
        self._stdin.write(f"{self._scripts}\n")
        self._stdin.flush()
        line = self._stdout.readline()
        if not line:
            self._close()
            raise OSError(f"the providers did not start: exit status {self._process.returncode}")
        self._port = int(line)
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        return int(self._ask("GET", "connections"))

    def url(self, name: str) -> str:
        """The base URL of this provider."""
        if name not in self._names:
            raise ScriptError(f"no provider is named {name!r}; {nearest(name, self._names)}")
        return f"http://127.0.0.1:{self._port}/{name}/v1"

    def received(self, name: str) -> tuple[Received, ...]:
        """The requests that this provider really received, in order."""
        return tuple(load_received(data) for data in self._ask("GET", f"received/{name}"))

    def set(self, name: str, script: AnyScript) -> None:
        """Answer by ``script`` from now on, from its beginning."""
        self._ask("POST", f"script/{name}", json.dumps(dump_script(script)))

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_PATIENCE)
        try:
            connection.request(method, f"/_sim/{path}", body)
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status != 200:
            raise ScriptError(answer["error"]["message"])
        return answer

    def _close(self) -> None:
        self._stdin.close()
        try:
            self._process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stdout.close()


def _environment() -> dict[str, str]:
    """This process's environment, in which the package is found wherever it lies."""
    root = str(Path(__file__).resolve().parents[2])
    paths = [root, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
