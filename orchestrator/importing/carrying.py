"""What of a file was carried over, and what was not: each of its values once."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterator, Mapping
from functools import cache

import attrs

from orchestrator.importing.settings import ForeignSetting


class ImportLevel(enum.StrEnum):
    """What became of a setting that a person should know about.

    Attributes:
        CHANGED: It is carried over, but not word for word, or something is to be done.
        LEFT: It is not carried over, and something is lost, or must be said in another way.
        APART: It is not carried over, and nothing is lost: it is the other tool's own affair, or
            there is nothing to be set.
    """

    CHANGED = "changed"
    LEFT = "left"
    APART = "apart"


@attrs.frozen
class ImportFinding:
    """One thing that a person should know of what became of the file.

    Attributes:
        level: What became of it.
        where: The path of the setting.
        line: The line at which it stands.
        what: What became of it, and why; without any value of the file but names.
        fix: What to do instead; empty where that is nothing.
        name: What the file calls it, such as a group of models; empty where its path says it.
    """

    level: ImportLevel
    where: str
    line: int
    what: str
    fix: str = ""
    name: str = ""


@attrs.frozen
class Unwanted:
    """Why a setting is not carried over.

    Attributes:
        what: Why.
        fix: What to do instead; empty where that is nothing.
        level: Whether something is lost.
    """

    what: str
    fix: str = ""
    level: ImportLevel = ImportLevel.LEFT

    def of(self, name: str) -> Unwanted:
        """The same with a name put in."""
        return Unwanted(self.what.format(name), self.fix, self.level)


class Carrying:
    """The two lists, while a file is converted. What is in neither at the end is left."""

    def __init__(self, root: ForeignSetting) -> None:
        self._findings: dict[ImportFinding, None] = {}
        self._root = root
        self._carried: set[int] = set()
        self._left: set[int] = set()
        self._apart: set[int] = set()

    @property
    def findings(self) -> tuple[ImportFinding, ...]:
        """What a person should know, each once, in the order in which it was found."""
        return tuple(self._findings)

    @property
    def settings(self) -> int:
        """How many values the file has that say something; one that an anchor repeats is one."""
        return len({leaf.origin for leaf in self._root.leaves()})

    @property
    def carried(self) -> int:
        """How many of them are carried over."""
        return len(self._carried)

    @property
    def apart(self) -> int:
        """How many of them are not carried over without a loss."""
        return len(self._apart)

    def carry(self, *settings: ForeignSetting | None) -> None:
        """Note settings as carried over, with all that stands in them."""
        for setting in settings:
            if setting is not None:
                self._carried |= {leaf.origin for leaf in setting.leaves()} - self._left

    def change(self, setting: ForeignSetting, what: str, fix: str = "", *, name: str = "") -> None:
        """Note a setting as carried over in other words, and say which."""
        self.carry(setting)
        self.tell(setting, what, fix, name=name)

    def tell(self, setting: ForeignSetting, what: str, fix: str = "", *, name: str = "") -> None:
        """Say something of what is carried over."""
        self._add(setting, Unwanted(what, fix, ImportLevel.CHANGED), name)

    def leave(self, setting: ForeignSetting | None, why: Unwanted | str, *, name: str = "") -> None:
        """Note a setting as not carried over, but for those of its parts that are."""
        if setting is None:
            return
        new = {leaf.origin for leaf in setting.leaves()} - self._carried - self._left
        if new:
            reason = Unwanted(why) if isinstance(why, str) else why
            self._left |= new
            if reason.level is ImportLevel.APART:
                self._apart |= new
            self._add(setting, reason, name)

    def leave_rest(
        self, reasons: Mapping[str, Unwanted], unknown: Unwanted, *, within: Collection[str] = ()
    ) -> None:
        """Note all that nobody has looked at.

        Args:
            reasons: Why it is not carried over, by the last key of a path that stands here.
            unknown: Why any other is not.
            within: The parts of the file for which ``reasons`` hold; all where there is none.
        """
        for setting in self._untouched(self._root):
            if within and setting.path[0] not in within:
                self.leave(setting, unknown)
                continue
            for one in _by_reason(setting, reasons):
                keys = [step for step in one.path if isinstance(step, str)]
                known = (reasons[key] for key in reversed(keys) if key in reasons)
                self.leave(one, next(known, unknown))

    def _untouched(self, setting: ForeignSetting) -> Iterator[ForeignSetting]:
        """The outermost settings of which no part is in either list."""
        seen = self._carried | self._left

        def untouched(one: ForeignSetting) -> Iterator[ForeignSetting]:
            leaves = {leaf.origin for leaf in one.leaves()}
            if leaves.isdisjoint(seen):
                if leaves:
                    yield one
                return
            for part in (*one.table.values(), *one.entries):
                yield from untouched(part)

        parts = (*setting.table.values(), *setting.entries)
        yield from (found for part in parts for found in untouched(part))

    def _add(self, setting: ForeignSetting, why: Unwanted, name: str) -> None:
        finding = ImportFinding(why.level, setting.where, setting.line, why.what, why.fix, name)
        self._findings[finding] = None


def _by_reason(
    setting: ForeignSetting, reasons: Mapping[str, Unwanted]
) -> Iterator[ForeignSetting]:
    """The parts of a setting of which a reason is known, or the whole where none is."""

    @cache
    def has_reason(one: ForeignSetting) -> bool:
        return any(key in reasons or has_reason(part) for key, part in one.table.items()) or any(
            map(has_reason, one.entries)
        )

    if not has_reason(setting) or (setting.path and setting.path[-1] in reasons):
        yield setting
        return
    for part in (*setting.table.values(), *setting.entries):
        yield from _by_reason(part, reasons)
