"""Files of ``docs/diagrams/``: the pictures, and an index that shows and links them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.plain_table import Table, plain
from orchestrator.states.table import TABLE
from scripts.diagrams import incidents, overview, rooms, states_page
from scripts.diagrams.incidents import INCIDENTS, LEDGERS
from scripts.diagrams.markdown import fence, link

COMMAND = "make diagrams"


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
        "One call is one instance of this machine. It begins at the dot, top left, and ends in "
        "one of the two states with a double border. An arrow from a state carries the event "
        "that leaves it. Where an event may lead on in several ways it leads to a hexagon, and "
        "of the guards on the arrows from there the first that holds decides; the number before "
        "a guard is its place. The five arrivals (`Started`, `Rotated`, `Switched`, `Waited`, "
        "`Repaired`) share one hexagon because their rows are alike. Guards that speak of "
        "billing are amber: they stand above every row that stays at a provider. `Cancelled` "
        "and `DeadlineReached` lead from every state that is not final to `fail_terminal`, and "
        "are drawn once.",
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

_OVERVIEW = (
    "What becomes of a failed attempt. A reason stands at the cheapest move that it allows; where "
    "that finds nothing to send with, or is not worth its time, the call goes on to the next one. "
    "Left out: the beginning, streams, repairs, and whoever cancels a call."
)


def files(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, bytes]:
    """The folder's files: path within it to content.

    Args:
        table: The machine.
        ledgers: The folder of the incidents.

    Raises:
        MissingDiagramExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw a picture.
        BrokenLedger: A ledger cannot be read.
        UnknownRow: A ledger took a row that the table does not have.
        OSError: A ledger cannot be read.
    """
    made = {name: text.encode() for name, text in texts(table, ledgers).items()}
    drawn = drawings(table, ledgers)
    made |= {f"{name}.svg": drawing.svg().encode() for name, drawing in drawn.items()}
    made |= {"overview.svg": overview.picture(plain(table)), "rooms.svg": rooms.picture()}
    return made | {"machine.png": drawn["machine"].png()}


def drawings(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, Drawing]:
    """Every picture, by the stem of its files; see :func:`files` for what is raised."""
    machine = plain(table)
    return {
        **{page.name: Drawing(machine, view=page.view) for page in PAGES},
        **{f"incidents/{one.name}": incidents.drawing(machine, one, ledgers) for one in INCIDENTS},
    }


def texts(table: Table = TABLE, ledgers: Path = LEDGERS) -> dict[str, str]:
    """Every file that is no picture, the whole machine as Mermaid and DOT among them."""
    machine = plain(table)
    whole = Drawing(machine)
    return {
        "README.md": "\n".join(_index(machine)),
        "states.md": states_page.page(machine),
        "machine.mmd": whole.mermaid(),
        "machine.dot": whole.dot(),
        **{f"incidents/{one.name}.md": incidents.page(machine, one, ledgers) for one in INCIDENTS},
    }


def _index(table: Table) -> Iterator[str]:
    yield "<!-- Generated from states/table.py by `make diagrams`; do not edit. -->"
    yield "# Diagrams"
    yield ""
    yield (
        "Generated from [`states/table.py`](../../states/table.py), the table that the machine "
        f"runs on, by `{COMMAND}`. [diagram.md](../diagram.md) says how to draw your own: under "
        "a config, of a recorded call, of many calls, or of a changed config."
    )
    yield ""
    yield (
        "[The states](states.md): what each asks for, every row in order, and what a reviewer "
        "checks before a change is approved."
    )
    yield from ("", "| an incident, recorded | |", "|---|---|")
    for incident in INCIDENTS:
        name = incident.name.upper()
        yield f"| {link(name, f'incidents/{incident.name}.md')} | {incident.title} |"
    yield from ("", "## At first sight", "", _OVERVIEW, "", "![At first sight](overview.svg)")
    for page in PAGES:
        yield from ("", f"## {page.title}", "", page.text, "", f"![{page.title}]({page.name}.svg)")
    forms = ", ".join(link(form, f"machine.{form}") for form in ("svg", "png", "dot", "mmd"))
    yield from ("", f"The whole machine as {forms}.", "")
    yield from fence(Drawing(table).mermaid())
    yield ""
