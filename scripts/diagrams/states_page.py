"""The page of all states: what each asks, how it leaves, and what a reviewer should check."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from orchestrator.lab.diagrams.plain_table import NO_EFFECT, PlainRow, PlainState, PlainTable
from orchestrator.states import commands, effects
from orchestrator.states.table import STATES
from scripts.diagrams.markdown import link, table_of
from scripts.diagrams.reviews import REVIEWS


def page(table: PlainTable) -> str:
    """The page, as Markdown."""
    return "\n".join([*_head(table), *_sections(table), ""])


def _head(table: PlainTable) -> Iterator[str]:
    yield "<!-- Generated from states/table.py and scripts/diagrams/reviews.py; do not edit. -->"
    yield "# The states"
    pictures = link("all diagrams", "README.md")
    yield from (
        "",
        f"Pictures: {pictures}. Of several rows for one event the first that holds is",
        "taken.",
        "",
    )
    yield from table_of(
        ("state", "what it asks for", "what it is for"),
        (
            (
                link(f"`{state.name}`", f"#{state.name}"),
                f"`{state.command}`" if state.command else "nothing",
                REVIEWS[state.name].about,
            )
            for state in table.states
        ),
    )


def _sections(table: PlainTable) -> Iterator[str]:
    for state in table.states:
        yield from ("", f"## {state.name}", "", REVIEWS[state.name].about, "", _asks(state), "")
        yield from _leaves([row for row in table.rows if row.state == state.name])
        yield from ("", _into([row for row in table.rows if row.to == state.name]))
        yield from ("", "To check:", "", *(f"- {check}" for check in REVIEWS[state.name].checks))


def _asks(state: PlainState) -> str:
    """What the state asks for, in the words of its ``enter`` and of the command."""
    enter = next(entry.enter for entry in STATES if entry.state.value == state.name)
    if enter is None:
        return "Asks for nothing: a call begins here, and the driver answers with `Started`."
    says = _first(inspect.getdoc(enter))
    command = _first(inspect.getdoc(getattr(commands, state.command)))
    return f"Asks for `{state.command}`: {command} On entry: {says}"


def _first(text: str | None) -> str:
    """The first line of a docstring, for Markdown."""
    return (text or "").partition("\n")[0].replace("``", "`")


def _leaves(rows: list[PlainRow]) -> Iterator[str]:
    """The rows in order; of several for one event the first that holds is taken."""
    if not rows:
        yield "Nothing leaves: the call is over, and any event is refused."
        return
    yield from table_of(
        ("on", "row", "guard", "when", "to", "effect"),
        (
            (
                f"`{row.event}`",
                f"`{row.name}`",
                f"`{row.guard}`" if row.guard else "",
                row.meaning if row.guard else "",
                _to(row.to),
                _effect(row.effect),
            )
            for row in rows
        ),
    )


def _to(name: str) -> str:
    return link(f"`{name}`", f"#{name}")


def _effect(name: str) -> str:
    says = "" if name == NO_EFFECT else _first(inspect.getdoc(getattr(effects, name, None)))
    return f"`{name}`: {says}" if says else ""


def _into(rows: list[PlainRow]) -> str:
    if not rows:
        return "Nothing leads here: a call begins with it."
    by_state: dict[str, list[str]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(f"`{row.name}`")
    each = (f"{_to(state)} ({', '.join(names)})" for state, names in by_state.items())
    return f"Leads here: {', '.join(each)}."
