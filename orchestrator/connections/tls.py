"""Whom a TLS connection trusts: a provider's ``verify``, else the environment's bundle.

As httpx 0.28 chooses: ``SSL_CERT_FILE``, else ``SSL_CERT_DIR``, else certifi's bundle. A
bundle costs 20 to 70 ms to load, so a context is kept for what it was made from, and made
anew where the file has changed.
"""

from __future__ import annotations

import functools
import os
import re
import ssl
from pathlib import Path
from typing import Literal

import attrs

from orchestrator.connections.dialing import ClosingTlsSocket

_KEPT = 16
"""Contexts that are kept, about 1 MB each: a process has one or two private authorities."""

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
"""How OpenSSL names a certificate in a folder: it looks for no other names there."""


class UnusableCertificates(Exception):
    """A bundle that is missing or cannot be read.

    Attributes:
        source: Who names it: ``verify``, a variable, or certifi.
        path: The file or folder.
        why: What is wrong with it.
    """

    def __init__(self, source: str, path: str, why: str) -> None:
        self.source = source
        self.path = path
        self.why = why
        super().__init__(source, path, why)

    def __str__(self) -> str:
        return f"{self.source} names {self.path}, which cannot be used: {self.why}"


@attrs.frozen
class _Bundle:
    """What a context is made from.

    Attributes:
        source: Who names it: ``verify``, a variable, or certifi.
        path: A file, or folders with the system's separator between them.
        folders: Whether it is folders.
        changed: Of each file or folder when it changed last and its size.
        keylog: Where the keys of sessions are written for who debugs, empty for nowhere.
        http2: Whether HTTP/2 is offered.
    """

    source: str
    path: str
    folders: bool
    changed: tuple[tuple[int, int], ...]
    keylog: str
    http2: bool


def ssl_context(verify: str | Literal[False] = "", *, http2: bool = False) -> ssl.SSLContext:
    """The context of connections to a provider; the same one for the same bundle.

    It is shared: nobody may change it. httpcore sets the protocols of the context that it is
    given, so HTTP/2 has one of its own.

    Args:
        verify: A PEM file, or a folder of certificates under their hashes (``openssl rehash``);
            empty for the environment's or certifi's; ``False`` to trust anybody, which a config
            may say of a server on the same machine alone.
        http2: Offer HTTP/2 too; else HTTP/1.1 alone.

    Raises:
        UnusableCertificates: The bundle is missing or cannot be read.
    """
    if verify is False:
        return _unchecked(http2=http2)
    source, path, folders = _named(verify)
    changed = tuple(map(_change, path.split(os.pathsep) if folders else [path]))
    keylog = os.environ.get("SSLKEYLOGFILE", "")
    # No lock: two threads may make two at once, and an interrupted one leaves nothing behind.
    return _context(_Bundle(source, path, folders, changed, keylog, http2))


def _named(verify: str) -> tuple[str, str, bool]:
    """Who names the bundle, its path, and whether that is folders."""
    if verify:
        return "verify", verify, Path(verify).is_dir()
    if path := os.environ.get("SSL_CERT_FILE"):
        return "SSL_CERT_FILE", path, False
    if path := os.environ.get("SSL_CERT_DIR"):
        return "SSL_CERT_DIR", path, True
    import certifi

    return "certifi", certifi.where(), False


def _change(path: str) -> tuple[int, int]:
    try:
        status = Path(path).stat()
    except OSError:
        return 0, 0  # loading it says what is wrong with it
    return status.st_mtime_ns, status.st_size


@functools.cache
def _unchecked(*, http2: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.sslsocket_class = ClosingTlsSocket
    context.set_alpn_protocols(["http/1.1", "h2"] if http2 else ["http/1.1"])
    return context


@functools.lru_cache(maxsize=_KEPT)
def _context(bundle: _Bundle) -> ssl.SSLContext:
    if bundle.folders:
        _check_folders(bundle)
    try:
        if bundle.folders:
            context = ssl.create_default_context(capath=bundle.path)
        else:
            context = ssl.create_default_context(cafile=bundle.path)
    except OSError as error:
        # The standard library opens the file of SSLKEYLOGFILE, and names that one alone.
        is_keylog = error.filename is not None
        source, path = (
            ("SSLKEYLOGFILE", bundle.keylog) if is_keylog else (bundle.source, bundle.path)
        )
        unusable = _unusable(source, path, error)
    else:
        context.sslsocket_class = ClosingTlsSocket
        context.set_alpn_protocols(["http/1.1", "h2"] if bundle.http2 else ["http/1.1"])
        return context
    raise unusable  # here, where the system's error is no context that says the same again


def _check_folders(bundle: _Bundle) -> None:
    """OpenSSL takes any folder, and would find nobody to trust when a connection is made."""
    failed: OSError | None = None
    names: list[str] = []
    for folder in bundle.path.split(os.pathsep):
        try:
            names += (entry.name for entry in Path(folder).iterdir())
        except OSError as error:
            failed = error
    if any(map(_HASHED.fullmatch, names)):
        return
    if failed is not None:
        raise _unusable(bundle.source, bundle.path, failed)
    why = "it holds no certificate under its hash (run openssl rehash on it, or name a PEM file)"
    raise UnusableCertificates(bundle.source, bundle.path, why)


def _unusable(source: str, path: str, error: OSError) -> UnusableCertificates:
    why = error.strerror or str(error)
    if isinstance(error, ssl.SSLError) and "NO_CERTIFICATE" in why:
        why = "it holds no certificate in PEM form"
    return UnusableCertificates(source, path, why)
