"""The machine as Promela text, from the table that runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.resources import files

from orchestrator.lab.verify import Setting
from orchestrator.states.call import State
from orchestrator.states.table import STATES, TABLE, Entry, Row
from verification.promela.numbers import in_state, numbers
from verification.promela.translations import SHIPPED, Translations, look_up

_MODEL = ("state", "moves", "world", "guards", "entries", "invariants")


def export(
    setting: Setting,
    *,
    table: Sequence[Row] = TABLE,
    entries: Sequence[Entry] = STATES,
    translations: Translations = SHIPPED,
) -> str:
    """A Promela model of a machine under a setting, for ``spin -a``.

    The rows, their order, states, events and targets are those of ``table``; what they call is
    written by hand. The same arguments give the same text. Compiled with ``-DTELL`` the model
    prints each state that it reaches, as :mod:`verification.promela.vectors` reads it; with
    ``-DMOVES`` it writes each move, as :mod:`verification.promela.worlds` does.

    Args:
        setting: What is checked.
        table: The rows, in order.
        entries: What each state asks for when it is entered.
        translations: What stands for their functions.

    Raises:
        Untranslated: A row or an entry calls a function that has no translation, or
            something in the setting is more than the model can count.
    """
    parts = [
        "/* Written by `orchestrator verify --promela`; check it with spin 6. */",
        *numbers(setting, table),
        *((files(__package__) / "model" / f"{name}.pml").read_text("utf-8") for name in _MODEL),
        *_entering(entries, translations),
        *_events(table),
        *_table(table, translations),
        (files(__package__) / "model" / "main.pml").read_text("utf-8"),
    ]
    return "\n".join(parts)


def _entering(entries: Sequence[Entry], translations: Translations) -> Iterator[str]:
    for entry in entries:
        if entry.enter is not None:
            where = f"the entry of {entry.state.value}"
            statement = look_up(translations.entries, entry.enter, where)
            yield f"inline go_to_{entry.state.name}() {{"
            yield f"    state = {in_state(entry.state)};"
            yield f"    {statement}\n}}"


def _events(table: Sequence[Row]) -> Iterator[str]:
    """Which events can happen in which state."""
    yield "inline something_happens() {\n    if"
    for state in State:
        happening = dict.fromkeys(row.event.__name__ for row in table if row.state is state)
        for name in happening:
            possible = " && STREAMED" if name == "Streaming" else ""
            yield f"    :: (state == {in_state(state)}{possible}) -> event = {name.upper()}"
    yield "    fi\n}"
    rows_out_of = {row.state for row in table}
    over = [f"state == {in_state(one)}" for one in State if one.final and one not in rows_out_of]
    yield f"#define OVER ({' || '.join(over) or 'false'})"


def _table(table: Sequence[Row], translations: Translations) -> Iterator[str]:
    yield "inline follow_the_table() {\n    if"
    groups: dict[tuple[State, str], list[tuple[int, Row]]] = {}
    for place, row in enumerate(table):
        groups.setdefault((row.state, row.event.__name__.upper()), []).append((place, row))
    for (state, event), rows in groups.items():
        yield f"    :: (state == {in_state(state)} && event == {event}) ->"
        yield from _first_that_holds(rows, translations)
    yield "    :: else -> every_state_knows_what_to_do = 0\n    fi\n}"


def _first_that_holds(rows: Sequence[tuple[int, Row]], translations: Translations) -> Iterator[str]:
    """Each row's own condition, and below it, under ``else``, the next."""
    for depth, (place, row) in enumerate(rows):
        pad = "    " * (2 + depth)
        where = f"row {row.name}"
        guard = "true" if row.guard is None else look_up(translations.guards, row.guard, where)
        effect = look_up(translations.effects, row.effect, where)
        yield f"{pad}if\n{pad}:: ({guard}) ->"
        yield f'{pad}    printf("@row {row.name}\\n");'
        yield f"{pad}    TOOK({place});"
        yield f"{pad}    {effect};\n{pad}    go_to_{row.to.name}()"
        yield f"{pad}:: else ->"
    pad = "    " * (2 + len(rows))
    yield f"{pad}every_state_knows_what_to_do = 0"
    yield from (f"{'    ' * (2 + depth)}fi" for depth in range(len(rows) - 1, -1, -1))
