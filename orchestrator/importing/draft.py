"""The document that comes out: providers, targets and routes, as they are found.

A target is a provider and a model, so what holds for a target (a temperature, a limit) can be said
once for each. Where a file says two things of one, the second gets a provider entry of its own at
the same account.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import attrs

from orchestrator.vendors import CATALOGUE, EndpointUnknown, Vendor, at_address

_LONGEST = 64
"""Characters of a provider's name."""

Document = dict[str, Any]
"""What a config file holds, as TOML gives it."""


@attrs.frozen
class ImportedAccount:
    """Whom a deployment of another tool asks, but for its key.

    Attributes:
        vendor: The known vendor; ``None`` where only the address is known.
        base_url: The address; empty for the vendor's own.
        dialect: What is spoken there; empty for the vendor's own, or the default.
        headers: What is sent besides.
        stream: False where it cannot stream.
        name: What its entry is called; empty where that is made of vendor or address.
    """

    vendor: Vendor | None = None
    base_url: str = ""
    dialect: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    stream: bool = True
    name: str = ""

    @property
    def identity(self) -> Hashable:
        """What tells it from others, whatever its entry is called."""
        vendor = self.vendor.name if self.vendor is not None else ""
        return vendor, self.base_url, self.dialect, self.headers, self.stream

    def problem(self, environ: Mapping[str, str]) -> str:
        """Why nobody could be asked at it; empty where somebody could.

        Args:
            environ: Where variables of addresses are looked up.
        """
        if self.vendor is None:
            return ""
        try:
            self.vendor.endpoint(environ, self.dialect or self.vendor.dialect, self.base_url)
        except (EndpointUnknown, ValueError) as error:
            return str(error.args[0])
        return ""

    def suggest_name(self) -> str:
        """A name for its entry, which others may bear too."""
        if self.name:
            return provider_name(self.name)
        if self.vendor is not None and not self.base_url:
            return self.vendor.name
        known = at_address(self.base_url)
        if self.vendor is not None and (known is self.vendor or self.vendor.keyless):
            return self.vendor.name
        return known.name if known is not None else _host_name(self.base_url)


@attrs.frozen
class ImportedTarget:
    """One element of a route, before its provider has a name.

    Attributes:
        account: Whom it asks.
        keys: The credentials, as a config writes them; none for those that the vendor implies,
            or for a keyless server.
        model: The model.
        settings: What ``[targets]`` says of it.
        strategy: How its keys are chosen; empty for the default.
    """

    account: ImportedAccount
    model: str
    keys: tuple[str, ...] = ()
    settings: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    strategy: str = ""


@attrs.define
class _Entry:
    """A provider entry: an account, its keys, and what is said of its models."""

    account: ImportedAccount
    keys: list[str]
    name: str
    strategy: str
    has_said_strategy: bool = False
    models: dict[str, Mapping[str, Any]] = attrs.field(factory=dict)


