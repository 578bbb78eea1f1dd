"""The config to simulate, read so that no key is needed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

import attrs

from orchestrator.config import loading as configuration
from orchestrator.config.config import Config
from orchestrator.vendors import CATALOGUE

_VARIABLE = re.compile(r"""["']env:\s*([^"'\s]+)\s*["']""")


@attrs.frozen
class Loaded:
    """A config, and what stands in for keys that are not here.

    Attributes:
        config: As calls would use it; of :func:`load`, with a health board and a ledger of its own.
        stand_ins: The variables that are not set, for which made-up keys stand in.
    """

    config: Config
    stand_ins: tuple[str, ...]


def load(path: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Loaded:
    """The config that is found, with a made-up key for each variable that is not set.

    A simulation sends nothing, so a policy can be checked where the keys are not: in a
    review, in CI. No file or keyring is read for a key, and no command of the config is run.

    Raises:
        ConfigError: There is none, or something in it is wrong.
    """
    return _apart(load_as_written(path, environ))


def loads(text: str, environ: Mapping[str, str] | None = None) -> Loaded:
    """The same for a config's text.

    Raises:
        ConfigError: Something in it is wrong.
    """
    environ = os.environ if environ is None else environ
    made_up = stand_ins(text, environ)
    return _apart(_loaded(configuration.loads(text, {**environ, **made_up}, reads=False), made_up))


def load_as_written(
    path: str | Path | None = None, environ: Mapping[str, str] | None = None
) -> Loaded:
    """The same with the health board and the ledger that real calls share.

    Raises:
        ConfigError: There is none, or something in it is wrong.
    """
    environ = os.environ if environ is None else environ
    file = configuration.find(path, environ)
    if file is None or not file.is_file():
        return Loaded(configuration.load(path, environ, reads=False), ())
    made_up = stand_ins(file.read_bytes().decode("utf-8", "replace"), environ)
    return _loaded(configuration.load(file, {**environ, **made_up}, reads=False), made_up)


def _loaded(config: Config, made_up: Mapping[str, str]) -> Loaded:
    used = {
        credential.source
        for provider in config.providers.values()
        for credential in provider.credentials
    }
    return Loaded(config, tuple(name for name in made_up if f"env:{name}" in used))


def _apart(loaded: Loaded) -> Loaded:
    return attrs.evolve(loaded, config=attrs.evolve(loaded.config, health="memory", ledger=None))


def stand_ins(text: str, environ: Mapping[str, str]) -> dict[str, str]:
    """A made-up key for each variable that ``text`` names, or implies, and that is not set."""
    named = _VARIABLE.findall(text)
    implied = [
        entry.keys[0]
        for entry in CATALOGUE.values()
        if entry.keys and not entry.keyless and not any(environ.get(key) for key in entry.keys)
    ]
    return {
        name: f"made-up-{number}"
        for number, name in enumerate(dict.fromkeys((*named, *implied)), 1)
        if not environ.get(name, "").strip()
    }
