"""From the file's records to a :class:`Config`: names become providers, credentials, targets.

Nothing stops at the first problem: every part is resolved as far as it goes, and all
that is wrong is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config import credentials
from orchestrator.config.errors import ConfigError, Problem, nearest
from orchestrator.config.header_variables import header_variables
from orchestrator.config.records import (
    DEFAULT_ROUTE,
    DIALECT_NAMES,
    Config,
    Provider,
    TargetSettings,
)
from orchestrator.config.scalars import found
from orchestrator.config.schema import Document, ProviderTable, structure
from orchestrator.providers import CATALOGUE, known
from states.policy import Timeouts
from states.target import Target

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@attrs.define
class _Resolver:
    """The one mutable value of the room: what is known so far, and what is wrong."""

    document: Document
    table: Mapping[str, Any]
    environ: Mapping[str, str]
    folder: Path
    problems: list[Problem]
    warnings: list[Problem] = attrs.field(factory=list)
    providers: dict[str, Provider] = attrs.field(factory=dict)
    headers: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)

    def warn(self, where: str, what: str) -> None:
        self.warnings.append(Problem(where, what))

    def refuse(self, where: str, what: str) -> None:
        self.problems.append(Problem(where, what))


def resolve(
    table: Mapping[str, Any], environ: Mapping[str, str], source: Path | str, folder: Path
) -> Config:
    """The config in ``table``.

    Args:
        table: The file's content, as TOML gives it.
        environ: Where variables are looked up.
        source: The file's name, for errors.
        folder: Where relative paths in the file begin.

    Raises:
        ConfigError: Something in it may not be so; it lists everything.
    """
    document, problems = structure(table)
    resolver = _Resolver(document, table, environ, folder, problems)
    config = _config(resolver, source)
    if resolver.problems:
        raise ConfigError(str(source), resolver.problems)
    return attrs.evolve(config, warnings=tuple(str(warning) for warning in resolver.warnings))


def _config(resolver: _Resolver, source: Path | str) -> Config:
    document = resolver.document
    names = [*document.providers, *_implied(resolver)]
    resolver.headers = header_variables(resolver.environ, names, resolver.warn, resolver.refuse)
    for name in names:
        resolver.providers[name] = _provider(resolver, name)
    settings = {name: _settings(resolver, name) for name in document.targets}
    routes = {name: _route(resolver, name, settings) for name in document.routes}
    _check_whole(resolver, routes)
    _check_deadline(resolver)
    return Config(
        path=source,
        health=_health(resolver),
        ledger=None if document.ledger is None else _ledger(resolver, document.ledger),
        policy=document.policy,
        timeouts=document.timeouts,
        providers=resolver.providers,
        targets=settings,
        routes=routes,
    )


def _implied(resolver: _Resolver) -> Iterator[str]:
    """Known providers that routes name and the file does not configure."""
    listed = (name for route in resolver.document.routes.values() for name in route)
    providers = dict.fromkeys(name.partition("/")[0] for name in listed if "/" in name)
    return (n for n in providers if n in CATALOGUE and n not in resolver.document.providers)


# One provider.


def _provider(resolver: _Resolver, name: str) -> Provider:
    table = resolver.document.providers.get(name, ProviderTable())
    entry = known(name)
    where = f"providers.{name}"
    if not _NAME.fullmatch(name):
        resolver.refuse(where, "a provider's name is letters, digits, '.', '_' and '-'")
    base_url = table.base_url or (entry.base_url if entry else "")
    if not base_url:
        resolver.refuse(
            f"{where}.base_url",
            f"is missing, and {name!r} is no known provider{nearest(name, CATALOGUE)}; "
            f"known: {', '.join(CATALOGUE)}",
        )
    dialect = table.dialect or (entry.dialect if entry else DIALECT_NAMES[0])
    if dialect not in DIALECT_NAMES:
        resolver.refuse(
            f"{where}.dialect",
            f"{found(dialect)}{nearest(dialect, DIALECT_NAMES)}; "
            f"allowed: {', '.join(DIALECT_NAMES)}",
        )
    pool = _pool(resolver, name, table)
    return Provider(
        name=name,
        dialect=dialect,
        base_url=base_url,
        headers=_merged(table.headers, resolver.headers.get(name, {})),
        credentials=pool.credentials,
        stream=table.stream,
        strategy=table.strategy,
        rules=tuple(_rules(resolver, name, table)),
        keyless=pool == credentials.anonymous(),
        documentation=entry.documentation if entry else "",
    )


def _merged(ours: Mapping[str, str], over: Mapping[str, str]) -> dict[str, str]:
    """Headers of the file with those of the environment, whatever the case of their names."""
    replaced = {name.lower() for name in over}
    return {**{n: v for n, v in ours.items() if n.lower() not in replaced}, **over}


def _pool(resolver: _Resolver, name: str, table: ProviderTable) -> credentials.Pool:
    entry, where = known(name), f"providers.{name}.credentials"
    entries: tuple[Any, ...] | None = table.credentials
    if entries is None and entry is not None:
        entries = credentials.implied(entry.keys, resolver.environ)
        if not entries and not entry.keyless:
            resolver.warn(where, f"the environment variable {entry.keys[0]} is not set")
            return credentials.Pool()
    if not entries:
        return credentials.anonymous()
    pool = credentials.resolve(entries, where, resolver.environ, resolver.folder)
    resolver.problems.extend(pool.problems)
    resolver.warnings.extend(pool.warnings)
    return pool


def _rules(resolver: _Resolver, name: str, table: ProviderTable) -> Iterator[Any]:
    if not table.rules:
        return
    from orchestrator.classification.user_rules import user_rule

    for index, fields in enumerate(table.rules):
        try:
            yield user_rule(name, index, **fields)
        except (ValueError, TypeError, LookupError) as error:
            words = error.args[0] if error.args else error
            resolver.refuse(f"providers.{name}.rules[{index}]", str(words))


# Targets and routes.


def _settings(resolver: _Resolver, name: str) -> TargetSettings:
    table, where = resolver.document.targets[name], f'targets."{name}"'
    _check_target(resolver, name, where)
    given = resolver.table["targets"][name].get("timeouts", {})
    timeouts = {key: getattr(table.timeouts, key) for key in given}
    return TargetSettings(
        context=table.context,
        overrides=table.overrides,
        timeouts=attrs.evolve(resolver.document.timeouts, **timeouts),
        reasoning=table.reasoning,
    )


def _check_target(resolver: _Resolver, name: str, where: str) -> bool:
    provider, _, model = name.partition("/")
    known_names = [*resolver.document.providers, *CATALOGUE]
    if not provider or not model.strip():
        resolver.refuse(where, f'{found(name)}; allowed: "provider/model"')
    elif provider not in known_names:
        near = nearest(provider, known_names)
        names = ", ".join(resolver.document.providers) or "none"
        resolver.refuse(
            where,
            f"{found(name)}, but there is no provider of that name{near}; configured: {names}; "
            "another needs its own table with a base_url",
        )
    else:
        return True
    return False


def _route(
    resolver: _Resolver, route: str, settings: Mapping[str, TargetSettings]
) -> tuple[Target, ...]:
    where, names = f"routes.{route}", resolver.document.routes[route]
    if "/" in route:
        resolver.refuse(where, "a route's name holds no '/', which would make it a target")
    if not names:
        resolver.refuse(where, "is empty; a route lists at least one target")
    targets: dict[str, Target] = {}
    for index, name in enumerate(names):
        place = f"{where}[{index}]"
        if not _check_target(resolver, name, place):
            continue
        if name in targets:
            resolver.warn(place, f"{name!r} stands earlier in this route; it is asked only once")
        elif not resolver.providers[name.partition("/")[0]].credentials:
            resolver.warn(place, f"{name!r} is passed over: its provider has no credential")
        else:
            targets[name] = _target(name, settings, resolver.document.timeouts)
    return tuple(targets.values())


def _target(name: str, settings: Mapping[str, TargetSettings], timeouts: Timeouts) -> Target:
    provider, _, model = name.partition("/")
    own = settings.get(name, TargetSettings(timeouts=timeouts))
    return Target(provider, model, own.context, own.reasoning, own.timeouts)


# The whole.


def _check_whole(resolver: _Resolver, routes: Mapping[str, tuple[Target, ...]]) -> None:
    if resolver.problems:
        return
    if not resolver.providers:
        resolver.refuse("routes", 'there is none; write default = ["deepseek/deepseek-v4-pro"]')
    elif not any(provider.credentials for provider in resolver.providers.values()):
        passed = "; ".join(str(one) for one in resolver.warnings if ".credentials" in one.where)
        resolver.refuse("", f"no target is left, because no provider has a credential: {passed}")
    elif not routes.get(DEFAULT_ROUTE):
        how = "has no target left" if DEFAULT_ROUTE in routes else "is missing"
        resolver.warn(
            f"routes.{DEFAULT_ROUTE}",
            f"{how}: each request must name a route or provider/model",
        )


def _check_deadline(resolver: _Resolver) -> None:
    if any(one.where.startswith(("policy", "timeouts")) for one in resolver.problems):
        return
    deadline, timeouts = resolver.document.policy.deadline, resolver.document.timeouts
    needed = timeouts.connect + timeouts.total
    if deadline < needed:
        resolver.refuse(
            "policy.deadline",
            f"found {deadline:g} s; allowed: at least timeouts.connect + timeouts.total, which "
            f"are {needed:g} s, so that one attempt fits",
        )


def _health(resolver: _Resolver) -> str:
    health = resolver.document.health
    if health not in ("file", "memory") and not re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", health):
        near = nearest(health, ("file", "memory"))
        resolver.refuse("health", f"{found(health)}{near}; allowed: file, memory, or a URL")
    return health


def _ledger(resolver: _Resolver, written: str) -> Path | None:
    """The ledger's file; a relative one lies beside the config, wherever it is run from."""
    if not written.strip():
        resolver.refuse("ledger", "is empty; name a file, or leave the key out")
        return None
    try:
        return resolver.folder / Path(written).expanduser()
    except RuntimeError as error:  # the "~" of a user who has no home
        resolver.refuse("ledger", str(error))
        return None
