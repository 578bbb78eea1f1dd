"""Who is asked in Hermes' config: a model with its provider, wherever one is named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

import attrs

from orchestrator.config.errors import nearest
from orchestrator.dialects import DEFAULT_DIALECT
from orchestrator.importing.carrying import Unwanted
from orchestrator.importing.draft import ImportedAccount, ImportedTarget
from orchestrator.importing.foreign_provider import ForeignProvider
from orchestrator.importing.hermes_names import (
    HERMES_DIALECTS,
    HERMES_PROVIDERS,
    TAKES_ROUTING,
    foreign_provider,
)
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.values import NO_ADDRESS, ValueReader, key_stem, shown_name

_ADDRESS: Final = ("base_url", "api", "url", "api_base")
_MODE: Final = ("api_mode", "transport")
_HEADERS: Final = ("extra_headers", "default_headers", "headers")
_DEFAULT: Final = ("model", "default_model")
_MODEL_NAMES: Final = ("model", "id", "name")
_CONTEXT: Final = ("context_length", "max_context")
_TIMEOUT: Final = ("timeout_seconds", "request_timeout_seconds")
_NO_MODEL: Final = Unwanted("it names no model", "name one, and import again")
_NO_PROVIDER: Final = Unwanted(
    "Hermes finds its provider by what keys there are, which is not known here",
    "name its provider, and import again",
)

Rest: TypeAlias = tuple[ImportedAccount, tuple[str, ...], dict[str, dict[str, Any]]]
"""A provider that no model names: its account, its keys, and its own models."""


@attrs.define
class _OwnProvider:
    """An entry of ``providers`` or ``custom_providers``.

    Attributes:
        name: What the user calls it.
        setting: Where it stands.
        is_used: Whether a model names it.
    """

    name: str
    setting: ForeignSetting
    is_used: bool = False


@attrs.frozen
class _Named:
    """A provider as a block names it: what is known of it, and the user's own entry.

    Attributes:
        name: Its name.
        foreign: What Hermes knows of it.
        own: What the file says of it.
    """

    name: str
    foreign: ForeignProvider
    own: ForeignSetting | None = None


class EndpointReader:
    """Reads the blocks of a file that name a model and its provider."""

    def __init__(self, values: ValueReader, root: ForeignSetting) -> None:
        self._values = values
        self._own: dict[str, _OwnProvider] = {}
        for name, setting in _own_providers(root):
            self._own.setdefault(_slug(name), _OwnProvider(name, setting))

    def read(self, block: ForeignSetting) -> ImportedTarget | Unwanted:
        """The target that a block names, or why nothing here can ask it."""
        if not block.table:
            # The oldest form: `model: anthropic/claude-opus-4.6`, by OpenRouter.
            model = block if block.text else None
            named: _Named | Unwanted = _Named(TAKES_ROUTING, HERMES_PROVIDERS[TAKES_ROUTING])
        else:
            model = block.get("default", "model", "name")
            named = self._named(block, model)
        if isinstance(named, Unwanted):
            return named
        if model is None and named.own is not None:
            model = named.own.get(*_DEFAULT)
        if model is None or not model.text:
            return _NO_MODEL
        account = self._account(block, named)
        if isinstance(account, Unwanted):
            return account
        self._values.carrying.carry(model, block.get("provider"))
        keys = self._keys(block, named, account)
        return ImportedTarget(account, model.text, keys, self._settings(block, named, model.text))

    def rest(self) -> Iterator[Rest]:
        """The user's own providers that no block named, and that can be asked."""
        for one in self._own.values():
            if one.is_used or not one.setting.table:
                continue
            named = self._of_name(one.name)
            if isinstance(named, Unwanted):
                continue
            account = self._account(one.setting, named)
            if isinstance(account, Unwanted):
                self._values.carrying.leave(one.setting, account, name=one.name)
                continue
            first = one.setting.get(*_DEFAULT)
            names = list(
                dict.fromkeys([*([first.text] if first is not None else []), *_models(one.setting)])
            )
            self._values.carrying.carry(first)
            keys = self._keys(one.setting, named, account)
            yield (
                account,
                keys,
                {model: self._settings(one.setting, named, model) for model in names if model},
            )

    def entry_name(self, name: str) -> str:
        """What the provider entry of Hermes' name is called here."""
        own = self._own.get(_slug(name))
        foreign = foreign_provider(name)
        if own is not None and foreign is None:
            return ImportedAccount(name=own.name).suggest_name()
        if foreign is None:
            return name
        return foreign.vendor or ImportedAccount(name=name).suggest_name()

    # Whose it is.

    def _named(self, block: ForeignSetting, model: ForeignSetting | None) -> _Named | Unwanted:
        provider = block.get("provider")
        name = provider.text if provider is not None else ""
        has_address = block.get(*_ADDRESS) is not None
        if name.lower() in ("", "auto"):
            if has_address:
                return _Named("", HERMES_PROVIDERS["custom"])
            if model is not None and "/" in model.text:
                return _Named(TAKES_ROUTING, HERMES_PROVIDERS[TAKES_ROUTING])
            return _NO_PROVIDER
        found = self._of_name(name)
        if isinstance(found, Unwanted) and has_address:
            return _Named(name, HERMES_PROVIDERS["custom"])
        return found

    def _of_name(self, name: str) -> _Named | Unwanted:
        own = self._own.get(_slug(name))
        foreign = foreign_provider(name)
        if own is not None:
            own.is_used = True
            # Any model of a provider can be asked for, so a list of them needs no other place.
            names = (one.get(*_MODEL_NAMES) if one.table else one for one in _listed(own.setting))
            self._values.carrying.carry(own.setting.get("name"), own.setting.get(*_DEFAULT), *names)
            return _Named(own.name, foreign or HERMES_PROVIDERS["custom"], own.setting)
        if foreign is None:
            known = [*self._own, *HERMES_PROVIDERS]
            shown = shown_name(name, "that name")
            return Unwanted(
                f"no provider called {shown} is known here{nearest(name, known)}",
                "write [providers.NAME] with its base_url",
            )
        return _Named(name, foreign)

    def _account(self, block: ForeignSetting, named: _Named) -> ImportedAccount | Unwanted:
        """Whom a block asks, or why nothing here can."""
        foreign, own = named.foreign, named.own
        setting = block.get(*_ADDRESS) or (own.get(*_ADDRESS) if own is not None else None)
        if foreign.refused is not None and setting is None:
            return foreign.refused
        mode = block.get(*_MODE) or (own.get(*_MODE) if own is not None else None)
        if mode is not None and mode.text not in HERMES_DIALECTS:
            return Unwanted("its api_mode is none that is spoken here")
        dialect, ending = HERMES_DIALECTS[mode.text] if mode is not None else ("", "")
        address: str | Unwanted = foreign.base_url
        if setting is not None:
            address = self._values.address(setting, foreign)
        elif not foreign.base_url and foreign.known is None:
            return NO_ADDRESS
        if isinstance(address, Unwanted):
            return address
        account = self._plain(named, _with_ending(address, ending), dialect)
        if why := account.problem(self._values.environ):
            return Unwanted(why)
        self._values.carry_address(setting)
        self._values.carrying.carry(mode)
        places = [one for one in (own, block) if one is not None]
        return self._made(account, places)

    def _plain(self, named: _Named, address: str, dialect: str) -> ImportedAccount:
        known = named.foreign.known
        usual = known.dialect if known is not None else DEFAULT_DIALECT
        return ImportedAccount(
            vendor=known,
            base_url=address,
            dialect="" if dialect == usual else dialect,
            name="" if known is not None or named.foreign.vendor else _entry_name(named),
        )

    def _made(self, account: ImportedAccount, places: Sequence[ForeignSetting]) -> ImportedAccount:
        """An account with what is sent besides; a later place goes before an earlier one."""
        headers: dict[str, str] = {}
        for place in places:
            for key in _HEADERS[::-1]:
                headers |= self._values.headers(place.get(key), account.suggest_name())
        streams = [self._streams(place) for place in places]  # each is looked at
        return attrs.evolve(account, headers=tuple(headers.items()), stream=all(streams))

    def _streams(self, place: ForeignSetting) -> bool:
        """Whether it is asked for streams; both spellings are carried over."""
        streams = True
        for key, off in (("streaming", False), ("disable_streaming", True)):
            setting = place.table.get(key)
            if setting is not None and isinstance(setting.value, bool):
                self._values.carrying.carry(setting)
                streams = streams and setting.value is not off
        return streams

    # Its keys.

    def _keys(
        self, block: ForeignSetting, named: _Named, account: ImportedAccount
    ) -> tuple[str, ...]:
        """Its credentials, but for the variable that the vendor's own entry implies."""
        foreign = named.foreign
        found = [
            key
            for place in dict.fromkeys(filter(None, (block, named.own)))
            if (key := self._key(place, foreign, account))
        ]
        if (
            not found
            and foreign.variable
            and not (foreign.own_server or _is_elsewhere(named, block))
        ):
            found = [self._values.entry_of(foreign.variable)]
        known = account.vendor
        usual = f"env:{known.keys[0]}" if known is not None and known.keys else ""
        is_implied = found == [usual] and not account.base_url
        return () if is_implied else tuple(dict.fromkeys(found))

    def _key(
        self, place: ForeignSetting, foreign: ForeignProvider, account: ImportedAccount
    ) -> str:
        carrying = self._values.carrying
        command, named = (
            place.get("key_cmd", "api_key_command"),
            place.get("key_env", "api_key_env"),
        )
        literal = place.get("api_key")
        if command is not None and command.text:
            carrying.carry(command)
            return f"command:{command.text}"
        if named is not None and re.fullmatch(r"[A-Za-z_]\w*", named.text, re.ASCII):
            carrying.carry(named)
            return self._values.entry_of(named.text)
        if literal is None:
            return ""
        own = foreign.own_server or not foreign.variable
        stem = key_stem(None if own else foreign, account.suggest_name())
        return self._values.credential(literal, stem, own_server=own)

    # What is said of its model.

    def _settings(self, block: ForeignSetting, named: _Named, model: str) -> dict[str, Any]:
        values = self._values
        own = named.own
        of_model = _models(own).get(model) if own is not None else None
        places = [one for one in (block, of_model, own) if one is not None]
        context = next((one for place in places if (one := place.get(*_CONTEXT))), None)
        timeout = next((one for place in places if (one := place.get(*_TIMEOUT))), None)
        total = values.seconds(timeout)
        said = {
            "context": values.whole(context),
            "overrides": self._overrides([place.get("extra_body") for place in places]),
            "timeouts": {"total": total} if total is not None else None,
        }
        for place in places:  # a second word on the same, which the first goes before
            for again in (place.get(*_CONTEXT), place.get(*_TIMEOUT)):
                first = context if again is place.get(*_CONTEXT) else timeout
                if again is not None and first is not None and again.plain() == first.plain():
                    values.carrying.carry(again)
                elif again not in (None, context, timeout):
                    values.carrying.leave(again, "a nearer setting goes before it")
        return {key: one for key, one in said.items() if one}

    def _overrides(self, bodies: list[ForeignSetting | None]) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for body in bodies:
            for key, setting in (body.table if body is not None else {}).items():
                value = None if setting.is_blank else self._values.override(setting)
                if value is not None and key not in found:
                    self._values.carrying.carry(setting)
                    found[key] = value
        return found


