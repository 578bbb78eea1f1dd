"""Through which proxy a provider is asked: its own ``proxy``, else the environment's.

The environment is read as httpx 0.28 reads it: ``http_proxy``, ``https_proxy`` and
``all_proxy``, each in lower case before upper case (an empty one in lower case takes the other
away), ``HTTP_PROXY`` not where ``REQUEST_METHOD`` says that a web server may have written it
(CVE-2016-1000110), and ``NO_PROXY`` with names, suffixes, ports, addresses and ``*``. Beyond
httpx, ``NO_PROXY`` may name networks (``10.0.0.0/8``, ``fd00::/8``), what is none of these is
passed over, and the address of a proxy is read when something would go through it. Spellings
in mixed case, and what a system keeps outside the environment, are not read.
"""

from __future__ import annotations

import base64
import functools
import importlib.util
import ipaddress
import os
import re
from urllib.parse import unquote_to_bytes

import attrs

from orchestrator.extras import how_to_install
from orchestrator.http_messages import PORTS, Address, ConnectionOptions, ascii_host
from orchestrator.secrets import Secret

SCHEMES = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}
"""How a proxy may be spoken to, and its port where none is named."""

CONFIGURED = "proxy of the provider"
"""The source of a proxy that a config names."""

_SOCKS = "socks"
_ALLOWED = 'allowed: http, https, socks5 or socks5h, such as "http://proxy.corp:3128"'
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)")
_PLACE = re.compile(r"(?:\[([^\]]*)\]|([^:]*))(?::(.*))?", re.DOTALL)
_HOST = re.compile(r"[^\x00-\x20\x7f@%\\\[\]\ud800-\udfff]+")
_AS_WRITTEN = ("utf-8", "surrogateescape")

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_BESIDE = ("no_proxy", "NO_PROXY", "REQUEST_METHOD")
_Values = tuple[str | None, ...]


class UnusableProxy(Exception):
    """A proxy that cannot be used; the text holds no secret.

    Attributes:
        source: Who names it, as :attr:`Proxy.source`.
        why: What is wrong with it, and what is allowed.
    """

    def __init__(self, source: str, why: str) -> None:
        self.source = source
        self.why = why
        super().__init__(source, why)

    def __str__(self) -> str:
        return f"{self.source} {self.why}"


