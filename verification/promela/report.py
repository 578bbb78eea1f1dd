"""What spin said, as the lines that `make spin` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from difflib import get_close_matches
from pathlib import Path

from orchestrator.states.table import TABLE
from verification.promela.asking import Report, ask, named
from verification.promela.comparing import Comparison
from verification.promela.coverage import guarded
from verification.promela.misled import MISLED, Misled
from verification.promela.moving import Difference, Moves
from verification.promela.page import Measured, rewritten
from verification.promela.planted import PLANTED, Planted
from verification.promela.settings import EVERY, SETTINGS, SMALL
from verification.promela.spinning import Refused, Run, TooSlow, Unavailable, require, version

_LONGEST_WAY = 7
"""Rows that are shown of a way."""

DONE, DIFFERENT, USAGE, NOT_CHECKED = 0, 1, 2, 3
"""Exit statuses; the last is told apart so that nobody takes it for a pass."""

_LEFT_OUT = "NOT CHECKED by spin:"
_NOT_FINISHED = "NOT FINISHED by spin:"


def main(page: Path | None = None, *, quick: bool = False) -> Iterator[str | int]:
    """The lines of the report, and at the end the exit status.

    Args:
        page: A page whose measured parts are written anew, where all agrees.
        quick: See :func:`.ask`.
    """
    yield from _asked(_everything(page, quick=quick))


def moves() -> Iterator[str | int]:
    """The moves of the small settings alone, of the machine that is imported."""
    yield from _asked(_moves())


def planted(name: str) -> Iterator[str | int]:
    """One planted mistake, by its name."""
    every: tuple[Planted | Misled, ...] = (*PLANTED, *MISLED)
    known = {one.name: one for one in every}
    if name not in known:
        near = get_close_matches(name, known, 1)
        words = f"nearest: {near[0]}" if near else f"there are: {', '.join(known)}"
        yield f"no planted mistake is called {name!r}; {words}"
        yield USAGE
        return
    yield from _asked(_one(known[name]))


def _asked(lines: Iterator[str | int]) -> Iterator[str | int]:
    """The lines, or why there are none."""
    try:
        require()
        yield from lines
    except Unavailable as missing:
        yield f"{_LEFT_OUT} {missing}."
        yield (
            f"{_LEFT_OUT} {len(SETTINGS)} settings and {len(PLANTED) + len(MISLED)} "
            "planted mistakes."
        )
        yield "Debian and Ubuntu: apt-get install spin gcc; macOS: brew install spin gcc"
        yield NOT_CHECKED
    except TooSlow as slow:
        yield f"{_NOT_FINISHED} {slow}; nothing is known of what was left."
        yield NOT_CHECKED
    except Refused as refused:
        yield f"{_NOT_FINISHED} {refused}"
        yield NOT_CHECKED


def _everything(page: Path | None, *, quick: bool) -> Iterator[str | int]:
    every = f"{len(SETTINGS)} settings and {len(PLANTED) + len(MISLED)} planted mistakes"
    yield f"some of {every}:\n" if quick else f"{every}, about five minutes:\n"
    report = ask(quick=quick)
    yield from lines(report)
    if page is not None and report.fine:
        measured = Measured.of(report, version(), datetime.now(UTC).date())
        page.write_text(rewritten(page.read_text("utf-8"), measured), "utf-8")
    yield DONE if report.fine else DIFFERENT


def _moves() -> Iterator[str | int]:
    found = named()
    if found is not None:
        yield f"DIFFERENT: {found}"
        yield DIFFERENT
        return
    yield f"spin: the same moves in {len(SMALL)} settings"
    yield DONE


def _one(mistake: Planted | Misled) -> Iterator[str | int]:
    if isinstance(mistake, Planted):
        run = mistake.found()
        yield from _mistake(mistake, run)
        yield DONE if run.stopped_by == mistake.broken else DIFFERENT
        return
    found = named(mistake.table, mistake.entries)
    yield f"{mistake.name}: {'NOT FOUND' if found is None else found}"
    yield DIFFERENT if found is None else DONE


def lines(report: Report) -> Iterator[str]:
    """The report in words, at most 80 columns wide but for what went wrong."""
    yield _row("setting", "states", "moves", "of", "invariants", "an end", "seconds")
    for name, one in report.comparisons.items():
        yield _row(
            name,
            f"{len(one.by_spin):,}",
            f"{one.moves.compared:,}",
            "all" if EVERY.get(name, 1) == 1 else _millions(one.made),
            "BROKEN" if one.broken else "hold",
            _ending(report.circles.get(name)),
            f"{sum(one.seconds):.1f}",
        )
        yield from _trouble(one)
    yield ""
    yield from _states(report.comparisons.values())
    yield ""
    yield from _covered(report)
    yield ""
    yield f"{'planted in the model':<30}  named by spin, and the shortest way there"
    yield from (line for one, run in report.planted for line in _mistake(one, run))
    yield from _missed(report.left_out)
    yield ""
    yield f"{'planted in the machine':<30}  the first move that differs"
    yield from (line for name, found in report.misled.items() for line in _misled(name, found))
    yield from (f"{name:<30}  NOT FOUND" for name in report.unnamed if name not in report.misled)
    yield ""
    yield _verdict(report)


def _row(name: str, *cells: str) -> str:
    states, compared, of, invariants, an_end, seconds = cells
    return (
        f"{name:<25} {states:>7} {compared:>8} {of:>7}  {invariants:<10}  {an_end:<6} {seconds:>7}"
    )


def _millions(count: int) -> str:
    return f"{count / 1e6:.1f} M"


def _ending(circle: str | None) -> str:
    if circle is None:
        return ""
    return "NONE" if circle else "always"


def _trouble(one: Comparison) -> Iterator[str]:
    if one.broken:
        yield f"  BROKEN: {one.broken}"
        yield f"    by {', '.join(one.rows)}"
        return
    if one.untold:
        yield f"  DIFFERENT: spin stored {one.untold:,} states that the model does not tell of"
    yield from (f"  DIFFERENT: {words}" for words in one.differences)
    for name, verify, spin in one.by_state():
        if verify != spin:
            yield f"  DIFFERENT in {name}: {verify:,} by verify, {spin:,} by spin"
    if one.moves.different:
        yield f"  DIFFERENT in {one.moves.different:,} of {one.moves.compared:,} moves:"
    for found in one.moves.differences:
        yield f"  DIFFERENT: {found.headline}"
        yield from (f"    {line}" for line in found.lines)


def _states(comparisons: Iterable[Comparison]) -> Iterator[str]:
    """The settings of the report together, for each state of the machine."""
    verify, spin = Counter[str](), Counter[str]()
    for one in comparisons:
        for name, by_verify, by_spin in one.by_state():
            verify[name] += by_verify
            spin[name] += by_spin
    yield f"{'all of these, in state':<26}  {'by verify':>9}  {'by spin':>9}"
    for name in sorted(verify | spin):
        yield f"{name:<26}  {verify[name]:>9,}  {spin[name]:>9,}"
    yield f"{'in all':<26}  {verify.total():>9,}  {spin.total():>9,}"


def _covered(report: Report) -> Iterator[str]:
    every = [one.moves for one in report.comparisons.values()]
    compared, steps = (sum(getattr(one, name) for one in every) for name in ("compared", "steps"))
    yield f"{compared:,} moves compared, each at up to three instants: {steps:,} steps"
    if not (report.quick or report.missing):
        yield (
            f"they take each of {len(TABLE)} rows; each of {guarded()} guards holds in some "
            "and fails in others"
        )
    yield from (f"NOT SHOWN: {words}" for words in report.missing)


def _mistake(one: Planted, run: Run) -> Iterator[str]:
    found = run.stopped_by or "nothing"
    as_wanted = "" if found == one.broken else f"  NOT FOUND: {one.broken}"
    yield f"{one.name:<30}  {found}{as_wanted}"
    way = run.rows if len(run.rows) <= _LONGEST_WAY else (*run.rows[: _LONGEST_WAY - 1], "…")
    yield f"{'':<4}{', '.join(way)}"


def _missed(one: Comparison) -> Iterator[str]:
    less = len(one.by_verify - one.by_spin)
    yield f"{'no row for a way back':<30}  {less:,} of {len(one.by_verify):,} states not reached"
    for words in one.differences[:1]:
        yield f"{'':<4}{words.partition('    by ')[2]}"


def _misled(name: str, found: Moves) -> Iterator[str]:
    if not found.differences:
        yield f"{name:<30}  NOT FOUND"
        return
    first: Difference = found.differences[0]
    yield f"{name:<30}  {first.headline}"
    yield from (f"{'':<4}{line}" for line in first.told())


def _verdict(report: Report) -> str:
    if not report.fine:
        return "spin: DIFFERENT from what orchestrator verify finds, see above"
    return "spin: the same states and moves; invariants hold; planted mistakes are named"
