"""``orchestrator status``: what is known of each provider, credential and target, and since."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import attrs
from cyclopts import Parameter
from rich.cells import cell_len
from rich.text import Text

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import whole_duration
from orchestrator.cli.context import load_or_known, show_warnings
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.format import count, http_answer, lasting, one_line
from orchestrator.cli.money_line import money_lines
from orchestrator.cli.recent_calls import RecentCalls
from orchestrator.cli.running_gateways import RunningGateways
from orchestrator.cli.screen import Screen
from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, nearest
from orchestrator.health import BoardRow
from orchestrator.health.balance import is_low
from orchestrator.health.records import MarkKind
from orchestrator.lab.simulation.loading import Loaded
from orchestrator.provider import Provider
from orchestrator.states import Mark, Target

_STATES = {
    None: ("ready", "green"),
    Mark.COOLDOWN: ("cooling", "yellow"),
    Mark.BENCH: ("benched", "red"),
    Mark.CIRCUIT: ("circuit open", "red"),
    Mark.DEAD: ("dead", "red"),
}


_SOURCES = {"literal": "in the config", "none": ""}
"""Where a secret is kept that is in no variable, file or keyring."""

_BALANCE_SECONDS = 5.0
"""How long vendors have to say how much money is left, some asked at a time; what they say later is
not waited for."""

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
    """Show what is known of each provider, credential and target, and what happened of late.

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
    besides: dict[str, Any] = {}
    with exit_on_error(screen, json=json, besides=besides):
        loaded = _load(config, screen, besides, json=json)
        show_warnings(loaded.config, screen)
        with Orchestrator(loaded.config) as orchestrator:
            _check(provider, orchestrator.config)
            if reset:
                _reset(screen, orchestrator, provider, json=json)
                return DONE
            _ask_balances(orchestrator, loaded, provider)
            now = time.time()
            entries = _entries(orchestrator, provider)
            # The instants of a shared board are those of its server.
            at, trouble = orchestrator.board.now(), orchestrator.board.store.trouble
            shown = _ShownBoard(entries, loaded, at, trouble)
            recent = RecentCalls.read(screen, loaded.config, now)
            gateways = RunningGateways.read()
            if json:
                used = {"config": str(loaded.config.path), "gateways": gateways.object()}
                screen.json({**used, **shown.object(), "recent": recent.object()})
                return DONE
            if provider is None:
                gateways.show(screen)
                if gateways.found:
                    # They may have been started with another one, which has its own.
                    words = f"providers, as {loaded.config.path} has them:"
                    screen.result(Text(words, style="dim"))
            shown.show(screen)
            if provider is None:
                recent.show(screen)
    return DONE


def _load(config: Path | None, screen: Screen, besides: dict[str, Any], *, json: bool) -> Loaded:
    """The config; where it cannot be used, the gateways that run all the same are shown first.

    Raises:
        ConfigError: It cannot be used; ``besides`` has them then.
    """
    try:
        return load_or_known(config, screen, named=not json)
    except ConfigError:
        gateways = RunningGateways.read()
        besides["gateways"] = gateways.object()
        if not json:
            gateways.show(screen)
        raise


def _check(provider: str | None, config: Config) -> None:
    if provider is not None and provider not in config.providers:
        raise UsageError(
            f"no provider {provider!r} in {config.path}{nearest(provider, config.providers)}; "
            f"configured: {', '.join(config.providers)}"
        )


def _reset(screen: Screen, orchestrator: Orchestrator, provider: str | None, *, json: bool) -> None:
    removed = orchestrator.board.reset(provider)
    if json:
        used = {"config": str(orchestrator.config.path)}
        screen.json({**used, "reset": provider or "all", "removed": removed})
    else:
        screen.result(f"forgot {count(removed, 'mark')} of {provider or 'all providers'}")


