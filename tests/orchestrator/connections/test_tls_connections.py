"""TLS on our own connections and on httpx's: who is trusted, what is kept, what is left open."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import time
from pathlib import Path

import attrs
import pytest
import trustme

from orchestrator.connections.errors import ConnectError, LimitPassed, RemoteProtocolError
from orchestrator.connections.loops import LoopTransport
from orchestrator.http_messages import Address, ConnectionOptions, OutgoingRequest
from tests.orchestrator.connections.raw_server import (
    Peer,
    RawServer,
    in_chunks,
    keeping,
    of_length,
    raw_server,
)
from tests.orchestrator.connections.ways import ours, own, sending, tell
from tests.waiting import AMPLE, eventually

HELLO = of_length(b"hello")
AUTHORITY = trustme.CA()


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "corp.pem"
    path.write_bytes(AUTHORITY.cert_pem.bytes())
    return str(path)


def serving(*names: str) -> ssl.SSLContext:
    """A server that shows itself by these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    AUTHORITY.issue_cert(*names).configure_cert(context)
    return context


def post(server: RawServer, verify: str, host: str = "127.0.0.1") -> OutgoingRequest:
    url = Address.parse(server.url("https", host))
    return OutgoingRequest("POST", url, {}, b"{}", ConnectionOptions(verify=verify))


@ours
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_whom_the_authority_vouches_for_is_asked(way: str, host: str, bundle: str) -> None:
    with raw_server(keeping(HELLO), serving(host)) as server:
        request = post(server, bundle, host)
        with sending(way, request) as sender:
            assert tell(sender, request).body == b"hello"


@ours
def test_whom_nobody_vouches_for_is_told_nothing(way: str) -> None:
    with raw_server(keeping(HELLO), serving("127.0.0.1")) as server:
        request = post(server, "")
        with sending(way, request) as sender:
            error = tell(sender, request).error

        assert type(error) is ConnectError
        assert "CERTIFICATE_VERIFY_FAILED" in str(error)
        assert server.requests == []


@ours
def test_who_shows_another_name_is_told_nothing(way: str, bundle: str) -> None:
    with raw_server(keeping(HELLO), serving("other.test")) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            error = tell(sender, request).error

        assert type(error) is ConnectError
        assert "CERTIFICATE_VERIFY_FAILED" in str(error)
        assert server.requests == []


@own
@pytest.mark.parametrize("place", ["SSL_CERT_FILE", "SSL_CERT_DIR", "verify"])
def test_where_the_authority_is_named(
    way: str, place: str, bundle: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    done = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", bundle], capture_output=True, check=True
    )
    (folder / f"{done.stdout.decode().strip()}.0").write_bytes(AUTHORITY.cert_pem.bytes())
    if place != "verify":
        monkeypatch.setenv(place, bundle if place == "SSL_CERT_FILE" else str(folder))
    with raw_server(keeping(HELLO), serving("127.0.0.1")) as server:
        request = post(server, str(folder) if place == "verify" else "")
        with sending(way, request) as sender:
            assert tell(sender, request).body == b"hello"


@own
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_one_secure_connection_carries_many_requests(
    way: str, version: ssl.TLSVersion, bundle: str
) -> None:
    """The tickets that a server sends after the handshake are no surplus."""
    context = serving("127.0.0.1")
    context.minimum_version = context.maximum_version = version
    answers = [HELLO, in_chunks(b"x" * 50_000, b"y"), of_length(b"z" * 200_000)]
    with raw_server(keeping(*answers), context) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            sizes = [len(tell(sender, request).body) for _ in range(6)]

        assert sizes == [5, 50_001, *[200_000] * 4]
        assert server.accepted == 1


@own
@pytest.mark.parametrize("pieces", [(HELLO + HELLO,), (HELLO, 0.05, HELLO)])
def test_surplus_under_tls_ends_the_connection(
    way: str, pieces: tuple[bytes | float, ...], bundle: str
) -> None:
    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(*pieces)

    with raw_server(script, serving("127.0.0.1")) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            for _ in range(3):
                assert tell(sender, request).body == b"hello"
                time.sleep(0.1)

        assert server.accepted == 3


@ours
@pytest.mark.parametrize("size", [5, 600_000])
def test_an_end_without_a_goodbye(way: str, size: int, bundle: str) -> None:
    """Many servers leave so: a body that knows its length is cut, one that does not is whole."""
    body = b"x" * size
    answers = [HELLO[:-1], b"HTTP/1.1 200 X\r\n\r\n" + body]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answers.pop(0))
        os.close(peer.sock.detach())

    with raw_server(script, serving("127.0.0.1")) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            cut, whole = tell(sender, request), tell(sender, request)

    assert (type(cut.error), cut.body) == (RemoteProtocolError, b"hell")
    assert (whole.error, whole.body) == (None, body)


@own
def test_a_large_request_and_an_early_answer(way: str, bundle: str) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(4096)
        peer.send(of_length(b"too large", 413, connection="close"), 0.2)

    with raw_server(script, serving("127.0.0.1")) as server:
        request = attrs.evolve(post(server, bundle), content=bytes(8 << 20))
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (told.status, told.body) == (413, b"too large")


def _says_nothing(peer: Peer) -> None:
    peer.wait_for_end()


@ours
def test_a_handshake_that_stalls_meets_the_limit_and_leaves_nothing_open(
    way: str, bundle: str
) -> None:
    with raw_server(_says_nothing) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            told = tell(sender, request, AMPLE, 0.3)

            assert isinstance(told.error, LimitPassed | ConnectError)
            assert eventually(lambda: server.accepted == 1 and server.open == 0)


@ours
@pytest.mark.parametrize("says", [b"", b"HTTP/1.1 400 speak TLS not\r\n\r\n"])
def test_no_tls_is_no_connection(way: str, says: bytes, bundle: str) -> None:
    def script(peer: Peer) -> None:
        peer.sock.recv(4096)
        peer.send(says)

    with raw_server(script) as server:
        request = post(server, bundle)
        with sending(way, request) as sender:
            assert type(tell(sender, request).error) is ConnectError
            assert eventually(lambda: server.open == 0)


def test_a_handshake_that_is_cancelled_leaves_nothing_open(bundle: str) -> None:
    async def main() -> None:
        transport = LoopTransport(asyncio.get_running_loop())
        task = asyncio.create_task(transport.open(post(server, bundle), AMPLE, AMPLE))
        await asyncio.to_thread(eventually, lambda: server.accepted == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(eventually, lambda: server.open == 0)

    with raw_server(_says_nothing) as server:
        asyncio.run(main())
