"""A file of another tool as a tree of settings, each with its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

import attrs

Scalar: TypeAlias = str | int | float | bool | None
"""A value without parts."""

Plain: TypeAlias = Scalar | list["Plain"] | dict[str, "Plain"]
"""A value as JSON has it."""


@attrs.frozen(eq=False)
class ForeignSetting:
    """One value of the file, with all that stands in it.

    Attributes:
        path: The keys and indices that lead to it.
        line: Where it stands, from 1.
        origin: What tells it from other values of the file: one that an anchor puts in several
            places is one.
        value: A scalar, a list, or a mapping.
    """

    path: tuple[str | int, ...]
    line: int
    origin: int
    value: Scalar | list[ForeignSetting] | dict[str, ForeignSetting] = attrs.field(repr=False)

    @property
    def where(self) -> str:
        """The path as text: ``model_list[0].litellm_params.model``."""
        words = ""
        for step in self.path:
            words += f"[{step}]" if isinstance(step, int) else f".{step}"
        return words.removeprefix(".")

    @property
    def table(self) -> dict[str, ForeignSetting]:
        """What stands in it by key; nothing where it is no mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def entries(self) -> list[ForeignSetting]:
        """What stands in it in order; nothing where it is no list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def text(self) -> str:
        """The text that it is, without blanks around it; empty where it is none."""
        return self.value.strip() if isinstance(self.value, str) else ""

    @property
    def is_blank(self) -> bool:
        """Whether it says nothing: null, an empty text, list or mapping."""
        return self.value is None or (not self.value and isinstance(self.value, str | list | dict))

    def get(self, *keys: str) -> ForeignSetting | None:
        """The first of ``keys`` that stands in it and says something, or ``None``."""
        found = (self.table.get(key) for key in keys)
        return next((one for one in found if one is not None and not one.is_blank), None)

    def leaves(self) -> Iterator[ForeignSetting]:
        """The values without parts that say something."""
        if not isinstance(self.value, dict | list):
            if not self.is_blank:
                yield self
            return
        for part in (*self.table.values(), *self.entries):
            yield from part.leaves()

    def plain(self) -> Plain:
        """It without its places."""
        if isinstance(self.value, dict):
            return {key: one.plain() for key, one in self.value.items()}
        if isinstance(self.value, list):
            return [one.plain() for one in self.value]
        return self.value
