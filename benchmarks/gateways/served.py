"""Our gateway in a process of its own, pinned to the second core."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]
CONFIG = """\
health = "file"
{ledger}
[providers.bench]
base_url = "{url}/{path}/v1"
credentials = ["made-up-key-of-the-benchmark"]
[timeouts]
idle = "600s"
first_token = "600s"
stream_total = "3600s"
[routes]
default = ["bench/model"]
"""


@attrs.frozen
class Served:
    """A process that serves.

    Attributes:
        url: Where.
        pid: Of it.
        ready: Seconds from its start until it answered.
    """

    url: str
    pid: int
    ready: float

    def cpu(self) -> float:
        """Seconds of the processor that it has taken."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self) -> int:
        """Bytes of memory that it holds."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def gateway(
    upstream: str, folder: Path, *, path: str = "ok", ledger: bool = True
) -> Iterator[Served]:
    """The gateway over ``upstream``, until the block ends."""
    folder.mkdir(parents=True, exist_ok=True)
    named = 'ledger = "calls.jsonl"' if ledger else ""
    file = folder / "orchestrator.toml"
    file.write_text(CONFIG.format(url=upstream, path=path, ledger=named))
    port = free_port()
    words = [
        sys.executable,
        "-m",
        "orchestrator",
        "serve",
        "--config",
        str(file),
        "--port",
        str(port),
    ]
    if hasattr(os, "sched_getaffinity") and len(os.sched_getaffinity(0)) > 1:
        words = ["taskset", "-c", str(sorted(os.sched_getaffinity(0))[1]), *words]
    began = time.perf_counter()
    with subprocess.Popen(
        words,
        cwd=ROOT,
        env={**os.environ, "XDG_STATE_HOME": str(folder)},
        stderr=subprocess.DEVNULL,
    ) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            ready = _wait(f"{url}/readyz", began)
            yield Served(url, process.pid, ready)
        finally:
            process.terminate()


def _wait(url: str, began: float) -> float:
    while time.perf_counter() - began < 30:
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - an address of ours
                return time.perf_counter() - began
        except OSError:
            time.sleep(0.005)
    raise TimeoutError(url)
