"""What systemd is really sent: each test opens the socket itself and reads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestrator.clock import VirtualClock
from orchestrator.gateway.notify import Notifier

_QLEN = Path("/proc/sys/net/unix/max_dgram_qlen")
QUEUE = int(_QLEN.read_text()) if _QLEN.exists() else 16


@contextlib.contextmanager
def systemd(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as opened:
        opened.bind(address)
        opened.setblocking(False)
        yield opened


def received(opened: socket.socket) -> list[str]:
    found = []
    with contextlib.suppress(BlockingIOError):
        while True:
            found.append(opened.recv(4096).decode())
    return found


SAID: dict[str, tuple[Callable[[Notifier], None], str]] = {
    "ready": (lambda one: one.ready("two\nlines"), "READY=1\nSTATUS=two lines"),
    "ready, no more": (lambda one: one.ready(), "READY=1"),
    "reloading": (lambda one: one.reloading(), "RELOADING=1\nMONOTONIC_USEC=1500000"),
    "stopping": (lambda one: one.stopping("3 calls left"), "STOPPING=1\nSTATUS=3 calls left"),
    "main pid": (lambda one: one.main_pid(77), "MAINPID=77"),
}


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("abstract", [False, True])
def test_each_notice_is_one_datagram(said: str, *, abstract: bool, tmp_path: Path) -> None:
    name = f"notify-{os.getpid()}-{said}"
    given = f"@{name}" if abstract else str(tmp_path / "notify")
    bound = f"\0{name}" if abstract else given
    say, expected = SAID[said]
    with systemd(bound) as opened:
        say(Notifier(given, clock=VirtualClock(time=1.5)))

        assert received(opened) == [expected]


def test_who_has_named_another_main_process_is_silent(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")) as opened:
        notifier = Notifier(str(tmp_path / "notify"), watchdog=10.0)
        notifier.main_pid(77)
        notifier.stopping()
        notifier.ready("draining")
        asyncio.run(notifier.keep_alive())

        assert received(opened) == ["MAINPID=77"]


def test_signs_of_life_come_at_half_of_the_watchdogs_time(tmp_path: Path) -> None:
    clock = VirtualClock()
    with systemd(str(tmp_path / "notify")) as opened:
        notifier = Notifier(str(tmp_path / "notify"), watchdog=10.0, clock=clock)

        async def main() -> None:
            task = asyncio.create_task(notifier.keep_alive())
            while len(clock.slept) < 4:  # noqa: ASYNC110 - time passes in it
                await asyncio.sleep(0)
            task.cancel()

        asyncio.run(main())
        sent = received(opened)

    assert clock.slept[:4] == [5.0, 5.0, 5.0, 5.0]
    assert set(sent) == {"WATCHDOG=1"}
    assert len(sent) >= 4


@pytest.mark.parametrize(
    ("variables", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "5", "WATCHDOG_PID": "me"}, None),
    ],
)
def test_the_watchdog_is_that_of_this_process(
    variables: dict[str, str], interval: float | None
) -> None:
    notifier = Notifier.from_environ({"NOTIFY_SOCKET": "/run/x", **variables})

    assert notifier.interval == interval
    assert Notifier.from_environ(variables).interval is None


def test_without_systemd_nothing_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier.from_environ({})
    for say, _ in SAID.values():
        say(notifier)
    asyncio.run(notifier.keep_alive())

    assert caplog.text == ""


def test_a_socket_that_is_not_there_is_told_of_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notifier = Notifier(str(tmp_path / "no"))
    for _ in range(3):
        notifier.ready("serving")

    assert re.findall("WARNING", caplog.text) == ["WARNING"]
    assert "No such file" in caplog.text


def test_a_full_queue_does_not_hold_the_loop(tmp_path: Path) -> None:
    with systemd(str(tmp_path / "notify")) as opened:
        notifier = Notifier(str(tmp_path / "notify"))
        for _ in range(QUEUE + 5):
            notifier.ready("x")

        assert received(opened)
