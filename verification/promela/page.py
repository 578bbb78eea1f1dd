"""The measured part of docs/promela.md, written anew from a report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import attrs

from verification.promela.asking import Report
from verification.promela.settings import EVERY, PURPOSES

_PART = re.compile(r"(<!-- measured: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


@attrs.frozen
class Measured:
    """What the page says of a report.

    Attributes:
        settings: (name, states, moves that spin made) of each setting.
        in_model: (mistake, invariant that names it) of each that is planted in the model.
        in_machine: (mistake, row by spin and by the machine) of each planted in the machine.
        by: When, and by which spin.
    """

    settings: tuple[tuple[str, int, int], ...]
    in_model: tuple[tuple[str, str], ...]
    in_machine: tuple[tuple[str, str], ...]
    by: str

    @classmethod
    def of(cls, report: Report, version: str, today: date) -> Measured:
        """The numbers of a report."""
        return cls(
            tuple((name, len(one.by_spin), one.made) for name, one in report.comparisons.items()),
            tuple((one.name, run.stopped_by) for one, run in report.planted),
            tuple(
                (name, found.differences[0].headline if found.differences else "nothing")
                for name, found in report.misled.items()
            ),
            f"Measured {today:%Y-%m-%d}, {version}.",
        )


def rewritten(text: str, measured: Measured) -> str:
    """A page with its measured parts written anew; the rest is left alone."""
    parts = {
        "settings": _settings(measured),
        "model": _named("planted in the model", "named", measured.in_model, "`{}`"),
        "machine": _named("planted in the machine", "the move", measured.in_machine, "{}"),
    }

    def part(found: re.Match[str]) -> str:
        return f"{found[1]}" + "".join(f"{line}\n" for line in parts[found[2]]) + found[3]

    return _PART.sub(part, text)


def _settings(measured: Measured) -> Iterator[str]:
    yield "| setting | what it is there for | states | moves | compared |"
    yield "|---|---|---|---|---|"
    for name, states, made in measured.settings:
        every = "all" if EVERY[name] == 1 else f"1 in {EVERY[name]:,}"
        yield f"| {name} | {PURPOSES[name]} | {states:,} | {made:,} | {every} |"
    about = sum(made / EVERY[name] for name, _, made in measured.settings)
    yield ""
    yield f"About {round(about, -4):,.0f} moves are compared. {measured.by}"


def _named(
    planted: str, named: str, pairs: tuple[tuple[str, str], ...], form: str
) -> Iterator[str]:
    yield f"| {planted} | {named} |"
    yield "|---|---|"
    yield from (f"| {mistake} | {form.format(by)} |" for mistake, by in pairs)
