"""Vendors, found by themselves: every module of this package that has a ``VENDOR``.

A name is looked up by the module of that name, so that a config which names three vendors
imports three. What asks about all of them (an address, an alias, words that hold behind any
relay) imports all, once. They stand in the order of their names.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib import import_module
from typing import Final
from urllib.parse import urlsplit

from orchestrator import vendors
from orchestrator.vendors.record import Vendor


@cache
def _modules() -> tuple[str, ...]:
    return tuple(sorted(module.name for module in pkgutil.iter_modules(vendors.__path__)))


@cache
def _vendor(module: str) -> Vendor | None:
    found = getattr(import_module(f"{vendors.__name__}.{module}"), "VENDOR", None)
    if not isinstance(found, Vendor):
        return None  # a module of this room's own, such as this one
    if found.name != module.replace("_", "-"):
        raise ImportError(f"{module}.py holds the vendor {found.name}; name one after the other")
    return found


@cache
def all_vendors() -> tuple[Vendor, ...]:
    """Every vendor, by name."""
    return tuple(found for module in _modules() if (found := _vendor(module)) is not None)


def vendor(name: str) -> Vendor | None:
    """The vendor of exactly that name, or ``None``."""
    module = name.replace("-", "_")
    return _vendor(module) if module in _modules() and "_" not in name else None


def known(name: str) -> Vendor | None:
    """The vendor of that name where a config needs no address for it, or ``None``."""
    found = vendor(name)
    return found if found is not None and found.keys else None


class _Catalogue(Mapping[str, Vendor]):
    """The vendors that :func:`known` finds; to look one up imports no other."""

    def __getitem__(self, name: str) -> Vendor:
        found = known(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return (one.name for one in all_vendors() if one.keys)

    def __len__(self) -> int:
        return sum(1 for _ in self)


CATALOGUE: Final[Mapping[str, Vendor]] = _Catalogue()
"""Every vendor that a config may name without saying where it is, by name."""


def at_address(base_url: str) -> Vendor | None:
    """The vendor at the host and port of ``base_url``, or ``None``.

    A second account at a vendor is an entry of another name at the same address.
    """
    host = urlsplit(base_url).netloc.rpartition("@")[2].lower()
    hosts = _hosts()
    if host in hosts:
        return hosts[host]
    return next((one for name, one in hosts.items() if _is_below(host, name)), None)


def _is_below(host: str, name: str) -> bool:
    return name.startswith(".") and host.endswith(name)


@cache
def _hosts() -> Mapping[str, Vendor]:
    """The vendors by host, and by domain where that begins with a dot."""
    return {
        host: one
        for one in all_vendors()
        for host in (urlsplit(one.base_url).netloc, *one.domains)
        if host
    }


@lru_cache(maxsize=512)
def family(provider: str) -> str:
    """The vendor whose words a provider's name stands for, or the name itself, lower case.

    A name with a suffix (``deepseek-2``, ``openai_work``) belongs to its longest known
    beginning, since a user may have two accounts at one vendor.
    """
    name = provider.strip().lower().replace("_", "-")
    parts = name.split("-")
    beginnings = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((_aliases()[one] for one in beginnings if one in _aliases()), name)


@cache
def _aliases() -> Mapping[str, str]:
    return {alias: one.name for one in all_vendors() for alias in (one.name, *one.aliases)}


@cache
def maker(dialect: str) -> Vendor | None:
    """The vendor who made a dialect, whose words its other speakers use."""
    return next((one for one in all_vendors() if dialect in one.dialects), None)
