"""Which Promela stands for which function of the table: what ``model/`` defines for it by hand.

A guard ``g`` of the table that ships is the macro ``guard_g``, an effect or entry the inline of
its name. That is looked up by function: one of the same name, in another table, has no
translation but what :meth:`Translations.with_` gives it. What is not translated is refused
when a table that uses it is exported, and not before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib.resources import files
from typing import Any

import attrs

from orchestrator.states.table import STATES, TABLE

Translated = Mapping[Callable[..., Any], str]
"""A function and the Promela that stands for it."""


class Untranslated(Exception):
    """There is no Promela for a function or a number; the message names it."""


def _defined(piece: str) -> frozenset[str]:
    """What a piece of the model defines."""
    text = (files(__package__) / "model" / f"{piece}.pml").read_text("utf-8")
    return frozenset(re.findall(r"^(?:#define|inline) (\w+)", text, re.MULTILINE))


def _translated(
    functions: Iterable[Callable[..., Any] | None], kind: str, piece: str, call: str = ""
) -> Translated:
    defined = _defined(piece)
    names = {one: f"{kind}_{one.__name__}" for one in functions if one is not None}
    return {one: f"{name}{call}" for one, name in names.items() if name in defined}


@attrs.frozen
class Translations:
    """What stands for the functions of one table.

    Attributes:
        guards: Promela expressions.
        effects: Promela statements, for what a row changes besides.
        entries: Promela statements, for what a state asks for.
    """

    guards: Translated = attrs.field(hash=False)
    effects: Translated = attrs.field(hash=False)
    entries: Translated = attrs.field(hash=False)

    def with_(
        self, *, guards: Translated | None = None, effects: Translated | None = None
    ) -> Translations:
        """These and some more."""
        return Translations(
            {**self.guards, **(guards or {})}, {**self.effects, **(effects or {})}, self.entries
        )


SHIPPED = Translations(
    _translated((row.guard for row in TABLE), "guard", "guards"),
    _translated((row.effect for row in TABLE), "effect", "entries", "()"),
    _translated((entry.enter for entry in STATES), "enter", "entries", "()"),
)
"""What stands for the functions of the table that ships."""


def untranslated() -> tuple[str, ...]:
    """What the table that ships calls and the model does not define."""
    called: list[tuple[Callable[..., Any], Translated]] = []
    called += [(row.guard, SHIPPED.guards) for row in TABLE if row.guard is not None]
    called += [(row.effect, SHIPPED.effects) for row in TABLE]
    called += [(entry.enter, SHIPPED.entries) for entry in STATES if entry.enter is not None]
    return tuple(dict.fromkeys(one.__name__ for one, known in called if one not in known))


def look_up(found_in: Translated, function: Callable[..., Any], where: str) -> str:
    """The Promela for ``function``.

    Raises:
        Untranslated: There is none.
    """
    text = found_in.get(function)
    if text is None:
        known = ", ".join(sorted(one.__qualname__ for one in found_in))
        raise Untranslated(
            f"{where} uses {function.__module__}.{function.__qualname__}, which has no Promela "
            f"in verification/promela/model; translated: {known}"
        )
    return text
