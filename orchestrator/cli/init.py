"""``orchestrator init``: a commented config from the keys found in the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from orchestrator.cli.config_file import write_config
from orchestrator.cli.context import program_name
from orchestrator.cli.exit_codes import DONE, exit_on_error
from orchestrator.cli.screen import Screen
from orchestrator.config.loading import FILE
from orchestrator.config.starter import starter
from orchestrator.vendors import CATALOGUE


def init(
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path(FILE),
    force: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    json: Annotated[bool, Parameter(negative="", show_default=False)] = False,
) -> int:
    """Write a commented config from the keys found in the environment.

    Parameters
    ----------
    output
        The file to write.
    force
        Write over a file that is there.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        text = starter(os.environ)
        write_config(output, text, force=force)
        keys = _keys()
        if json:
            screen.json({"path": str(output), "keys": keys})
        else:
            _tell(screen, output, keys)
    return DONE


def _keys() -> dict[str, str]:
    """The variables that are set, by the provider whose key each holds."""
    found = {
        name: next((key for key in provider.keys if os.environ.get(key)), None)
        for name, provider in CATALOGUE.items()
    }
    return {name: key for name, key in found.items() if key is not None}


def _tell(screen: Screen, path: Path, keys: dict[str, str]) -> None:
    screen.result(f"wrote {path}")
    for name, key in keys.items():
        screen.result(f"  found ${key}, so {name} is in it")
    if not keys:
        screen.result("  found no key in the environment: until the file names one, it asks ollama")
    program = program_name()
    screen.result(f"next: read it, then `{program} check`, then `{program} run hello`")
