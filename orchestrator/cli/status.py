"""``orchestrator status``: what is known of each provider, credential and target."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator.cli.endings import DONE, UsageError, told
from orchestrator.cli.opening import opened
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import answered, count, whole
from orchestrator.config.errors import nearest
from orchestrator.config.records import Config
from orchestrator.front_door import Orchestrator
from orchestrator.health import Entry
from states import Mark, Target

_STATES = {
    None: ("ready", "green"),
    Mark.COOLDOWN: ("cooling", "yellow"),
    Mark.BENCH: ("benched", "red"),
    Mark.CIRCUIT: ("circuit open", "red"),
    Mark.DEAD: ("dead", "red"),
}


_WIDEST = 44
"""Columns that names are padded to; with the longest state they fit into 80."""

_MARGIN = 6
"""Columns by which a provider's words are set in under the line that they explain."""


def status(
    provider: str | None = None,
    *,
    reset: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Show what is known of each provider, credential and target.

    Parameters
    ----------
    provider
        Show, or with --reset forget, this one alone.
    reset
        Forget every mark, so that the next calls try everything again.
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print one JSON object.
    """
    screen = Screen()
    with told(screen, json=json), opened(config, screen) as orchestrator:
        _check(provider, orchestrator.config)
        if reset:
            _reset(screen, orchestrator, provider, json=json)
            return DONE
        entries = _entries(orchestrator, provider)
        if json:
            now = time.time()
            screen.json({"now": now, "entries": [_object(entry, now) for entry in entries]})
        else:
            _tell(screen, entries, orchestrator.config)
    return DONE


def _check(provider: str | None, config: Config) -> None:
    if provider is not None and provider not in config.providers:
        raise UsageError(
            f"no provider {provider!r} in {config.path}{nearest(provider, config.providers)}; "
            f"configured: {', '.join(config.providers)}"
        )


def _reset(screen: Screen, orchestrator: Orchestrator, provider: str | None, *, json: bool) -> None:
    removed = orchestrator.board.reset(provider)
    if json:
        screen.json({"reset": provider or "all", "removed": removed})
    else:
        screen.result(f"forgot {count(removed, 'mark')} of {provider or 'all providers'}")


def _entries(orchestrator: Orchestrator, provider: str | None) -> tuple[Entry, ...]:
    entries = orchestrator.board.snapshot(_targets(orchestrator.config))
    return tuple(entry for entry in entries if provider in (None, entry.provider))


def _targets(config: Config) -> Iterable[Target]:
    return dict.fromkeys(target for route in config.routes.values() for target in route)


def state(entry: Entry, now: float) -> tuple[str, str]:
    """The state in words, and its style."""
    if entry.probed:
        return "being probed", "cyan"
    if entry.due:
        return "due, the next call probes it", "cyan"
    words, style = _STATES[entry.mark]
    if entry.mark is None or entry.mark is Mark.DEAD or entry.until is None:
        return words, style
    return f"{words}, due in {whole(entry.until - now)}", style


def _tell(screen: Screen, entries: Sequence[Entry], config: Config) -> None:
    if config.health == "memory":
        screen.say('note: health = "memory", so each process knows only its own calls')
    now = time.time()
    width = min(_WIDEST, max((len(_name(entry)) for entry in entries), default=0))
    for entry in entries:
        words, style = state(entry, now)
        since = f", since {whole(now - entry.since)} ago" if entry.since is not None else ""
        line = Text.assemble(f"{_name(entry):<{width}}  ", (words, style), (since, "dim"))
        screen.result(line)
        if _said(entry):
            screen.result(Text(_said(entry), style="dim"), margin=_MARGIN)
    for name in dict.fromkeys(entry.provider for entry in entries if entry.unknown):
        number = sum(entry.unknown for entry in entries if entry.provider == name)
        screen.result(
            f"note: no rule knew {count(number, 'failure')} of {name}: let `orchestrator classify` "
            f"read the answer, and add a rule under [[providers.{name}.rules]] or report it"
        )


def _name(entry: Entry) -> str:
    if entry.credential is None:
        return entry.provider if entry.model is None else f"  {entry.provider}/{entry.model}"
    return f"  {entry.credential}{f' for {entry.model}' if entry.model else ''}"


def _said(entry: Entry) -> str:
    parts = []
    if entry.error is not None:
        words = answered(entry.error.status, entry.error.message)
        parts.append(f"{entry.error.reason}{f' ({words})' if words else ''}")
    if entry.failures and entry.error is None:
        parts.append(f"{count(entry.failures, 'failure')} in a row")
    if entry.unknown:
        parts.append(f"{count(entry.unknown, 'unknown failure')}")
    return "; ".join(parts)


def _object(entry: Entry, now: float) -> dict[str, Any]:
    fields = attrs.asdict(entry)
    if entry.mark is Mark.DEAD:
        fields["until"] = None  # JSON has no infinity
    return {**fields, "state": state(entry, now)[0]}
