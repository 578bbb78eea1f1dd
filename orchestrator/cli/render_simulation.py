"""SimulatedCall calls on a screen: each attempt as it happens, the path, the sums, a whole day."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.api.errors import CallFailed, StreamInterrupted
from orchestrator.cli.exit_codes import call_failed
from orchestrator.cli.format import count
from orchestrator.cli.render_call import LiveLines, Say
from orchestrator.cli.screen import Screen
from orchestrator.lab.diagrams import terminal
from orchestrator.lab.simulation import Item, ScriptPlayer, SimulatedCall, Simulation, written
from orchestrator.lab.simulation.check_replay import find_difference
from orchestrator.lab.simulation.workloads import Mix, Survey
from orchestrator.ledger import Recording
from orchestrator.states import Target

_BAR = 50
"""Columns of the longest bar of the plot."""

_SIGNS = (("█", "green"), ("▓", "yellow"), ("░", "red"))
_ENDS = ("answered at once", "rescued", "lost")


@attrs.frozen
class Turn:
    """One call to play.

    Attributes:
        playing: What its attempts meet; turns may share it.
        pause: Seconds from the start of the call before.
        stream: Whether its answer is asked for in chunks.
        timeout: Its deadline in seconds; ``None`` for the policy's.
        route: Its route; ``None`` for the simulation's.
        recording: The call as it was recorded, where it was.
    """

    playing: ScriptPlayer
    pause: float = 0.0
    stream: bool = False
    timeout: float | None = None
    route: str | None = None
    recording: Recording | None = None


@attrs.frozen
class PlayedTurn:
    """A turn, and what came of it."""

    turn: Turn
    done: SimulatedCall

    @property
    def difference(self) -> str | None:
        """The first move that is not as recorded; empty where none is, ``None`` without record."""
        if self.turn.recording is None:
            return None
        then = [move.row for move in self.turn.recording.transitions]
        now = list(self.done.ledger.rows)
        if then == now:
            return ""
        number = next(
            (at for at, pair in enumerate(zip(then, now, strict=False)) if pair[0] != pair[1]),
            min(len(then), len(now)),
        )
        said = (rows[number] if number < len(rows) else "nothing" for rows in (then, now))
        return f"from move {number + 1} on: recorded {next(said)}, now {next(said)}"


def play(
    screen: Screen,
    simulation: Simulation,
    turns: Sequence[Turn],
    everything: Sequence[Turn],
    *,
    json: bool,
) -> list[PlayedTurn]:
    """Run the turns one after the other; show each attempt as it happens, then the path.

    Args:
        screen: Where output goes.
        simulation: What runs; its board is shared by the turns.
        turns: The turns.
        everything: All that the command plays, of which they are a part.
        json: Show nothing.
    """
    played: list[PlayedTurn] = []
    for turn in turns:
        if played:
            simulation.clock.advance(turn.pause - played[-1].done.seconds)
        if not json:
            _announce(screen, everything, turn, len(played))
        simulation.answers = turn.playing
        played.append(PlayedTurn(turn, _call_of(simulation, turn, _silent if json else screen.say)))
        if not json:
            _show(screen, played[-1], alone=len(turns) == 1)
    return played


def note_left(screen: Screen, played: Sequence[PlayedTurn]) -> None:
    """Say what of the scripts nobody asked for."""
    if left := _left(played):
        screen.say(f"note: the script went on, and nobody asked: {_readable(left)}")


def _call_of(simulation: Simulation, turn: Turn, say: Say) -> SimulatedCall:
    recorded = turn.recording
    return simulation.call(
        LiveLines(say),
        timeout=turn.timeout,
        route=turn.route,
        stream=turn.stream,
        reasoning=recorded is not None and recorded.opened.reasoning,
    )


def _show(screen: Screen, each: PlayedTurn, *, alone: bool) -> None:
    if isinstance(each.done.outcome, CallFailed):
        screen.say(f"failed: {each.done.outcome}")
    screen.result(terminal.path(each.done.ledger.rows))
    screen.result(_sums(each.done))
    if each.difference is not None:
        screen.result(_compared(each, alone=alone))


def _compared(each: PlayedTurn, *, alone: bool) -> str:
    if not each.difference:
        return f"as recorded, all {count(len(each.done.ledger.rows), 'move')}"
    other = "" if alone else " (the calls before it share its health board; --id plays it alone)"
    told = f"not as recorded, {each.difference}{other}"
    if each.turn.recording is None or find_difference(each.turn.recording):
        return f"{told}\nfed with the recorded events, this machine decides otherwise too"
    return (
        f"{told}\nfed with the recorded events, this machine does as recorded: "
        "what differs is the config, or what the health board knew of other calls"
    )


def played_as_mapping(played: Sequence[PlayedTurn], route: Sequence[Target]) -> dict[str, Any]:
    """The same for ``--json``."""
    return {
        "route": [target.name for target in route],
        "calls": [_as_object(each) for each in played],
        "seconds": sum(each.done.seconds for each in played),
        "not_played": [item.word for item in _left(played)],
    }


def _announce(screen: Screen, everything: Sequence[Turn], turn: Turn, done: int) -> None:
    if len(everything) > 1:
        number = done + 1 if turn.recording is None else everything.index(turn) + 1
        recorded = "" if turn.recording is None else f": {turn.recording.call}"
        screen.say(f"call {number} of {len(everything)}{recorded}")
    if turn.recording is not None and turn.playing.items:
        screen.say(f"script: {_readable(turn.playing.items, stream=turn.stream)}")


def _readable(items: Iterable[Item], *, stream: bool = False) -> str:
    """The script to the millisecond: a record's own seconds have twenty digits."""
    rounded = (
        attrs.evolve(item, seconds=round(item.seconds, 3), pace=round(item.pace, 3))
        for item in items
    )
    return written(rounded, stream=stream)


