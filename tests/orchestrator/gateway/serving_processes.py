"""Gateways as `orchestrator serve` starts them: processes of their own, found as commands do."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import httpx

from orchestrator.gateway.instance import RunningInstance, find_instances
from orchestrator.sim import Completion, Reply, SimProcess, replies
from tests.orchestrator.cli.entry import Ended, Place, configured
from tests.waiting import AMPLE, eventually

CHAT = "/v1/chat/completions"
MESSAGES = [{"role": "user", "content": "hi"}]
WORDS = "one two three four five six seven eight"
SCRIPTS = {
    "up": replies.ok(WORDS),
    "slow": Reply(completion=Completion(text=WORDS), pace=0.25),
    "broke": replies.billing_402(),
}
EXTRA = """
[gateway]
drain = "30s"
"""


@attrs.define
class Serving:
    """A gateway, and those that come after it.

    Attributes:
        place: Its user's home.
        first: The first process.
        log: What all of them write.
    """

    place: Place
    first: subprocess.Popen[bytes]
    log: Path

    @property
    def config(self) -> Path:
        return self.place.home / "orchestrator.toml"

    @property
    def running(self) -> tuple[RunningInstance, ...]:
        return find_instances(self.place.home / "state/llm-request-orchestrator/gateways")

    @property
    def id(self) -> str:
        return self.running[0].instance.id

    @property
    def pid(self) -> int:
        return self.running[0].instance.pid

    @property
    def url(self) -> str:
        return f"http://{self.running[0].instance.address}"

    def restart(self, *options: str) -> Ended:
        return self.place.run_process("restart", *options)

    def get(self, path: str) -> Any:
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=AMPLE).json()


def start(place: Place, port: int = 0, options: Sequence[str] = ()) -> Serving:
    log = place.home / "gateway.log"
    with log.open("a") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator", "serve", "--port", str(port), *options],
            cwd=place.home, env=place.environment(), stdout=written, stderr=written,
        )  # fmt: skip
    gateway = Serving(place, process, log)
    assert eventually(lambda: bool(gateway.running) and is_ready(gateway)), log.read_text()
    return gateway


def is_ready(gateway: Serving) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        return bool(gateway.get("/readyz")["status"] == "ready")
    return False


@contextlib.contextmanager
def serving(
    folder: Path,
    route: Sequence[str],
    health: str = "memory",
    variables: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> Iterator[Serving]:
    """A gateway over providers in a process of their own; in the end all have ended."""
    with SimProcess(SCRIPTS) as providers:
        urls = {name: providers.url(name) for name in SCRIPTS}
        place = configured(folder, urls, route, top=f'health = "{health}"')
        text = (folder / "orchestrator.toml").read_text()
        text = text.replace("[routes]", f"{EXTRA}[routes]\nslow = ['slow/m']")
        (folder / "orchestrator.toml").write_text(text)
        place = attrs.evolve(place, variables={**place.variables, **(variables or {})})
        gateway = start(place, options=options)
        try:
            yield gateway
        finally:
            for one in gateway.running:
                os.kill(one.instance.pid, signal.SIGTERM)
            assert eventually(lambda: not gateway.running)
            with contextlib.suppress(ProcessLookupError):
                gateway.first.wait(AMPLE)
