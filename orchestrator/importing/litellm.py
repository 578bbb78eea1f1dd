"""LiteLLM's proxy config as ours: groups become routes, deployments targets.

Read: https://docs.litellm.ai/docs/proxy/configs and /docs/proxy/config_settings (2026-11-30), and
litellm 1.110.2 itself: ``proxy/_types.py`` (``ConfigYAML``), ``types/router.py``
(``GenericLiteLLMParams``, ``UpdateRouterConfig``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Final

import attrs

from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.config.errors import nearest
from orchestrator.importing.carrying import Carrying
from orchestrator.importing.draft import ConfigBuilder, connect
from orchestrator.importing.litellm_deployments import Deployment, DeploymentReader
from orchestrator.importing.litellm_reasons import LITELLM_REASONS, UNKNOWN_SETTING
from orchestrator.importing.litellm_settings import convert_settings
from orchestrator.importing.result import Imported
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.values import ValueReader, shown_name

REFERENCE: Final = re.compile(r"os\.environ/\s*([A-Za-z_][A-Za-z0-9_]*)\s*")
_ANY: Final = "*"

_CHAINS: Final = (
    "fallbacks",
    "context_window_fallbacks",
    "content_policy_fallbacks",
    "default_fallbacks",
)
"""In the order in which they are asked here."""

Chains = dict[str, list[str]]
"""By group, the groups that are asked after it; those of ``*`` after any that has none."""


def convert_litellm(
    root: ForeignSetting, environ: Mapping[str, str], *, keeps_keys: bool = False
) -> Imported:
    """The config that a LiteLLM proxy's config becomes.

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
    variables = root.get("environment_variables")
    section = dict(variables.table) if variables is not None else {}
    values = ValueReader(carrying, REFERENCE, environ, section, keeps_keys, set(names))
    values.learn_names(root)
    builder = ConfigBuilder()
    deployments = list(DeploymentReader(values, root).read())
    converter = _Converter(root, values, builder, deployments)
    converter.convert()
    carrying.leave_rest(LITELLM_REASONS, UNKNOWN_SETTING)
    return Imported.of(builder, carrying), values


