"""The table ``[gateway]`` of the config, for commands that need no more of it."""

from __future__ import annotations

import tomllib
from pathlib import Path

from orchestrator.cli.context import require_config
from orchestrator.cli.exit_codes import UsageError
from orchestrator.config import loading
from orchestrator.config.errors import ConfigError, Problem


def keys_path(config: Path | None) -> Path:
    """The key file that the config names; relative to the config's folder.

    The config is read as it is written: keys of callers are made before those of providers are
    set, and where they never are.

    Raises:
        ConfigError: There is no config, or it cannot be read.
        UsageError: It names no key file.
    """
    require_config(config, "; `--keys keys.json` needs none")
    file = loading.find(config)
    assert file is not None  # noqa: S101 - it was required
    try:
        table = tomllib.loads(file.read_text("utf-8")).get("gateway", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), [Problem("", str(error))]) from None
    named = table.get("keys") if isinstance(table, dict) else None
    if not isinstance(named, str) or not named:
        raise UsageError(
            f'{file} names no key file; write [gateway] and below it keys = "keys.json", '
            "or name one with --keys"
        )
    return file.parent / Path(named).expanduser()
