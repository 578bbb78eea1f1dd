"""What spin said, as the lines that `make spin` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import attrs

from verification.promela.comparing import Comparison, compare
from verification.promela.exported import export
from verification.promela.planted import LEFT_OUT, PLANTED, SETTING, Planted
from verification.promela.settings import ROUND, SETTINGS
from verification.promela.spinning import Run, Unavailable, circles, require, shortest

_AT_A_TIME = 2
"""Searches that run side by side: what a small machine that tests changes has cores for."""

_LONGEST_WAY = 7
"""Rows that are shown of a way."""

DONE, DIFFERENT, NOT_CHECKED = 0, 1, 3
"""Exit statuses; the last is told apart so that nobody takes it for a pass."""

_LEFT_OUT = "NOT CHECKED by spin:"


@attrs.frozen
class Report:
    """Everything that was asked and answered.

    Attributes:
        comparisons: By the setting's name.
        circles: What went round for ever, by the setting's name; empty where nothing did.
        planted: What spin said of each planted mistake.
        left_out: A comparison with a table that lacks rows.
    """

    comparisons: Mapping[str, Comparison]
    circles: Mapping[str, str]
    planted: Sequence[tuple[Planted, Run]]
    left_out: Comparison

    @property
    def fine(self) -> bool:
        """Whether the searches agree, all invariants hold and each mistake was named."""
        agreed = all(one.same for one in self.comparisons.values())
        named = all(run.stopped_by == one.broken for one, run in self.planted)
        ended = not any(self.circles.values())
        return agreed and named and ended and not self.left_out.same


def main() -> Iterator[str | int]:
    """The lines of the report, and at the end the exit status."""
    try:
        require()
    except Unavailable as missing:
        yield f"{_LEFT_OUT} {missing}."
        yield f"{_LEFT_OUT} {len(SETTINGS)} settings and {len(PLANTED)} planted mistakes."
        yield "Debian and Ubuntu: apt-get install spin gcc; macOS: brew install spin gcc"
        yield NOT_CHECKED
        return
    yield f"{len(SETTINGS)} settings and {len(PLANTED)} planted mistakes, about a minute:\n"
    report = ask()
    yield from lines(report)
    yield DONE if report.fine else DIFFERENT


def ask() -> Report:
    """Ask spin everything.

    Raises:
        Unavailable: Spin or gcc is missing.
        Refused: One of them does not take a model.
    """
    # Most of the time spin, the compiler and the search are programs of their own.
    with ThreadPoolExecutor(_AT_A_TIME) as side_by_side:
        largest = sorted(SETTINGS, key=lambda name: -len(SETTINGS[name].route))
        compared = {name: side_by_side.submit(compare, SETTINGS[name]) for name in largest}
        round_ = {name: side_by_side.submit(circles, export(SETTINGS[name])) for name in ROUND}
        planted = [
            (one, side_by_side.submit(circles if one.goes_round else shortest, one.model()))
            for one in PLANTED
        ]
        left_out = side_by_side.submit(compare, SETTING, table=LEFT_OUT)
        return Report(
            {name: compared[name].result() for name in SETTINGS},
            {name: run.result().stopped_by for name, run in round_.items()},
            [(one, run.result()) for one, run in planted],
            left_out.result(),
        )


def lines(report: Report) -> Iterator[str]:
    """The report in words, at most 80 columns wide but for what went wrong."""
    yield _row("setting", "by verify", "by spin", "invariants", "an end", "seconds")
    for name, one in report.comparisons.items():
        yield _row(
            name,
            f"{len(one.by_verify):,}",
            f"{len(one.by_spin):,}",
            "BROKEN" if one.broken else "hold",
            _ending(report.circles.get(name)),
            f"{sum(one.seconds):.1f}",
        )
        yield from _trouble(one)
    yield ""
    yield from _states(report.comparisons.values())
    yield ""
    yield f"{'planted mistake':<29}  named by spin, and the shortest way there"
    yield from (line for one, run in report.planted for line in _mistake(one, run))
    yield from _missed(report.left_out)
    yield ""
    yield _verdict(report)


def _row(name: str, *cells: str) -> str:
    verify, spin, invariants, end, seconds = cells
    return f"{name:<26}  {verify:>9}  {spin:>9}  {invariants:<10}  {end:<6}  {seconds:>7}"


def _ending(circle: str | None) -> str:
    if circle is None:
        return ""
    return "NONE" if circle else "always"


def _trouble(one: Comparison) -> Iterator[str]:
    if one.broken:
        yield f"  BROKEN: {one.broken}"
        yield f"    by {', '.join(one.rows)}"
    elif not one.same:
        if one.untold:
            yield f"  DIFFERENT: spin stored {one.untold:,} states that the model does not tell of"
        yield from (f"  DIFFERENT: {words}" for words in one.differences)
        for name, verify, spin in one.by_state():
            if verify != spin:
                yield f"  DIFFERENT in {name}: {verify:,} by verify, {spin:,} by spin"


def _states(comparisons: Iterable[Comparison]) -> Iterator[str]:
    """All settings together, for each state of the machine."""
    verify, spin = Counter[str](), Counter[str]()
    for one in comparisons:
        for name, by_verify, by_spin in one.by_state():
            verify[name] += by_verify
            spin[name] += by_spin
    yield f"{'all settings, in state':<26}  {'by verify':>9}  {'by spin':>9}"
    for name in sorted(verify | spin):
        yield f"{name:<26}  {verify[name]:>9,}  {spin[name]:>9,}"
    yield f"{'in all':<26}  {verify.total():>9,}  {spin.total():>9,}"


def _mistake(one: Planted, run: Run) -> Iterator[str]:
    found = run.stopped_by or "nothing"
    as_wanted = "" if found == one.broken else f"  NOT FOUND: {one.broken}"
    yield f"{one.name:<29}  {found}{as_wanted}"
    way = run.rows if len(run.rows) <= _LONGEST_WAY else (*run.rows[: _LONGEST_WAY - 1], "…")
    yield f"{'':<4}{', '.join(way)}"


def _missed(one: Comparison) -> Iterator[str]:
    less = len(one.by_verify - one.by_spin)
    yield f"{'no row for a way back':<29}  {less:,} of {len(one.by_verify):,} states not reached"
    for words in one.differences[:1]:
        yield f"{'':<4}{words.partition('    by ')[2]}"


def _verdict(report: Report) -> str:
    if not report.fine:
        return "spin: DIFFERENT from what orchestrator verify finds, see above"
    return "spin: the same states, one by one; invariants hold; planted mistakes are named"
