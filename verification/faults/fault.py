"""A planted fault: what is changed in ``states/``, and who must name it."""

from __future__ import annotations

from pathlib import Path

import attrs

VERIFY, SPIN, TESTS = "verify", "spin", "tests"


@attrs.frozen
class Edit:
    """One exact piece of text that is replaced by another.

    Attributes:
        file: A file of ``states/``.
        old, new: The texts.
    """

    file: str
    old: str
    new: str


@attrs.frozen
class PlantedCallFault:
    """One fault.

    Attributes:
        name: Its short name.
        what: What was done, in one line.
        edits: The changes of ``states/``; none where the fault is planted elsewhere.
        by: Who names it: ``verify`` in CI, ``spin`` nightly, or ``tests``.
        where: Of a fault that ``verify`` does not name: the test that does.
        why: And why ``verify`` cannot.
    """

    name: str
    what: str
    edits: tuple[Edit, ...] = ()
    by: str = VERIFY
    where: str = ""
    why: str = ""


def edit(file: str, old: str, new: str) -> tuple[Edit, ...]:
    """One change."""
    return (Edit(file, old, new),)


def plant(fault: PlantedCallFault, states: Path) -> None:
    """Change the copy of ``states/`` in the folder ``states``.

    Raises:
        ValueError: A text to be replaced is not there, or more than once.
    """
    for one in fault.edits:
        path = states / one.file
        text = path.read_text("utf-8")
        if (count := text.count(one.old)) != 1:
            raise ValueError(
                f"{fault.name}: the text to replace stands {count} times in {one.file}: {one.old!r}"
            )
        path.write_text(text.replace(one.old, one.new), "utf-8")
