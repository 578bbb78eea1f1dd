"""Where a config is found, and how its text becomes a :class:`Config`."""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem
from orchestrator.secrets import mask
from orchestrator.vendors import CATALOGUE

APP = "orchestrator"
"""The name of this project's folder among the user's config folders."""

FILE = "orchestrator.toml"
"""The file's name, in the working directory and in the user's config folder."""

IN_CODE = "config in code"
"""What a config is called that no file holds."""

VARIABLE = "ORCHESTRATOR_CONFIG"
"""The environment variable that names another file."""

DIGEST = 12
"""Hexadecimal digits that tell texts of a config apart: two of a million differ by 1 in 10^8."""


def find(
    path: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    folders: tuple[Path, ...] | None = None,
) -> Path | None:
    """The config file to read: ``path``, ``$ORCHESTRATOR_CONFIG``, or the first that exists.

    Args:
        path: Named by the user; it need not exist.
        environ: The environment; the process's own unless given.
        folders: Where to look; the working directory and the user's config folder
            unless given.

    Returns:
        The file, or ``None`` where nothing names one and none exists.
    """
    environ = os.environ if environ is None else environ
    named = path if path is not None else environ.get(VARIABLE)
    if named:
        return Path(named).expanduser()
    if folders is None:
        folders = (Path(), user_folder())
    return next((folder / FILE for folder in folders if (folder / FILE).is_file()), None)


def user_folder() -> Path:
    """The user's config folder."""
    import platformdirs  # it loads tempfile and shutil, for who looks for a file alone

    return platformdirs.user_config_path(APP)


def load(
    path: str | Path | None = None,
    environ: Mapping[str, str] | None = None,
    *,
    reads: bool = True,
) -> Config:
    """The config that is found (see :func:`find`); ``reads`` as for :func:`loads`.

    Raises:
        ConfigError: There is none, it cannot be read, or something in it is wrong.
    """
    environ = os.environ if environ is None else environ
    file = find(path, environ)
    if file is None:
        raise no_config()
    return loads(_text(file), environ, file, reads=reads)


def loads(
    text: str,
    environ: Mapping[str, str] | None = None,
    source: Path | str = "<text>",
    *,
    reads: bool = True,
) -> Config:
    """The config in ``text``.

    Args:
        text: TOML.
        environ: Where variables are looked up; the process's own unless given.
        source: The file it came from, beside which relative paths in it lie; or a
            name for errors.
        reads: False where nothing is sent, as in a simulation: no file, command or keyring is
            read for a secret, and a made-up one stands in.

    Raises:
        ConfigError: Something in it is wrong; all problems are listed.
    """
    from orchestrator.config.resolve import resolve  # cattrs takes 60 ms to import

    environ = os.environ if environ is None else environ
    folder = source.parent if isinstance(source, Path) else Path()
    try:
        config = resolve(toml_table(text, source), environ, source, folder, reads=reads)
    except ConfigError as error:
        raise ConfigError(error.source, _with_lines(text, error.problems)) from None
    digest = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:DIGEST]
    return attrs.evolve(config, warnings=_with_lines(text, config.warnings), digest=digest)


def _with_lines(text: str, problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    if not problems:
        return problems
    from orchestrator.config.line_numbers import with_lines  # most configs are sound

    return with_lines(text, problems)


def from_mapping(
    table: Mapping[str, Any],
    environ: Mapping[str, str] | None = None,
    *,
    needs_routes: bool = True,
) -> Config:
    """The config in ``table``: what a file would hold, made in code.

    Args:
        table: The same keys as the file; mappings are tables, lists and tuples are lists.
        environ: Where variables are looked up; the process's own unless given.
        needs_routes: False where calls may name their targets themselves, and nobody else.

    Raises:
        ConfigError: Something in it is wrong; all problems are listed.
    """
    from orchestrator.config.resolve import resolve  # see loads

    environ = os.environ if environ is None else environ
    return resolve(_written(table), environ, IN_CODE, Path(), needs_routes=needs_routes)


def providers_named(config: Config, wanted: str | Sequence[str]) -> Iterator[str]:
    """The providers of the targets that ``wanted`` names besides routes of ``config``."""
    names = (wanted,) if isinstance(wanted, str) else wanted
    return (name.partition("/")[0] for name in names if name not in config.routes)


def has_key(provider: str, environ: Mapping[str, str] | None = None) -> bool:
    """Whether a variable is set that holds a key of this known provider."""
    environ = os.environ if environ is None else environ
    return any(environ.get(variable) for variable in CATALOGUE[provider].keys)


def with_implied(
    config: Config, names: Sequence[str], environ: Mapping[str, str] | None = None
) -> Config:
    """``config`` with known providers besides, whose addresses and key variables are known too.

    Args:
        config: What was read.
        names: Names of the catalogue.
        environ: Where their keys are looked up; the process's own unless given.

    Raises:
        ConfigError: What the environment says of one cannot be used.
    """
    from orchestrator.config.resolve import implied  # see loads

    found = implied(names, os.environ if environ is None else environ)
    providers = {
        name: attrs.evolve(
            one, largest_answer=config.largest_answer, retry_budget=config.retry_budget
        )
        for name, one in found.items()
    }
    return attrs.evolve(config, providers={**config.providers, **providers})


def no_config() -> ConfigError:
    """What is raised where nothing says whom to ask."""
    places = f"./{FILE}, {user_folder() / FILE}"
    what = (
        f"there is no config (looked for --config, ${VARIABLE}, {places}); `orchestrator init` "
        "writes one from the keys in the environment; a call that names its targets, by "
        'route=["openai/gpt-5-mini"] or --route, needs none'
    )
    return ConfigError("", [Problem("", what)])


def _written(value: Any) -> Any:
    """``value`` with the mappings and sequences of TOML in place of others."""
    if isinstance(value, Mapping):
        return {name: _written(one) for name, one in value.items()}
    return [_written(one) for one in value] if isinstance(value, list | tuple) else value


def toml_table(text: str, source: Path | str) -> dict[str, Any]:
    """What stands in ``text``, whatever it means.

    Args:
        text: TOML.
        source: What it is called in errors.

    Raises:
        ConfigError: It is no TOML.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:
        from orchestrator.config.line_numbers import line_of_error  # see _with_lines

        # The text names line and column: "... (at line 3, column 7)".
        problem = Problem("", f"not TOML: {mask(str(error))}", line=line_of_error(error))
        raise ConfigError(str(source), [problem]) from None
    except ValueError:
        # The one that tomllib lets through (Python 3.11 to 3.14): an int of over 4,300 digits.
        raise ConfigError(str(source), [Problem("", "not TOML: a number is too long")]) from None
    except RecursionError:
        raise ConfigError(str(source), [Problem("", "not TOML: nested too deeply")]) from None


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except FileNotFoundError:
        what = "there is no such file; `orchestrator init` writes one"
    except UnicodeDecodeError as error:
        what = f"not UTF-8 text (at byte {error.start})"
    except OSError as error:
        what = f"cannot be read: {error.strerror or error}"
    raise ConfigError(str(file), [Problem("", what)])
