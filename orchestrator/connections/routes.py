"""The route of a connection: where it leads, through which proxy, and who speaks on it."""

from __future__ import annotations

from collections.abc import Hashable

import attrs

from orchestrator.connections.errors import ProxyError
from orchestrator.connections.proxies import Proxy, proxy_of
from orchestrator.connections.reader import ResponseReader
from orchestrator.http_messages import Address, ConnectionOptions, OutgoingRequest

_OWN_PROXIES = ("http",)
"""Schemes of proxies that our own connections speak to; httpx speaks to the others."""


@attrs.frozen(eq=False)
class Route:
    """How a server is reached.

    Attributes:
        key: What connections are kept under: two requests of one key may share one.
        url: An address of the server.
        options: What the provider's config says.
        proxy: Between us and the server.
    """

    key: Hashable
    url: Address
    options: ConnectionOptions
    proxy: Proxy | None

    @property
    def uses_httpx(self) -> bool:
        """True where httpx carries the requests: HTTP/2, and proxies of other kinds."""
        # HTTP/2 is agreed upon in TLS (RFC 9113 section 3.2): without it, nobody speaks it.
        return (self.options.http2 and self.is_secure) or (
            self.proxy is not None and self.proxy.scheme not in _OWN_PROXIES
        )

    @property
    def is_secure(self) -> bool:
        """True where TLS is spoken with the server."""
        return self.url.scheme == "https"

    @property
    def is_tunnelled(self) -> bool:
        """True where a proxy passes on bytes that it cannot read."""
        return self.proxy is not None and self.is_secure

    @property
    def place(self) -> tuple[str, int]:
        """Host and port to connect to."""
        to = self.url if self.proxy is None else self.proxy
        return to.host, to.port

    @property
    def proxy_authorization(self) -> str | None:
        """What each request says to a proxy that reads it; ``None`` where there is none."""
        if self.proxy is None or self.is_secure:
            return None
        return self.proxy.authorization.reveal()


def route_of(request: OutgoingRequest, key: Hashable) -> Route:
    """How ``request`` reaches its server.

    Raises:
        UnusableProxy: The proxy that the environment names cannot be used.
    """
    url, options = request.url, request.options
    return Route(key, url, options, proxy_of(url, options))


def route_key(request: OutgoingRequest) -> Hashable:
    """The :attr:`Route.key` of a request."""
    url = request.url
    return (url.scheme, url.host, url.port, request.options)


def tunnel_bytes(route: Route) -> bytes:
    """The request to a proxy to pass everything on: RFC 9110, section 9.3.6."""
    host = f"[{route.url.host}]" if ":" in route.url.host else route.url.host
    authority = f"{host}:{route.url.port}"
    head = f"CONNECT {authority} HTTP/1.1\r\nhost: {authority}\r\n"
    if route.proxy is not None and route.proxy.authorization:
        head += f"proxy-authorization: {route.proxy.authorization.reveal()}\r\n"
    return head.encode("latin-1") + b"\r\n"


def check_tunnel(reader: ResponseReader) -> None:
    """Refuse a proxy that does not pass everything on, and nothing else.

    Raises:
        ProxyError: It does not.
    """
    if reader.head is None or not reader.head.is_success:
        status = reader.head and reader.head.status
        raise ProxyError(f"the proxy answered {status} when asked for a tunnel")
    if reader.has_body:  # a success has none here, whatever its head says: section 9.3.6
        raise ProxyError("the proxy said more than that there is a tunnel")
