"""The invariants of a call, asserted over its ledger: of a test, or of production."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from orchestrator.lab.simulation.check_replay import find_departure
from orchestrator.ledger import Entry, Recording, Transition, recorded_call
from orchestrator.states import (
    Command,
    Diagnosed,
    Error,
    Finish,
    Mark,
    Move,
    Reason,
    Repair,
    Rotate,
    Send,
    StoppedBy,
    Switch,
    Wait,
)
from orchestrator.testing import coverage
from orchestrator.testing.history import History

Moves = Sequence[Transition]


def assert_invariants(ledger: Iterable[Entry] | Recording) -> None:
    """Assert that a call kept every invariant that its record can show.

    Args:
        ledger: ``response.ledger``, ``failed.ledger``, or a call that was read from a file.

    Raises:
        AssertionError: It did not; the text names the invariant and the call.
    """
    __tracebackhide__ = True
    call = ledger if isinstance(ledger, Recording) else recorded_call(ledger)
    coverage.note(move.row for move in call.transitions)
    for invariant in INVARIANTS:
        problem = invariant(call)
        if problem:
            name = invariant.__name__.replace("_", " ")
            raise AssertionError(f"call {call.call}: {name}: {problem}")


def billing_bypasses_the_pool(call: Recording) -> str:
    """Nothing is asked of a provider that billed this call."""
    billed: set[str] = set()
    here = ""
    for move in call.transitions:
        if isinstance(move.facts, Diagnosed) and move.facts.error.reason is Reason.BILLING:
            billed.add(here)
        for provider in _asked(move):
            if provider in billed:
                return f"{move.row} asks {provider}, which has billed this call"
        if isinstance(move.command, Send):
            here = move.command.target.provider
    return ""


def attempts_advance(call: Recording) -> str:
    """Attempts count 1, 2, 3, and are at most the policy's."""
    numbers = [send.number for send in _sends(call)]
    if numbers != list(range(1, len(numbers) + 1)):
        return f"attempts are numbered {numbers}"
    most = call.opened.policy.max_attempts
    return f"{len(numbers)} attempts; the policy allows {most}" if len(numbers) > most else ""


def it_ends(call: Recording) -> str:
    """Waits are bounded in number and by the deadline; nothing follows the end."""
    waits = [move.command for move in call.transitions if isinstance(move.command, Wait)]
    if len(waits) > call.opened.policy.max_attempts:
        return f"{len(waits)} waits"
    ends = [isinstance(move.command, Finish) for move in call.transitions]
    if any(ends[:-1]):
        return "something follows the end"
    if call.closed is not None and not (ends and ends[-1]):
        return "it is closed without an end"
    return ""


def the_cause_is_real(call: Recording) -> str:
    """A failed call tells an error that was met or remembered, the first target's first."""
    finish = call.transitions[-1].command if call.transitions else None
    if not isinstance(finish, Finish) or finish.stopped_by is None or finish.cause is None:
        return ""
    if finish.stopped_by in (StoppedBy.CANCELLED, StoppedBy.DEADLINE):
        return ""
    known = _met(call)
    return "" if finish.cause in known else f"nobody answered {finish.cause}"


def no_send_to_the_dead(call: Recording) -> str:
    """Nothing is sent past the deadline, or to what the board has just called dead or cooling."""
    for move in call.transitions:
        if isinstance(move.command, Send):
            if move.facts.at >= move.command.ends_at:
                return f"attempt {move.command.number} is sent after the call's end"
            standby = getattr(move.facts, "standby", None)
            clear = standby.clear(move.command.target) if standby is not None else None
            blocked = clear is not None and not move.command.probe and clear.mark is Mark.DEAD
            if blocked:
                return f"attempt {move.command.number} is sent to what is dead"
    return ""


def it_sleeps_last(call: Recording) -> str:
    """No wait on a throttled key while one stands by that was not used, and attempts remain."""
    used: set[tuple[str, str]] = set()
    here = ""
    for move in call.transitions:
        if isinstance(move.command, Wait) and isinstance(move.facts, Diagnosed):
            moves = call.opened.policy.on.get(move.facts.error.reason, frozenset())
            free = [key for key in move.facts.standby.credentials if (here, key) not in used]
            # Another key is no remedy for what a relay quotes.
            moves = frozenset() if move.facts.error.quoted else moves
            left = call.opened.policy.max_attempts - len(used)
            if free and Move.ROTATE in moves and left > len(move.facts.standby.targets):
                return f"{move.row} waits while {', '.join(free)} stands by"
        if isinstance(move.command, Send):
            here = move.command.target.name
            used.add((here, move.command.credential))
    return ""


def time_is_kept_back(call: Recording) -> str:
    """Who fails slowly is left while another target stands by, and an attempt leaves it time."""
    history = History(call.opened.policy)
    for move in call.transitions:
        others = history.tell(move)
        if not others:
            continue
        names = ", ".join(target.name for target in others)
        if isinstance(move.command, Send) and not move.command.until < move.command.ends_at:
            number = move.command.number
            return f"attempt {number} may use up the call's time while {names} stands by"
        if history.slow and _stays(move.command, history.here):
            return (
                f"{move.row} stays at {history.here}, which failed slowly, while {names} stands by"
            )
    return ""


def an_empty_answer_is_the_last_resort(call: Recording) -> str:
    """What came empty is the answer only where nothing but empty answers came."""
    last = call.transitions[-1] if call.transitions else None
    if (
        last is None
        or not isinstance(last.facts, Diagnosed)
        or not isinstance(last.command, Finish)
    ):
        return ""
    met = [move.facts.error for move in call.transitions if isinstance(move.facts, Diagnosed)]
    if last.command.stopped_by is None and not all(error.empty for error in met):
        return f"{last.row} makes an answer of {met[-1].reason}"
    return ""


def it_replays(call: Recording) -> str:
    """Replayed on its own route, keys and policy, it is the same bit for bit."""
    return find_departure(call)


INVARIANTS: tuple[Callable[[Recording], str], ...] = (
    billing_bypasses_the_pool,
    attempts_advance,
    it_ends,
    the_cause_is_real,
    no_send_to_the_dead,
    it_sleeps_last,
    time_is_kept_back,
    an_empty_answer_is_the_last_resort,
    it_replays,
)
"""Each says what is wrong; nothing where the invariant holds."""


def _stays(command: Command, here: str) -> bool:
    match command:
        case Rotate() | Repair():
            return True
        case Wait():
            return command.target.name == here
        case _:
            return False


def _asked(move: Transition) -> list[str]:
    match move.command:
        case Send() | Wait() | Rotate() | Repair():
            return [move.command.target.provider]
        case Switch():
            return [target.provider for target in move.command.targets]
        case _:
            return []


def _sends(call: Recording) -> list[Send]:
    return [move.command for move in call.transitions if isinstance(move.command, Send)]


def _met(call: Recording) -> list[Error]:
    """The errors that may be the cause: of the first target asked, and those remembered."""
    met = []
    for move in call.transitions:
        if isinstance(move.facts, Diagnosed):
            met.append(move.facts.error)
        standby = getattr(move.facts, "standby", None)
        clears = standby.clears if standby is not None else ()
        met += [clear.error for clear in clears if clear.error is not None]
    return met
