"""Hermes' ``config.yaml`` as ours: its model and fallbacks become the default route.

Read in NousResearch/hermes-agent (2026-11-30): ``cli-config.yaml.example``, and the pages on
providers, fallback providers and credential pools. Hermes stays the agent, so what it does besides
calls of models stays in its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.importing.carrying import Carrying, ImportLevel, Unwanted
from orchestrator.importing.draft import ConfigBuilder, ImportedTarget
from orchestrator.importing.hermes_endpoints import EndpointReader
from orchestrator.importing.hermes_names import TAKES_ROUTING
from orchestrator.importing.result import Imported
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.values import ValueReader
from orchestrator.pooling import Strategy

REFERENCE: Final = re.compile(r"\$\{([A-Za-z_]\w*)(?::-[^}]*)?\}|\$([A-Za-z_]\w*)", re.ASCII)

_OWN: Final = Unwanted("it is Hermes' own affair, and stays in its file", level=ImportLevel.APART)
_AS_MAIN: Final = Unwanted("it is asked for as the main model is", level=ImportLevel.APART)
_MAIN: Final = ("", "auto", "main")
"""What a side task says as its provider where it takes the main model's."""

_READ: Final = (
    *("model", "providers", "custom_providers", "fallback_providers", "fallback_model"),
    *("auxiliary", "delegation", "credential_pool_quota_aware", "smart_model_routing"),
)
"""The parts of the file that say something of providers."""

_NO_TARGET: Final = "of OpenRouter no target is carried over"

HERMES_REASONS: Final = {
    "stale_timeout_seconds": Unwanted(
        "silence is noticed by first_token and idle", "set them in [timeouts]"
    ),
    "rate_limit_delay": Unwanted("nothing is held back; a 429 is waited for or left"),
    "ssl_ca_cert": Unwanted(
        "a file of certificates is not taken over unseen", 'write verify = "FILE" at the provider'
    ),
    "ssl_verify": Unwanted(
        "certificates are always checked, but on this machine",
        'name a file: verify = "corp-ca.pem"',
    ),
    "max_tokens": Unwanted("Hermes says it in each request", level=ImportLevel.APART),
    "ollama_num_ctx": Unwanted(
        "Ollama takes it from its own settings", "set OLLAMA_CONTEXT_LENGTH where it runs"
    ),
    "session_affinity_header": Unwanted(
        "no header is made of a conversation's name", "headers = {…} holds fixed ones"
    ),
    "auth_mode": Unwanted(
        "it is asked with a key", 'a program that prints a token is one: "command:PROGRAM"'
    ),
    "credential_pool_quota_aware": Unwanted("no quota is asked for before a call"),
    "smart_model_routing": Unwanted(
        "a route is not chosen by what a request says", "make a route, and name it"
    ),
}
"""By key, why a setting is not carried over; any other is Hermes' own."""


def convert_hermes(
    root: ForeignSetting, environ: Mapping[str, str], *, keeps_keys: bool = False
) -> Imported:
    """The config that Hermes' config becomes.

    Args:
        root: The file.
        environ: Where the variables of addresses are looked up.
        keeps_keys: Whether keys that stand in it are copied.
    """
    imported, values = _converted(root, environ, set(), keeps_keys=keeps_keys)
    if values.has_clash:
        # Which variables are read is known at the end alone, so others are made up.
        imported, _ = _converted(root, environ, values.read, keeps_keys=keeps_keys)
    return imported


def _converted(
    root: ForeignSetting, environ: Mapping[str, str], names: set[str], *, keeps_keys: bool
) -> tuple[Imported, ValueReader]:
    """The config, and who read its values; ``names`` are not made up for variables."""
    carrying = Carrying(root)
    values = ValueReader(carrying, REFERENCE, environ, {}, keeps_keys, set(names))
    values.learn_names(root)
    builder = ConfigBuilder()
    _Converter(root, values, builder, EndpointReader(values, root)).convert()
    carrying.leave_rest(HERMES_REASONS, _OWN, within=_READ)
    return Imported.of(builder, carrying), values


