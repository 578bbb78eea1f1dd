"""``orchestrator import``: a config from one of another tool, and what is not in it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
from cyclopts import Parameter

from orchestrator.cli.config_file import write_config
from orchestrator.cli.context import program_name
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.inputs import STANDARD_INPUT, check_writable, read_bytes
from orchestrator.cli.render_import import finding_lines, summary
from orchestrator.cli.screen import Screen
from orchestrator.config.errors import ConfigError
from orchestrator.extras import how_to_install
from orchestrator.importing.result import Imported
from orchestrator.importing.toml_text import write_toml
from orchestrator.lab.simulation.loading import loads

_SWITCH = Parameter(negative="", show_default=False)

_HEAD = """\
Written by `orchestrator import {0} {1}`, which carried over {2} of its {3} settings.
Keys stay where they are: "env:NAME" names a variable and is no secret."""
_HEAD_WITH_KEYS = """\
Written by `orchestrator import {0} {1}`, which carried over {2} of its {3} settings.
It holds keys that stood in that file: keep it to yourself."""

_COMMENTS = {"routes.default": "asked where a request names no model"}

Tool = Literal["litellm", "hermes"]


def import_config(
    tool: Tool,
    file: Annotated[str, Parameter(allow_leading_hyphen=True)],  # "-" is standard input
    /,
    *,
    output: Annotated[Path | None, Parameter(name=["--output", "-o"])] = None,
    force: Annotated[bool, _SWITCH] = False,
    keep_keys: Annotated[bool, _SWITCH] = False,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Write a config from one of LiteLLM's proxy or of Hermes.

    The config goes to stdout; what is not in it, or in other words, to stderr with its line.

    Parameters
    ----------
    tool
        Whose config it is: litellm or hermes.
    file
        The YAML file; - is standard input.
    output
        Write the config to this file instead.
    force
        Write over a file that is there.
    keep_keys
        Copy keys that stand in the file, in place of variables for them. Needs --output.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        if file.startswith("-") and file != STANDARD_INPUT:
            raise UsageError(f"unknown option {file!r:.80}; a file of that name is ./{file:.80}")
        if keep_keys and output is None:
            raise UsageError("--keep-keys needs --output FILE: keys belong in a file, not here")
        if force and output is None:
            raise UsageError("--force needs --output FILE")
        if output is not None:
            _check_output(output, file)
        imported = _converted(tool, file, keep_keys=keep_keys)
        if not json:
            _show_findings(screen, file, imported)
        text, unset = _text(tool, file, imported, keep_keys=keep_keys)
        if output is not None:
            write_config(output, text, force=force)
        if json:
            screen.json(_mapping(tool, file, output, text, unset, imported))
        else:
            _tell(screen, output, text, unset)
    return DONE


def _check_output(output: Path, file: str) -> None:
    """Notice before the work that its result cannot be written.

    Raises:
        UsageError: It may not be, or it would be written over what is read.
    """
    check_writable(output)
    if output.exists() and Path(file).exists() and output.samefile(file):
        raise UsageError(f"{output}: it is the file that is read; name another")


def _converted(tool: Tool, file: str, *, keep_keys: bool) -> Imported:
    """What comes of the file.

    Raises:
        UsageError: It cannot be read.
        OSError: The same.
    """
    try:
        from orchestrator.importing.hermes import convert_hermes
        from orchestrator.importing.litellm import convert_litellm
        from orchestrator.importing.yaml_text import LARGEST, UnreadableYaml, read_yaml
    except ModuleNotFoundError as error:
        if error.name != "yaml":
            raise
        raise UsageError(f"reading YAML needs an extra: {how_to_install('yaml')}") from None
    try:
        root = read_yaml(read_bytes(file, LARGEST + 1))
    except UnreadableYaml as error:
        place = _shown(file) if error.line is None else f"{_shown(file)}:{error.line}"
        raise UsageError(f"{place}: {error.why}") from None
    convert = {"litellm": convert_litellm, "hermes": convert_hermes}[tool]
    return convert(root, os.environ, keeps_keys=keep_keys)


def _text(
    tool: Tool, file: str, imported: Imported, *, keep_keys: bool
) -> tuple[str, Sequence[str]]:
    """The config, which was loaded once to see that it does, and the variables that are to be set.

    Raises:
        UsageError: It does not, or it asks nobody.
    """
    document = imported.document
    if not (document.get("routes") or document.get("providers")):
        raise UsageError(
            f"{_shown(file)} names nobody who can be asked here, so there is no config to write"
        )
    head = _HEAD_WITH_KEYS if keep_keys else _HEAD
    words = head.format(tool, _shown(file), imported.carried, imported.settings)
    text = write_toml(document, words, _COMMENTS)
    try:
        return text, loads(text).stand_ins
    except ConfigError as error:
        problems = "; ".join(str(one) for one in error.problems)
        raise UsageError(f"what comes of {_shown(file)} cannot be used: {problems}") from None


def _shown(file: str) -> str:
    return "standard input" if file == STANDARD_INPUT else file


def _show_findings(screen: Screen, file: str, imported: Imported) -> None:
    for line in finding_lines(imported.findings):
        screen.say(line)
    screen.say(f"{_shown(file)}: {summary(imported)}")


def _tell(screen: Screen, output: Path | None, text: str, unset: Sequence[str]) -> None:
    if unset:
        screen.say(f"to be set before it is used: {', '.join(unset)}")
    if output is None:
        screen.text(text)
        return
    screen.result(f"wrote {output}")
    screen.result(f"next: read it, then `{program_name()} check --config {output}`")


def _mapping(
    tool: Tool,
    file: str,
    output: Path | None,
    text: str,
    unset: Sequence[str],
    imported: Imported,
) -> dict[str, Any]:
    return {
        "tool": tool,
        "source": file,
        "path": None if output is None else str(output),
        # A file may hold keys, and whoever wants its text can read it.
        "config": text if output is None else None,
        "settings": imported.settings,
        "carried": imported.carried,
        "left": imported.left,
        "apart": imported.apart,
        "unset": list(unset),
        "findings": [attrs.asdict(one) for one in imported.findings],
    }
