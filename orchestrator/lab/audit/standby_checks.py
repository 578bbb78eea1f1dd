"""Checks of what the board told a call: of its own route and keys, and of what was ready.

The invariants of :mod:`orchestrator.lab.invariants` hold for whatever a board may say. What is
asked here holds for what the board that ships says, which takes and looks in one step: so of a
ledger, and not of what the model checker makes up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from orchestrator.lab.audit.record_faults import RecordFault
from orchestrator.ledger import Closed, Recording, Skipped, Transition
from orchestrator.states import (
    Arrival,
    Clear,
    Command,
    Diagnosed,
    Repair,
    Rotate,
    Send,
    Standby,
    Switch,
    Target,
    Wait,
)

READY_CHECK = "only what is ready is sent to"
ROUTE_CHECK = "a call knows its own route and keys alone"

_UNFIT = "unfit"
"""The mark of a target that could not express the request, which no board tells of."""


def standby_faults(recording: Recording) -> Iterator[RecordFault]:
    """What a call was told that its board cannot have said, in the order of its moves."""
    route = {target.name: target for target in recording.opened.route}
    here = ""
    for number, move in enumerate(recording.transitions, 1):
        for target in _named(move):
            known = route.get(target.name)
            if known is not target and known != target:
                what = f"{target} is not of the route, or not as it is there"
                yield RecordFault(number, what, ROUTE_CHECK)
        event = move.facts
        if isinstance(event, Arrival):
            here = "" if event.taken is None else event.taken.target.provider
            if (unready := _taken(event)) is not None:
                yield RecordFault(number, unready, READY_CHECK)
        if isinstance(event, Arrival | Diagnosed) and here:
            yield from _labels(recording, number, here, move)
    if recording.closed is not None:
        yield from _skipped(recording.closed, recording.transitions)


def _named(move: Transition) -> Iterator[Target]:
    """The targets that a move names."""
    event = move.facts
    if isinstance(event, Arrival):
        yield from _of_standby(event.standby)
        if event.taken is not None:
            yield event.taken.target
    elif isinstance(event, Diagnosed):
        yield from _of_standby(event.standby)
    yield from _of_command(move.command)


def _of_standby(standby: Standby) -> Iterator[Target]:
    yield from standby.targets
    for clear in standby.clears:
        yield clear.target


def _of_command(command: Command) -> Iterable[Target]:
    if isinstance(command, Switch):
        return command.targets
    return (command.target,) if isinstance(command, Send | Wait | Rotate | Repair) else ()


def _taken(event: Arrival) -> str | None:
    """Why what was taken was not to be had; a probe is granted past a mark that has ended."""
    taken, standby = event.taken, event.standby
    if taken is None:
        return None
    clear = standby.clear(taken.target)
    if clear is not None and not taken.probe:
        return f"{taken.target} is sent to past its {clear.mark}"
    if taken.target not in standby.targets:
        return f"{taken.target} is sent to, and did not stand by"
    # A sequence of the model checker names no keys.
    if standby.credentials and taken.credential not in standby.credentials:
        return f"{taken.credential} of {taken.target} is sent with, and was not ready"
    return None


def _labels(
    recording: Recording, number: int, provider: str, move: Transition
) -> Iterator[RecordFault]:
    """Keys that stood by and that the provider of the call's target does not have."""
    pool = recording.opened.pools.get(provider)
    event = move.facts
    if pool is None or not isinstance(event, Arrival | Diagnosed):
        return
    named = (*event.standby.credentials, *_key(event))
    count = pool.credentials
    known = pool.labels if not isinstance(count, int) or count < _FEW else frozenset(pool.labels)
    for label in dict.fromkeys(named):
        if label not in known:
            yield RecordFault(number, f"{provider} has no key {label!r}", ROUTE_CHECK)


_FEW = 8
"""Keys up to which a tuple is as quick to look through as a set is to make."""


def _key(event: Arrival | Diagnosed) -> tuple[str, ...]:
    taken = event.taken if isinstance(event, Arrival) else None
    return () if taken is None else (taken.credential,)


def _skipped(closed: Closed, moves: tuple[Transition, ...]) -> Iterator[RecordFault]:
    """Targets that are told as passed over, and not as the board had them."""
    passed = [one for one in closed.skipped if one.mark != _UNFIT]
    if not passed:
        return
    told: Mapping[Skipped, None] = {Skipped.passed_over(clear): None for clear in _clears(moves)}
    for one in passed:
        if one not in told:
            what = f"the end: {one.target} is said to be skipped as no look at the board told"
            yield RecordFault(len(moves), what)


def _clears(moves: tuple[Transition, ...]) -> Iterator[Clear]:
    for move in moves:
        if isinstance(move.facts, Arrival):
            yield from move.facts.standby.clears
