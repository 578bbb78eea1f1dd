"""A config in the making: what is known so far, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config.errors import Problem
from orchestrator.config.records import Provider
from orchestrator.config.tables import Document


@attrs.define
class Draft:
    """The one mutable value of the room.

    Attributes:
        document: The file, structured.
        table: The file as TOML gave it, for what was said and what was not.
        environ: Where variables are looked up.
        folder: Where relative paths begin.
        problems: What is wrong; any makes the config refused.
        warnings: What is passed over.
        providers: Those that are resolved.
        headers: What the environment adds, by provider.
        passed_over: By route, the names of targets without a credential, in order.
    """

    document: Document
    table: Mapping[str, Any]
    environ: Mapping[str, str]
    folder: Path
    problems: list[Problem]
    warnings: list[Problem] = attrs.field(factory=list)
    providers: dict[str, Provider] = attrs.field(factory=dict)
    headers: Mapping[str, Mapping[str, str]] = attrs.field(factory=dict)
    passed_over: dict[str, dict[str, None]] = attrs.field(factory=dict)

    def warn(self, where: str, what: str, fix: str = "") -> None:
        """Note what is passed over, and what to do about it."""
        self.warnings.append(Problem(where, what, fix))

    def refuse(self, where: str, what: str) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(where, what))
