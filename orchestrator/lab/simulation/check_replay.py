"""Checks that a recorded call, replayed on its own route, keys and policy, is the same again."""

from __future__ import annotations

from orchestrator.lab.simulation.replay_call import Replay
from orchestrator.lab.simulation.replay_config import replay
from orchestrator.lab.simulation.script_from_ledger import own_config
from orchestrator.ledger import Recording
from orchestrator.states import IllegalEvent, step


def find_departure(recording: Recording) -> str:
    """The first move of the call's replay that is not the recorded one; empty where none is.

    A record that breaks off is followed as far as it goes.
    """
    return find_difference(recording) or _departure(recording)


def _departure(recording: Recording) -> str:
    (again,) = replay((recording,), own_config((recording,))).replays
    whole = recording.closed is not None
    for number, move in enumerate(recording.transitions):
        if number >= len(again.steps):
            return f"call {recording.call}: the replay ends after {number} moves"
        step, event = again.steps[number], again.events[number]
        if (step.row, step.command, event) != (move.row, move.command, move.facts):
            return (
                f"call {recording.call}, move {number + 1}: recorded {move.row} after "
                f"{move.facts}, replayed {step.row} after {event}"
            )
    return _ends_otherwise(recording, again) if whole else ""


def _ends_otherwise(recording: Recording, again: Replay) -> str:
    then = (recording.answered, len(recording.transitions), 0)
    now = (again.answered, len(again.steps), again.assumed)
    if then == now and again.followed:
        return ""
    return (
        f"call {recording.call}: recorded (answered, moves, assumed attempts) {then}, "
        f"replayed {now}"
    )


def find_difference(recording: Recording) -> str:
    """The first move that today's machine, fed with the recorded events, makes otherwise.

    Empty where it does all of it, row by row and command by command.
    """
    opened = recording.opened
    call = opened.begin()
    for number, move in enumerate(recording.transitions, 1):
        try:
            moved = step(call, move.facts)
        except IllegalEvent as error:
            name = type(move.facts).__name__
            return (
                f"call {recording.call}, move {number}: recorded {move.row} after {name}, "
                f"which is not possible in {error.state.value}: {error.why}"
            )
        if (moved.row, moved.command) != (move.row, move.command):
            return (
                f"call {recording.call}, move {number}: recorded {move.row} and {move.command}, "
                f"now {moved.row} and {moved.command}"
            )
        call = moved.call
    return ""
