"""The listening socket passes on to a new process, or stays where it is."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.gateway.handover import (
    VARIABLE,
    HandoverFailed,
    Successor,
    own_command,
    start_successor,
    take_over,
)
from tests.orchestrator.gateway.tiny_processes import open_descriptors
from tests.waiting import AMPLE, eventually

TAKES = """
import asyncio, os, sys
from orchestrator.gateway.handover import take_over
handover = take_over()
assert take_over() is None
for descriptor in range(3, 64):
    try:
        assert not os.get_inheritable(descriptor), descriptor
    except OSError:
        pass
"""
SERVES = (
    TAKES
    + """
handover.ready("the new one")
asyncio.run(handover.released())
(listener,) = handover.listeners
listener.setblocking(True)
connection, _ = listener.accept()
connection.sendall(b"%d" % os.getpid())
"""
)


@contextlib.contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def succeed(
    program: str,
    listener: socket.socket,
    *,
    limit: float = AMPLE,
    on_ready: Callable[[int], None] | None = None,
) -> Successor:
    command = [sys.executable, "-c", program]
    return asyncio.run(start_successor([listener], command, limit=limit, on_ready=on_ready))


def read_all(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=AMPLE) as client:
        return client.recv(100)


def test_the_new_process_accepts_on_the_same_socket() -> None:
    with listening() as listener:
        port = listener.getsockname()[1]
        successor = succeed(SERVES, listener)
    with successor.process:
        assert read_all(port) == str(successor.pid).encode()

    assert successor.instance == "the new one"
    assert successor.pid == successor.process.pid
    assert successor.seconds > 0


def test_a_connection_that_waits_in_the_queue_is_taken_over() -> None:
    with listening() as listener:
        client = socket.create_connection(listener.getsockname(), timeout=AMPLE)
        successor = succeed(SERVES, listener)
    with successor.process, client:
        assert client.recv(100) == str(successor.pid).encode()


def test_systemd_is_told_before_the_new_process_speaks(tmp_path: Path) -> None:
    speaks = tmp_path / "speaks"
    program = SERVES.replace("(listener,)", f"open({str(speaks)!r}, 'x')\n(listener,)")
    told: list[int] = []

    def tell(pid: int) -> None:
        told.append(pid)
        time.sleep(0.3)  # in which it would speak, if it did not wait
        assert not speaks.exists()

    with listening() as listener:
        port = listener.getsockname()[1]
        successor = succeed(program, listener, on_ready=tell)
        with successor.process:
            read_all(port)

    assert told == [successor.pid]
    assert speaks.exists()


FAILS = {
    "it says why": (
        TAKES + "handover.failed('a.toml:3: x: unknown key'); sys.exit(2)",
        r"the new process ended with status 2: a\.toml:3: x: unknown key",
    ),
    "it says nothing": (
        TAKES + "sys.exit(3)",
        "the new process ended with status 3, before it was ready",
    ),
    "it dies": (
        TAKES + "os.kill(os.getpid(), 9)",
        "the new process ended by signal 9, before it was ready",
    ),
    "it never takes over": (
        "pass",
        "the new process ended with status 0, before it was ready",
    ),
    "it says nonsense": (
        TAKES + "handover._channel.sendall(b'hello\\n'); sys.exit(4)",
        "the new process ended with status 4, before it was ready",
    ),
}


@pytest.mark.parametrize("case", FAILS)
def test_a_start_that_fails_is_told_and_the_old_one_goes_on(case: str) -> None:
    program, words = FAILS[case]
    with listening() as listener:
        with pytest.raises(HandoverFailed, match=f"^{words}$"):
            succeed(program, listener)
        with socket.create_connection(listener.getsockname()):
            listener.accept()[0].close()


def test_a_program_that_is_not_there_is_told() -> None:
    with listening() as listener, pytest.raises(HandoverFailed, match="could not be started: No s"):
        asyncio.run(start_successor([listener], ["/no/such/python"]))


def test_a_start_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    with (
        listening() as listener,
        pytest.raises(HandoverFailed, match=r"not ready within 2 s and was killed"),
    ):
        succeed(program, listener, limit=2)

    assert not is_alive(int(file.read_text()))


def test_who_is_cancelled_leaves_no_process_behind(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = f"import os, time; open({str(file)!r}, 'x').write(str(os.getpid())); time.sleep(600)"

    async def main(listener: socket.socket) -> None:
        task = asyncio.create_task(start_successor([listener], [sys.executable, "-c", program]))
        while not (file.exists() and file.read_text()):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with listening() as listener:
        asyncio.run(main(listener))

    assert not is_alive(int(file.read_text()))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_many_starts_leave_no_descriptor_open() -> None:
    async def main(listener: socket.socket) -> None:
        command = [sys.executable, "-S", "-c", "pass"]
        counts = []
        for _ in range(20):
            with pytest.raises(HandoverFailed):
                await start_successor([listener], command)
            counts.append(open_descriptors(os.getpid()))
        assert len(set(counts)) == 1

    with listening() as listener:
        asyncio.run(main(listener))


def test_the_old_process_may_die_while_the_new_one_starts() -> None:
    """It has the socket, and serves all the same."""
    old = """
import asyncio, os, socket, sys
from orchestrator.gateway.handover import start_successor
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
command = [sys.executable, "-c", sys.argv[1]]
asyncio.run(start_successor([listener], command, on_ready=lambda _: os._exit(1)))
"""
    words = [sys.executable, "-c", old, SERVES]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        process.wait(AMPLE)
        pid = int(read_all(port))

    assert eventually(lambda: not is_alive(pid))


def test_the_watchdogs_process_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHDOG_PID", str(os.getpid()))
    monkeypatch.setenv("WATCHDOG_USEC", "30000000")
    says = "handover.failed(f\"{os.environ.get('WATCHDOG_PID')} {os.environ['WATCHDOG_USEC']}\")"
    with listening() as listener, pytest.raises(HandoverFailed, match="None 30000000"):
        succeed(TAKES + says, listener)


def test_without_the_variable_there_is_nothing_to_take_over() -> None:
    assert take_over({}) is None


@given(value=st.text("0123456789,;- x", max_size=12))
def test_a_variable_that_names_nothing_is_refused(value: str) -> None:
    environ = {VARIABLE: value}
    before = open_descriptors(os.getpid())
    with pytest.raises(HandoverFailed, match="unset it"):
        take_over(environ)

    assert environ == {}
    assert open_descriptors(os.getpid()) == before


def test_the_own_command_is_the_one_that_was_typed() -> None:
    program = "from orchestrator.gateway.handover import own_command; print(own_command())"
    words = [sys.executable, "-X", "dev", "-c", program, "--port", "8400"]
    done = subprocess.run(words, capture_output=True, check=True, text=True)

    assert done.stdout == f"{words}\n"
    assert own_command()[0] == sys.executable