@attrs.define
class _Converter:
    """Makes routes of what Hermes asks."""

    root: ForeignSetting
    values: ValueReader
    builder: ConfigBuilder
    endpoints: EndpointReader

    @property
    def _carrying(self) -> Carrying:
        return self.values.carrying

    def convert(self) -> None:
        """Fill the builder."""
        main = self.root.get("model")
        first = list(self._target(main)) if main is not None else []
        default = [*first, *self._fallbacks()]
        if default:
            self.builder.add_route(DEFAULT_ROUTE, default)
        self._add_tasks()
        for account, keys, models in self.endpoints.rest():
            if not models:
                self.builder.add_provider(account, keys)
            for model, settings in models.items():
                self.builder.add_target(ImportedTarget(account, model, keys, settings))
        self._add_strategies()
        self._add_attempts()
        self._route_openrouter()

    def _target(self, block: ForeignSetting) -> Iterator[str]:
        """The target that a block names, if it can be asked here."""
        found = self.endpoints.read(block)
        if isinstance(found, Unwanted):
            self._carrying.leave(block, found)
        else:
            yield self.builder.add_target(found)

    def _fallbacks(self) -> Iterator[str]:
        listed = self.root.get("fallback_providers")
        legacy = self.root.get("fallback_model")
        chosen = listed if listed is not None else legacy
        if legacy is not None and legacy is not chosen:
            self._carrying.leave(legacy, "fallback_providers goes before it")
        for block in (chosen.entries or [chosen]) if chosen is not None else []:
            yield from self._target(block)

    # Side tasks.

    def _add_tasks(self) -> None:
        auxiliary = self.root.get("auxiliary")
        tasks = dict(auxiliary.table) if auxiliary is not None else {}
        delegation = self.root.get("delegation")
        if delegation is not None and delegation.get("model") is not None:
            tasks["delegation"] = delegation
        for name, task in tasks.items():
            self._add_task(name, task)

    def _add_task(self, name: str, task: ForeignSetting) -> None:
        provider = task.get("provider")
        is_main = (provider.text if provider is not None else "") in _MAIN
        if is_main and task.get("base_url") is None:
            if task.get("model") is None:
                self._carrying.leave(task, _AS_MAIN)
                return
            why = "its provider is the main model's, so it has no target of its own"
            self._carrying.leave(task, Unwanted(why, "write a route for it"), name=name)
            return
        targets = list(self._target(task))
        chain = task.get("fallback_chain")
        for block in chain.entries if chain is not None else []:
            targets += self._target(block)
        if targets:
            route = name.replace("/", "-")
            self.builder.add_route(route, targets)
            where = task.get("model") or task
            self._carrying.tell(
                where, "it is a route: name that as its model in Hermes", name=route
            )

    # What holds for providers.

    def _add_strategies(self) -> None:
        listed = self.root.get("credential_pool_strategies")
        for name, strategy in (listed.table if listed is not None else {}).items():
            if strategy.text not in list(Strategy):
                known = ", ".join(Strategy)
                self._carrying.leave(strategy, f"there is no such strategy here; allowed: {known}")
            elif self.builder.set_strategy(self.endpoints.entry_name(name), strategy.text):
                self._carrying.change(
                    strategy,
                    "further keys of the pool stand in Hermes' auth.json, which is not read",
                    "set them as NAME_API_KEY_2, NAME_API_KEY_3 …, or list them under credentials",
                )
            else:
                self._carrying.leave(strategy, "no target of this provider is carried over")

    def _add_attempts(self) -> None:
        agent = self.root.get("agent")
        setting = agent.get("api_max_retries") if agent is not None else None
        attempts = self.values.whole(setting, least=0)
        if attempts is not None:
            # Hermes counts the first attempt, and takes 0 for 1.
            self.builder.document["policy"] = {"attempts_per_target": max(1, attempts)}

    def _route_openrouter(self) -> None:
        routing = self.root.get("provider_routing")
        if routing is None:
            return
        said = {key: one for key, one in routing.table.items() if not one.table}
        wanted = {key: self.values.override(one) for key, one in said.items() if not one.is_blank}
        wanted = {key: value for key, value in wanted.items() if value is not None}
        if not wanted:
            return
        if not self.builder.add_overrides(TAKES_ROUTING, {"provider": wanted}):
            for one in said.values():
                self._carrying.leave(one, _NO_TARGET)
            return
        self._carrying.carry(*said.values())
