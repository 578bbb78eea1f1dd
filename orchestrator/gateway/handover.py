"""Handover of the listening sockets from a running gateway to its successor.

Theory of operation. The old process starts the new one itself, so that it lives in the same
control group, environment and terminal, and passes on two kinds of descriptors: the listening
sockets, whose queue of waiting connections both share from then on, and one end of a socket pair::

    old                                    new
    start_successor() ── descriptors ───→  take_over()
                      ←─ {"instance": …}   ready()       both accept
    on_ready(pid)                                        systemd: this is the main process now
    closes the pair   ── end of file ───→  released()    it speaks for the service from here on
    stops accepting, drains, exits

The end of the pair without a line before it means that the new process has died. Two sockets by
``SO_REUSEPORT`` would lose the connections that wait in the queue of the one that is closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

import attrs
import msgspec

from orchestrator.clock import Clock, SystemClock
from orchestrator.secrets import mask

VARIABLE = "ORCHESTRATOR_HANDOVER"
"""Names the descriptors to the new process: those of the sockets, and that of the pair."""

LIMIT = 30.0
"""Seconds that a new process has until it is ready; it takes half a second."""

_EXIT = 5.0
"""Seconds from the end of the pair to the end of the process, before it is killed."""

_RELEASE = 10.0
"""Seconds that the new process waits for the old one to let go."""

_LONGEST = 65_536
"""Bytes of the line that tells how the start went."""


_LONGEST_WORDS = 2_000
"""Characters of what a process says of its failure."""


class HandoverFailed(Exception):
    """No new process took over; the old one goes on. The text says why."""


@attrs.frozen
class Successor:
    """A new process that accepts on the same sockets.

    Attributes:
        instance: The id of its instance.
        pid: Its process id.
        seconds: How long it took until it was ready.
        process: The process. It is kept, or its end could not be collected.
    """

    instance: str
    pid: int
    seconds: float
    process: subprocess.Popen[bytes] = attrs.field(repr=False)


def own_command() -> list[str]:
    """The command that this process was started with, options of the interpreter included."""
    return [sys.executable, *sys.orig_argv[1:]]


async def start_successor(
    listeners: Sequence[socket.socket],
    command: Sequence[str] | None = None,
    *,
    limit: float = LIMIT,
    on_ready: Callable[[int], None] | None = None,
    clock: Clock | None = None,
) -> Successor:
    """Start a new process over the same sockets, and wait until it is ready.

    The caller then stops accepting, drains and exits. On any failure, and where the caller is
    cancelled, the new process is ended and the sockets stay as they are.

    Args:
        listeners: The listening sockets.
        command: What to start; this process's own command unless given.
        limit: Seconds until it must be ready.
        on_ready: Called with the new process's id before that speaks for the service:
            :meth:`.Notifier.main_pid`.
        clock: Times it; the machine's own unless given.

    Raises:
        HandoverFailed: It could not be started, ended early or took too long.
    """
    clock = SystemClock() if clock is None else clock
    began = clock.monotonic()
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            process = _spawn(command or own_command(), listeners, theirs)
        try:
            told = await _first_line(ours, process, limit)
            pid = int(told.get("pid", process.pid))
            if on_ready is not None:
                on_ready(pid)
        except BaseException:
            await _killed(process)
            raise
    return Successor(str(told["instance"]), pid, clock.monotonic() - began, process)


def _spawn(
    command: Sequence[str], listeners: Sequence[socket.socket], theirs: socket.socket
) -> subprocess.Popen[bytes]:
    descriptors = [one.fileno() for one in listeners]
    value = f"{','.join(map(str, descriptors))};{theirs.fileno()}"
    try:
        # It takes a millisecond or two (vfork); what the process then does is its own time.
        with _hangups_held():
            return subprocess.Popen(  # noqa: S603 - our own command line
                command,
                env=_environment(os.environ) | {VARIABLE: value},
                pass_fds=(*descriptors, theirs.fileno()),
            )
    except OSError as error:
        words = error.strerror or type(error).__name__
        raise HandoverFailed(f"the new process could not be started: {words}") from None


@contextlib.contextmanager
def _hangups_held() -> Iterator[None]:
    """A process that is started within this block gets no SIGHUP before :func:`take_hangups`.

    Its terminal may close while it starts, or a process end that leads the terminal's session.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def take_hangups() -> None:
    """Let a SIGHUP come from now on, and one that has waited; its handler is installed."""
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What the new process gets; the watchdog's variable names its process, which is another."""
    return {name: value for name, value in environ.items() if name != "WATCHDOG_PID"}


