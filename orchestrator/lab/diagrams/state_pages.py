"""A page for each state: what it asks, how it leaves, and what a reviewer should check."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from orchestrator.lab.diagrams.diagram import Drawing
from orchestrator.lab.diagrams.markdown import fence, link, table_of
from orchestrator.lab.diagrams.one_state import OneState, one_state
from orchestrator.lab.diagrams.plain import NO_EFFECT, PlainRow, Table, plain
from orchestrator.lab.diagrams.reviews import REVIEWS
from orchestrator.states import commands, effects
from orchestrator.states.table import STATES


def names(table: Table) -> tuple[str, ...]:
    """The states of ``table``, in order."""
    return tuple(state.name for state in plain(table).states)


def line(table: Table, name: str) -> str:
    """The state's line in the index."""
    command = plain(table).state(name).command
    asks = f"`{command}`" if command else "nothing"
    return f"| {link(f'`{name}`', f'states/{name}.md')} | {asks} | {REVIEWS[name].about} |"


def page(table: Table, name: str) -> str:
    """The state's page, as Markdown."""
    return "\n".join([*_head(table, name), *_body(one_state(table, name)), ""])


def _head(table: Table, name: str) -> Iterator[str]:
    yield "<!-- Generated from states/table.py and reviews.py; do not edit. -->"
    yield f"# {name}"
    yield from ("", REVIEWS[name].about, "", f"![{name}]({name}.svg)", "")
    yield f"Files: {link('svg', f'{name}.svg')}, {link('png', f'{name}.png')}."
    yield ""
    yield from fence(Drawing(table, state=name).mermaid())


def _body(one: OneState) -> Iterator[str]:
    yield from ("", "## What it asks", "", _asks(one))
    yield from ("", "## How it leaves", "")
    if one.state.final:
        yield "Never: the call is over, and any event is refused."
    yield from _leaves(one)
    yield from ("", "## What leads here", "", *_into(one))
    yield from ("", "## What to check", "", *_checks(one))
    yield from ("", link("All diagrams", "../README.md"))


def _checks(one: OneState) -> Iterator[str]:
    return (f"- {check}" for check in REVIEWS[one.state.name].checks)


def _asks(one: OneState) -> str:
    """What the state asks for, in the words of its ``enter`` and of the command."""
    enter = next(entry.enter for entry in STATES if entry.state.value == one.state.name)
    if enter is None:
        return "Nothing: a call begins here, and the driver answers with `Started`."
    source = f"../../../{enter.__module__.replace('.', '/')}.py"
    says = _first(inspect.getdoc(enter))
    command = _first(inspect.getdoc(getattr(commands, one.state.command)))
    return f"`{one.state.command}`: {command} {link('On entry', source)}: {says}"


def _first(text: str | None) -> str:
    """The first line of a docstring, for Markdown."""
    return (text or "").partition("\n")[0].replace("``", "`")


def _leaves(one: OneState) -> Iterator[str]:
    """The rows: in one table those of an event that leads on in one way."""
    alone = [group[0] for group in one.groups if len(group) == 1]
    for group in one.groups:
        if len(group) > 1:
            yield from _group(group)
    if alone:
        yield from table_of(
            ("on", "row", "to", "effect"),
            ((f"`{row.event}`", f"`{row.name}`", _to(row), _effect(row.effect)) for row in alone),
        )


def _group(group: tuple[PlainRow, ...]) -> Iterator[str]:
    yield from (f"On `{group[0].event}` the first row that holds:", "")
    yield from table_of(
        ("", "row", "guard", "when", "to", "effect"),
        (_row(row, place) for place, row in enumerate(group, 1)),
    )
    yield from ("", "Whatever else happens:", "")


def _row(row: PlainRow, place: int) -> tuple[str, ...]:
    guard = "" if row.guard is None else f"`{row.guard}`"
    return str(place), f"`{row.name}`", guard, row.meaning, _to(row), _effect(row.effect)


def _to(row: PlainRow) -> str:
    return link(f"`{row.to}`", f"{row.to}.md")


def _effect(name: str) -> str:
    says = "" if name == NO_EFFECT else _first(inspect.getdoc(getattr(effects, name, None)))
    return f"`{name}`: {says}" if says else ""


def _into(one: OneState) -> Iterator[str]:
    if not one.into:
        yield "Nothing: a call begins here."
    for rows in one.into:
        shown = ", ".join(f"`{row.name}`" for row in rows)
        yield f"- from {link(f'`{rows[0].state}`', f'{rows[0].state}.md')}: {shown}"
