"""A way through a small setting as a call: in words, and as a ledger that opens elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from orchestrator.lab.verify.clocked_events import ClockedEvent
from orchestrator.lab.verify.clocked_search import ClockedMove
from orchestrator.lab.verify.sequences import CALL, TargetLeg, Trace
from orchestrator.lab.verify.small_settings import SmallSetting
from orchestrator.ledger import Attempt, Closed, Entry, Opened, Transition
from orchestrator.states.call import Call, State
from orchestrator.states.commands import Finish, Send, Wait
from orchestrator.states.events import Diagnosed, Event
from orchestrator.states.machine import IllegalEvent, Step, Stepper
from orchestrator.states.table import Row


def traced(
    setting: SmallSetting, moves: Sequence[ClockedMove], step: Stepper, table: Sequence[Row]
) -> Trace:
    """The way that ``moves`` go, made again with every look settled."""
    teller = _Teller(setting, {row.name: row for row in table})
    for move in moves:
        event = move.event.made(move.standby.settled())
        try:
            after = step(teller.call, event)
        except (IllegalEvent, AssertionError) as error:
            teller.refused(move.event, str(error))
            break
        teller.tell(move.event, event, after)
    return teller.trace()


class _Teller:
    """Tells one call, move by move."""

    def __init__(self, setting: SmallSetting, rows: Mapping[str, Row]) -> None:
        self.call: Call = setting.call()
        self._rows, self._sent, self._clock = rows, 0.0, 0.0
        self._words: list[str] = []
        self._stays: list[tuple[str, list[str]]] = []
        self._entries: list[Entry] = [
            Opened(
                CALL, 0.0, setting.route, setting.policy, setting.reasoning,
                {"route": "small setting"}, streamed=setting.streamed,
            )
        ]  # fmt: skip

    def tell(self, fact: ClockedEvent, event: Event, after: Step) -> None:
        """One move that the machine made."""
        row, command = self._rows[after.row], after.command
        if isinstance(event, Diagnosed) or (
            self.call.state in (State.ATTEMPT, State.STREAM) and isinstance(command, Finish)
        ):
            self._entries.append(self._attempt(event, after))
        if isinstance(command, Send):
            self._sent = event.at
        guard = row.guard.__name__ if row.guard is not None else None
        self._entries.append(
            Transition(
                CALL, row.state.value, row.event.__name__, row.name, guard, row.to.value, event,
                command,
            )
        )  # fmt: skip
        self._say(fact, after)
        self.call, self._clock = after.call, event.at

    def refused(self, fact: ClockedEvent, why: str) -> None:
        """The last event, that no row takes."""
        self._words.append(f"{fact.event.__name__}: {why}")

    def trace(self) -> Trace:
        """What was told."""
        stays = tuple(TargetLeg(target, tuple(moves)) for target, moves in self._stays)
        return Trace(tuple(self._words), stays, tuple(self._closed()), ran=True)

    def _closed(self) -> Iterator[Entry]:
        yield from self._entries
        call = self.call
        if call.state.final:
            reason = call.cause.reason if call.cause is not None else None
            yield Closed(
                CALL, self._clock, call.state.value, reason, call.stopped_by, call.number, ()
            )

    def _say(self, fact: ClockedEvent, after: Step) -> None:
        words, command = self._told(fact, after), after.command
        if not words:
            return
        self._words.append(words)
        if isinstance(command, Send):
            self._stays.append((str(command.target), [words.split(" ", 2)[2]]))
            return
        if not self._stays:
            self._stays.append(("", []))
        self._stays[-1][1].append(words.replace(" -> ", "→"))

    def _told(self, fact: ClockedEvent, after: Step) -> str:
        command, passed = after.command, fact.at - self._clock
        when = f", after {passed:g} s" if passed > 0 else ""
        if isinstance(command, Send):
            probe = " (probe)" if command.probe else ""
            return f"{after.row} {command.target} {command.credential}{probe}{when}"
        until = f" until {command.until:g} s" if isinstance(command, Wait) else ""
        if fact.error is not None:
            asked = fact.error.retry_after
            named = "" if asked is None else f" (retry after {asked:g} s)"
            name = fact.error.rule.removeprefix("verify.")
            return f"{name}{named} -> {after.row}{until}"
        if after.row == "failed":
            return f"failed{when}" if when else ""
        return f"{after.row}{until}{when}"

    def _attempt(self, event: Event, after: Step) -> Attempt:
        call = self.call
        target = call.target
        error = event.error if isinstance(event, Diagnosed) else None
        return Attempt(
            CALL, call.number, target.name if target is not None else "",
            target.provider if target is not None else "",
            target.model if target is not None else "",
            call.credential or "", None, error.reason if error else None,
            error.rule if error else None, error.message if error else None,
            error.retry_after if error else None, None, self._sent,
            max(0.0, event.at - self._sent), after.call.state.value, call.probe,
        )  # fmt: skip