def _left(played: Sequence[PlayedTurn]) -> list[Item]:
    scripts = {id(each.turn.playing): each.turn.playing for each in played}
    return [item for playing in scripts.values() for item in playing.left]


def _sums(each: SimulatedCall) -> str:
    sent = count(len(each.ledger.attempts), "attempt")
    end = "answered" if each.answered else "failed"
    sums = f"{end}: {sent} in {each.seconds:.1f} virtual seconds"
    if not isinstance(each.outcome, StreamInterrupted):
        return sums
    delivered = count(len(each.outcome.partial_text), "character")
    return f"{sums}, after content was delivered ({delivered} of text)"


def _as_object(each: PlayedTurn) -> dict[str, Any]:
    done = each.done
    failed = done.outcome if isinstance(done.outcome, CallFailed) else None
    return {
        "answered": done.answered,
        "seconds": done.seconds,
        "streamed": each.turn.stream,
        "attempts": [attrs.asdict(attempt) for attempt in done.ledger.attempts],
        "skipped": [attrs.asdict(skipped) for skipped in done.outcome.skipped],
        "rows": list(done.ledger.rows),
        "error": None if failed is None else call_failed(failed),
        **({} if each.difference is None else {"difference": each.difference}),
    }


def _silent(line: object) -> None:
    """Show nothing."""


def show_survey(screen: Screen, found: Survey, mix: Mix, seed: int) -> None:
    """Show the survey, on stdout."""
    screen.show(_survey_table(found, mix, seed))
    for line in _plot(found):
        screen.result(line)
    calls = count(len(found.calls), "call")
    ends = f"{found.at_once} answered at once, {found.rescued} rescued, {found.lost} lost"
    screen.result(Text(f"{calls}: {ends}", "bold"))


def survey_svg(found: Survey, mix: Mix, seed: int) -> str:
    """The table and the plot as SVG, as a terminal of 80 columns shows them."""
    console = Console(record=True, width=80, file=io.StringIO(), force_terminal=True)
    console.print(_survey_table(found, mix, seed))
    for line in _plot(found):
        console.print(line)
    # Rich's own form fetches a font from the network; any monospaced one will do.
    form = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    return console.export_svg(title="orchestrator simulate", code_format=form, unique_id="day")


def percent(share: float | None) -> str:
    """``97.5 %``, or a dash where there is none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def _survey_table(found: Survey, mix: Mix, seed: int) -> Table:
    table = Table(title=f"{mix}, {len(found.calls)} calls over a day, seed {seed}")
    table.add_column("")
    for name in ("calls", "mean", "median", "95 %", "most"):
        table.add_column(name, justify="right")
    table.add_row("answered at once", str(found.at_once))
    table.add_row("rescued", str(found.rescued))
    table.add_row("lost", str(found.lost))
    table.add_row("rescue rate", percent(found.rescue_rate))
    for name, unit in (("attempts", ""), ("seconds", " s")):
        table.add_row(name, "", *(f"{value:.1f}{unit}" for value in found.spread(name)))
    for provider, number in found.requests.items():
        table.add_row(f"requests to {provider}", str(number))
    return table


def _plot(found: Survey) -> list[Text]:
    """A line an hour: how its calls ended, and what they took."""
    hours = found.hours()
    most = max(len(hour.calls) for hour in hours) or 1
    signs = "  ".join(f"{sign} {name}" for (sign, _), name in zip(_SIGNS, _ENDS, strict=True))
    lines = [Text(f"hour  {signs:{_BAR}}  attempts   seconds")]
    lines.append(Text(f"{'':{_BAR + 6}}  {'mean':>8}  {'95 %':>8}", "dim"))
    for number, hour in enumerate(hours):
        line = Text(f"{number:02}    ") + _bar(hour, most)
        if hour.calls:
            attempts, seconds = hour.spread("attempts")[0], hour.spread("seconds")[2]
            line.append(f"  {attempts:8.1f}  {seconds:6.1f} s")
        line.rstrip()
        lines.append(line)
    return lines


def _bar(hour: Survey, most: int) -> Text:
    """The calls of an hour; one that was lost is seen among thousands."""
    counts = (hour.at_once, hour.rescued, hour.lost)
    room = round(len(hour.calls) * _BAR / most)
    columns = [max(bool(each), round(each * _BAR / most)) for each in counts]
    while sum(columns) > max(room, sum(map(bool, counts))):
        columns[columns.index(max(columns))] -= 1
    line = Text()
    for width, (sign, style) in zip(columns, _SIGNS, strict=True):
        line.append(sign * width, style)
    line.append(" " * (_BAR - sum(columns)))
    return line


def survey_as_mapping(found: Survey, mix: Mix, seed: int) -> dict[str, Any]:
    """The same for ``--json``."""
    names = ("mean", "median", "p95", "most")
    return {
        "mix": mix,
        "seed": seed,
        "calls": len(found.calls),
        **found.as_mapping(),
        "attempts": dict(zip(names, found.spread("attempts"), strict=True)),
        "seconds": dict(zip(names, found.spread("seconds"), strict=True)),
        "hours": [
            {
                "at_once": hour.at_once,
                "rescued": hour.rescued,
                "lost": hour.lost,
                "attempts": hour.spread("attempts")[0],
                "seconds_p95": hour.spread("seconds")[2],
            }
            for hour in found.hours()
        ],
    }