async def _first_line(
    ours: socket.socket, process: subprocess.Popen[bytes], limit: float
) -> Mapping[str, Any]:
    """What the new process says of its start.

    Raises:
        HandoverFailed: It is not that it is ready.
    """
    ours.setblocking(False)
    try:
        async with asyncio.timeout(limit):
            line = await _read_line(ours)
    except TimeoutError:
        raise HandoverFailed(
            f"the new process was not ready within {limit:g} s and was killed"
        ) from None
    told = _decoded(line)
    if "instance" in told:
        return told
    status = await _ended(process)
    why = f": {told['error']}" if "error" in told else ", before it was ready"
    raise HandoverFailed(f"the new process ended {_status_in_words(status)}{why}")


async def _read_line(ours: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    line = b""
    while not line.endswith(b"\n") and len(line) < _LONGEST:
        part = await loop.sock_recv(ours, _LONGEST)
        if not part:
            break
        line += part
    return line


def _decoded(line: bytes) -> Mapping[str, Any]:
    with contextlib.suppress(msgspec.DecodeError, UnicodeError):
        value = msgspec.json.decode(line)
        if isinstance(value, dict):
            return value
    return {}


async def _ended(process: subprocess.Popen[bytes]) -> int:
    """How the process ended, which is killed where it does not end by itself."""
    try:
        return await asyncio.to_thread(process.wait, _EXIT)
    except subprocess.TimeoutExpired:
        return await _killed(process)


async def _killed(process: subprocess.Popen[bytes]) -> int:
    """How the process ended, which has no more time."""
    process.kill()  # no one, where it has ended
    return await asyncio.to_thread(process.wait)


def _status_in_words(status: int) -> str:
    return f"by signal {-status}" if status < 0 else f"with status {status}"


@attrs.define
class Handover:
    """What a new process takes over from the old one.

    Attributes:
        listeners: The listening sockets.
    """

    listeners: tuple[socket.socket, ...]
    _channel: socket.socket = attrs.field(repr=False)

    def ready(self, instance: str) -> None:
        """Tell the old process that this one accepts; it stops accepting upon that.

        Args:
            instance: The id of this process's instance.
        """
        self._tell({"instance": instance, "pid": os.getpid()})

    def failed(self, why: str) -> None:
        """Tell the old process why this one does not start; it goes on.

        Args:
            why: One line, without secrets.
        """
        self._tell({"error": why})
        self._channel.close()

    async def released(self) -> None:
        """Wait until the old process has told systemd of this one, or has gone."""
        self._channel.setblocking(False)
        with contextlib.suppress(TimeoutError, OSError):
            async with asyncio.timeout(_RELEASE):
                await asyncio.get_running_loop().sock_recv(self._channel, 1)
        self._channel.close()

    def _tell(self, value: Mapping[str, Any]) -> None:
        # The old process may have been killed meanwhile: then this one is all there is.
        with contextlib.suppress(OSError):
            self._channel.sendall(msgspec.json.encode(value) + b"\n")


@contextlib.contextmanager
def reporting_failure(handover: Handover | None) -> Iterator[None]:
    """Within this block, what keeps this process from serving is told to the old one."""
    try:
        yield
    except Exception as error:
        if handover is not None:
            words = mask("; ".join(str(error).splitlines()))[:_LONGEST_WORDS]
            handover.failed(words or type(error).__name__)
        raise


def take_over(environ: MutableMapping[str, str] | None = None) -> Handover | None:
    """What the old process hands on; ``None`` where this one was started by nobody like it.

    Args:
        environ: The environment, from which the variable is taken away, since the descriptors
            are nobody else's; the process's own unless given.

    Raises:
        HandoverFailed: The variable is set, but not by a gateway that started this process.
    """
    environ = os.environ if environ is None else environ
    value = environ.pop(VARIABLE, None)
    if value is None:
        return None
    try:
        sockets, _, pair = value.partition(";")
        listeners = tuple(_adopted(int(each), is_listener=True) for each in sockets.split(","))
        return Handover(listeners, _adopted(int(pair), is_listener=False))
    except (ValueError, OSError, OverflowError):
        raise HandoverFailed(
            f"{VARIABLE}={value!r} names no sockets that a gateway handed on; it is set by "
            "`orchestrator restart` alone: unset it"
        ) from None


def _adopted(descriptor: int, *, is_listener: bool) -> socket.socket:
    """The socket of a descriptor, which no process that is started later gets.

    Raises:
        OSError: There is none.
        ValueError: It is no such socket.
    """
    if descriptor < 3 or not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        raise ValueError(descriptor)
    os.set_inheritable(descriptor, False)
    found = socket.socket(fileno=descriptor)
    listens = bool(found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    if listens is not is_listener:
        found.detach()  # it is somebody else's
        raise ValueError(descriptor)
    return found
