"""Sockets that are connected, within a limit: names resolved, families tried side by side."""

from __future__ import annotations

import asyncio
import os
import select
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from itertools import zip_longest
from typing import Any

from orchestrator.connections.errors import ConnectError, LimitPassed

HEAD_START = 0.25
"""Seconds that one address is tried alone: RFC 8305, section 5."""

READ, WRITE = 1, 2

_LATE = 0.1
"""Seconds after a limit (our own choice, 2026-11): above a scheduler's turns, below any limit."""

BLOCKED = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)
"""What a socket raises that would have to wait."""

_LONGEST_WAIT = 86400.0
"""Seconds of one wait: the system counts milliseconds, and not beyond 24 days of them."""

_HAS_POLL = hasattr(select, "poll")
_Resolved = tuple[int, int, int, str, Any]


class ClosingSocket(socket.socket):
    """A socket that closes itself where an interrupt lets go of it."""

    # No function of Python's: an interrupt that came in one would be lost, and what it closes.
    __del__ = socket.SocketType.close


class ClosingTlsSocket(ssl.SSLSocket):
    """The same with TLS on it."""

    __del__ = socket.SocketType.close


def wait_ready(fileno: int, wanted: int, seconds: float) -> int:
    """Wait until a socket can be read, or written; 0 where the time has passed.

    Args:
        fileno: The socket.
        wanted: :data:`READ`, :data:`WRITE` or both.
        seconds: How long.
    """
    seconds = min(max(0.0, seconds), _LONGEST_WAIT)
    if not _HAS_POLL:  # Windows, where select has no limit that matters
        reads, writes = [fileno] * (wanted & READ), [fileno] * bool(wanted & WRITE)
        ready = select.select(reads, writes, [], seconds)
        return READ * bool(ready[0]) | WRITE * bool(ready[1])
    poll = select.poll()
    poll.register(fileno, select.POLLIN * bool(wanted & READ) | select.POLLOUT * (wanted // WRITE))
    events = poll.poll(seconds * 1000)
    if not events:
        return 0
    # An error or a hang-up is found by whoever reads or writes.
    found = READ * bool(events[0][1] & select.POLLIN) | WRITE * bool(events[0][1] & select.POLLOUT)
    return found or wanted


def wait(fileno: int, wanted: int, ends_at: float, *, connect: bool = False) -> int:
    """The same until an instant of ``time.monotonic``.

    Raises:
        LimitPassed: It has come.
    """
    # A little late, what is there is still taken: this thread may have had no turn. But not for
    # ever, or whoever sends faster than we read would meet no limit.
    while (left := ends_at - time.monotonic()) > -_LATE:
        if ready := wait_ready(fileno, wanted, left):
            return ready
        if left <= 0:
            break
    raise LimitPassed(connect=connect)


def connect(host: str, port: int, ends_at: float) -> socket.socket:
    """A connected socket that never blocks.

    Raises:
        LimitPassed: The time is over.
        ConnectError: Nobody took the connection.
    """
    attempts = deque(_interleaved(_resolve(host, port, ends_at)))
    pending: dict[int, socket.socket] = {}
    failure: OSError | None = None
    try:
        while attempts or pending:
            if attempts:
                try:
                    sock = _begin(attempts.popleft())
                except OSError as error:
                    failure = error
                    continue
                pending[sock.fileno()] = sock
            until = min(ends_at, time.monotonic() + HEAD_START) if attempts else ends_at
            connected, failed = _first(pending, until)
            failure = failed or failure
            if connected is not None:
                return connected
            if time.monotonic() >= ends_at:
                raise LimitPassed(connect=True)
    finally:
        for sock in pending.values():
            sock.close()
    raise ConnectError(str(failure or "the name has no address")) from None


async def connect_in_loop(host: str, port: int, loop: asyncio.AbstractEventLoop) -> socket.socket:
    """The same for a task, whose own limit ends it.

    The loop's own race leaves a socket open that was connected when the task was cancelled,
    until the garbage collector comes by (Python 3.11).

    Raises:
        OSError, UnicodeError: Nobody took the connection, or there is no such name.
        NotImplementedError: The loop watches no sockets: Windows' own.
    """
    resolved: Sequence[_Resolved] = _literal_place(host, port) or await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM
    )
    attempts = deque(_interleaved(resolved))
    pending: dict[int, socket.socket] = {}
    failure: OSError | None = None
    try:
        while attempts or pending:
            if attempts:
                try:
                    sock = _begin(attempts.popleft())
                except OSError as error:
                    failure = error
                    continue
                pending[sock.fileno()] = sock
            await _watch(list(pending), loop, HEAD_START if attempts else None)
            connected, failed = _first(pending, 0.0)
            failure = failed or failure
            if connected is not None:
                return connected
    finally:
        for sock in pending.values():
            sock.close()
    raise failure or OSError("the name has no address")


async def _watch(
    filenos: list[int], loop: asyncio.AbstractEventLoop, seconds: float | None
) -> None:
    """Wait until one of them can be written, or so many seconds."""
    ready = loop.create_future()
    try:
        for fileno in filenos:
            loop.add_writer(fileno, _settle, ready)
        await asyncio.wait([ready], timeout=seconds)
    finally:
        for fileno in filenos:
            loop.remove_writer(fileno)


def _settle(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


def secure(
    sock: socket.socket, host: str, context: ssl.SSLContext, ends_at: float
) -> ssl.SSLSocket:
    """``sock`` with TLS on it, once the other side has shown who it is.

    Raises:
        LimitPassed: The time is over.
        ConnectError: It is not whom we trust, or there is no TLS.
    """
    try:
        secured = context.wrap_socket(sock, server_hostname=host, do_handshake_on_connect=False)
    except OSError as error:
        sock.close()
        raise ConnectError(str(error)) from None
    try:
        while True:
            try:
                secured.do_handshake()
            except ssl.SSLWantReadError:
                wait(secured.fileno(), READ, ends_at, connect=True)
            except ssl.SSLWantWriteError:
                wait(secured.fileno(), WRITE, ends_at, connect=True)
            else:
                return secured
    except OSError as error:
        secured.close()
        raise ConnectError(str(error)) from None
    except BaseException:
        secured.close()
        raise


def _literal_place(host: str, port: int) -> list[_Resolved]:
    """Where ``host`` is, where it is an address; nothing where it is a name."""
    for family, rest in ((socket.AF_INET, ()), (socket.AF_INET6, (0, 0))):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return [(family, socket.SOCK_STREAM, 0, "", (host, port, *rest))]
    return []


def _resolve(host: str, port: int, ends_at: float) -> Sequence[_Resolved]:
    if place := _literal_place(host, port):
        return place
    # The resolver takes no limit, and waits for as long as its servers are silent: beside us.
    found: Future[Sequence[_Resolved]] = Future()
    threading.Thread(target=_look_up, args=(found, host, port), daemon=True).start()
    try:
        return found.result(max(0.0, ends_at - time.monotonic()))
    except TimeoutError:
        raise LimitPassed(connect=True) from None
    except (OSError, UnicodeError) as error:  # a UnicodeError where it can be no name
        raise ConnectError(str(error)) from None


def _look_up(found: Future[Sequence[_Resolved]], host: str, port: int) -> None:
    try:
        found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except Exception as error:  # noqa: BLE001 - it is told whoever waits
        found.set_exception(error)


def _interleaved(resolved: Sequence[_Resolved]) -> Iterator[_Resolved]:
    """Addresses by turns of the families, the resolver's first choice first: RFC 8305, 4."""
    first = [one for one in resolved if one[0] == resolved[0][0]]
    others = [one for one in resolved if one[0] != resolved[0][0]]
    for pair in zip_longest(first, others):
        yield from (one for one in pair if one is not None)


def _begin(resolved: _Resolved) -> socket.socket:
    family, kind, protocol, _, place = resolved
    sock = ClosingSocket(family, kind, protocol)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect(place)
    except BlockingIOError:
        pass
    except BaseException:
        sock.close()
        raise
    return sock


def _first(
    pending: dict[int, socket.socket], until: float
) -> tuple[socket.socket | None, OSError | None]:
    """The first that is connected, and why others are not; those are taken out of ``pending``."""
    failure: OSError | None = None
    while pending:
        for fileno in _writable(list(pending), until - time.monotonic()):
            sock = pending.pop(fileno)
            if not (number := sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)):
                return sock, failure
            failure = OSError(number, os.strerror(number))
            sock.close()
            return None, failure  # the next address need not wait for its turn
        if time.monotonic() >= until:
            break
    return None, failure


def _writable(filenos: list[int], seconds: float) -> list[int]:
    """Those of ``filenos`` that are connected by now, or will never be."""
    seconds = min(max(0.0, seconds), _LONGEST_WAIT)
    if not _HAS_POLL:
        # Windows tells of a connection that failed in the third list alone:
        # https://learn.microsoft.com/en-us/windows/win32/api/winsock2/nf-winsock2-select
        _, writable, failed = select.select([], filenos, filenos, seconds)
        return [*writable, *failed]
    poll = select.poll()
    for fileno in filenos:
        poll.register(fileno, select.POLLOUT)
    return [fileno for fileno, _ in poll.poll(seconds * 1000)]
