"""Everything that spin is asked, in two processes, and the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial

import attrs

from orchestrator.states.machine import build, step
from orchestrator.states.table import STATES, TABLE, Entry, Row
from verification.promela.comparing import Comparison, compare, way_to
from verification.promela.coverage import missing
from verification.promela.exported import export
from verification.promela.misled import MISLED
from verification.promela.moving import Moves, Told, compare_moves, ordered
from verification.promela.planted import LEFT_OUT, PLANTED, SETTING, Planted
from verification.promela.settings import EVERY, QUICK, ROUND, SETTINGS, SMALL
from verification.promela.spinning import Refused, Run, circles, search

_AT_A_TIME = 2
"""Searches that run side by side: what a small machine that tests changes has cores for."""


@attrs.frozen
class Report:
    """Everything that was asked and answered.

    Attributes:
        comparisons: By the setting's name.
        circles: What went round for ever, by the setting's name; empty where nothing did.
        planted: What spin said of each mistake planted in the model.
        left_out: A comparison with a table that lacks rows.
        quick: Whether some of it was asked about alone; see :func:`ask`.
    """

    comparisons: Mapping[str, Comparison]
    circles: Mapping[str, str]
    planted: Sequence[tuple[Planted, Run]]
    left_out: Comparison
    quick: bool = False

    @property
    def misled(self) -> dict[str, Moves]:
        """What became of the moves of each machine with a mistake, by the mistake."""
        return dict(pair for one in self.comparisons.values() for pair in one.misled)

    @property
    def unnamed(self) -> list[str]:
        """The mistakes in the machine that no move showed."""
        found = self.misled
        return [
            one.name for one in MISLED if not (self.quick and one.setting not in self.comparisons)
            and (one.name not in found or not found[one.name].different)
        ]  # fmt: skip

    @property
    def missing(self) -> list[str]:
        """Rows and guards that no compared move showed, where all settings were asked about."""
        rows = [one.moves.rows for one in self.comparisons.values()]
        return [] if self.quick else missing(rows)

    @property
    def fine(self) -> bool:
        """Whether the searches agree, all invariants hold and each mistake was named."""
        agreed = all(one.same for one in self.comparisons.values())
        named = all(run.stopped_by == one.broken for one, run in self.planted)
        ended = not any(self.circles.values())
        return agreed and named and ended and not (
            self.left_out.same or self.unnamed or self.missing
        )  # fmt: skip


def ask(*, quick: bool = False) -> Report:
    """Ask spin everything.

    Args:
        quick: Ask about some of it: the settings of :data:`.QUICK`, and every fourth mistake.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take a model.
        TooSlow: One of them did not end in its time.
    """
    with ProcessPoolExecutor(_AT_A_TIME) as side_by_side:
        # The ones with the most moves first, so that both processes end together.
        settings = QUICK if quick else tuple(SETTINGS)
        largest = sorted(settings, key=lambda name: -EVERY[name])
        compared = {name: side_by_side.submit(_compared, name) for name in largest}
        circled = {name: side_by_side.submit(_circled, name) for name in ROUND if name in settings}
        places = range(0, len(PLANTED), 4 if quick else 1)
        planted = [(PLANTED[place], side_by_side.submit(_planted, place)) for place in places]
        left_out = side_by_side.submit(_left_out)
        try:
            return Report(
                {name: compared[name].result() for name in settings},
                {name: found.result() for name, found in circled.items()},
                [(one, found.result()) for one, found in planted],
                left_out.result(),
                quick,
            )
        except BaseException:
            side_by_side.shutdown(wait=False, cancel_futures=True)
            raise


def _compared(name: str) -> Comparison:
    misled = [one for one in MISLED if one.setting == name]
    return compare(SETTINGS[name], every=EVERY[name], misled=misled)


def _circled(name: str) -> str:
    return circles(export(SETTINGS[name])).stopped_by


def _planted(place: int) -> Run:
    return PLANTED[place].found()


def _left_out() -> Comparison:
    return compare(SETTING, table=LEFT_OUT)


# One machine by itself.


def named(table: Sequence[Row] = TABLE, entries: Sequence[Entry] = STATES) -> str | None:
    """How a machine moves otherwise than spin's model of the table that ships, in words.

    For machines with a planted mistake: the moves of the small settings are asked, the ones of
    the shortest calls first, until one differs.

    Args:
        table: The machine's rows.
        entries: What its states ask for.

    Returns:
        The setting, both rows, the state, the event and the way there; ``None`` where every
        move is the same.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take a model, or the table that ships breaks an invariant.
        TooSlow: One of them did not end in its time.
    """
    shipped = table is TABLE and entries is STATES
    machine = step if shipped else build(table, entries)
    for name, setting in SMALL.items():
        way = partial(way_to, export(setting))
        found = compare_moves(setting, _told(name), machine, way=way, most=1)
        for one in found.differences:
            return "\n  ".join((f"{name}: {one.headline}", *one.lines))
    return None


@cache
def _told(name: str) -> list[Told]:
    run = search(export(SETTINGS[name]), every=EVERY[name])
    if run.stopped_by:
        raise Refused(f"{name}: the model breaks {run.stopped_by}, by {', '.join(run.rows)}")
    return ordered(SETTINGS[name], run)