@attrs.define
class _Converter:
    """Makes routes of groups, once their deployments are read."""

    root: ForeignSetting
    values: ValueReader
    builder: ConfigBuilder
    deployments: Sequence[Deployment]
    groups: dict[str, list[str]] = attrs.field(factory=dict)
    """By group, its targets."""
    names: dict[str, str] = attrs.field(factory=dict)
    """By group, what its route is called."""
    providers: set[str] = attrs.field(factory=set)
    """Those of which any model may be named."""

    @property
    def _carrying(self) -> Carrying:
        return self.values.carrying

    @cached_property
    def _firsts(self) -> dict[str, ForeignSetting]:
        """By group, where its first deployment names it."""
        return {one.group: one.named for one in reversed(self.deployments)}

    def convert(self) -> None:
        """Fill the builder."""
        strategy = convert_settings(self.root, self.values, self.builder)
        self._add_targets(strategy)
        aliases = dict(self._aliases())
        chains = self._chains(aliases)
        for group in (*self.groups, *aliases):
            self._add_route(group, self._expand(aliases.get(group, group), chains))
        self._add_default()
        self._tell_of_second_entries()

    # Targets.

    def _add_targets(self, strategy: str) -> None:
        listed = connect([one.target for one in self.deployments])
        for deployment, target in zip(self.deployments, listed, strict=True):
            if deployment.is_wildcard:
                self.providers.add(self.builder.add_provider(target.account, target.keys))
                continue
            name = self.builder.add_target(attrs.evolve(target, strategy=strategy))
            targets = self.groups.setdefault(deployment.group, [])
            if name not in targets:
                targets.append(name)
        for group, targets in self.groups.items():
            if len(targets) > 1:
                self._carrying.tell(
                    self._firsts[group],
                    "LiteLLM shares requests out over its targets; here the first is asked first",
                    name=group,
                )

    def _tell_of_second_entries(self) -> None:
        """Say which accounts have two entries, because a target holds one set of settings."""
        asked = {
            target.partition("/")[0]: one.named
            for one in self.deployments
            for target in self.groups.get(one.group, [])
        }
        for second, first in self.builder.second_entries.items():
            self._carrying.tell(
                asked[second],
                f"{second} is a second entry of {first}'s account, since two groups say different "
                "things of one model; what befalls the one entry is not known to the other",
                name=asked[second].text,
            )

    # Fallbacks.

    def _sections(self) -> Iterator[ForeignSetting]:
        # What the router is told goes before what the library is told.
        for name in ("router_settings", "litellm_settings"):
            if (section := self.root.get(name)) is not None:
                yield section

    def _chains(self, aliases: Mapping[str, str]) -> Chains:
        chains: Chains = {}
        for kind in _CHAINS:
            found = [one for section in self._sections() if (one := section.get(kind)) is not None]
            for later in found[1:]:
                self._carrying.leave(later, f"router_settings says {kind} too, which goes before")
            for setting in found[:1]:
                for group, names in self._fallbacks(setting, kind, aliases):
                    known = chains.setdefault(group, [])
                    known.extend(name for name in names if name not in known)
        return chains

    def _fallbacks(
        self, setting: ForeignSetting, kind: str, aliases: Mapping[str, str]
    ) -> Iterator[tuple[str, list[str]]]:
        """The pairs of a list of fallbacks, whose unknown names are left."""
        if kind == "default_fallbacks":
            names = setting.entries or [setting]
            yield _ANY, list(self._known(names, aliases))
            return
        if kind == "content_policy_fallbacks":
            self.builder.document["policy"] = {
                **self.builder.document.get("policy", {}),
                "on": {"content_policy": ["fallback"]},
            }
            self._carrying.tell(
                setting, "a refusal of content goes on to the next target, in all routes"
            )
        # Each entry is a mapping of one group, or of several.
        for entry in setting.entries or [setting]:
            for group, listed in entry.table.items():
                if group != _ANY and aliases.get(group, group) not in self.groups:
                    self._carrying.leave(listed, self._no_group(group))
                    continue
                yield (
                    aliases.get(group, group),
                    list(self._known(listed.entries or [listed], aliases)),
                )

    def _known(self, names: Sequence[ForeignSetting], aliases: Mapping[str, str]) -> Iterator[str]:
        for entry in names:
            named = entry.get("model") if entry.table else entry
            group = "" if named is None else named.text
            if aliases.get(group, group) in self.groups:
                self._carrying.carry(named)
                yield aliases.get(group, group)
            elif self._is_target(group):
                self._carrying.carry(named)
                yield group
            else:
                self._carrying.leave(entry, self._no_group(group))

    def _is_target(self, name: str) -> bool:
        """Whether a fallback names a target: of a group, or of a provider with a wildcard."""
        provider, _, model = name.partition("/")
        return bool(model and provider in self.providers) or any(
            name in targets for targets in self.groups.values()
        )

    def _no_group(self, name: str) -> str:
        shown = shown_name(name, "what is named")
        if any(one.group == name for one in self.deployments):
            return f"{shown} has no target that is carried over"
        return f"no group that is carried over is called {shown}{nearest(name, self.groups)}"

    def _expand(self, group: str, chains: Chains) -> list[str]:
        """The targets of a group and of all that stand behind it, each group once.

        A fallback has fallbacks of its own in LiteLLM too, so a circle is met where it closes.
        """
        found: list[str] = []
        seen: set[str] = set()
        due = [group]
        while due:
            name = due.pop(0)
            if name in seen:
                continue
            seen.add(name)
            found.extend(self.groups.get(name, [name]))
            due[:0] = chains.get(name, [])
            if not due and name == group:
                due.extend(chains.get(_ANY, []))
        return found

    # Routes.

    def _aliases(self) -> Iterator[tuple[str, str]]:
        for section in self._sections():
            setting = section.get("model_group_alias")
            for alias, one in (setting.table if setting is not None else {}).items():
                named = one.get("model") if one.table else one
                if named is None or named.text not in self.groups or alias in self.groups:
                    name = "" if named is None else named.text
                    self._carrying.leave(
                        one,
                        f"{alias} is a group of its own"
                        if alias in self.groups
                        else self._no_group(name),
                    )
                    continue
                self._carrying.carry(named)
                yield alias, named.text

    def _add_route(self, group: str, targets: list[str]) -> None:
        if targets == [group]:
            return  # a request that names provider/model needs no route
        wanted = group.replace("/", "-").strip("-") or "route"
        numbered = (wanted if number == 1 else f"{wanted}-{number}" for number in range(1, 10**6))
        name = next(one for one in numbered if one not in self.builder.routes)
        self.names[group] = name
        self.builder.add_route(name, targets)
        if name != group and group in self._firsts:
            self._carrying.tell(
                self._firsts[group],
                "the name of a route holds no '/': callers ask for it with '-' in its place"
                if name == wanted
                else f"callers ask for {name}, since another route has its name",
                name=group,
            )

    def _add_default(self) -> None:
        """A route for requests that name none: that of ``completion_model``, or the first."""
        general = self.root.get("general_settings")
        setting = general.get("completion_model") if general is not None else None
        wanted = ""
        if setting is not None:
            if setting.text in self.groups:
                self._carrying.carry(setting)
                wanted = setting.text
            else:
                self._carrying.leave(setting, self._no_group(setting.text))
        if DEFAULT_ROUTE in self.builder.routes:
            return
        group = wanted or next(iter(self.groups), "")
        if group:
            targets = self.builder.routes.get(self.names.get(group, group), self.groups[group])
            self.builder.add_route(DEFAULT_ROUTE, targets)
