"""The model's text: from the table that runs, whole, the same each time. No spin is needed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import partial
from importlib.resources import files
from typing import Any

import attrs
import pytest

from orchestrator.lab.verify import Setting
from orchestrator.states.call import Call
from orchestrator.states.events import Diagnosed
from orchestrator.states.facts import Target
from orchestrator.states.guards import Plan
from orchestrator.states.table import TABLE, Entry, Row
from verification.promela import Untranslated, export
from verification.promela.planted import PLANTED
from verification.promela.settings import SETTINGS
from verification.promela.translations import SHIPPED, untranslated
from verification.promela.vectors import FIELDS, TARGET_FIELDS
from verification.promela.worlds import STANDBY_FIELDS, TOLD_FIELDS, WORLD_FIELDS

pytestmark = pytest.mark.skipif(
    bool(untranslated()), reason=f"told by test_translations: no Promela for {untranslated()}"
)

SMALL = Setting((Target("acme", "one"),), {})
MODELS = {name: partial(export, setting) for name, setting in SETTINGS.items()} | {
    one.name: one.model for one in PLANTED
}
"""Made when a test asks: what is not translated fails tests and not their collection."""
ROW = re.compile(r"@row (\w+)")
DEFINED = re.compile(
    r"^\s*#define (\w+)|^inline (\w+)\(|^\s*(?:SCRATCH )?(?:bit|byte) (\w+)", re.MULTILINE
)
WORD = re.compile(r"[A-Za-z_]\w*")
PROMELA = """
    assert atomic bit break byte c_code d_step define do else end_call end_over endif false fi for
    goto hidden if ifdef ifndef init inline int now od over printf select skip true
"""


def bare(text: str) -> str:
    """Without comments and strings."""
    return re.sub(r'/\*.*?\*/|"[^"]*"', "", text, flags=re.DOTALL)


def piece(name: str) -> str:
    return (files("verification.promela") / "model" / f"{name}.pml").read_text("utf-8")


def test_the_rows_stand_in_the_order_of_the_table() -> None:
    assert ROW.findall(export(SMALL)) == [row.name for row in TABLE]


def test_a_moved_row_moves_in_the_text() -> None:
    first, *others = [row for row in TABLE if row.event is Diagnosed]

    table = [row for row in TABLE if row.event is not Diagnosed] + [*others, first]

    assert ROW.findall(export(SMALL, table=table)) == [row.name for row in table]


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.name)
def test_a_row_leads_where_the_table_says(row: Row) -> None:
    after = export(SMALL).partition(f"@row {row.name}\\n")[2]

    assert re.search(r"go_to_(\w+)\(\)", after[: after.index(":: else")]) is not None
    assert re.findall(r"go_to_(\w+)\(\)", after)[0] == row.to.name


@pytest.mark.parametrize("name", MODELS)
def test_every_word_is_defined(name: str) -> None:
    text = bare(MODELS[name]().replace(piece("moves"), ""))
    defined = {word for found in DEFINED.findall(text) for word in found if word}
    parameters = {
        word
        for listed in re.findall(r"^(?:inline|#define) \w+\((.*?)\)", text, re.MULTILINE)
        for word in listed.replace(" ", "").split(",")
    }

    known = defined | parameters | set(PROMELA.split()) | {"TELL", "SHORTEST"}
    known |= set(re.findall(r"#define (TELL_\w+|TOOK)", piece("moves")))

    assert set(WORD.findall(text)) - known == set()


@pytest.mark.parametrize("name", MODELS)
def test_every_bracket_is_closed(name: str) -> None:
    text = bare(MODELS[name]())

    assert [text.count(one) for one in "({["] == [text.count(one) for one in ")}]"]
    assert len(re.findall(r"\bif$", text, re.MULTILINE)) == len(re.findall(r"\bfi\b", text))
    assert len(re.findall(r"^\s*do$", text, re.MULTILINE)) == len(re.findall(r"\bod\b", text))


def test_what_the_model_tells_is_read_in_the_same_order() -> None:
    told = re.findall(r"now\.(\w+)", piece("main"))

    assert tuple(told) == FIELDS + TARGET_FIELDS


def test_a_move_is_told_in_the_order_in_which_it_is_read() -> None:
    told = re.findall(r"PUT\((?:now\.event == DIAGNOSED \? )?(?:now\.)?(\w+)", piece("moves"))
    call = [*FIELDS, *TARGET_FIELDS]
    call[FIELDS.index("kept_waiting")] = "waiting"

    after_macro = told[1 if told[0] == "number" else 0 :]

    assert after_macro[: len(call)] == call
    assert after_macro[len(call) :] == [
        *WORLD_FIELDS, *STANDBY_FIELDS, "row_taken", "cause", *TOLD_FIELDS[2:],
    ]  # fmt: skip


def test_between_two_steps_only_what_is_told_differs() -> None:
    stored = re.findall(r"^(?:bit|byte) (\w+)", piece("state"), re.MULTILINE)
    forgotten = set(re.findall(r"^ +(\w+)(?:\[i\])? = ", piece("main"), re.MULTILINE))

    assert set(stored) - set(FIELDS + TARGET_FIELDS) <= forgotten
    assert len(stored) > len(FIELDS + TARGET_FIELDS)


def test_the_text_is_the_same_in_every_process() -> None:
    program = (
        "from verification.promela import export; from verification.promela.settings import "
        "SETTINGS; print(export(SETTINGS['other moves allowed']))"
    )
    for seed in ("1", "2"):
        told = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

        assert told == MODELS["other moves allowed"]() + "\n"


def strange(call: Call, event: Diagnosed) -> bool:
    return call.number > 3 and event.at > 0


def strangely(call: Call, event: Diagnosed, plan: Plan) -> None:
    call.waits = int(event.at) if plan else 0


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"guard": strange}, "strange"), ({"effect": strangely}, "strangely")],
)
def test_a_function_without_translation_is_refused_by_name(
    changes: dict[str, Any], named: str
) -> None:
    table = [attrs.evolve(row, **changes) if row.name == "retry" else row for row in TABLE]

    with pytest.raises(Untranslated) as refused:
        export(SMALL, table=table)

    assert f"row retry uses {__name__}.{named}, " in str(refused.value)
    assert "translated: " in str(refused.value)


def test_an_entry_without_translation_is_refused_by_name() -> None:
    entries = [Entry(TABLE[0].state, strange)]  # type: ignore[arg-type]  # any function will do

    with pytest.raises(Untranslated, match=r"the entry of ready uses .*strange, which has no"):
        export(SMALL, entries=entries)


def test_a_function_with_a_translation_of_its_own_is_taken() -> None:
    table = [attrs.evolve(row, guard=strange) if row.name == "retry" else row for row in TABLE]
    translations = SHIPPED.with_(guards={strange: "(number > 3)"})

    text = export(SMALL, table=table, translations=translations)

    assert ":: ((number > 3)) ->" in text
    assert "guard_a_retry_is_worth_it)" not in text
