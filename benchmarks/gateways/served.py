"""A gateway in a process of its own on the second core, and what the kernel tells of it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import attrs

from benchmarks.peers.upstream import ROOT

PATIENCE = 60.0
"""Seconds that a gateway gets to come up."""
_TICK = 1 / os.sysconf("SC_CLK_TCK")


@attrs.frozen
class Served:
    """A process that serves, with those that it started.

    Attributes:
        url: Where.
        pid: Of it.
        ready: Seconds from its start until it answered.
        ready_cpu: Seconds of the processor until then.
    """

    url: str
    pid: int
    ready: float
    ready_cpu: float

    def cpu(self) -> float:
        """Seconds of the processor that they have taken; of those that have ended too."""
        return sum(_cpu(pid) for pid in family(self.pid))

    def resident(self) -> int:
        """Bytes of memory that they hold."""
        return sum(resident(pid) for pid in family(self.pid))


def family(pid: int) -> list[int]:
    """A process, those that it started, and theirs."""
    with contextlib.suppress(OSError):
        children = [
            int(child)
            for tasks in Path(f"/proc/{pid}/task").iterdir()
            for child in (tasks / "children").read_text().split()
        ]
        return [pid, *(each for child in children for each in family(child))]
    return []


def resident(pid: int) -> int:
    """Bytes of memory that one process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def _cpu(pid: int) -> float:
    """In ticks of 10 ms, with children that have ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) * _TICK
    return 0.0


def _cpu_of_threads(pid: int) -> float:
    """The same to the nanosecond, of threads that live."""
    total = 0
    for one in family(pid):
        for task in Path(f"/proc/{one}/task").iterdir():
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def free_port() -> int:
    """A port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def served(
    words: Sequence[str],
    port: int,
    environment: Mapping[str, str],
    ready: str,
    *,
    log: Path = Path(os.devnull),
) -> Iterator[Served]:
    """What ``words`` start, until the block ends.

    Args:
        words: The command.
        port: Where it listens.
        environment: Besides that of this process.
        ready: The path that answers 200 once it may be asked.
        log: What it writes is added to this file.

    Raises:
        TimeoutError: It does not come up.
    """
    if sys.platform == "linux" and len(cores := sorted(os.sched_getaffinity(0))) > 1:
        words = ["taskset", "-c", str(cores[1]), *words]
    with log.open("ab") as written:
        began = time.perf_counter()
        process = subprocess.Popen(
            words, cwd=ROOT, env={**os.environ, **environment},
            stdin=subprocess.DEVNULL, stdout=written, stderr=written,
        )  # fmt: skip
    with process:
        try:
            if not _answers(port, ready, process, began):
                said = "" if log.is_char_device() else log.read_text()[-500:]
                raise TimeoutError(f"nothing answers {ready} at port {port}: {said}")
            took = time.perf_counter() - began
            url = f"http://127.0.0.1:{port}"
            yield Served(url, process.pid, took, _cpu_of_threads(process.pid))
        finally:
            end(process.pid)
            process.wait(PATIENCE)


def end(pid: int) -> None:
    """End a process and those that it started."""
    for each in reversed(family(pid)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGTERM)


def _answers(port: int, path: str, process: subprocess.Popen[bytes], began: float) -> bool:
    while time.perf_counter() - began < PATIENCE:
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5) as one:
            one.settimeout(5)
            one.sendall(f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n".encode())
            if one.recv(64)[8:12] == b" 200":  # TensorZero's start tells it by HTTP/1.0
                return True
        time.sleep(0.002)
    return False
