"""The recorded incidents: which call of each ledger is drawn, and how to read it."""

from __future__ import annotations

from pathlib import Path

import attrs

from orchestrator.lab.diagrams.plain import Table
from orchestrator.lab.diagrams.trace import entries, path_of
from orchestrator.states.table import TABLE

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


def lines(incident: Incident, folder: Path = LEDGERS) -> list[str]:
    """The ledger's lines.

    Raises:
        OSError: It cannot be read.
    """
    return (folder / f"{incident.name}.jsonl").read_text(encoding="utf-8").splitlines()


def told(incident: Incident, folder: Path = LEDGERS) -> dict[str, tuple[str, ...]]:
    """What each attempt of each call met: ``deepseek/v4 402 billing``."""
    found: dict[str, tuple[str, ...]] = {}
    for _, entry in entries(lines(incident, folder)):
        if entry["kind"] == "attempt":
            parts = (entry["target"], entry["status"], entry["reason"])
            met = " ".join(str(part) for part in parts if part is not None)
            found[str(entry["call"])] = (*found.get(str(entry["call"]), ()), met)
    return found


def path(
    incident: Incident, call: str | None = None, folder: Path = LEDGERS, table: Table = TABLE
) -> tuple[str, ...]:
    """The rows that a call took; by default the one that is drawn.

    Raises:
        BrokenLedger: The ledger has no such call, or a row that the table does not have.
    """
    return path_of(lines(incident, folder), call or incident.call, table=table)