@attrs.frozen
class Proxy:
    """A proxy that requests are sent through.

    Attributes:
        scheme: How it is spoken to, one of :data:`SCHEMES`.
        host: Its name or address, no brackets around IPv6.
        port: Its port.
        authorization: The value of ``Proxy-Authorization``; empty where the address names
            nobody.
        url: The whole address with its name and password, for a client that takes one.
        source: Who names it: a variable as it is spelled there, or :data:`CONFIGURED`.
    """

    scheme: str
    host: str
    port: int
    authorization: Secret
    url: Secret
    source: str

    @property
    def is_socks(self) -> bool:
        """Whether it speaks SOCKS, and not HTTP."""
        return self.scheme.startswith(_SOCKS)

    def __str__(self) -> str:
        """``proxy.corp:3128 (HTTPS_PROXY)``: fit to be shown."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port} ({self.source})"


def choose_proxy(
    scheme: str, host: str, port: int | None, *, configured: Secret | None = None
) -> Proxy | None:
    """The proxy for what is asked at an origin; ``None``: it is asked directly.

    Args:
        scheme: ``http`` or ``https``.
        host: A name or an address, no brackets around IPv6.
        port: The port; ``None`` and the scheme's own are the same.
        configured: The provider's ``proxy``, which comes before the environment; empty for
            directly, whatever the environment says.

    Raises:
        UnusableProxy: What would be used is no proxy, or needs a package that is missing.
        LookupError: ``configured`` came out of a pickle, which drops its value.
    """
    if configured is not None:
        url = configured.reveal()  # before it is asked whether it is empty, as a pickled one seems
        return read_proxy(url, CONFIGURED) if url else None
    # 5 µs where no proxy is set (2026-11): the price of seeing each change of the environment.
    values: _Values = tuple(map(os.environ.get, _PROXIES))
    if not any(values):
        return None
    values += tuple(map(os.environ.get, _BESIDE))
    return _chosen(values, scheme, _ascii(host), port)


def proxy_of(url: Address, options: ConnectionOptions) -> Proxy | None:
    """The proxy for what is asked at an address, as :func:`choose_proxy` chooses.

    None where anybody is trusted, as a config may say of a server on this machine alone: whoever
    is in between would be sent the key.
    """
    if options.verify is False:
        return None
    return choose_proxy(url.scheme, url.host, url.port, configured=options.proxy)


@functools.lru_cache(maxsize=256)
def read_proxy(url: str, source: str) -> Proxy:
    """The proxy at an address.

    Raises:
        UnusableProxy: It is none, or speaks SOCKS, and the package for that is missing.
    """
    matched = _URL.match(url.strip())
    if matched is None:
        raise UnusableProxy(source, f"is no address of a proxy; {_ALLOWED}")
    scheme, (userinfo, _, place) = matched[1].lower(), matched[2].rpartition("@")
    if scheme not in SCHEMES:
        raise UnusableProxy(source, f"has a scheme that no proxy is spoken to by; {_ALLOWED}")
    host, port = _place(place)
    if not _HOST.fullmatch(host):
        raise UnusableProxy(source, f"has no host, or one that cannot be; {_ALLOWED}")
    if port is not None and not 0 < port < 65536:
        raise UnusableProxy(source, f"has a port that cannot be; {_ALLOWED}")
    if scheme.startswith(_SOCKS) and importlib.util.find_spec("socksio") is None:
        raise UnusableProxy(
            source,
            f"names a SOCKS proxy, which needs an extra: {how_to_install('socks')}",
        )
    return Proxy(
        scheme=scheme,
        host=host,
        port=SCHEMES[scheme] if port is None else port,
        authorization=_authorization(userinfo),
        url=Secret(f"{scheme}://{matched[2]}"),
        source=source,
    )


def _authorization(userinfo: str) -> Secret:
    name, _, password = userinfo.partition(":")
    if not name and not password:
        return Secret()
    # The bytes that were written: an environment may hold others than UTF-8's.
    pair = b":".join(unquote_to_bytes(part.encode(*_AS_WRITTEN)) for part in (name, password))
    return Secret("Basic " + base64.b64encode(pair).decode())


def _place(text: str) -> tuple[str, int | None]:
    """The host, without brackets, and the port of ``host:port``; -1 is a port that is none."""
    matched = _PLACE.fullmatch(text)
    if matched is None:
        return "", None
    bracketed, plain, port = matched.groups()
    host = _ascii(plain if bracketed is None else bracketed)
    if not port:
        return host, None
    return host, int(port) if re.fullmatch(r"[0-9]{1,5}", port) else -1


def _ascii(host: str) -> str:
    """A host as it is sent: in lower case, and other alphabets as IDNA."""
    if host.isascii():
        return host.lower()
    try:
        return ascii_host(host.lower())  # as addresses are read: they must meet
    except ValueError:
        return host.lower()


# The environment: patterns of what is asked, the most specific first, as httpx's mounts are.


@attrs.frozen
class _Pattern:
    """What is asked, and through which proxy.

    Attributes:
        scheme: Which scheme; empty for any.
        host: Which host: itself, ``*.example.com`` for what is below it, ``*example.com`` for
            both; empty for any.
        port: Which port; ``None`` for any.
        network: Which addresses, in place of a host.
        proxy: The address of the proxy and the variable; ``None`` for directly.
    """

    scheme: str
    host: str
    port: int | None
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    proxy: tuple[str, str] | None = None

    @property
    def priority(self) -> tuple[bool, int, int]:
        """What sorts first is asked first: with a port, a longer host, a longer scheme."""
        return self.port is None, -len(self.host), -len(self.scheme)

    def matches(self, scheme: str, host: str, port: int | None) -> bool:
        """Whether what is asked at an origin is meant."""
        if self.scheme not in ("", scheme) or self.port not in (None, port):
            return False
        if self.network is not None:
            return _is_within(host, self.network)
        if not self.host.startswith("*"):
            return self.host in ("", host)
        domain = self.host.removeprefix("*")
        below = "." + domain.removeprefix(".")
        return host == domain or (host.endswith(below) and len(host) > len(below))


@functools.lru_cache(maxsize=1024)
def _chosen(values: _Values, scheme: str, host: str, port: int | None) -> Proxy | None:
    port = None if port == PORTS.get(scheme) else port
    for pattern in _patterns(values):
        if pattern.matches(scheme, host, port):
            return None if pattern.proxy is None else read_proxy(*pattern.proxy)
    return None


@functools.lru_cache(maxsize=8)
def _patterns(values: _Values) -> tuple[_Pattern, ...]:
    """What the variables say, in the order in which it is asked."""
    given = dict(zip(_PROXIES + _BESIDE, values, strict=True))
    patterns: dict[str, _Pattern] = {}
    for scheme in ("http", "https", "all"):
        url, source = _variable(given, scheme)
        if url:
            proxy = url if "://" in url else f"http://{url}", source
            own = "" if scheme == "all" else scheme
            patterns[f"{scheme}://"] = _Pattern(own, "", None, proxy=proxy)
    for entry in map(str.strip, _variable(given, "no")[0].split(",")):
        if entry == "*":
            return ()
        exclusion = _exclusion(entry)
        if exclusion is not None:
            patterns[entry] = exclusion  # "https://" takes the place of that scheme's proxy
    return tuple(sorted(patterns.values(), key=lambda each: each.priority))


def _variable(given: dict[str, str | None], name: str) -> tuple[str, str]:
    """The value of ``NAME_proxy`` and how it is spelled; empty where there is none."""
    lower, upper = f"{name}_proxy", f"{name.upper()}_PROXY"
    if given[lower] is not None:
        return given[lower] or "", lower
    if name == "http" and given["REQUEST_METHOD"] is not None:
        return "", upper
    return given[upper] or "", upper


def _exclusion(entry: str) -> _Pattern | None:
    """What an entry of ``NO_PROXY`` excludes; ``None`` where it says nothing."""
    if "://" in entry:
        return _excluded_url(entry)
    network = _network(entry)
    if network is not None:
        return _Pattern("", entry, None, network)
    host, port = _place(entry.partition("/")[0])
    if not host or port == -1:
        return None
    exact = entry.startswith("[") or entry.lower() == "localhost"
    return _Pattern("", host if exact else f"*{host}", port)


def _excluded_url(entry: str) -> _Pattern | None:
    matched = _URL.match(entry)
    if matched is None:
        return None
    scheme, (host, port) = matched[1].lower(), _place(matched[2].rpartition("@")[2])
    port = None if port == PORTS.get(scheme) else port
    host = "" if host == "*" else host
    return None if port == -1 else _Pattern("" if scheme == "all" else scheme, host, port)


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None


def _is_within(host: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False