class ConfigBuilder:
    """Collects what comes out, and gives it names.

    Attributes:
        document: What is said outside of providers, targets and routes.
        second_entries: By the name of a provider entry that stands for an account a second time,
            the name of the first.
    """

    def __init__(self) -> None:
        self.document: Document = {}
        self.second_entries: dict[str, str] = {}
        self._entries: list[_Entry] = []
        self._by_key: dict[tuple[Hashable, str], list[_Entry]] = {}
        self._numbers: dict[str, int] = {}
        self._routes: dict[str, list[str]] = {}

    def add_target(self, target: ImportedTarget) -> str:
        """The name ``provider/model`` of a target, whose provider is added where it is new."""
        same = self._same(target.account, target.keys)
        for entry in same:
            if entry.models.setdefault(target.model, target.settings) == target.settings:
                self._join(entry, target.keys, target.strategy)
                return f"{entry.name}/{target.model}"
        entry = self._add(target.account, target.keys, target.strategy)
        entry.models[target.model] = target.settings
        if same:
            self.second_entries[entry.name] = same[0].name
        return f"{entry.name}/{target.model}"

    def add_provider(self, account: ImportedAccount, keys: Sequence[str] = ()) -> str:
        """The name of a provider of which no model is named."""
        for entry in self._same(account, keys):
            self._join(entry, keys, "")
            return entry.name
        return self._add(account, keys, "").name

    def add_route(self, name: str, targets: Iterable[str]) -> None:
        """A route, each of its targets once."""
        self._routes[name] = list(dict.fromkeys(targets))

    def set_strategy(self, provider: str, strategy: str) -> bool:
        """Set how keys are chosen at all entries of an account's name; whether there is one.

        It is written even where one key is known: another may be added.
        """
        found = [one for one in self._entries if provider == one.account.suggest_name()]
        for entry in found:
            entry.strategy, entry.has_said_strategy = strategy, True
        return bool(found)

    def add_overrides(self, vendor: str, overrides: Mapping[str, Any]) -> bool:
        """Add fields to all requests to a vendor, those that are said going before; whether any."""
        found = False
        for entry in self._entries:
            if entry.account.vendor is not None and entry.account.vendor.name == vendor:
                for model, settings in entry.models.items():
                    said = {**overrides, **settings.get("overrides", {})}
                    entry.models[model] = {**settings, "overrides": said}
                    found = True
        return found

    @property
    def routes(self) -> Mapping[str, list[str]]:
        """The routes so far."""
        return self._routes

    def finish(self) -> Document:
        """The whole document, in the order of a file."""
        providers = {one.name: _provider_table(one) for one in self._entries}
        named = {name.partition("/")[0] for route in self._routes.values() for name in route}
        # One that says nothing of its own is implied by its targets' names.
        written = {name: table for name, table in providers.items() if table or name not in named}
        targets = {
            f"{one.name}/{model}": dict(settings)
            for one in self._entries
            for model, settings in one.models.items()
            if settings
        }
        parts = {"providers": written, "targets": targets, "routes": self._routes}
        gateway = self.document.get("gateway")
        whole = {key: part for key, part in self.document.items() if key != "gateway"}
        whole |= {key: part for key, part in parts.items() if part}
        return whole | ({"gateway": gateway} if gateway else {})

    def _same(self, account: ImportedAccount, keys: Sequence[str]) -> list[_Entry]:
        """The entries of an account that share one of its keys, or have none as it has none."""
        identity = account.identity
        found = {
            entry.name: entry
            for key in keys or ("",)
            for entry in self._by_key.get((identity, key), ())
        }
        return list(found.values())

    def _add(self, account: ImportedAccount, keys: Sequence[str], strategy: str) -> _Entry:
        name = self._free_name(account.suggest_name(), account)
        entry = _Entry(account, list(keys), name, strategy)
        self._entries.append(entry)
        for key in keys or ("",):
            self._by_key.setdefault((account.identity, key), []).append(entry)
        return entry

    def _join(self, entry: _Entry, keys: Sequence[str], strategy: str) -> None:
        identity = entry.account.identity
        for key in keys:
            known = self._by_key.setdefault((identity, key), [])
            if not any(one is entry for one in known):
                entry.keys.append(key)
                known.append(entry)
        entry.strategy = entry.strategy or strategy

    def _free_name(self, wanted: str, account: ImportedAccount) -> str:
        """``wanted``, or with a number; never that of a vendor whom it is not."""
        own = account.vendor.name if account.vendor is not None else ""
        if wanted in CATALOGUE and wanted != own and at_address(account.base_url) is None:
            wanted = provider_name(f"{wanted}-server")
        start, name = wanted[: _LONGEST - 7], wanted  # room for a number
        while name in self._numbers:
            self._numbers[wanted] += 1
            name = f"{start}-{self._numbers[wanted]}"
        self._numbers[name] = 1
        return name


def connect(targets: Sequence[ImportedTarget]) -> list[ImportedTarget]:
    """Targets with all keys of their account: keys that stand together anywhere are one pool.

    Else a key would be in two entries, and what befalls the one would be unknown to the other.
    """
    pools: dict[tuple[Hashable, str], dict[str, None]] = {}
    for target in targets:
        identity = target.account.identity
        places = [(identity, key) for key in target.keys]
        # Each pool once: those of a group's deployments are one, and may be of a thousand keys.
        known = {id(pools[place]): pools[place] for place in places if place in pools}
        merged = dict.fromkeys(key for pool in known.values() for key in pool)
        merged |= dict.fromkeys(target.keys)
        if places and merged.keys() != pools.get(places[0], {}).keys():
            pools.update({(identity, key): merged for key in merged})
    return [
        attrs.evolve(one, keys=tuple(pools[one.account.identity, one.keys[0]])) if one.keys else one
        for one in targets
    ]


def _provider_table(entry: _Entry) -> dict[str, Any]:
    account = entry.account
    vendor = account.vendor
    known = vendor is not None and vendor.name == entry.name
    said: dict[str, Any] = {
        "vendor": None if vendor is None or known or not vendor.keys else vendor.name,
        "dialect": account.dialect,
        "base_url": account.base_url,
        "credentials": entry.keys,
        "headers": dict(account.headers),
        "strategy": entry.strategy if entry.has_said_strategy or len(entry.keys) > 1 else "",
    }
    table = {key: value for key, value in said.items() if value}
    return table if account.stream else {**table, "stream": False}


def provider_name(text: str) -> str:
    """A provider's name made of any text."""
    name = re.sub(r"[^a-z0-9._-]+", "-", text.strip().lower()).strip("-._")
    return name[:_LONGEST].rstrip("-._") or "provider"


def variable_name(text: str) -> str:
    """The name of an environment variable made of any text."""
    name = re.sub(r"[^A-Z0-9]+", "_", text.upper()).strip("_")
    return f"KEY_{name}" if not name or name[0].isdigit() else name


def _host_name(base_url: str) -> str:
    """A name for who is at an address: of ``https://api.corp.com/v1`` it is ``corp``."""
    try:
        parts = urlsplit(base_url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "server"
    if host in ("localhost", "host.docker.internal") or _is_address(host):
        host = "local" if host == "localhost" or _is_loopback(host) else host
        return provider_name(f"{host}-{port}".replace(".", "-") if port else host.replace(".", "-"))
    labels = host.removeprefix("www.").removeprefix("api.").split(".")
    return provider_name("-".join(labels[:-1] or labels))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    return _is_address(host) and ipaddress.ip_address(host).is_loopback
