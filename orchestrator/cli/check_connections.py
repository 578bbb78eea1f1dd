"""``check``: how each provider is connected to."""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from orchestrator.config.config import Config
from orchestrator.connections.proxies import UnusableProxy, proxy_of
from orchestrator.connections.routes import Route
from orchestrator.http_messages import Address


@attrs.frozen
class ProviderConnection:
    """How a provider is connected to, as config and environment say now.

    Attributes:
        provider: The provider.
        proxy: Through which proxy, and who names it; ``None``: directly.
        transport: By what.
        balance: Where its vendor is asked how much money is left; ``None`` where nobody is.
    """

    provider: str
    proxy: str | None
    transport: str
    balance: str | None = None

    def line(self) -> str:
        """One line for people."""
        way = "directly" if self.proxy is None else f"through {self.proxy}"
        asked = "" if self.balance is None else f"; its balance at {self.balance}"
        return f"provider {self.provider}: {way}, by {self.transport}{asked}"


def provider_connections(config: Config) -> Iterator[ProviderConnection]:
    """Of each provider that can be asked; one whose proxy cannot be used is a finding."""
    for provider in config.providers.values():
        if not provider.credentials:
            continue
        url, options = Address.parse(provider.base_url), provider.connection
        try:
            route = Route(provider.name, url, options, proxy_of(url, options))
        except UnusableProxy:
            continue
        shown = None if route.proxy is None else str(route.proxy)
        origin = f"{url.scheme}://{url.authority}"
        addresses = " or ".join(f"{origin}{one.path}" for one in provider.balances)
        asked = addresses if provider.asks_balance else None
        yield ProviderConnection(provider.name, shown, _transport(route), asked)


def _transport(route: Route) -> str:
    if not route.uses_httpx:
        return "own HTTP/1.1 connections"
    if route.options.http2 and route.is_secure:
        return "httpx (HTTP/2)"
    is_socks = route.proxy is not None and route.proxy.is_socks
    return "httpx (SOCKS proxy)" if is_socks else "httpx (TLS proxy)"