def _own_providers(root: ForeignSetting) -> Iterator[tuple[str, ForeignSetting]]:
    """The user's own providers by name: of both forms, by all names that they have."""
    named, listed = root.get("providers"), root.get("custom_providers")
    for key, one in (named.table if named is not None else {}).items():
        yield key, one
    for one in listed.entries if listed is not None else []:
        name = one.get("name")
        if name is not None and name.text:
            yield name.text, one


def _slug(name: str) -> str:
    """A name as Hermes compares it: ``custom:My Server`` is ``my-server``."""
    return re.sub(r"\s+", "-", name.strip().lower().removeprefix("custom:"))


def _entry_name(named: _Named) -> str:
    """What an entry is called that is no known vendor's; empty where its address names it."""
    plain = named.name.removeprefix("custom:")
    return "" if plain in ("", "custom") and named.own is None else plain


def _models(own: ForeignSetting) -> dict[str, ForeignSetting]:
    """The models of a provider by name, in any of the three forms that there are."""
    listed = own.get("models")
    if listed is None:
        return {}
    found = dict(listed.table)
    for one in listed.entries:
        name = one.get(*_MODEL_NAMES) if one.table else one
        if name is not None and name.text:
            found[name.text] = one
    return found


def _listed(own: ForeignSetting) -> list[ForeignSetting]:
    listed = own.get("models")
    return listed.entries if listed is not None else []


def _is_elsewhere(named: _Named, block: ForeignSetting) -> bool:
    """Whether an address of the user's own takes the place of the provider's."""
    foreign = named.foreign
    address = block.get(*_ADDRESS)
    return foreign.vendor == "" and not foreign.base_url and address is not None


def _with_ending(address: str, ending: str) -> str:
    return address + ending if address and ending and not address.endswith(ending) else address
