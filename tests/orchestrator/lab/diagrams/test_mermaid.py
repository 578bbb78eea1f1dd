"""Mermaid: whole, and nothing in a label that GitHub's parser would take for syntax."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.graph import build
from orchestrator.lab.diagrams.mermaid import escape
from orchestrator.lab.diagrams.overlay import Emphasis, Overlay, along
from orchestrator.states.table import TABLE
from tests.orchestrator.lab.diagrams.tables import COUNTS, DIAGNOSED, PRESENT, SHOWN, drawn

NAMES = [row.name for row in TABLE]
LABEL = re.compile(r"(?:[^\"#;<>&`\\]|#[a-z0-9]+;|<br/>)*")
LINES = (
    r"%%\{init: \{.*\}\}%%",
    r"flowchart TB",
    r"    %% [\w ,]+",
    r"    \w+(\(\(\(\"\w+\"\)\)\)|\(\"[\w ]+\"\)|\{\{\"[\w ]+\"\}\}|\(\( \)\))?(:::\w+)?",
    r"    \w+ -->( ?\|\"[^\"]*\"\|)? \w+(\[\"[^\"]*\"\]|\(\"\w+\"\))?(:::\w+)?",
    r"    \w+ ~~~ \w+",
    r"    legend\[\"[^\"]*\"\]:::\w+",
    r"    linkStyle [\d,]+ stroke:#[0-9a-f]{6},stroke-width:\dpx(,stroke-dasharray:5 5)?",
    r"    classDef legend fill:none,stroke:#[0-9a-f]{6},color:#[0-9a-f]{6},text-align:left",
    r"    classDef \w+ fill:(none|#[0-9a-f]{6}),stroke:#[0-9a-f]{6},color:#[0-9a-f]{6}",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_is_in_the_text(name: str) -> None:
    assert re.search(rf"%% .* rows .*\b{name}\b", drawn().mermaid())


@pytest.mark.parametrize("view", View)
@settings(max_examples=25)
@given(path=st.lists(st.sampled_from(NAMES), max_size=40))
def test_every_line_is_one_that_github_draws(view: View, path: list[str]) -> None:
    read_by_github(drawn(path, view=view).mermaid())


def read_by_github(text: str) -> None:
    for line in text.splitlines():
        assert any(re.fullmatch(allowed, line) for allowed in LINES), line
        if "%%" not in line:
            for label in re.findall(r'"([^"]*)"', line):
                assert LABEL.fullmatch(label), label


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
@pytest.mark.parametrize("view", View)
def test_whatever_is_said_of_rows_github_draws_it(view: View, said: Overlay) -> None:
    text = Drawing(PRESENT, said, view).mermaid()

    read_by_github(text)
    for look, words in said.legend:
        assert words in text
        assert look.name.lower() in text or look in (Emphasis.TAKEN, Emphasis.FAINT)


def test_counts_stand_behind_the_guards() -> None:
    text = Drawing(PRESENT, SHOWN["heat"]).mermaid()
    guards = {row.name: row.condition for row in PRESENT.rows}

    for name in DIAGNOSED:
        said = f"({COUNTS[name]})" if name in COUNTS else "(never)"
        assert f"#nbsp;{guards[name]} {said}" in text


@pytest.mark.parametrize("said", SHOWN.values(), ids=SHOWN.keys())
@pytest.mark.parametrize("state", [state.name for state in PRESENT.states])
def test_github_draws_a_state_alone(state: str, said: Overlay) -> None:
    read_by_github(Drawing(PRESENT, said, state=state).mermaid())


@given(st.lists(st.sampled_from(NAMES), max_size=12))
def test_thick_lines_are_those_that_were_taken(path: list[str]) -> None:
    text = drawn(path).mermaid()
    arrows = [line for line in text.splitlines() if " --> " in line or " -->|" in line]
    thick = {
        int(place)
        for places in re.findall(r"linkStyle ([\d,]+) stroke:#\w+,stroke-width:4px", text)
        for place in places.split(",")
    }
    taken = {
        place
        for place, arrow in enumerate(build(TABLE, along(path)).arrows)
        if any(line.steps for line in arrow.lines)
    }

    assert thick == taken
    assert all(re.search(r"\(steps?\b", arrows[place]) for place in thick)


@given(st.text())
def test_an_escaped_text_reads_as_before_and_breaks_nothing(text: str) -> None:
    escaped = escape(text)

    assert not re.search(r'["<>&#;]', re.sub(r"#[a-z0-9]+;", "", escaped))
    assert html.unescape(re.sub(r"#(\d+|[a-z]+);", _entity, escaped)) == html.unescape(
        html.escape(text)
    )


def _entity(found: re.Match[str]) -> str:
    name = found[1]
    return f"&#{name};" if name.isdigit() else f"&{name};"
