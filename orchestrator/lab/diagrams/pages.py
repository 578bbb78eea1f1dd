"""What ``docs/diagrams/`` holds: the pictures, and an index that shows and links them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from orchestrator.lab.diagrams import incident_pages, state_pages
from orchestrator.lab.diagrams.diagram import Drawing, View
from orchestrator.lab.diagrams.incidents import INCIDENTS, LEDGERS
from orchestrator.lab.diagrams.markdown import fence, link, table_of
from orchestrator.lab.diagrams.plain import Table, plain
from orchestrator.states.table import TABLE

COMMAND = "python -m orchestrator.lab.diagrams.diagrams"


@attrs.frozen
class Page:
    """One picture of the index.

    Attributes:
        name: The stem of its files.
        title: Its heading.
        text: How to read it.
        view: What part of the machine is drawn.
    """

    name: str
    title: str
    text: str
    view: View = View.MACHINE


PAGES: tuple[Page, ...] = (
    Page(
        "machine",
        "The machine",
        "One call is one instance of this machine. It begins at the dot and ends in one of the "
        "two states with a double border. An arrow from a state carries the event that leaves "
        "it. Where an event may lead on in several ways it leads to a hexagon, and of the guards "
        "on the arrows from there the first that holds decides; the number before a guard is its "
        "place. The five arrivals (`Started`, `Rotated`, `Switched`, `Waited`, `Repaired`) share "
        "one hexagon because their rows are alike. Guards that speak of billing are amber: they "
        "stand above every row that stays at a provider. `Cancelled` and `DeadlineReached` lead "
        "from every state that is not final to `fail_terminal`, and are drawn once.",
    ),
    Page(
        "classify",
        "Out of classify",
        "What the machine does with a classified error. The rows are asked from top to bottom, "
        "and the first whose guard holds is taken. Bold is the row's name, as ledgers record it; "
        "beside it are its guard and what the guard means. Rows 3 to 5 are the bypass: after a "
        "billing error none of the rows below them is ever reached.",
        View.CLASSIFY,
    ),
    Page(
        "arrivals",
        "Arrivals",
        "An arrival asks for something to send with. These five rows are the same for each of "
        "the five; a row's name begins with the event, so `*_send` stands for `started_send`, "
        "`rotated_send`, `switched_send`, `waited_send` and `repaired_send`.",
        View.ARRIVALS,
    ),
)


def files(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, bytes]:
    """The folder's files: path within it to content.

    Args:
        table: The machine.
        ledgers: The folder of the incidents.

    Raises:
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw a picture.
        BrokenLedger: A ledger took a row that the table does not have.
        OSError: A ledger cannot be read.
    """
    made = {name: text.encode() for name, text in texts(table, ledgers).items()}
    for name, drawn in drawings(table, ledgers).items():
        made[f"{name}.svg"] = drawn.svg().encode()
        made[f"{name}.png"] = drawn.png()
    return made


def drawings(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, Drawing]:
    """Every picture, by the stem of its files.

    Raises:
        BrokenLedger: A ledger took a row that the table does not have.
        OSError: A ledger cannot be read.
    """
    machine = plain(table)
    return {
        **{page.name: Drawing(machine, view=page.view) for page in PAGES},
        **{f"states/{name}": Drawing(machine, state=name) for name in state_pages.names(machine)},
        **{
            f"incidents/{one.name}": incident_pages.drawing(machine, one, ledgers)
            for one in INCIDENTS
        },
    }


def texts(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, str]:
    """Every file that is no picture: pages, and the index's pictures as Mermaid and DOT.

    Raises:
        BrokenLedger: A ledger took a row that the table does not have.
        OSError: A ledger cannot be read.
    """
    machine = plain(table)
    made = {"README.md": "\n".join(_readme(machine))}
    for page in PAGES:
        drawn = Drawing(machine, view=page.view)
        made |= {f"{page.name}.mmd": drawn.mermaid(), f"{page.name}.dot": drawn.dot()}
    for name in state_pages.names(machine):
        made[f"states/{name}.md"] = state_pages.page(machine, name)
    for incident in INCIDENTS:
        made[f"incidents/{incident.name}.md"] = incident_pages.page(machine, incident, ledgers)
    return made


def _readme(table: Table) -> Iterator[str]:
    yield f"<!-- Generated from states/table.py by `{COMMAND}`; do not edit. -->"
    yield "# Diagrams"
    yield ""
    yield (
        "Generated from [`states/table.py`](../../states/table.py), the table that the machine "
        f"runs on, by `{COMMAND}`. With `--check` the command compares instead of writing. "
        "Each picture is here as SVG and PNG. [The machine](../machine.md) says how to draw "
        "your own: under a config, of a recorded call, of many calls, or of a change."
    )
    yield from _contents(table)
    for page in PAGES:
        yield from _section(page, table)
    yield from _listing(table)


def _contents(table: Table) -> Iterator[str]:
    shown = [f"[{page.title}](#{_anchor(page.title)})" for page in PAGES]
    yield from ("", f"On this page: {', '.join(shown)}, [every row](#every-row).", "")
    yield "| a page for each state | what it asks for | what it is for |"
    yield "|---|---|---|"
    yield from (state_pages.line(table, name) for name in state_pages.names(table))
    yield from ("", "| a page for each incident | |", "|---|---|")
    for incident in INCIDENTS:
        name = incident.name.upper()
        yield f"| {link(name, f'incidents/{incident.name}.md')} | {incident.title} |"


def _anchor(title: str) -> str:
    return title.lower().replace(" ", "-")


def _section(page: Page, table: Table) -> Iterator[str]:
    forms = ", ".join(link(form, f"{page.name}.{form}") for form in ("svg", "png", "dot", "mmd"))
    yield from ("", f"## {page.title}", "", page.text, "")
    yield from (f"![{page.title}]({page.name}.svg)", "", f"Files: {forms}.", "")
    yield from fence(Drawing(table, view=page.view).mermaid())


def _listing(table: Table) -> Iterator[str]:
    yield from ("", "## Every row", "", "In the order in which they are asked.", "")
    yield from table_of(
        ("row", "state", "event", "guard", "to", "when"),
        (
            (
                f"`{row.name}`",
                f"[`{row.state}`](states/{row.state}.md)",
                f"`{row.event}`",
                f"`{row.guard}`" if row.guard else "",
                f"[`{row.to}`](states/{row.to}.md)",
                row.meaning if row.guard else "",
            )
            for row in plain(table).rows
        ),
    )
    yield ""
