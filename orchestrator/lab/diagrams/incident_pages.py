"""A page for each incident: the path of the call that tells it, and all its calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from orchestrator.lab.diagrams.diagram import Drawing
from orchestrator.lab.diagrams.incidents import Incident, path, told
from orchestrator.lab.diagrams.markdown import fence, link, table_of
from orchestrator.lab.diagrams.overlay import along
from orchestrator.lab.diagrams.plain import Table
from orchestrator.lab.diagrams.terminal import terminal


def drawing(table: Table, incident: Incident, ledgers: Path) -> Drawing:
    """The path of the call that is drawn."""
    title = f"{incident.name}.jsonl, call {incident.call}"
    return Drawing(table, along(path(incident, folder=ledgers, table=table), title))


def page(table: Table, incident: Incident, ledgers: Path) -> str:
    """The incident's page, as Markdown."""
    return "\n".join([*_lines(table, incident, ledgers), ""])


def _lines(table: Table, incident: Incident, ledgers: Path) -> Iterator[str]:
    name, call = incident.name, incident.call
    ledger = f"docs/incidents/{name}.jsonl"
    yield f"<!-- Generated from states/table.py and {ledger}; do not edit. -->"
    yield f"# {name.upper()}: {incident.title}"
    yield from ("", f"![The path of call {call}]({name}.svg)", "", incident.text, "")
    forms = ", ".join(link(form, f"{name}.{form}") for form in ("svg", "png"))
    yield f"Files: {forms}, {link('the ledger', f'../../incidents/{name}.jsonl')}. Drawn by:"
    yield from ("", "```console")
    yield f"$ orchestrator diagram --call {ledger} --id {call} --output {name}.svg"
    yield from ("```", "")
    yield from fence(drawing(table, incident, ledgers).mermaid())
    yield from ("", f"## Call {call} in a terminal", "", "```text")
    yield terminal(path(incident, folder=ledgers, table=table), table=table).plain
    yield from ("```", "", "## Every call of the ledger", "")
    yield from table_of(("call", "what its attempts met", "rows"), _calls(table, incident, ledgers))
    yield from ("", link("All diagrams", "../README.md"))


def _calls(table: Table, incident: Incident, ledgers: Path) -> Iterator[tuple[str, ...]]:
    for call, met in told(incident, ledgers).items():
        rows = path(incident, call, ledgers, table)
        yield f"`{call}`", "; ".join(met), ", ".join(f"`{row}`" for row in rows)
