"""Whom a connection trusts, and what is said where the bundle cannot be used."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import certifi
import pytest
import trustme

from orchestrator.connections.tls import UnusableCertificates, ssl_context


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"):
        monkeypatch.delenv(name, raising=False)


def bundle(path: Path, authority: trustme.CA) -> Path:
    path.write_bytes(authority.cert_pem.bytes())
    return path


def hashed(folder: Path, authority: trustme.CA) -> Path:
    """A folder as ``openssl rehash`` leaves it."""
    pem = bundle(folder.parent / "authority.pem", authority)
    done = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", pem], capture_output=True, check=True
    )
    folder.mkdir()
    bundle(folder / f"{done.stdout.decode().strip()}.0", authority)
    return folder


def greet(client: ssl.SSLContext, authority: trustme.CA) -> str | None:
    """The protocol that a server of the authority's and the client agree on."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert("corp.test").configure_cert(server)
    near, far = socket.socketpair()

    def answer() -> None:
        try:
            with server.wrap_socket(far, server_side=True) as secured:
                secured.recv(1)
        except OSError:  # whoever is not trusted is hung up on
            far.close()

    answering = threading.Thread(target=answer)
    answering.start()
    try:
        with client.wrap_socket(near, server_hostname="corp.test") as secured:
            protocol = secured.selected_alpn_protocol()
            secured.send(b"x")
            return protocol
    finally:
        near.close()
        answering.join()


def test_a_private_authority_is_trusted_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    file = bundle(tmp_path / "corp.pem", authority)
    folder = hashed(tmp_path / "folder", authority)

    assert greet(ssl_context(str(file)), authority) == "http/1.1"
    assert greet(ssl_context(str(folder)), authority) == "http/1.1"
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(ssl_context(), authority)
    assert greet(ssl_context(False), authority) == "http/1.1"
    monkeypatch.setenv("SSL_CERT_DIR", f"{tmp_path}/none{os.pathsep}{folder}")
    assert greet(ssl_context(), authority) == "http/1.1"
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())  # comes before the folder
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(ssl_context(), authority)


def test_http2_is_offered_where_it_is_asked_for(tmp_path: Path) -> None:
    authority = trustme.CA()
    file = str(bundle(tmp_path / "corp.pem", authority))

    assert greet(ssl_context(file, http2=True), authority) == "h2"
    assert greet(ssl_context(file), authority) == "http/1.1"


def test_a_bundle_is_loaded_once_and_again_when_it_changed(tmp_path: Path) -> None:
    first, second = trustme.CA(), trustme.CA()
    file = bundle(tmp_path / "corp.pem", first)
    context = ssl_context(str(file))

    assert ssl_context(str(file)) is context
    bundle(file, second)
    os.utime(file, (time.time() + 5, time.time() + 5))

    assert greet(ssl_context(str(file)), second) == "http/1.1"
    assert ssl_context() is ssl_context()


def test_keys_are_logged_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))

    assert ssl_context().keylog_filename == str(tmp_path / "keys")

    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "no" / "keys"))
    with pytest.raises(UnusableCertificates, match=r"^SSLKEYLOGFILE names .*keys, .*No such file"):
        ssl_context()


@pytest.mark.parametrize("source", ["verify", "SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_what_cannot_be_used_is_named_with_who_named_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str
) -> None:
    (tmp_path / "empty.pem").write_text("no certificate")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "corp.pem").write_text("a name that is no hash")

    for name, why in {
        "missing.pem": "No such file or directory",
        "empty.pem": "Not a directory" if source == "SSL_CERT_DIR" else "no certificate in PEM",
        "folder": "Is a directory"
        if source == "SSL_CERT_FILE"
        else "no certificate under its hash",
    }.items():
        path = tmp_path / name
        if source != "verify":
            monkeypatch.setenv(source, str(path))

        with pytest.raises(UnusableCertificates) as refused:
            ssl_context(str(path) if source == "verify" else "")

        assert str(refused.value).startswith(f"{source} names {path}, which ")
        assert why in str(refused.value)
        assert refused.value.__context__ is None  # whose words would be told again
