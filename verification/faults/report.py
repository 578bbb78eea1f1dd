"""What ``make faults`` prints of each fault, and the table of the page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable
from pathlib import Path

from verification.faults.fault import SPIN, VERIFY
from verification.faults.harness import Named

WIDTH = 80
PAGE = Path(__file__).parents[2] / "docs" / "test-power.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


def lines(named: Named) -> list[str]:
    """A few lines of one fault, at most :data:`WIDTH` wide."""
    fault = named.fault
    told = _wrapped(f"{fault.name}: {fault.what}", "")
    if named.crash:
        return [*told, *_wrapped(f"CRASHED: {named.crash}", "  ")]
    if fault.by != VERIFY:
        also = f"; but verify names it: {named.broken}" if named.broken else ""
        return [*told, *_wrapped(f"{_who(named)}: {fault.why}{also}", "  ")]
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


def _who(named: Named) -> str:
    fault = named.fault
    if fault.by == SPIN:
        return "spin, nightly"
    return fault.where or fault.by


def table(found: Iterable[Named]) -> list[str]:
    """The rows of the page."""
    rows = ["| planted | named by | property | moves |", "|---|---|---|---|"]
    for named in found:
        fault = named.fault
        if fault.by == VERIFY:
            rows.append(f"| {fault.what} | verify | {named.broken} | {len(named.sequence)} |")
        else:
            rows.append(f"| {fault.what} | {_who(named)} | {fault.why} | |")
    return rows


def write(found: Iterable[Named]) -> None:
    """Put the table into the page, between its two marks."""
    text = PAGE.read_text("utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *table(found), "", END + after]), "utf-8")
