"""What ``make faults`` prints of each fault, and the table of the page."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from verification.faults.fault import SPIN, VERIFY, PlantedCallFault
from verification.faults.harness import Named
from verification.faults.planted import PLANTED

WIDTH = 80
PAGE = Path(__file__).parents[2] / "docs" / "test-power.md"
FOUND = Path(__file__).with_name("found.jsonl")
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def lines(named: Named) -> list[str]:
    """A few lines of one fault, at most :data:`WIDTH` wide."""
    fault = named.fault
    told = _wrapped(f"{fault.name}: {fault.what}", "")
    if named.crash:
        return [*told, *_wrapped(f"CRASHED: {named.crash}", "  ")]
    if fault.by != VERIFY:
        also = f"; but verify names it: {named.broken}" if named.broken else ""
        return [*told, *_wrapped(f"{_who(fault)}: {fault.why}{also}", "  ")]
    if not named.broken:
        return [*told, "  NOT NAMED by verify"]
    return [
        *told,
        *_wrapped(f"verify: {named.broken}", "  "),
        *_wrapped(named.what, "    "),
        *_wrapped(" / ".join(named.sequence), "    "),
    ]


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ",
        break_on_hyphens=False,
    )  # fmt: skip


def _who(fault: PlantedCallFault) -> str:
    return "spin, nightly" if fault.by == SPIN else fault.where


def keep(found: Iterable[Named]) -> None:
    """Keep what was found of these faults, beside what is known of the others."""
    known = {one["name"]: one for one in read_found()}
    known |= {
        named.fault.name: {
            "name": named.fault.name, "property": named.broken, "what": named.what,
            "sequence": list(named.sequence),
        }
        for named in found if named.fine and named.broken
    }  # fmt: skip
    kept = (known[fault.name] for fault in PLANTED if fault.name in known)
    FOUND.write_text("".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in kept), "utf-8")


def read_found() -> list[dict[str, Any]]:
    """What was found of each fault when it was asked about last."""
    if not FOUND.exists():
        return []
    return [json.loads(line) for line in FOUND.read_text("utf-8").splitlines()]


def table() -> list[str]:
    """The rows of the page: every fault, and who names it."""
    known = {one["name"]: one for one in read_found()}
    rows = ["| planted | named by | property | moves |", "|---|---|---|---|"]
    for fault in PLANTED:
        one = known.get(fault.name)
        if one is not None:
            moves = len(one["sequence"])
            rows.append(f"| {fault.what} | verify | {one['property']} | {moves} |")
        elif fault.by != VERIFY:
            rows.append(f"| {fault.what} | {_who(fault)} | {fault.why} | |")
    return rows


def page() -> str:
    """The page with the table between its two marks."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return "\n".join([before + BEGIN, "", *table(), "", END + after])


def write(found: Iterable[Named]) -> None:
    """Keep what was found, and put the table into the page."""
    keep(found)
    PAGE.write_text(page(), "utf-8")
