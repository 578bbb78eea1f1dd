"""Providers: what the file says, over what the catalogue knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from inspect import Parameter, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

from orchestrator.config import credentials
from orchestrator.config.errors import NotAllowed, Problem, UnsetVariable, nearest
from orchestrator.config.scalars import base_url as check_base_url
from orchestrator.config.scalars import found, is_loopback, kind, seconds
from orchestrator.config.scalars import headers as check_headers
from orchestrator.config.schema import Document, ProviderTable
from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS
from orchestrator.extras import how_to_install
from orchestrator.http_messages import DEFAULT_OPTIONS, ConnectionOptions
from orchestrator.provider import Provider
from orchestrator.secrets import Secret, mask
from orchestrator.vendors import (
    CATALOGUE,
    Endpoint,
    EndpointUnknown,
    Vendor,
    at_address,
    known,
)
from orchestrator.vendors import vendor as find_vendor

if TYPE_CHECKING:
    from orchestrator.classification.rule import Rule

_KEY = Parameter.KEYWORD_ONLY

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@attrs.define
class ConfigDraft:
    """The one mutable value of the room.

    Attributes:
        document: The file, structured.
        table: The file as TOML gave it, for what was said and what was not.
        environ: Where variables are looked up.
        folder: Where relative paths begin.
        reads: False where no file, command or keyring is read for a secret.
        problems: What is wrong; any makes the config refused.
        warnings: What is passed over.
        providers: Those that are resolved.
        headers: What the environment adds, by provider.
        passed_over: By route, the names of targets without a credential, in order.
    """

    document: Document
    table: Mapping[str, Any]
    environ: Mapping[str, str]
    folder: Path
    reads: bool
    problems: list[Problem]
    warnings: list[Problem] = attrs.field(factory=list)
    providers: dict[str, Provider] = attrs.field(factory=dict)
    headers: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    passed_over: dict[str, dict[str, None]] = attrs.field(factory=dict)

    def warn(self, where: str, what: str, fix: str = "") -> None:
        """Note what is passed over, and what to do about it."""
        self.warnings.append(Problem(where, what, fix))

    def refuse(self, where: str, what: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(where, what))


def provider_of(draft: ConfigDraft, name: str) -> Provider:
    """The provider of that name; what is wrong with it is noted in ``draft``."""
    table = draft.document.providers.get(name, ProviderTable())
    entry = _known(draft, name, table)
    if not _NAME.fullmatch(name):
        draft.refuse(f"providers.{name}", "a provider's name is letters, digits, '.', '_' and '-'")
    dialect, pool = _dialect(draft, name, table, entry), _pool(draft, name, table, entry)
    vendor = entry or at_address(table.base_url or "")
    # Of a vendor that takes more than data, nobody asks for addresses who has no key either.
    asked = pool.credentials or vendor is None or vendor.derive is None
    endpoint = _endpoint(draft, name, table, vendor, dialect) if asked else None
    candidates = endpoint.base_urls if endpoint else ()
    base_url = candidates[0] if candidates else table.base_url or ""
    # Also one that a config cannot name without an address: its words are known by its name.
    told_by = vendor or find_vendor(name)
    return Provider(
        name=name,
        dialect=dialect,
        base_url=base_url,
        headers=_merged(table.headers, draft.headers.get(name, {})),
        credentials=pool.credentials if candidates else (),
        stream=table.stream != "false",
        always_streams=table.stream == "always",
        end=table.end,
        strategy=table.strategy,
        accounts=table.accounts,
        rules=tuple(_rules(draft, name, table)),
        keyless=pool == credentials.anonymous(),
        documentation=entry.documentation if entry else "",
        vendor=vendor.name if vendor else name,
        limits_by_model=vendor is not None and vendor.limits_by_model,
        base_urls=candidates if len(candidates) > 1 else (),
        path=endpoint.path if endpoint else "",
        key_header=table.key_header or (endpoint.key_header if endpoint else ""),
        omitted=vendor.omitted if vendor else frozenset(),
        missing=_missing(draft, name, pool),
        public_headers=table.public_headers,
        connection=_connection(draft, name, table, candidates),
        largest_answer=draft.document.policy.largest_answer,
        retry_budget=draft.document.policy.retry_budget,
        balances=told_by.balances_at(base_url) if told_by else (),
        balance_every=table.balance,
        warn_below=table.warn_below,
        free_models=told_by.free_models if told_by else (),
    )


def _missing(draft: ConfigDraft, name: str, pool: credentials.CredentialPool) -> tuple[str, ...]:
    """Why it has fewer credentials than it names, or cannot be asked at all."""
    address = [one.what for one in draft.warnings if one.where == f"providers.{name}.base_url"]
    return (*(one.what for one in pool.warnings), *address)


def _known(draft: ConfigDraft, name: str, table: ProviderTable) -> Vendor | None:
    """The known provider whose data hold: the vendor that is named, or that of this name."""
    entry = known(table.vendor or name)
    if table.vendor is not None and entry is None:
        what = f"{found(table.vendor)}{nearest(table.vendor, CATALOGUE)}; "
        draft.refuse(f"providers.{name}.vendor", f"{what}allowed: {', '.join(CATALOGUE)}")
    if entry is not None and entry.retired and table.base_url is None:
        what = f"its vendor ended the service on {entry.retired}"
        draft.warn(f"providers.{name}", what, "take it out, or give it a base_url")
    return entry


def _endpoint(
    draft: ConfigDraft, name: str, table: ProviderTable, vendor: Vendor | None, dialect: str
) -> Endpoint | None:
    where, base_url = f"providers.{name}.base_url", table.base_url or ""
    if vendor is None:
        if not base_url:
            draft.refuse(
                where,
                f"is missing, and {name!r} is no known provider{nearest(name, CATALOGUE)}; "
                f"known: {', '.join(CATALOGUE)}",
            )
        return Endpoint((base_url,))
    try:
        endpoint = vendor.endpoint(draft.environ, dialect, base_url)
        for address in endpoint.base_urls:  # the environment may name what is none
            check_base_url(address)
        return endpoint
    except EndpointUnknown as missing:
        draft.warn(where, str(missing.args[0]), "set it, or write a base_url")
    except ValueError as error:
        draft.refuse(where, str(error))
    return None


def _dialect(draft: ConfigDraft, name: str, table: ProviderTable, entry: Vendor | None) -> str:
    dialect = table.dialect or (entry.dialect if entry else DEFAULT_DIALECT)
    if dialect not in DIALECTS:
        near, allowed = nearest(dialect, DIALECTS), ", ".join(DIALECTS)
        what = f"{found(dialect)}{near}; allowed: {allowed}"
        draft.refuse(f"providers.{name}.dialect", what)
        return DEFAULT_DIALECT
    return dialect


def _merged(ours: Mapping[str, str], over: Mapping[str, str]) -> dict[str, str]:
    """Headers of the file with those of the environment, whatever the case of their names."""
    replaced = {name.lower() for name in over}
    return {**{n: v for n, v in ours.items() if n.lower() not in replaced}, **over}


def _pool(
    draft: ConfigDraft, name: str, table: ProviderTable, entry: Vendor | None
) -> credentials.CredentialPool:
    where = f"providers.{name}.credentials"
    entries: tuple[Any, ...] | None = table.credentials
    if entries is None and entry is not None:
        entries = credentials.implied(entry.keys, draft.environ)
        if not entries and not entry.keyless:
            what = f"the environment variable {entry.keys[0]} is not set"
            fix = "set it, or leave the provider out"
            unset = UnsetVariable(where, what, fix, variable=entry.keys[0])
            draft.warnings.append(unset)
            return credentials.CredentialPool(warnings=(unset,))
    if not entries:
        return credentials.anonymous()
    pool = credentials.resolve(entries, where, draft.environ, draft.folder, reads=draft.reads)
    draft.problems.extend(pool.problems)
    draft.warnings.extend(pool.warnings)
    return pool


# How it is connected to. What that takes is loaded where it is asked for: few configs do.


def _connection(
    draft: ConfigDraft, name: str, table: ProviderTable, addresses: Sequence[str]
) -> ConnectionOptions:
    options = ConnectionOptions(
        verify=_verify(draft, name, table, addresses),
        proxy=_proxy(draft, name, table),
        http2=_http2(draft, name, table),
    )
    return DEFAULT_OPTIONS if options == DEFAULT_OPTIONS else options


def _proxy(draft: ConfigDraft, name: str, table: ProviderTable) -> Secret | None:
    """The proxy that the file names, itself or by a variable; ``None`` where it says nothing."""
    where, written = f"providers.{name}.proxy", table.proxy
    if not written:
        return None if written is None else Secret()
    scheme, _, variable = written.partition(":")
    if scheme == "env":
        written = draft.environ.get(variable, "").strip()
        if not written:
            draft.refuse(where, f"the environment variable {variable} is not set")
            return None
    from orchestrator.connections.proxies import UnusableProxy, read_proxy

    try:
        read_proxy(written, where)
    except UnusableProxy as error:
        draft.refuse(where, error.why)
    return Secret(written)


def _verify(
    draft: ConfigDraft, name: str, table: ProviderTable, addresses: Sequence[str]
) -> str | Literal[False]:
    """The whole path of the certificates that are trusted, which are loaded here."""
    where, written = f"providers.{name}.verify", table.verify
    if written is False:
        if all(map(is_loopback, addresses)) and not table.proxy:
            return False
        way = "is asked through a proxy" if table.proxy else "is not on this machine"
        what = (
            f"found false, and the provider {way}: anybody on the way could read the key; allowed: "
            "a PEM file or a folder that holds its private authority"
        )
        draft.refuse(where, what)
    if not isinstance(written, str) or not written:
        return ""
    from orchestrator.connections.tls import UnusableCertificates, ssl_context

    try:
        path = str((draft.folder / Path(written).expanduser()).absolute())
        if draft.reads:
            ssl_context(path, http2=table.http2)
    except UnusableCertificates as error:
        draft.refuse(where, f"{error.path} cannot be used: {error.why}")
    # The "~" of a user who has no home; what no path can be.
    except (RuntimeError, OSError, ValueError) as error:
        draft.refuse(where, str(error))
    else:
        return path
    return ""


def _http2(draft: ConfigDraft, name: str, table: ProviderTable) -> bool:
    if table.http2 and find_spec("h2") is None:
        draft.refuse(f"providers.{name}.http2", f"needs an extra: {how_to_install('http2')}")
    return table.http2


def _rules(draft: ConfigDraft, name: str, table: ProviderTable) -> Iterator[Rule]:
    for index, fields in enumerate(table.rules):
        where = f"providers.{name}.rules[{index}]"
        try:
            yield _rule(name, index, fields)
        except (ValueError, TypeError) as error:
            draft.refuse(where, mask(str(error)))


def _rule(name: str, index: int, fields: Mapping[str, Any]) -> Rule:
    from orchestrator.classification.user_rules import user_rule  # few configs have rules

    keys = [one.name for one in signature(user_rule).parameters.values() if one.kind is _KEY]
    for key, value in fields.items():
        if key not in keys:
            raise NotAllowed(f"unknown key {key!r}{nearest(key, keys)}; allowed: {', '.join(keys)}")
        # An empty list would be no condition, and the rule would match every failure.
        if isinstance(value, dict) or value in ([], ""):
            raise NotAllowed(f"{key} is {kind(value)} that says nothing; leave it out")
    if "reason" not in fields:
        raise NotAllowed('reason is missing; a rule says what it means, such as reason = "billing"')
    wait = fields.get("retry_after")
    waits = {} if wait is None else {"retry_after": seconds(wait)}
    return user_rule(name, index, **{**fields, **waits})


# Headers by environment: ``ORCHESTRATOR_HEADERS_CORP='User-Agent: curl/8.7.1'``.

PREFIX = "ORCHESTRATOR_HEADERS_"
"""What the variables begin with; the provider's name follows, see :func:`variable`."""


def variable(provider: str) -> str:
    """The variable for a provider: upper case, what is no letter or digit becomes ``_``."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", provider.upper())


def header_variables(draft: ConfigDraft, providers: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """The headers that the environment gives each of ``providers``, one ``Name: value`` a line.

    A variable that fits none, and a line that is no header, are noted; values are never shown.
    """
    expected = {variable(name): name for name in providers}
    for given in sorted(draft.environ):
        if given.startswith(PREFIX) and given not in expected:
            what = f"fits no configured provider{nearest(given, expected)}"
            draft.warn(given, what, "rename the variable, or unset it")
    found: dict[str, Mapping[str, str]] = {}
    for name in providers:
        try:
            found[name] = _parsed(draft.environ.get(variable(name), ""))
        except NotAllowed as error:
            draft.refuse(variable(name), str(error))
    return found


def _parsed(text: str) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise NotAllowed(f'line {number} has no colon; allowed: "Name: value", one a line')
        headers[name.strip()] = value.strip()
    return check_headers(headers)
