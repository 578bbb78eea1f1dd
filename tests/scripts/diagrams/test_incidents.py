"""The incidents' pages speak of the ledgers as they are."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from orchestrator.ledger import read_ledger
from orchestrator.states.table import TABLE
from scripts.diagrams.incidents import INCIDENTS, Incident
from scripts.diagrams.index_page import texts

FOLDER = Path(__file__).parents[3] / "docs" / "incidents"
TO = {row.name: row for row in TABLE}


def path(incident: Incident) -> tuple[str, ...]:
    """The rows of the call that is drawn."""
    calls = {one.call: one for one in read_ledger(FOLDER / f"{incident.name}.jsonl")}
    return tuple(move.row for move in calls[incident.call].transitions)


def test_every_ledger_has_a_page() -> None:
    assert {one.name for one in INCIDENTS} == {file.stem for file in FOLDER.glob("*.jsonl")}


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_the_path_begins_and_ends_and_each_step_follows(incident: Incident) -> None:
    rows = [TO[name] for name in path(incident)]

    assert rows[0].state.value == "ready"
    assert rows[-1].to.final
    assert all(one.to is two.state for one, two in itertools.pairwise(rows))


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_the_steps_and_rows_that_its_text_names_are_on_the_path(incident: Incident) -> None:
    rows = path(incident)
    steps = [int(step) for step in re.findall(r"[Ss]tep (\d+)", incident.text)]

    assert steps
    assert max(steps) <= len(rows)
    for step, name in re.findall(r"[Ss]tep (\d+) is the amber one: `(\w+)`", incident.text):
        assert rows[int(step) - 1] == name


@pytest.mark.parametrize(
    ("name", "step", "row"),
    [
        ("a1", 3, "billing_fallback"),
        ("a2", 3, "billing_fallback"),
        ("a2", 9, "terminal"),
        ("a6", 3, "rotate"),
        ("a6", 6, "fallback"),
        ("a6", 7, "switched_send"),
        ("b1", 3, "retry"),
        ("b1", 4, "waited_send"),
        ("e1", 3, "fallback"),
        ("e1", 5, "answered"),
    ],
)
def test_what_the_texts_say_of_steps_holds(name: str, step: int, row: str) -> None:
    (incident,) = [one for one in INCIDENTS if one.name == name]

    assert path(incident)[step - 1] == row
    assert re.search(rf"step {step}\b", incident.text.lower())


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_every_call_of_the_ledger_is_listed_with_what_it_met(incident: Incident) -> None:
    page = texts(ledgers=FOLDER)[f"incidents/{incident.name}.md"]

    for call in read_ledger(FOLDER / f"{incident.name}.jsonl"):
        met = "; ".join(
            " ".join(str(part) for part in (one.target, one.status, one.reason) if part)
            for one in call.attempts
        )
        assert f"| `{call.call}` | {met} | " in page
