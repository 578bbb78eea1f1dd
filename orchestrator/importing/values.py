"""Values of another tool's file as our config takes them: keys, addresses, headers, durations.

A reader says nothing of the values that it refuses but where they stand: an address that is none
may be a key that slipped in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs

from orchestrator.config import credentials, scalars
from orchestrator.config.errors import NotAllowed
from orchestrator.config.providers import variable as headers_variable
from orchestrator.header_rules import AUTHENTICATING
from orchestrator.importing.carrying import Carrying, Unwanted
from orchestrator.importing.draft import variable_name
from orchestrator.importing.foreign_provider import ForeignProvider
from orchestrator.importing.settings import ForeignSetting
from orchestrator.json_values import NotJson, checked
from orchestrator.vendors import CATALOGUE

_NO_KEYS = frozenset(
    {
        *("", "none", "null", "empty", "dummy", "fake", "fake-key", "no-key", "nokey", "na", "n/a"),
        *(
            "not-needed",
            "not-required",
            "unused",
            "placeholder",
            "any",
            "anything",
            "x",
            "xxx",
            "-",
        ),
        *("no-key-required", "no-key-needed", "sk-no-key-required", "sk-no-key-needed", "local"),
        *("sk-dummy", "sk-fake", "sk-none", "dummy-key", "not-used"),
    }
)
"""What stands where a server needs no key, but the client that asks it wants one: seen in the
docs of LiteLLM, vLLM, Ollama and LM Studio, and in public configs (2026-11-30)."""

_SPEAKING = frozenset({"accept", "user-agent", "referer", "http-referer", "x-title", "origin"})
"""Headers that say who speaks, not what only he knows."""

_SHORTEST_SECRET = 8
"""Characters of a header's value that is taken for a secret, as everywhere here."""

_LONGEST_NAME = 60
"""Characters of a name of the file that is shown."""

_KEY_PATH = "/chat/completions"
_EXACT = re.compile(r"\d{1,12}(\.\d{1,9})?")

NO_ADDRESS = Unwanted("nothing says where it is", "write its base_url yourself")
_NO_KEY = Unwanted("is no key", "name its variable under credentials")
_BAD_HEADER = Unwanted("is no header that a config may name")
_NO_WORD = Unwanted("TOML and JSON have no word for its value in common")

Reference = re.Pattern[str]
"""How a file names an environment variable; its first group is the name."""


