"""Tables that differ from the one that runs, for tests that compare and draw."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

from hypothesis import strategies as st

from orchestrator.lab.diagrams.drawing import Drawing, View
from orchestrator.lab.diagrams.overlay import Emphasis, Overlay, RowMark, along, heated, under
from orchestrator.lab.diagrams.plain_table import (
    PlainRow,
    PlainState,
    PlainTable,
    Table,
    plain,
)

PRESENT = plain()
NAMES = tuple(row.name for row in PRESENT.rows)
DIAGNOSED = tuple(row.name for row in PRESENT.rows if row.event == "Diagnosed")


def drawn(
    path: Sequence[str] = (), *, view: View = View.MACHINE, table: Table = PRESENT
) -> Drawing:
    """The machine with the path of a call."""
    return Drawing(table, along(path), view)


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
            "retry": RowMark(Emphasis.ADDED),
            "rotate": RowMark(Emphasis.REMOVED),
            "fallback": RowMark(Emphasis.CHANGED, notes=("to retry, was eager_fallback",)),
            "waited_terminal": RowMark(Emphasis.CHANGED, notes=("moved above waited_wait",)),
        },
        RowMark(Emphasis.SAME),
        legend=(
            (Emphasis.ADDED, "added"),
            (Emphasis.REMOVED, "removed"),
            (Emphasis.CHANGED, "changed"),
        ),
        title="from old.toml to new.toml, route default",
    ),
}
"""One overlay of each kind."""