def _ask_balances(orchestrator: Orchestrator, loaded: Loaded, provider: str | None) -> None:
    """Have vendors asked how much money is left, of those that nobody has asked of late."""
    names = [
        one.name
        for one in loaded.config.providers.values()
        if provider in (None, one.name) and not _has_stand_in(one, loaded)
    ]

    async def ask() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_BALANCE_SECONDS):
                await orchestrator.abalances(names)

    # No loop is begun where there is nothing to ask, as in most runs.
    if orchestrator.balance_questions.is_due:
        asyncio.run(ask())


def _has_stand_in(provider: Provider, loaded: Loaded) -> bool:
    """Whether one of its keys is not set, so that a made-up one stands in its place."""
    sources = (one.source.removeprefix("env:") for one in provider.credentials)
    return any(source in loaded.stand_ins for source in sources)


def _entries(orchestrator: Orchestrator, provider: str | None) -> tuple[BoardRow, ...]:
    entries = orchestrator.board.snapshot(_targets(orchestrator.config))
    return tuple(entry for entry in entries if provider in (None, entry.provider))


def _targets(config: Config) -> Iterable[Target]:
    return dict.fromkeys(target for route in config.routes.values() for target in route)


@attrs.frozen
class _ShownBoard:
    """The board at one instant.

    Attributes:
        entries: What is known, each provider before what belongs to it.
        loaded: Whose providers these are.
        now: The instant (epoch).
        trouble: Why the shared board cannot be used; empty where it can.
    """

    entries: Sequence[BoardRow]
    loaded: Loaded
    now: float
    trouble: str

    @property
    def config(self) -> Config:
        """The config, with made-up keys for those that are not set."""
        return self.loaded.config

    def object(self) -> dict[str, Any]:
        """As a JSON-ready mapping."""
        entries = [self._entry(entry) for entry in self.entries]
        return {"now": self.now, "board": self.trouble or "ok", "entries": entries}

    def show(self, screen: Screen) -> None:
        """On stdout."""
        if self.config.health == "memory":
            screen.say('note: health = "memory", so each process knows only its own calls')
        if self.trouble:
            screen.say(f"note: the shared board cannot be used, so it is empty: {self.trouble}")
        width = min(_WIDEST, max((cell_len(self._name(one)) for one in self.entries), default=0))
        for entry in self.entries:
            screen.result(self._line(entry, width))
            self._show_more(screen, entry)
        for name in dict.fromkeys(entry.provider for entry in self.entries if entry.unknown):
            screen.result(self._unknown(name))

    def _show_more(self, screen: Screen, entry: BoardRow) -> None:
        if said := _said(entry, self.now):
            screen.result(Text(said, style="dim"), margin=_MARGIN)
        if said := _budget(entry):
            screen.result(Text(said, style="yellow"), margin=_MARGIN)
        if entry.balance is not None:
            low = self.config.providers[entry.provider].low_balance
            for line in money_lines(entry.balance, low, self.now):
                screen.result(line, margin=_MARGIN)

    def _line(self, entry: BoardRow, width: int) -> Text:
        words, style = self._state(entry)
        since = ""
        if entry.since is not None:
            since = f", {lasting(self.now - entry.since)}"
        name, source = _name(entry), self._source(entry)
        line = Text.assemble(name, (f" {source}" if source else "", "dim"))
        line.pad_right(max(0, width - line.cell_len))
        return Text.assemble(line, "  ", (words, style), (since, "dim"))

    def _name(self, entry: BoardRow) -> str:
        return " ".join(part for part in (_name(entry), self._source(entry)) if part)

    def _source(self, entry: BoardRow) -> str:
        """Where the credential's secret is kept; never the secret."""
        if entry.credential is None or entry.model is not None:
            return ""
        source = self.config.providers[entry.provider].credential(entry.credential).source
        return _SOURCES.get(source, one_line(source))

    def _state(self, entry: BoardRow) -> tuple[str, str]:
        """The state in words, and its style."""
        words, style = state(entry, self.now)
        if not self.config.providers[entry.provider].credentials:
            return "no credential", "red"
        if self._is_unset(entry):
            return "not set", "red"
        if entry.mark is None and self._is_unseen(entry):
            return "not known here, its keys are not set", "yellow"
        kept = self._kept_by(entry) if entry.mark is None else ""
        return (f"not asked while {kept} out", "yellow") if kept else (words, style)

    def _kept_by(self, entry: BoardRow) -> str:
        """What else keeps this credential or target from being used; empty where nothing does."""
        above = [one for one in self.entries if one.provider == entry.provider and not one.model]
        if any(_is_out(one) for one in above if one.credential is None):
            return "" if self._is_spared(entry, above[0]) else "its provider is"
        keys = [one for one in above if one.credential is not None]
        out = [key for key in keys if _is_out(key) or self._is_unset(key)]
        return "all its keys are" if entry.model and keys and out == keys else ""

    def _is_spared(self, entry: BoardRow, provider: BoardRow) -> bool:
        """Whether this costs nothing, and nothing but money keeps calls from its provider."""
        free = self.config.providers[entry.provider].free_models
        is_free = bool(free) if entry.model is None else entry.model.endswith(free)
        return provider.kind is MarkKind.BALANCE and is_free

    def _is_unset(self, entry: BoardRow) -> bool:
        return self._source(entry).removeprefix("env:") in self.loaded.stand_ins

    def _is_unseen(self, entry: BoardRow) -> bool:
        """Whether marks may stand that are not found, since each is kept for the keys it met."""
        provider = self.config.providers[entry.provider]
        unset = [
            one.source.removeprefix("env:") in self.loaded.stand_ins for one in provider.credentials
        ]
        return entry.credential is None and all(unset)

    def _unknown(self, name: str) -> str:
        number = sum(entry.unknown for entry in self.entries if entry.provider == name)
        return (
            f"note: no rule knew {count(number, 'failure')} of {name}: let `orchestrator classify` "
            f"read the answer, and add a rule under [[providers.{name}.rules]] or report it"
        )

    def _entry(self, entry: BoardRow) -> dict[str, Any]:
        fields = attrs.asdict(entry)
        if entry.mark is Mark.DEAD:
            fields["until"] = None  # JSON has no infinity
        money = None if entry.balance is None else entry.balance.said
        low = is_low(money, self.config.providers[entry.provider].low_balance)
        state, _ = self._state(entry)
        said = {"low": low, "source": self._source(entry) or None, "state": state}
        return {**fields, **said, "retries_paused": entry.has_paused_retries}


