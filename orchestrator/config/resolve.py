"""From the file's records to a :class:`Config`: names become providers, credentials, targets.

Nothing stops at the first problem: every part is resolved as far as it goes, and all
that is wrong is told at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config.config import (
    DEFAULT_ROUTE,
    Config,
    GatewaySettings,
    OtelSettings,
    TargetSettings,
)
from orchestrator.config.errors import ConfigError, Problem, UnsetVariable, nearest
from orchestrator.config.providers import ConfigDraft, header_variables, provider_of
from orchestrator.config.scalars import found
from orchestrator.config.schema import GatewayTable, structure
from orchestrator.provider import Provider
from orchestrator.secrets import Secret
from orchestrator.states.facts import Target
from orchestrator.vendors import CATALOGUE


def resolve(
    table: Mapping[str, Any],
    environ: Mapping[str, str],
    source: Path | str,
    folder: Path,
    *,
    reads: bool = True,
    needs_routes: bool = True,
) -> Config:
    """The config in ``table``.

    Args:
        table: The file's content, as TOML gives it.
        environ: Where variables are looked up.
        source: The file's name, for errors.
        folder: Where relative paths in the file begin.
        reads: False where no file, command or keyring is read for a secret, which is made up.
        needs_routes: False where calls may name their targets themselves, and nobody else.

    Raises:
        ConfigError: Something in it may not be so; it lists everything.
    """
    document, problems = structure(table)
    draft = ConfigDraft(document, table, environ, folder, reads, problems)
    config = _config(draft, source, needs_routes=needs_routes)
    if draft.problems:
        raise ConfigError(str(source), draft.problems)
    return attrs.evolve(config, warnings=tuple(draft.warnings))


def _config(draft: ConfigDraft, source: Path | str, *, needs_routes: bool) -> Config:
    document = draft.document
    names = [*document.providers, *_implied(draft)]
    draft.headers = header_variables(draft, names)
    for name in names:
        draft.providers[name] = provider_of(draft, name)
    settings = {name: _settings(draft, name) for name in document.targets}
    routes = {name: _route(draft, name, settings) for name in document.routes}
    if needs_routes or draft.providers:
        _check_whole(draft, routes)
    _warn_of_passed_over(draft)
    _check_deadline(draft)
    return Config(
        path=source,
        health=_health(draft),
        ledger=None if document.ledger is None else _file(draft, "ledger", document.ledger),
        ledger_max=_ledger_max(draft),
        policy=document.policy.policy(),
        timeouts=document.timeouts,
        providers=draft.providers,
        targets=settings,
        routes=routes,
        passed_over={name: tuple(targets) for name, targets in draft.passed_over.items()},
        preferred={name: names[0] for name, names in document.routes.items() if names},
        drop=document.policy.drop,
        largest_answer=document.policy.largest_answer,
        retry_budget=document.policy.retry_budget,
        gateway=_gateway(draft),
        otel=_otel(draft),
    )


def implied(names: Sequence[str], environ: Mapping[str, str]) -> dict[str, Provider]:
    """Known providers that no config names, by name; without credentials where no key is set.

    Args:
        names: Their names in the catalogue.
        environ: Where their keys are looked up.

    Raises:
        ConfigError: What the environment says of one cannot be used.
    """
    document, problems = structure({})
    draft = ConfigDraft(document, {}, environ, Path(), True, problems)
    draft.headers = header_variables(draft, names)
    providers = {name: provider_of(draft, name) for name in names}
    if draft.problems:
        raise ConfigError("the environment", draft.problems)
    return providers


def _check_whole(draft: ConfigDraft, routes: Mapping[str, tuple[Target, ...]]) -> None:
    if draft.problems:
        return
    if not draft.providers:
        draft.refuse("routes", 'there is none; write default = ["deepseek/deepseek-v4-pro"]')
    elif not any(provider.credentials for provider in draft.providers.values()):
        passed = "; ".join(str(one) for one in draft.warnings if ".credentials" in one.where)
        draft.refuse("", f"no target is left, because no provider has a credential: {passed}")
    elif DEFAULT_ROUTE not in routes:
        what = "is missing: each request must name a route or provider/model"
        draft.warn(f"routes.{DEFAULT_ROUTE}", what, "list the targets to ask by default")


def _check_deadline(draft: ConfigDraft) -> None:
    if any(one.where.startswith(("policy", "timeouts")) for one in draft.problems):
        return
    deadline, timeouts = draft.document.policy.deadline, draft.document.timeouts
    needed = timeouts.connect + timeouts.total
    if deadline < needed:
        draft.refuse(
            "policy.deadline",
            f"found {deadline:g} s; allowed: at least timeouts.connect + timeouts.total, which "
            f"are {needed:g} s, so that one attempt fits",
        )


def _health(draft: ConfigDraft) -> str | Secret:
    """The store that the file names, itself or by a variable; a URL may hold a password."""
    health = draft.document.health
    scheme, _, variable = health.partition(":")
    if scheme == "env":
        health = draft.environ.get(variable, "").strip()
        if not health:
            draft.refuse("health", f"the environment variable {variable} is not set")
            return "file"
    if health in ("file", "memory"):
        return health
    from orchestrator.health.stores.redis_address import read_address, shown_url

    if "://" not in health:
        near = nearest(health, ("file", "memory"))
        allowed = "file, memory, redis://…, rediss://…, unix://…, env:NAME"
        draft.refuse("health", f"{found(shown_url(health))}{near}; allowed: {allowed}")
        return "file"

    try:
        read_address(health)
    except ValueError as error:
        draft.refuse("health", str(error))
    return Secret(health)


def _file(draft: ConfigDraft, where: str, written: str) -> Path | None:
    """The file that a key names; a relative one lies beside the config, wherever it is run from."""
    if not written.strip():
        draft.refuse(where, "is empty; name a file, or leave the key out")
        return None
    try:
        return draft.folder / Path(written).expanduser()
    except RuntimeError as error:  # the "~" of a user who has no home
        draft.refuse(where, str(error))
        return None


def _gateway(draft: ConfigDraft) -> GatewaySettings:
    table = draft.document.gateway
    said = {one.name: getattr(table, one.name) for one in attrs.fields(GatewayTable)}
    keys = None if table.keys is None else _file(draft, "gateway.keys", table.keys)
    return GatewaySettings(**{**said, "keys": keys})


def _otel(draft: ConfigDraft) -> OtelSettings:
    table = draft.document.otel
    if isinstance(table.propagate, bool):
        return OtelSettings(table.traces, table.propagate, table.clean_ratio)
    for index, name in enumerate(table.propagate):
        if name not in draft.providers and name not in CATALOGUE:
            near = nearest(name, draft.providers)
            known = ", ".join(draft.providers) or "none"
            what = f"{found(name)}, but there is no provider of that name{near}; configured: "
            draft.refuse(f"otel.propagate[{index}]", what + known)
    return OtelSettings(table.traces, frozenset(table.propagate), table.clean_ratio)


def _ledger_max(draft: ConfigDraft) -> int | None:
    most = draft.document.ledger_max
    if most is not None and draft.document.ledger is None:
        draft.warn("ledger_max", "has no effect without a ledger", 'add ledger = "calls.jsonl"')
    return most


# Targets and routes: names become targets, those without a credential are passed over.


def _implied(draft: ConfigDraft) -> Iterator[str]:
    """Known providers that routes name and the file does not configure."""
    listed = (name for route in draft.document.routes.values() for name in route)
    providers = dict.fromkeys(name.partition("/")[0] for name in listed if "/" in name)
    return (n for n in providers if n in CATALOGUE and n not in draft.document.providers)


def _settings(draft: ConfigDraft, name: str) -> TargetSettings:
    """What ``[targets.NAME]`` says, over the limits of the whole config."""
    table, where = draft.document.targets[name], f'targets."{name}"'
    _check_target(draft, name, where)
    given = draft.table["targets"][name].get("timeouts", {})
    timeouts = {key: getattr(table.timeouts, key) for key in given}
    return TargetSettings(
        context=table.context,
        overrides=table.overrides,
        timeouts=attrs.evolve(draft.document.timeouts, **timeouts),
        reasoning=table.reasoning,
    )


def _check_target(draft: ConfigDraft, name: str, where: str) -> bool:
    provider, _, model = name.partition("/")
    configured = draft.document.providers
    if not provider or not model.strip():
        draft.refuse(where, f'{found(name)}; allowed: "provider/model"')
    # A look-up loads the one vendor, a list of the catalogue all of them.
    elif provider not in configured and provider not in CATALOGUE:
        near = nearest(provider, [*configured, *CATALOGUE])
        # Whose name is near none may not know what there is.
        names = ", ".join(configured) or (
            "none" if near else f"none; known: {', '.join(CATALOGUE)}"
        )
        draft.refuse(
            where,
            f"{found(name)}, but there is no provider of that name{near}; configured: {names}; "
            "another needs its own table with a base_url",
        )
    else:
        return True
    return False


def _route(
    draft: ConfigDraft, route: str, settings: Mapping[str, TargetSettings]
) -> tuple[Target, ...]:
    """The targets of a route that can be sent to, in order, each once."""
    where, names = f"routes.{route}", draft.document.routes[route]
    if "/" in route:
        draft.refuse(where, "a route's name holds no '/', which would make it a target")
    if not names:
        draft.refuse(where, "is empty; a route lists at least one target")
    targets: dict[str, Target] = {}
    for index, name in enumerate(names):
        place = f"{where}[{index}]"
        if not _check_target(draft, name, place):
            continue
        if name in targets:
            what = f"{name!r} stands earlier in this route; it is asked only once"
            draft.warn(place, what, "take it out here")
        elif not draft.providers[name.partition("/")[0]].credentials:
            draft.passed_over.setdefault(route, {})[name] = None
        else:
            own = settings.get(name, TargetSettings(timeouts=draft.document.timeouts))
            provider, _, model = name.partition("/")
            targets[name] = own.target(draft.providers[provider], model)
    return tuple(targets.values())


def _warn_of_passed_over(draft: ConfigDraft) -> None:
    """One warning for each provider that lacks something: what, and which routes do without it."""
    routes: dict[str, dict[str, None]] = {}
    for route, names in draft.passed_over.items():
        for name in names:
            routes.setdefault(name.partition("/")[0], {})[route] = None
    for name in draft.providers:
        lacking = [one for one in draft.warnings if _lacks(one, name)]
        if not lacking:
            continue
        others = [one for one in draft.warnings if one not in lacking]
        draft.warnings[:] = [*others, *_unset_in_one(name, lacking, tuple(routes.get(name, ())))]


def _lacks(warning: Problem, provider: str) -> bool:
    """Whether it tells of a credential, or the address, that ``provider`` does without."""
    where = f"providers.{provider}."
    return warning.where.startswith((f"{where}credentials", f"{where}base_url"))


def _unset_in_one(
    provider: str, lacking: Sequence[Problem], without: Sequence[str]
) -> Iterator[Problem]:
    """``lacking`` with its unset variables in one, the last with the routes that do without."""
    unset = [one for one in lacking if isinstance(one, UnsetVariable)]
    told = [one for one in lacking if not isinstance(one, UnsetVariable)]
    if len(unset) == 1:
        told = [*unset, *told]
    elif unset:
        names = ", ".join(one.variable for one in unset)
        what = f"the environment variables {names} are not set"
        told = [Problem(f"providers.{provider}.credentials", what, unset[0].fix), *told]
    if without:
        routes = f"route{'s' if len(without) > 1 else ''} {', '.join(without)}"
        told[-1] = attrs.evolve(told[-1], what=f"{told[-1].what}: passed over in {routes}")
    yield from told
