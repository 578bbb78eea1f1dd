"""What comes of a file of another tool."""

from __future__ import annotations

from typing import Any

import attrs

from orchestrator.importing.carrying import Carrying, ImportFinding
from orchestrator.importing.draft import ConfigBuilder


@attrs.frozen
class Imported:
    """A config, and what became of each setting of the file that it was made of.

    Attributes:
        document: The config, as TOML gives it. It may hold keys, if they were to be kept.
        settings: How many values the file has.
        carried: How many of them are carried over.
        apart: How many of the others are missed by nobody.
        findings: What a person should know, by line.
    """

    document: dict[str, Any] = attrs.field(repr=False)
    settings: int
    carried: int
    apart: int
    findings: tuple[ImportFinding, ...]

    @classmethod
    def of(cls, builder: ConfigBuilder, carrying: Carrying) -> Imported:
        """What was collected, once all of the file was looked at."""
        findings = sorted(carrying.findings, key=lambda one: one.line)
        return cls(
            builder.finish(), carrying.settings, carrying.carried, carrying.apart, tuple(findings)
        )

    @property
    def left(self) -> int:
        """How many settings are not carried over, and missed."""
        return self.settings - self.carried - self.apart