def _is_out(entry: BoardRow) -> bool:
    return entry.mark is not None and not entry.due


def state(entry: BoardRow, now: float) -> tuple[str, str]:
    """The state of an entry taken by itself in words, and its style."""
    if entry.probed:
        return "being probed", "cyan"
    if entry.due:
        return "due, the next call probes it", "cyan"
    words, style = _STATES[entry.mark]
    if entry.mark is None or entry.mark is Mark.DEAD or entry.until is None:
        return words, style
    return f"{words}, due in {whole_duration(entry.until - now)}", style


def _name(entry: BoardRow) -> str:
    if entry.credential is None:
        return entry.provider if entry.model is None else f"  {entry.provider}/{entry.model}"
    return f"  {entry.credential}{f' for {entry.model}' if entry.model else ''}"


def _budget(entry: BoardRow) -> str:
    """What retries may still spend; empty where they have spent nothing."""
    left, size = entry.retry_tokens, entry.retry_budget
    if left is None or left >= size:
        return ""
    if entry.has_paused_retries:
        return f"retries at {entry.provider} are paused: budget {left} of {size}"
    return f"retry budget {left} of {size}"


def _said(entry: BoardRow, now: float) -> str:
    parts = []
    if entry.expected is not None:
        parts.append(f"expected to end in {whole_duration(entry.expected - now)}")
    if entry.error is not None:
        words = http_answer(entry.error.status, entry.error.message)
        parts.append(f"{entry.error.reason}{f' ({words})' if words else ''}")
    if entry.failures and entry.error is None:
        parts.append(f"{count(entry.failures, 'failure')} in a row")
    if entry.unknown:
        parts.append(f"{count(entry.unknown, 'unknown failure')}")
    return "; ".join(parts)
