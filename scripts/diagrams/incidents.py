"""A page for each recorded incident: the path of the call that tells it, and all its calls."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import attrs

from orchestrator.lab.diagrams import terminal
from orchestrator.lab.diagrams.drawing import Drawing
from orchestrator.lab.diagrams.overlay import along
from orchestrator.lab.diagrams.plain_table import Table, rows_of
from orchestrator.ledger import Recording, read_ledger
from scripts.diagrams.markdown import fence, link, table_of

LEDGERS = Path("docs/incidents")
"""Where the ledgers are, from the root of the repository."""


@attrs.frozen
class Incident:
    """One incident.

    Attributes:
        name: The stem of its ledger.
        title: What happened, in a few words.
        call: The call whose path tells it.
        text: How to read that path.
    """

    name: str
    title: str
    call: str
    text: str


INCIDENTS: tuple[Incident, ...] = (
    Incident(
        "a1",
        "A 402 with two fallbacks configured",
        "a1-1",
        "The primary answers 402 although its pool holds more keys. Step 3 is the amber one: "
        "`billing_fallback` leaves the provider at once, without a rotation and without a wait, "
        "and step 4 arrives at the fallback, which answers. Exactly one request reaches the "
        "account without money. The next calls pass it over until its bench ends, then one "
        "probes it.",
    ),
    Incident(
        "a2",
        "A truncated answer behind a 402",
        "a2-1",
        "The primary has no money, and both fallbacks stop at their length limit where the "
        "whole answer was asked for. The call fails at step 9, and what it fails with is the "
        "billing error of step 3: the cause is set when the first target is left, and nothing "
        "later replaces it.",
    ),
    Incident(
        "a6",
        "A refused key, and a key without money",
        "a6-2",
        "A 401 is about one credential, so step 3 rotates. The next key is refused too and no "
        "other is ready, so step 6 falls back, and the target of step 7 brings its own model. "
        "The last call of the ledger meets a 403 that says a key's money is used up: that is "
        "billing, and no other key of the account is tried.",
    ),
    Incident(
        "b1",
        "A 402 that asks to wait for pending requests",
        "b1-1",
        "The 402 says that pending requests hold the money. That clears by itself, so it is "
        "classified as a rate limit: step 3 waits and step 4 sends to the same target again. The "
        "last call of the ledger gets a 402 without that promise: it is billing, and falls back. "
        "Each call is answered by itself, and none takes another down.",
    ),
    Incident(
        "e1",
        "A primary that fails slowly",
        "e1-1",
        "The primary answers 524 after 100 s. A second try there may take as long, so although "
        "tries remain, step 3 leaves for the fallback, which answers at step 5. In the ledger's "
        "next calls the primary hangs up after 60 s, and says nothing at all: it is asked once "
        "each time, since time is kept back for the targets that stand by.",
    ),
)


def drawing(table: Table, incident: Incident, ledgers: Path) -> Drawing:
    """The path of the call that is drawn.

    Raises:
        BrokenLedger: The ledger cannot be read.
        UnknownRow: A call took a row that the table does not have.
        OSError: The ledger cannot be read.
    """
    title = f"{incident.name}.jsonl, call {incident.call}"
    (call,) = (one for one in _calls(incident, ledgers) if one.call == incident.call)
    return Drawing(table, along(_rows(call, table), title))


def page(table: Table, incident: Incident, ledgers: Path) -> str:
    """The incident's page, as Markdown."""
    return "\n".join([*_lines(table, incident, ledgers), ""])


def _lines(table: Table, incident: Incident, ledgers: Path) -> Iterator[str]:
    name, call = incident.name, incident.call
    calls = {one.call: one for one in _calls(incident, ledgers)}
    ledger = f"docs/incidents/{name}.jsonl"
    yield f"<!-- Generated from states/table.py and {ledger}; do not edit. -->"
    yield f"# {name.upper()}: {incident.title}"
    yield from ("", f"![The path of call {call}]({name}.svg)", "", incident.text, "")
    yield f"From {link('the ledger', f'../../incidents/{name}.jsonl')}, drawn by:"
    yield from ("", "```console")
    yield f"$ orchestrator diagram --call {ledger} --id {call} --output {name}.svg"
    yield from ("```", "")
    yield from fence(drawing(table, incident, ledgers).mermaid())
    yield from ("", f"## Call {call} in a terminal", "", "```text")
    yield terminal.path(_rows(calls[call], table), table=table).plain
    yield from ("```", "", "## Every call of the ledger", "")
    cells = ((f"`{one.call}`", _met(one), _quoted(_rows(one, table))) for one in calls.values())
    yield from table_of(("call", "what its attempts met", "rows"), cells)
    yield from ("", link("All diagrams", "../README.md"))


def _calls(incident: Incident, ledgers: Path) -> tuple[Recording, ...]:
    return read_ledger(ledgers / f"{incident.name}.jsonl")


def _rows(call: Recording, table: Table) -> tuple[str, ...]:
    return tuple(row.name for row in rows_of((move.row for move in call.transitions), table))


def _met(call: Recording) -> str:
    """``deepseek/v4 402 billing; openrouter/v4 200``."""
    return "; ".join(
        " ".join(str(part) for part in (one.target, one.status, one.reason) if part is not None)
        for one in call.attempts
    )


def _quoted(rows: tuple[str, ...]) -> str:
    return ", ".join(f"`{row}`" for row in rows)
