"""Configs of other tools, converted, for tests to look at what came of them."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from textwrap import dedent
from typing import Any

import attrs

from orchestrator.config.config import Config
from orchestrator.importing.carrying import ImportFinding, ImportLevel
from orchestrator.importing.hermes import convert_hermes
from orchestrator.importing.litellm import convert_litellm
from orchestrator.importing.result import Imported
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.toml_text import write_toml
from orchestrator.importing.yaml_text import read_yaml
from orchestrator.lab.simulation.loading import loads

Convert = Callable[..., Imported]


@attrs.frozen
class Converted:
    """What comes of a file.

    Attributes:
        imported: The result.
        text: Its config as TOML.
    """

    imported: Imported
    text: str

    @property
    def document(self) -> dict[str, Any]:
        """The config as TOML gives it back."""
        return tomllib.loads(self.text)

    @property
    def config(self) -> Config:
        """The config as it is used."""
        return loads(self.text, {}).config

    def told(self, level: ImportLevel = ImportLevel.LEFT) -> dict[str, str]:
        """What is said by path, with what to do."""
        found = (one for one in self.imported.findings if one.level is level)
        return {one.where: f"{one.what}; {one.fix}" for one in found}

    def at(self, where: str) -> ImportFinding:
        """The one finding of a path."""
        (found,) = (one for one in self.imported.findings if one.where == where)
        return found


def litellm(text: str, environ: Mapping[str, str] | None = None, **options: Any) -> Converted:
    return converted(convert_litellm, dedent(text).encode(), environ or {}, **options)


def hermes(text: str, environ: Mapping[str, str] | None = None, **options: Any) -> Converted:
    return converted(convert_hermes, dedent(text).encode(), environ or {}, **options)


def converted(
    convert: Convert, text: bytes, environ: Mapping[str, str], **options: Any
) -> Converted:
    imported = convert(read_yaml(text), environ, **options)
    return Converted(imported, write_toml(imported.document, "made for a test", {}))


def leaves(root: ForeignSetting) -> Iterator[ForeignSetting]:
    """The values of a file that say something, each once."""
    return iter({leaf.origin: leaf for leaf in root.leaves()}.values())


def unexplained(found: Converted, root: ForeignSetting) -> int:
    """How many values that are not carried over stand below no finding that says so."""
    imported = found.imported
    places = {one.where for one in imported.findings if one.level is not ImportLevel.CHANGED}
    below = {
        leaf.origin
        for leaf in root.leaves()
        if any(leaf.where == one or leaf.where.startswith((f"{one}.", f"{one}[")) for one in places)
    }
    return max(0, imported.left + imported.apart - len(below))
