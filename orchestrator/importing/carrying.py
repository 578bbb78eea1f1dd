"""What of a file was carried over, and what was not: each of its values once."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from functools import cache

import attrs

from orchestrator.importing.settings import Setting


class ImportLevel(enum.StrEnum):
    """What became of a setting that a person should know about.

    Attributes:
        CHANGED: It is carried over, but not word for word, or something is to be done.
        LEFT: It is not carried over, and something is lost, or must be said in another way.
        APART: It says what the other tool does besides calls of models; nothing is lost.
    """

    CHANGED = "changed"
    LEFT = "left"
    APART = "apart"


@attrs.frozen
class ImportFinding:
    """One thing that a person should know of what became of the file.

    Attributes:
        level: What became of it.
        where: The path of the setting; of several, the first.
        line: The line at which it stands.
        what: What became of it, and why; without any value of the file but names.
        fix: What to do instead; empty where that is nothing.
    """

    level: ImportLevel
    where: str
    line: int
    what: str
    fix: str = ""


class Carrying:
    """The two lists, while a file is converted. What is in neither at the end is left.

    Attributes:
        findings: What a person should know, in the order in which it was found.
    """

    def __init__(self, root: Setting) -> None:
        self.findings: list[ImportFinding] = []
        self._root = root
        self._carried: set[int] = set()
        self._left: set[int] = set()

    @property
    def settings(self) -> int:
        """How many values the file has; one that an anchor repeats is one."""
        return len({leaf.origin for leaf in self._root.leaves()})

    @property
    def carried(self) -> int:
        """How many of them are carried over."""
        return len(self._carried)

    @property
    def left(self) -> int:
        """How many of them are not."""
        return len(self._left)

    def carry(self, *settings: Setting | None) -> None:
        """Note settings as carried over, with all that stands in them."""
        for setting in settings:
            if setting is not None:
                self._carried |= {leaf.origin for leaf in setting.leaves()} - self._left

    def change(self, setting: Setting, what: str, fix: str = "") -> None:
        """Note a setting as carried over in other words, and say which."""
        self.carry(setting)
        self.tell(setting, what, fix)

    def tell(self, setting: Setting, what: str, fix: str = "") -> None:
        """Say something of what is carried over."""
        self._add(ImportLevel.CHANGED, setting, what, fix)

    def leave(self, setting: Setting | None, what: str, fix: str = "") -> None:
        """Note a setting as not carried over, but for those of its parts that are."""
        self._take(ImportLevel.LEFT, setting, what, fix)

    def set_apart(self, setting: Setting | None, what: str, fix: str = "") -> None:
        """Note a setting as one of the other tool's own."""
        self._take(ImportLevel.APART, setting, what, fix)

    def leave_rest(self, reasons: Mapping[str, tuple[str, str]], unknown: tuple[str, str]) -> None:
        """Note all that nobody has looked at.

        Args:
            reasons: By the last key of a path, why it is not carried over, and what to do.
            unknown: The same for any other.
        """
        for setting in self._untouched(self._root):
            for one in _by_reason(setting, reasons):
                keys = [step for step in one.path if isinstance(step, str)]
                what, fix = next((reasons[key] for key in reversed(keys) if key in reasons), unknown)
                self.leave(one, what, fix)

    def _untouched(self, setting: Setting) -> Iterator[Setting]:
        """The outermost settings of which no part is in either list."""
        seen = self._carried | self._left

        def untouched(one: Setting) -> Iterator[Setting]:
            if not any(leaf.origin in seen for leaf in one.leaves()):
                yield one
                return
            for part in (*one.table.values(), *one.entries):
                yield from untouched(part)

        parts = (*setting.table.values(), *setting.entries)
        yield from (found for part in parts for found in untouched(part))

    def _take(self, level: ImportLevel, setting: Setting | None, what: str, fix: str) -> None:
        if setting is None:
            return
        new = {leaf.origin for leaf in setting.leaves()} - self._carried - self._left
        if new:
            self._left |= new
            self._add(level, setting, what, fix)

    def _add(self, level: ImportLevel, setting: Setting, what: str, fix: str) -> None:
        finding = ImportFinding(level, setting.where, setting.line, what, fix)
        if finding not in self.findings:
            self.findings.append(finding)


def _by_reason(setting: Setting, reasons: Mapping[str, tuple[str, str]]) -> Iterator[Setting]:
    """The parts of a setting of which a reason is known, or the whole where none is."""

    @cache
    def has_reason(one: Setting) -> bool:
        return any(
            key in reasons or has_reason(part) for key, part in one.table.items()
        ) or any(map(has_reason, one.entries))

    if not has_reason(setting) or (setting.path and setting.path[-1] in reasons):
        yield setting
        return
    for part in (*setting.table.values(), *setting.entries):
        yield from _by_reason(part, reasons)
