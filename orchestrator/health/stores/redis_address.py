"""Address of a shared store: read from a config's ``health``, and shown without its password."""

from __future__ import annotations

import difflib
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import attrs

from orchestrator.secrets import MASK, Secret

SCHEMES = ("redis", "rediss", "unix")

OPTIONS = ("db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_check_hostname")
"""What may follow a ``?``, as redis-py reads it."""

EXAMPLE = '"redis://host:6379/0", "rediss://user:password@host:6379/0", "unix:///run/redis.sock"'


@attrs.frozen
class RedisAddress:
    """Where a shared store is.

    Attributes:
        url: The URL as it is written, which may hold a password.
        shown: The same without user and password, for whoever reads it.
        password: What must not be seen anywhere.
    """

    url: Secret
    shown: str
    password: Secret

    def masked(self, words: str) -> str:
        """``words`` of the server or its client, without the password."""
        password = self.password.reveal()
        return words.replace(password, MASK) if password else words


def shown_url(url: str) -> str:
    """``url`` without user, password and what follows a ``?``."""
    # From the last @ on: a password may hold one itself, and what else was not meant to.
    scheme, mark, rest = url.partition("://") if "://" in url else ("", "", url)
    return f"{scheme}{mark}{rest.rpartition('@')[2].partition('?')[0]}"


def read_address(url: str) -> RedisAddress:
    """The address that ``url`` is.

    Raises:
        ValueError: It is none; says what was found and what is allowed, never a password.
    """
    shown = shown_url(url)
    scheme = url.partition("://")[0].lower()
    if scheme not in SCHEMES:
        near = difflib.get_close_matches(scheme, SCHEMES, n=1, cutoff=0.5)
        meant = f"; did you mean {near[0]}://" if near else ""
        allowed = ", ".join(f"{name}://" for name in SCHEMES)
        raise ValueError(f"found {shown!r}, whose scheme is {scheme!r}{meant}; allowed: {allowed}")
    try:
        parts = urlsplit(url)
        fault = _fault(parts)
    except ValueError:  # of urllib, which may quote what it was given
        raise ValueError(f"found {shown!r}, which is no URL; allowed: {EXAMPLE}") from None
    if fault:
        raise ValueError(f"found {shown!r}{fault}")
    # The client takes no other spelling of a scheme.
    written = url.replace(url[: len(scheme)], scheme, 1)
    return RedisAddress(Secret(written), shown, Secret(unquote(parts.password or "")))


def _fault(parts: SplitResult) -> str:
    """What is wrong with a URL of a scheme that is known; empty where nothing is."""
    if parts.fragment:
        return ", in which # begins a fragment; a password that holds one is written with %23"
    is_cut = "@" in parts.query or (parts.scheme != "unix" and "@" in parts.path)
    if is_cut:  # what comes next would quote a part of the password
        return ", whose password holds a sign that ends it; / is written %2F, and ? %3F"
    where = _fault_of_socket(parts) if parts.scheme == "unix" else _fault_of_host(parts)
    return where or _fault_of_options(parts)


def _fault_of_socket(parts: SplitResult) -> str:
    named = parts.path.strip("/")
    return "" if named else ", which names no socket; allowed: unix:///run/redis.sock"


def _fault_of_host(parts: SplitResult) -> str:
    if not parts.hostname:
        return f", which names no host; allowed: {EXAMPLE}"
    if not _is_port(parts):
        return ", whose port is none; allowed: 1 to 65535"
    return _fault_of_database(parts.path.strip("/") or "0")


def _fault_of_database(named: str) -> str:
    if named.isdecimal():
        return ""
    return f", whose database is {named!r}; allowed: a number, as in redis://host:6379/0"


def _fault_of_options(parts: SplitResult) -> str:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name not in OPTIONS:
            near = difflib.get_close_matches(name, OPTIONS, n=1)
            meant = f"; did you mean {near[0]}" if near else ""
            return f", whose option {name!r} is not known{meant}; allowed: {', '.join(OPTIONS)}"
        if name.startswith("ssl_") and parts.scheme != "rediss":
            return f", whose option {name} is of TLS; allowed: with rediss:// alone"
        if name == "db" and (fault := _fault_of_database(value)):
            return fault
    return ""


def _is_port(parts: SplitResult) -> bool:
    try:
        return parts.port is None or parts.port > 0
    except ValueError:
        return False
