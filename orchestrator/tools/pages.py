"""What ``docs/diagrams/`` holds: every picture in every form, and a page that shows them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import attrs

from orchestrator.tools import diagram
from orchestrator.tools.diagram import View
from orchestrator.tools.plain import meaning
from states.table import TABLE, Row

COMMAND = "python -m orchestrator.tools.diagrams"


@attrs.frozen
class Page:
    """One picture.

    Attributes:
        name: The stem of its files.
        title: Its heading.
        text: How to read it.
        view: What part of the machine is drawn.
        path: The rows that a call took; empty where the machine itself is shown.
    """

    name: str
    title: str
    text: str
    view: View = View.MACHINE
    path: tuple[str, ...] = ()


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
    Page(
        "incident-a1",
        "A call that met a 402",
        "The path of one call whose first target answers 402 although its pool holds more keys. "
        "What the call took is numbered by step, the rest is dimmed. Step 3 is the amber one: "
        "`billing_fallback` leaves the provider at once, without a rotation and without a wait, "
        "and step 4 arrives at the fallback, which answers. `orchestrator diagram --call LEDGER` "
        "draws a recorded call in this way.",
        path=("started_send", "failed", "billing_fallback", "switched_send", "answered"),
    ),
)


def files(table: Sequence[Row] = TABLE) -> dict[str, bytes]:
    """The folder's files: name to content.

    Raises:
        MissingExtra: The extra ``diagram`` is not installed.
        RenderFailed: The renderer did not draw a picture.
        UnknownRow: A page's path names a row that the table does not have.
    """
    made = {"README.md": "\n".join(_readme(table)).encode()}
    for page in PAGES:
        made[f"{page.name}.mmd"] = _mermaid(page, table).encode()
        made[f"{page.name}.dot"] = diagram.dot(page.path, view=page.view, table=table).encode()
        made[f"{page.name}.svg"] = diagram.svg(page.path, view=page.view, table=table).encode()
        made[f"{page.name}.png"] = diagram.png(page.path, view=page.view, table=table)
    return made


def _mermaid(page: Page, table: Sequence[Row]) -> str:
    return diagram.mermaid(page.path, view=page.view, table=table)


def _readme(table: Sequence[Row]) -> Iterator[str]:
    yield f"<!-- Generated from states/table.py by `{COMMAND}`; do not edit. -->"
    yield "# Diagrams"
    yield ""
    yield (
        "Generated from [`states/table.py`](../../states/table.py), the table that the machine "
        f"runs on, by `{COMMAND}`. With `--check` the command compares instead of writing. "
        "Each picture is here as SVG, PNG, DOT and Mermaid."
    )
    for page in PAGES:
        yield from _section(page, table)
    yield from _listing(table)


def _section(page: Page, table: Sequence[Row]) -> Iterator[str]:
    forms = ", ".join(f"[{form}]({page.name}.{form})" for form in ("svg", "png", "dot", "mmd"))
    yield from ("", f"## {page.title}", "", page.text, "")
    yield from (f"![{page.title}]({page.name}.svg)", "", f"Files: {forms}.", "")
    yield from ("<details><summary>The same as Mermaid</summary>", "", "```mermaid")
    yield _mermaid(page, table).rstrip("\n")
    yield from ("```", "", "</details>")


def _listing(table: Sequence[Row]) -> Iterator[str]:
    yield from ("", "## Every row", "", "In the order in which they are asked.", "")
    yield "| row | state | event | guard | to | when |"
    yield "|---|---|---|---|---|---|"
    for row in table:
        guard = f"`{row.guard.__name__}`" if row.guard else ""
        when = meaning(row) if row.guard else ""
        yield (
            f"| `{row.name}` | `{row.state.value}` | `{row.event.__name__}` | {guard} "
            f"| `{row.to.value}` | {when} |"
        )
    yield ""
