"""Requests through an HTTP proxy: what it is told, what it may say, and what nobody learns."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from orchestrator.connections.errors import ConnectError, LimitPassed, ProxyError
from orchestrator.http_messages import Address, ConnectionOptions, OutgoingRequest
from orchestrator.secrets import Secret
from tests.orchestrator.connections.raw_server import (
    Peer,
    RawServer,
    keeping,
    of_length,
    raw_server,
    saying,
)
from tests.orchestrator.connections.test_tls_connections import AUTHORITY, serving
from tests.orchestrator.connections.ways import OURS, OWN, own, sending, tell, ways
from tests.waiting import AMPLE, eventually

HELLO = of_length(b"hello")
PAIR = "ann:canary%20pass"
BASIC = b"basic " + base64.b64encode(b"ann:canary pass").lower()
"""In lower case, as all is compared here."""

through = ways(*OURS)


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)


def asking(url: str, proxy: RawServer, verify: str = "", pair: str = PAIR) -> OutgoingRequest:
    address = Secret(f"http://{pair}@127.0.0.1:{proxy.port}")
    options = ConnectionOptions(verify=verify, proxy=address)
    return OutgoingRequest("POST", Address.parse(url), {"x": "y"}, b"{}", options)


@through
def test_a_plain_request_is_told_the_proxy_whole(way: str) -> None:
    with raw_server(keeping(HELLO)) as proxy:
        request = asking("http://provider.test:8080/v1?a=b", proxy)
        with sending(way, request) as sender:
            told = [tell(sender, request).body for _ in range(2)]

        assert told == [b"hello"] * 2
        asked = proxy.requests[0].lower()
        assert asked.startswith(b"post http://provider.test:8080/v1?a=b http/1.1\r\n")
        assert b"\r\nhost: provider.test:8080\r\n" in asked
        assert b"\r\nproxy-authorization: " + BASIC in asked
        assert proxy.accepted == (1 if way in OWN else 2)


def _pump(near: socket.socket, far: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := near.recv(1 << 16):
            far.sendall(data)
    for sock in (near, far):
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def tunnelling(port: int, surplus: bytes = b"") -> Callable[[Peer], None]:
    """A proxy that passes all on to a port."""

    def script(peer: Peer) -> None:
        if not peer.request():
            return
        with socket.create_connection(("127.0.0.1", port)) as far:
            peer.send(b"HTTP/1.1 200 Connection established\r\n\r\n" + surplus)
            back = threading.Thread(target=_pump, args=(far, peer.sock), daemon=True)
            back.start()
            _pump(peer.sock, far)
            back.join()

    return script


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    path = tmp_path / "corp.pem"
    path.write_bytes(AUTHORITY.cert_pem.bytes())
    return str(path)


@contextlib.contextmanager
def tunnelled(bundle: str, surplus: bytes = b"") -> Iterator[tuple[RawServer, OutgoingRequest]]:
    """A proxy in front of a server with TLS, and a request to that."""
    with (
        raw_server(keeping(HELLO), serving("provider.test")) as server,
        raw_server(tunnelling(server.port, surplus)) as proxy,
    ):
        yield proxy, asking("https://provider.test:8443/v1", proxy, bundle)
        assert all(b"proxy-authorization" not in each.lower() for each in server.requests)


@through
def test_a_secure_request_goes_through_a_tunnel(way: str, bundle: str) -> None:
    with tunnelled(bundle) as (proxy, request), sending(way, request) as sender:
        assert [tell(sender, request).body for _ in range(3)] == [b"hello"] * 3

        connect = proxy.requests[0].lower()
        assert connect.startswith(b"connect provider.test:8443 http/1.1\r\n")
        assert b"\r\nhost: provider.test:8443\r\n" in connect
        assert b"\r\nproxy-authorization: " + BASIC in connect
        assert b"\r\nx: y" not in connect
        assert proxy.accepted == (1 if way in OWN else 3)


@own
@pytest.mark.parametrize("surplus", [b"x", b"\r\n", b"\x16\x03\x03"])
def test_a_tunnel_that_begins_with_somebodys_bytes_is_none(
    way: str, surplus: bytes, bundle: str
) -> None:
    with tunnelled(bundle, surplus) as (proxy, request), sending(way, request) as sender:
        assert type(tell(sender, request).error) is ProxyError
        assert eventually(lambda: proxy.open == 0)


@own
def test_a_tunnel_with_a_length_has_nevertheless_no_body(way: str, bundle: str) -> None:
    with (
        raw_server(saying(of_length(b"hello"))) as proxy,
        sending(way, request := asking("https://provider.test/", proxy, bundle)) as sender,
    ):
        assert type(tell(sender, request).error) is ProxyError


@own
@pytest.mark.parametrize("url", ["https://provider.test:8443/v1", "http://provider.test/v1"])
def test_a_proxy_with_tls_is_trusted_as_the_provider_is(way: str, url: str, bundle: str) -> None:
    with (
        raw_server(keeping(HELLO), serving("provider.test")) as server,
        raw_server(
            tunnelling(server.port) if "https" in url else keeping(HELLO), serving("127.0.0.1")
        ) as proxy,
    ):
        address = Secret(f"https://{PAIR}@127.0.0.1:{proxy.port}")
        options = ConnectionOptions(verify=bundle, proxy=address)
        request = OutgoingRequest("POST", Address.parse(url), {"x": "y"}, b"{}", options)
        with sending(way, request) as sender:
            assert [tell(sender, request).body for _ in range(2)] == [b"hello"] * 2

        assert b"\r\nproxy-authorization: " + BASIC in proxy.requests[0].lower()


@own
def test_what_runs_through_such_a_proxy_outlives_a_close(way: str, bundle: str) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(HELLO[:-2])
        go_on.wait(AMPLE)
        peer.send(HELLO[-2:])

    with raw_server(script, serving("127.0.0.1")) as proxy:
        address = Secret(f"https://127.0.0.1:{proxy.port}")
        options = ConnectionOptions(verify=bundle, proxy=address)
        request = OutgoingRequest("POST", Address.parse("http://a.test/"), {}, b"{}", options)
        with sending(way, request) as sender:
            answer = sender.open(request)
            assert answer.read(AMPLE) == b"hel"
            sender.close()
            go_on.set()
            assert answer.read(AMPLE) == b"lo"
            answer.close()
            assert eventually(lambda: proxy.open == 0)


REFUSALS = {
    "407": (of_length(b"who are you", 407), ProxyError),
    "502": (of_length(b"", 502), ProxyError),
    "closes": (b"", ConnectError),
    "closes in the head": (b"HTTP/1.1 2", ConnectError),
    "garbage": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", ConnectError),
    "closes behind the head": (b"HTTP/1.1 200 OK\r\n\r\n", ConnectError),
}


@own
@pytest.mark.parametrize("case", REFUSALS)
def test_a_proxy_that_does_not_pass_on(way: str, case: str, bundle: str) -> None:
    says, kind = REFUSALS[case]
    with (
        raw_server(saying(says)) as proxy,
        sending(way, request := asking("https://provider.test/", proxy, bundle)) as sender,
    ):
        error = tell(sender, request).error

        assert isinstance(error, kind)
        assert "canary" not in repr(error)
        assert BASIC.decode().removeprefix("basic ") not in repr(error).lower()
        # Whoever keeps the error keeps nothing open.
        assert eventually(lambda: proxy.open == 0)


@through
def test_a_plain_request_that_the_proxy_refuses_is_answered(way: str) -> None:
    with raw_server(saying(of_length(b"who are you", 407))) as proxy:
        request = asking("http://provider.test/", proxy)
        with sending(way, request) as sender:
            told = tell(sender, request)

    assert (told.status, told.body) == (407, b"who are you")


@own
def test_a_proxy_that_says_nothing_meets_the_limit_of_the_connection(way: str, bundle: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.wait_for_end()

    with raw_server(script) as proxy:
        request = asking("https://provider.test/", proxy, bundle)
        with sending(way, request) as sender:
            error = tell(sender, request, AMPLE, 0.3).error

            assert isinstance(error, LimitPassed)
            assert error.connect
            assert eventually(lambda: proxy.open == 0)


@own
def test_no_proxy_is_asked_where_the_environment_excludes_it(
    way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(keeping(HELLO)) as server, raw_server(saying(of_length(b"proxied"))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        request = server.request()
        with sending(way, request) as sender:
            assert tell(sender, request).body == b"proxied"
        monkeypatch.setenv("NO_PROXY", "127.0.0.0/8")
        with sending(way, request) as sender:
            assert tell(sender, request).body == b"hello"
        monkeypatch.delenv("NO_PROXY")
        direct = attrs.evolve(request, options=ConnectionOptions(proxy=Secret("")))
        with sending(way, direct) as sender:
            assert tell(sender, direct).body == b"hello"


@own
def test_whoever_is_behind_the_tunnel_must_be_the_provider(way: str, bundle: str) -> None:
    with (
        raw_server(keeping(HELLO), serving("other.test")) as server,
        raw_server(tunnelling(server.port)) as proxy,
    ):
        request = asking("https://provider.test/", proxy, bundle)
        with sending(way, request) as sender:
            assert type(tell(sender, request).error) is ConnectError

        assert server.requests == []
