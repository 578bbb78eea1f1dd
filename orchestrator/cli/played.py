"""How simulated calls are shown: their attempts as they happen, their path, the sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import attrs

from orchestrator.api.errors import CallFailed, StreamInterrupted
from orchestrator.cli.endings import call_failed
from orchestrator.cli.live import Live, Say
from orchestrator.cli.screen import Screen
from orchestrator.cli.words import count
from orchestrator.lab.diagrams.diagram import terminal
from orchestrator.lab.simulation import Item, Playing, Simulated, Simulation, written
from orchestrator.lab.simulation.reading import Recording
from orchestrator.lab.simulation.replayed import difference
from orchestrator.states import Target


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

    playing: Playing
    pause: float = 0.0
    stream: bool = False
    timeout: float | None = None
    route: str | None = None
    recording: Recording | None = None


@attrs.frozen
class Played:
    """A turn, and what came of it."""

    turn: Turn
    done: Simulated

    @property
    def difference(self) -> str | None:
        """How it went otherwise than recorded; empty where it did not, ``None`` without record."""
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
) -> list[Played]:
    """Run the turns one after the other; show each attempt as it happens, then the path.

    Args:
        screen: Where output goes.
        simulation: What runs; its board is shared by the turns.
        turns: The turns.
        everything: All that the command plays, of which they are a part.
        json: Show nothing.
    """
    played: list[Played] = []
    for turn in turns:
        if played:
            simulation.clock.advance(turn.pause - played[-1].done.seconds)
        if not json:
            _announce(screen, everything, turn, len(played))
        simulation.transport.answers = turn.playing
        played.append(Played(turn, _call_of(simulation, turn, _silent if json else screen.say)))
        if not json:
            _show(screen, played[-1], alone=len(turns) == 1)
    return played


def note_left(screen: Screen, played: Sequence[Played]) -> None:
    """Say what of the scripts nobody asked for."""
    if left := _left(played):
        screen.say(f"note: the script went on, and nobody asked: {_readable(left)}")


def _call_of(simulation: Simulation, turn: Turn, say: Say) -> Simulated:
    recorded = turn.recording
    return simulation.call(
        Live(say),
        timeout=turn.timeout,
        route=turn.route,
        stream=turn.stream,
        reasoning=recorded is not None and recorded.opened.reasoning,
    )


def _show(screen: Screen, each: Played, *, alone: bool) -> None:
    if isinstance(each.done.outcome, CallFailed):
        screen.say(f"failed: {each.done.outcome}")
    screen.result(terminal(each.done.ledger.rows))
    screen.result(_sums(each.done))
    if each.difference is not None:
        screen.result(_compared(each, alone=alone))


def _compared(each: Played, *, alone: bool) -> str:
    if not each.difference:
        return f"as recorded, all {count(len(each.done.ledger.rows), 'move')}"
    other = "" if alone else " (the calls before it share its health board; --id plays it alone)"
    told = f"not as recorded, {each.difference}{other}"
    if each.turn.recording is None or difference(each.turn.recording):
        return f"{told}\nfed with the recorded events, this machine decides otherwise too"
    return (
        f"{told}\nfed with the recorded events, this machine does as recorded: "
        "what differs is the config, or what the health board knew of other calls"
    )


def as_object(played: Sequence[Played], route: Sequence[Target]) -> dict[str, Any]:
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


def _left(played: Sequence[Played]) -> list[Item]:
    scripts = {id(each.turn.playing): each.turn.playing for each in played}
    return [item for playing in scripts.values() for item in playing.left]


def _sums(each: Simulated) -> str:
    sent = count(len(each.ledger.attempts), "attempt")
    end = "answered" if each.answered else "failed"
    sums = f"{end}: {sent} in {each.seconds:.1f} virtual seconds"
    if not isinstance(each.outcome, StreamInterrupted):
        return sums
    delivered = count(len(each.outcome.partial_text), "character")
    return f"{sums}, after content was delivered ({delivered} of text)"


def _as_object(each: Played) -> dict[str, Any]:
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
