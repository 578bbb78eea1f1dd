"""The incidents' pages speak of the ledgers as they are."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from orchestrator.lab.diagrams.incidents import INCIDENTS, Incident, lines, path, told
from orchestrator.lab.diagrams.pages import texts
from orchestrator.states.table import TABLE

FOLDER = Path(__file__).parents[4] / "docs" / "incidents"
TO = {row.name: row for row in TABLE}


def test_every_ledger_has_a_page() -> None:
    assert {one.name for one in INCIDENTS} == {file.stem for file in FOLDER.glob("*.jsonl")}


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_the_path_begins_and_ends_and_each_step_follows(incident: Incident) -> None:
    rows = [TO[name] for name in path(incident, folder=FOLDER)]

    assert rows[0].state.value == "ready"
    assert rows[-1].to.final
    assert all(one.to is two.state for one, two in itertools.pairwise(rows))


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_the_steps_and_rows_that_its_text_names_are_on_the_path(incident: Incident) -> None:
    rows = path(incident, folder=FOLDER)
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

    assert path(incident, folder=FOLDER)[step - 1] == row
    assert re.search(rf"step {step}\b", incident.text.lower())


@pytest.mark.parametrize("incident", INCIDENTS, ids=lambda one: one.name)
def test_every_call_of_the_ledger_is_listed_with_what_it_met(incident: Incident) -> None:
    page = texts(ledgers=FOLDER)[f"incidents/{incident.name}.md"]
    calls = set(re.findall(r'"call":"([\w-]+)"', "\n".join(lines(incident, FOLDER))))

    assert set(told(incident, FOLDER)) == calls
    for call, met in told(incident, FOLDER).items():
        assert f"| `{call}` | {'; '.join(met)} | " in page