@attrs.frozen
class ValueReader:
    """Reads single values, and notes what became of them.

    Attributes:
        carrying: The two lists.
        reference: How the file names a variable.
        environ: Where variables are looked up that hold no key.
        section: The variables that the file itself sets, by name.
        keeps_keys: Whether keys that stand in the file are copied.
        names: The variables that are named so far: by the file, or made up for its keys.
        made_up: By key, the variable that is made up for it.
        numbers: By what such a variable begins with, the last number behind it.
        read: The variables that hold keys, but for those that are made up.
    """

    carrying: Carrying
    reference: Reference
    environ: Mapping[str, str] = attrs.field(repr=False)
    section: Mapping[str, ForeignSetting] = attrs.field(repr=False)
    keeps_keys: bool
    names: set[str] = attrs.field(factory=set)
    made_up: dict[str, str] = attrs.field(factory=dict, repr=False)
    numbers: dict[str, int] = attrs.field(factory=dict)
    read: set[str] = attrs.field(factory=set)

    def learn_names(self, root: ForeignSetting) -> None:
        """Note the variables that the file names, so that none of them is made up."""
        for leaf in root.leaves():
            if name := self.variable(leaf):
                self.names.add(name)

    def variable(self, setting: ForeignSetting | None) -> str:
        """The variable that a setting names; empty where it holds a value of its own."""
        found = self.reference.fullmatch(setting.text) if setting is not None else None
        return next(filter(None, found.groups()), "") if found else ""

    def entry_of(self, name: str) -> str:
        """A variable that holds a key, as a config names it."""
        self.read.add(name)
        return f"env:{name}"

    @property
    def has_clash(self) -> bool:
        """Whether a variable that is made up for one key holds another one too.

        Whoever set it as he is told would send the one key to where the other belongs.
        """
        return not self.read.isdisjoint(self.made_up.values())

    def resolved(self, setting: ForeignSetting) -> Any:
        """The value of a setting that is no secret; ``None`` where its variable is not set."""
        name = self.variable(setting)
        if not name:
            return setting.value
        own = self.section.get(name)
        if own is not None and own.text and not self.variable(own):
            self.carrying.carry(own)
            return own.text
        return self.environ.get(name)

    # Keys.

    def credential(self, setting: ForeignSetting, stem: str, *, own_server: bool) -> str:
        """A key as a config names it; empty where what stands there is none.

        Args:
            setting: The key, or the variable that holds it.
            stem: A variable to name after it, such as ``CORP_API_KEY``.
            own_server: Whether it is for a server of the user's own, which may need none.
        """
        if name := self.variable(setting):
            self.carrying.carry(setting)
            return self._of_section(name)
        secret = setting.text
        if own_server and (secret.lower() in _NO_KEYS or _is_server_name(secret.lower())):
            self.carrying.change(setting, "what stands there is no key, so none is sent")
            return ""
        if not secret:
            self.carrying.leave(setting, _NO_KEY)
            return ""
        if self.keeps_keys and _is_literal(secret):
            self.carrying.carry(setting)
            return secret
        entry = self._made_up(secret, stem)
        self._tell_of_key(setting, entry.removeprefix("env:"))
        return entry

    def _of_section(self, name: str) -> str:
        """The variable of a key; what the file sets it to is the key itself."""
        own = self.section.get(name)
        if own is not None and own.text and not self.variable(own):
            if self.keeps_keys and _is_literal(own.text):
                self.carrying.carry(own)
                return own.text
            self._tell_of_key(own, name)
        return f"env:{name}"

    def _tell_of_key(self, setting: ForeignSetting, name: str) -> None:
        self.carrying.change(
            setting,
            f"the key is not copied; the config reads {name}",
            f"set {name} to what stands there, or import with --keep-keys",
        )

    def _made_up(self, secret: str, stem: str) -> str:
        if secret not in self.made_up:
            name = stem
            while name in self.names:
                self.numbers[stem] = self.numbers.get(stem, 1) + 1
                name = f"{stem}_{self.numbers[stem]}"
            self.names.add(name)
            self.made_up[secret] = name
        return f"env:{self.made_up[secret]}"

    # Addresses.

    def address(self, setting: ForeignSetting, foreign: ForeignProvider) -> str | Unwanted:
        """An address as ``base_url``, empty for the vendor's own; or why it is none."""
        text = self.resolved(setting)
        if text is None:
            name = self.variable(setting)
            return Unwanted(
                f"its address stands in the variable {name}, which is not set",
                "set it and import again, since a base_url is written out",
            )
        cleaned = _completed(str(text).strip().rstrip("/"), foreign)
        try:
            found = scalars.base_url(cleaned)
        except NotAllowed:
            return Unwanted("its address is none such as https://llm.corp/v1")
        parts = urlsplit(found)
        if parts.query or parts.fragment:
            mark = "a query" if parts.query else "a part after '#'"
            what = f"its address holds {mark}, which may be a key"
            return Unwanted(what, "write base_url yourself")
        known = foreign.known
        return "" if known is not None and found == known.base_url else found

    def carry_address(self, setting: ForeignSetting | None) -> None:
        """Note an address as carried over, once all else allows it."""
        if setting is not None and self.variable(setting):
            what = "the variable is not looked up later: its value of now is written"
            self.carrying.change(setting, what)
        else:
            self.carrying.carry(setting)

    # Headers.

    def headers(self, setting: ForeignSetting | None, provider: str) -> dict[str, str]:
        """The headers that may be written; for those that may be secrets a variable is named."""
        listed = setting.table if setting is not None else {}
        found = {name: self._header(name, one, provider) for name, one in listed.items()}
        return {name: value for name, value in found.items() if value is not None}

    def _header(self, name: str, setting: ForeignSetting, provider: str) -> str | None:
        if not is_header(name, setting.value):
            self.carrying.leave(setting, _BAD_HEADER)
            return None
        if self._is_secret(name, setting):
            what = "the value of a header may be a secret, and is not copied"
            fix = f"set {headers_variable(provider)}='{name}: …', one a line"
            self.carrying.leave(setting, Unwanted(what, fix))
            return None
        self.carrying.carry(setting)
        return setting.text

    def _is_secret(self, name: str, value: ForeignSetting) -> bool:
        lower = name.lower()
        speaks = lower in _SPEAKING or lower.endswith(("-version", "-beta"))
        speaks = speaks or (len(value.text) < _SHORTEST_SECRET and lower not in AUTHENTICATING)
        has_reference = self.reference.search(value.text) is not None
        return has_reference or not (speaks or self.keeps_keys)

    # Numbers and tables.

    def seconds(self, setting: ForeignSetting | None) -> str | None:
        """A duration as a config writes it; ``None`` where there is none."""
        found: str | None = self._number(
            setting, scalars.seconds, "a duration above 0, in seconds", written
        )
        return found

    def whole(self, setting: ForeignSetting | None, *, least: int = 1) -> int | None:
        """A whole number of ``least`` or more; ``None`` where there is none."""

        def read(value: Any) -> int:
            if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
                raise NotAllowed("")
            if not least <= value < 2**53:
                raise NotAllowed("")
            return int(value)

        found: int | None = self._number(setting, read, f"a whole number, {least} or more", int)
        return found

    def _number(
        self,
        setting: ForeignSetting | None,
        read: Callable[[Any], Any],
        allowed: str,
        write: Callable[[Any], Any],
    ) -> Any:
        if setting is None:
            return None
        value = self.resolved(setting)
        if isinstance(value, str):
            value = _numeral(value)
        try:
            found = write(read(value))
        except (NotAllowed, OverflowError, ValueError):
            self.carrying.leave(setting, f"cannot be used; allowed: {allowed}")
            return None
        self.carrying.carry(setting)
        return found

    def override(self, setting: ForeignSetting) -> Any:
        """A field of a request as TOML can say it; ``None`` where it cannot."""
        value = setting.plain()
        try:
            sayable = checked({"value": value})["value"]
        except NotJson:
            sayable = None
        if sayable is None or has_null(sayable):
            self.carrying.leave(setting, _NO_WORD)
            return None
        return sayable


