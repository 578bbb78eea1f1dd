"""The table ``[gateway]`` of the config, for commands that need no more of it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from orchestrator.cli.context import require_config
from orchestrator.cli.exit_codes import UsageError
from orchestrator.config import loading
from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.config.errors import ConfigError, Problem, nearest
from orchestrator.gateway.key_file import ANY
from orchestrator.vendors import CATALOGUE


def keys_path(config: Path | None) -> Path:
    """The key file that the config names; relative to the config's folder.

    The config is read as it is written: keys of callers are made before those of providers are
    set, and where they never are.

    Raises:
        ConfigError: There is no config, or it cannot be read.
        UsageError: It names no key file.
    """
    require_config(config, "; `--keys keys.json` needs none")
    file, document = _read(config)
    table = document.get("gateway", {})
    named = table.get("keys") if isinstance(table, dict) else None
    if not isinstance(named, str) or not named:
        raise UsageError(
            f'{file} names no key file; write [gateway] and below it keys = "keys.json", '
            "or name one with --keys"
        )
    return file.parent / Path(named).expanduser()


def unknown_routes(config: Path | None, routes: Iterable[str]) -> Iterator[str]:
    """What is wrong with names that a key is to ask for, a line each; nothing without a config.

    Args:
        config: The config that the user names.
        routes: Routes, ``provider/model``, or the beginning of such names and a ``*``.

    Raises:
        ConfigError: It cannot be read.
    """
    if loading.find(config) is None:
        return
    file, document = _read(config)
    known = [*_table(document, "routes"), DEFAULT_ROUTE]
    providers = dict.fromkeys([*_table(document, "providers"), *CATALOGUE])
    for name in routes:
        provider, slash, _ = name.partition("/")
        if name.endswith(ANY) and any(one.startswith(name[:-1]) for one in (*known, *providers)):
            continue
        if slash and provider not in providers:
            yield f"{name!r} names no provider of {file}{nearest(provider, providers)}"
        elif not slash and name not in known:
            yield f"{name!r} is no route of {file}{nearest(name, known)}"


def _read(config: Path | None) -> tuple[Path, dict[str, Any]]:
    """The config as it is written, and where.

    Raises:
        ConfigError: It cannot be read.
    """
    file = loading.find(config)
    assert file is not None  # noqa: S101 - it was required
    try:
        return file, tomllib.loads(file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), [Problem("", str(error))]) from None


def _table(document: Mapping[str, Any], name: str) -> Iterable[str]:
    """The names in a table, whatever stands in its place."""
    table = document.get(name)
    return table if isinstance(table, dict) else ()
