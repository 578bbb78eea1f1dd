"""Tables that differ from the one that runs, for tests that compare and draw."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import attrs
from hypothesis import strategies as st

from orchestrator.lab.diagrams.overlay import Look, Mark, Overlay, along, heated, under
from orchestrator.lab.diagrams.plain import PlainRow, PlainState, PlainTable, plain

PRESENT = plain(codes=True)
NAMES = tuple(row.name for row in PRESENT.rows)
DIAGNOSED = tuple(row.name for row in PRESENT.rows if row.event == "Diagnosed")


def with_rows(rows: tuple[PlainRow, ...]) -> PlainTable:
    return attrs.evolve(PRESENT, rows=rows)


def changed(name: str, **values: str) -> PlainTable:
    """The present table with one row changed."""
    return with_rows(
        tuple(attrs.evolve(row, **values) if row.name == name else row for row in PRESENT.rows)
    )


def without(*names: str) -> PlainTable:
    return with_rows(tuple(row for row in PRESENT.rows if row.name not in names))


identifiers = st.builds(
    lambda letters, length: "".join(itertools.islice(itertools.cycle(letters), length)),
    st.text("abcdefghijklmnopqrstuvwxyzABC", min_size=3, max_size=6),
    st.sampled_from((3, 8, 20, 45, 200)),
)
"""Names, some of them wider than a terminal."""


@st.composite
def tables(draw: st.DrawFn) -> PlainTable:
    """A table of which nothing is known but that its names fit together."""
    states = draw(st.lists(identifiers, min_size=2, max_size=5, unique=True))
    names = draw(st.lists(identifiers, min_size=1, max_size=8, unique=True))
    events = draw(st.lists(identifiers, min_size=1, max_size=3, unique=True))
    rows = [
        PlainRow(
            name,
            draw(st.sampled_from(states[:-1])),
            draw(st.sampled_from(events)),
            draw(st.one_of(st.none(), identifiers)),
            draw(st.sampled_from(states)),
            meaning=draw(st.sampled_from(("", "It holds."))),
        )
        for name in names
    ]
    commands = draw(st.lists(identifiers, min_size=len(states), max_size=len(states)))
    return PlainTable(
        tuple(
            PlainState(name, command, name == states[-1])
            for name, command in zip(states, commands, strict=True)
        ),
        tuple(rows),
        states[0],
    )


COUNTS: Mapping[str, int] = {
    name: 10 ** (place % 6) for place, name in enumerate(NAMES) if place % 3
}

SHOWN: Mapping[str, Overlay] = {
    "path": along(
        ("started_send", "failed", "rotate", "rotated_send", "classify_deadline"), "a.jsonl, call 1"
    ),
    "config": under(
        PRESENT,
        ("rotate", "repair", "repaired_fallback", "way_back"),
        dict.fromkeys(NAMES[::2], ("at most 16 attempts", "patience 10 s")),
        "orchestrator.toml, route default",
    ),
    "heat": heated(PRESENT, COUNTS, "3 ledgers: 1204 calls"),
    "change": Overlay(
        {
            "retry": Mark(Look.ADDED),
            "rotate": Mark(Look.REMOVED),
            "fallback": Mark(Look.CHANGED, notes=("to retry, was eager_fallback",)),
            "waited_terminal": Mark(Look.CHANGED, notes=("moved above waited_wait",)),
        },
        Mark(Look.SAME),
        {"repair": Look.ADDED},
        ((Look.ADDED, "added"), (Look.REMOVED, "removed"), (Look.CHANGED, "changed")),
        "from old.json to the table that runs",
        apart=True,
    ),
}
"""One overlay of each kind."""