def _is_server_name(text: str) -> bool:
    """Whether it names a server that needs no key, which stands there for want of one."""
    return any(
        text in (one.name, one.name.replace("-", ""), *one.aliases)
        for one in CATALOGUE.values()
        if one.keyless
    )


def is_header(name: str, value: Any) -> bool:
    """Whether a config may name a header so."""
    try:
        scalars.headers({name: value})
    except NotAllowed:
        return False
    return True


def has_null(value: Any) -> bool:
    """Whether a value holds a null, which TOML has not."""
    if isinstance(value, dict):
        return any(map(has_null, value.values()))
    return value is None or (isinstance(value, list) and any(map(has_null, value)))


def written(seconds: float) -> str | float:
    """A duration as a config writes it: ``"600s"``."""
    text = str(int(seconds)) if seconds == int(seconds) else repr(seconds)
    return f"{text}s" if _EXACT.fullmatch(text) else seconds


def _numeral(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _completed(text: str, foreign: ForeignProvider) -> str:
    """An address without a dialect's path at its end, and with the version that it lacks."""
    text = text.removesuffix(_KEY_PATH).rstrip("/")
    try:
        path = urlsplit(text).path
    except ValueError:
        return text
    return text if path else text + foreign.path


def _is_literal(secret: str) -> bool:
    """Whether a config takes a text as the key itself, and not as where to find one."""
    if secret.partition(":")[0] in ("env", "file", "command", "keyring"):
        return False
    pool = credentials.resolve([secret], "", {}, Path(), reads=False)
    return bool(pool.credentials)


def shown_name(name: str, otherwise: str) -> str:
    """A name of the file, for a message; ``otherwise`` where it is too long, or cannot be shown."""
    return name if name.isprintable() and len(name) <= _LONGEST_NAME else otherwise


def key_stem(foreign: ForeignProvider | None, name: str) -> str:
    """The variable to name after a provider's key."""
    if foreign is not None and foreign.variable:
        return foreign.variable
    return f"{variable_name(name)}_API_KEY"
