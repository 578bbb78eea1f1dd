"""From the file's records to a :class:`Config`: names become providers, credentials, targets.

Nothing stops at the first problem: every part is resolved as far as it goes, and all
that is wrong is told at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config import routing
from orchestrator.config.draft import Draft
from orchestrator.config.errors import ConfigError, nearest
from orchestrator.config.header_variables import header_variables
from orchestrator.config.provider_entries import provider
from orchestrator.config.records import DEFAULT_ROUTE, Config
from orchestrator.config.scalars import found
from orchestrator.config.schema import structure
from orchestrator.states.facts import Target


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
    draft = Draft(document, table, environ, folder, problems)
    config = _config(draft, source)
    if draft.problems:
        raise ConfigError(str(source), draft.problems)
    return attrs.evolve(config, warnings=tuple(draft.warnings))


def _config(draft: Draft, source: Path | str) -> Config:
    document = draft.document
    names = [*document.providers, *routing.implied(draft)]
    draft.headers = header_variables(draft.environ, names, draft.warn, draft.refuse)
    for name in names:
        draft.providers[name] = provider(draft, name)
    settings = {name: routing.settings(draft, name) for name in document.targets}
    routes = {name: routing.route(draft, name, settings) for name in document.routes}
    routing.warn_of_passed_over(draft)
    _check_whole(draft, routes)
    _check_deadline(draft)
    return Config(
        path=source,
        health=_health(draft),
        ledger=None if document.ledger is None else _ledger(draft, document.ledger),
        policy=document.policy.policy(),
        timeouts=document.timeouts,
        providers=draft.providers,
        targets=settings,
        routes=routes,
        passed_over={name: tuple(targets) for name, targets in draft.passed_over.items()},
        drop=document.policy.drop,
    )


def _check_whole(draft: Draft, routes: Mapping[str, tuple[Target, ...]]) -> None:
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


def _check_deadline(draft: Draft) -> None:
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


def _health(draft: Draft) -> str:
    health = draft.document.health
    if health not in ("file", "memory") and not re.fullmatch(r"[a-z][a-z0-9+.-]*://\S+", health):
        near = nearest(health, ("file", "memory"))
        draft.refuse("health", f"{found(health)}{near}; allowed: file, memory, or a URL")
    return health


def _ledger(draft: Draft, written: str) -> Path | None:
    """The ledger's file; a relative one lies beside the config, wherever it is run from."""
    if not written.strip():
        draft.refuse("ledger", "is empty; name a file, or leave the key out")
        return None
    try:
        return draft.folder / Path(written).expanduser()
    except RuntimeError as error:  # the "~" of a user who has no home
        draft.refuse("ledger", str(error))
        return None
