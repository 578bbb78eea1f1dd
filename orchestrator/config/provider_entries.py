"""Providers: what the file says, over what the catalogue knows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

from orchestrator.config import credentials
from orchestrator.config.draft import Draft
from orchestrator.config.errors import NotAllowed, nearest
from orchestrator.config.records import DIALECT_NAMES, Provider
from orchestrator.config.scalars import found, kind, seconds
from orchestrator.config.tables import ProviderTable
from orchestrator.providers import CATALOGUE, Quirk, at_address, known
from orchestrator.secrets import mask

if TYPE_CHECKING:
    from orchestrator.classification.rule import Rule

_KEY = Parameter.KEYWORD_ONLY

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def provider(draft: Draft, name: str) -> Provider:
    """The provider of that name; what is wrong with it is noted in ``draft``."""
    table = draft.document.providers.get(name, ProviderTable())
    entry = known(name)
    if not _NAME.fullmatch(name):
        draft.refuse(f"providers.{name}", "a provider's name is letters, digits, '.', '_' and '-'")
    pool, base_url = _pool(draft, name, table), _base_url(draft, name, table)
    vendor = entry or at_address(base_url)
    return Provider(
        name=name,
        dialect=_dialect(draft, name, table),
        base_url=base_url,
        headers=_merged(table.headers, draft.headers.get(name, {})),
        credentials=pool.credentials,
        stream=table.stream,
        strategy=table.strategy,
        rules=tuple(_rules(draft, name, table)),
        keyless=pool == credentials.anonymous(),
        documentation=entry.documentation if entry else "",
        vendor=vendor.name if vendor else name,
        limits_by_model=vendor is not None and Quirk.LIMITS_BY_MODEL in vendor.quirks,
    )


def _base_url(draft: Draft, name: str, table: ProviderTable) -> str:
    entry = known(name)
    base_url = table.base_url or (entry.base_url if entry else "")
    if not base_url:
        draft.refuse(
            f"providers.{name}.base_url",
            f"is missing, and {name!r} is no known provider{nearest(name, CATALOGUE)}; "
            f"known: {', '.join(CATALOGUE)}",
        )
    return base_url


def _dialect(draft: Draft, name: str, table: ProviderTable) -> str:
    entry = known(name)
    dialect = table.dialect or (entry.dialect if entry else DIALECT_NAMES[0])
    if dialect not in DIALECT_NAMES:
        near, allowed = nearest(dialect, DIALECT_NAMES), ", ".join(DIALECT_NAMES)
        what = f"{found(dialect)}{near}; allowed: {allowed}"
        draft.refuse(f"providers.{name}.dialect", what)
    return dialect


def _merged(ours: Mapping[str, str], over: Mapping[str, str]) -> dict[str, str]:
    """Headers of the file with those of the environment, whatever the case of their names."""
    replaced = {name.lower() for name in over}
    return {**{n: v for n, v in ours.items() if n.lower() not in replaced}, **over}


def _pool(draft: Draft, name: str, table: ProviderTable) -> credentials.Pool:
    entry, where = known(name), f"providers.{name}.credentials"
    entries: tuple[Any, ...] | None = table.credentials
    if entries is None and entry is not None:
        entries = credentials.implied(entry.keys, draft.environ)
        if not entries and not entry.keyless:
            draft.warn(where, f"the environment variable {entry.keys[0]} is not set")
            return credentials.Pool()
    if not entries:
        return credentials.anonymous()
    pool = credentials.resolve(entries, where, draft.environ, draft.folder)
    draft.problems.extend(pool.problems)
    draft.warnings.extend(pool.warnings)
    return pool


def _rules(draft: Draft, name: str, table: ProviderTable) -> Iterator[Rule]:
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
