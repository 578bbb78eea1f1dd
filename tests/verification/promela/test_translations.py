"""Every function of the table has Promela, and the Promela is there."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from orchestrator.states.table import STATES, TABLE
from verification.promela.translations import SHIPPED, Translated, untranslated

GUARDS, EFFECTS, ENTRIES = SHIPPED.guards, SHIPPED.effects, SHIPPED.entries

WRITTEN = {
    name: (files("verification.promela") / "model" / f"{name}.pml").read_text("utf-8")
    for name in ("guards", "entries")
}


def test_everything_that_the_table_calls_is_translated() -> None:
    assert untranslated() == ()


@pytest.mark.parametrize(
    ("translated", "called"),
    [
        (GUARDS, {row.guard for row in TABLE} - {None}),
        (EFFECTS, {row.effect for row in TABLE}),
        (ENTRIES, {entry.enter for entry in STATES} - {None}),
    ],
    ids=["guards", "effects", "entries"],
)
def test_nothing_is_translated_but_what_the_table_calls(
    translated: Translated, called: set[object]
) -> None:
    assert set(translated) <= called


@pytest.mark.parametrize("name", GUARDS.values())
def test_a_guard_is_written_once(name: str) -> None:
    assert len(re.findall(rf"^#define {name} ", WRITTEN["guards"], re.MULTILINE)) == 1


@pytest.mark.parametrize("statement", [*EFFECTS.values(), *ENTRIES.values()])
def test_a_statement_is_written_once(statement: str) -> None:
    assert WRITTEN["entries"].count(f"inline {statement} {{") == 1


@pytest.mark.parametrize("translated", [GUARDS, EFFECTS, ENTRIES], ids=["g", "e", "n"])
def test_no_two_functions_share_a_translation(translated: Translated) -> None:
    assert len(set(translated.values())) == len(translated)
