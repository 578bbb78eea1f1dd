"""The edges out of a node: every event that can happen there, in every way that counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import attrs

from orchestrator.verify.board import Look, Seen
from orchestrator.verify.choices import NUMBER, WAITS, Asked, Choices, Instants, Jitter, Tally
from orchestrator.verify.nodes import Key, Nodes
from orchestrator.verify.properties import STUCK, Breach, Leap, breaches
from orchestrator.verify.setting import Setting
from states.backoff import backoff
from states.call import Call, State
from states.commands import Rotate, Send, Switch, Wait
from states.events import (
    Arrival,
    Cancelled,
    DeadlineReached,
    Diagnosed,
    Event,
    Failed,
    Repaired,
    Rotated,
    Started,
    Streaming,
    Succeeded,
    Switched,
    Waited,
)
from states.machine import IllegalEvent, Step, Stepper
from states.policy import OnInterrupted
from states.reasons import Move
from states.standby import Taken

_FULLEST, _LEAST = 0.0, 0.999999
"""The jitters that make a backoff longest and shortest."""

_ARRIVALS: Mapping[State, type[Arrival]] = {
    State.READY: Started,
    State.ROTATE_CREDENTIAL: Rotated,
    State.EAGER_FALLBACK: Switched,
    State.RETRY: Waited,
    State.REPAIR: Repaired,
}


@attrs.frozen
class Fact:
    """One event, as far as it is decided before a guard looks.

    Attributes:
        event: Its class.
        spent: True where it comes after the call's time.
        taken: The place that was taken, -1 for none.
        credential: The number of the credential that was taken.
        probe: True where the take is a probe.
        reason: The class of reasons that was diagnosed, -1 for none.
        tool_call: True where a part of a tool call was delivered.
    """

    event: type[Event]
    spent: bool = False
    taken: int = -1
    credential: int = 0
    probe: bool = False
    reason: int = -1
    tool_call: bool = False


@attrs.frozen(eq=False)
class Edge:
    """One move between nodes.

    Attributes:
        row: The row that was taken, empty where none led on.
        to: The node, ``None`` after a breach.
        order: For each place of ``to``, the place in the node before.
        number, waits: The values of the counters for which the move is made.
        sends, sleeps: How far it moves attempts and waits.
        fact: What happened.
        seen, late, asked_to_wait, jitter: What was decided on the way.
        sent: The place that is sent to, -1 for none.
        rotates: True where another credential is asked for.
        seconds: The longest that what it asks for can take.
        switched: The places that it falls back to.
        breaches: What is wrong with it.
    """

    row: str
    to: Key | None
    order: tuple[int, ...]
    number: tuple[int, int]
    waits: tuple[int, int]
    sends: int
    sleeps: int
    fact: Fact
    seen: Seen
    late: bool = False
    asked_to_wait: float | None = None
    jitter: float | None = None
    sent: int = -1
    rotates: bool = False
    seconds: float = 0.0
    switched: tuple[int, ...] = ()
    breaches: tuple[Breach, ...] = ()


class Graph:
    """The nodes and edges of one setting under one machine."""

    def __init__(self, setting: Setting, step: Stepper) -> None:
        self.setting, self.step = setting, step
        self.nodes = Nodes(setting)
        self.start = self.nodes.encode(Call(setting.route, setting.policy))[0]
        self._choices = Choices()
        self._instants = setting.instants
        self._asked = Asked(self._choices, self._instants)
        self._errors = tuple(
            attrs.evolve(error, retry_after=cast(Any, self._asked)) for error in self.nodes.errors
        )
        self.nodes.know(self._errors)
        self._edges: dict[Key, tuple[Edge, ...]] = {}
        self.steps = 0

    def edges(self, key: Key) -> tuple[Edge, ...]:
        """Every edge out of ``key``."""
        found = self._edges.get(key)
        if found is None:
            found = self._edges[key] = tuple(self._expand(key))
        return found

    def __len__(self) -> int:
        """How many nodes were looked at."""
        return len(self._edges)

    @property
    def first(self) -> type[Event]:
        """The event that begins a call."""
        return Started

    def known(self) -> Iterable[tuple[Key, tuple[Edge, ...]]]:
        """Every node that was looked at, with its edges."""
        return self._edges.items()

    def _expand(self, key: Key) -> Iterator[Edge]:
        if key[0].final:
            return
        call = self.nodes.decode(key).copy()
        call.number = cast(int, Tally(self._choices, NUMBER))
        call.waits = cast(int, Tally(self._choices, WAITS))
        for fact in self._facts(key, call):
            yield from self._runs(key, call, fact)

    def _runs(self, key: Key, call: Call, fact: Fact) -> Iterator[Edge]:
        slots, choices, most = key[-1], self._choices, self.setting.policy.max_attempts
        sent = sum(slot.asked for slot in slots)
        low, high = (sent, 0), (most if sent else 0, 0 if call.state is State.READY else most)
        while True:
            choices.begin(low, high)
            look = Look(
                self.nodes, choices, call, slots,
                diagnosed=fact.event is Diagnosed, taken=fact.taken, rotates=self._rotates(fact),
            )  # fmt: skip
            yield self._run(call, fact, look)
            if not choices.next():
                return

    def _run(self, call: Call, fact: Fact, look: Look) -> Edge:
        self.steps += 1
        event = self._event(call, fact, look)
        try:
            after = self.step(call, event)
        except (IllegalEvent, AssertionError) as error:
            return self._stuck(fact, look, str(error))
        leap = Leap(call, event, after, look.seen, self._choices, fact.spent)
        found = tuple(breaches(leap))
        return self._edge(call, fact, look, after, found)

    def _edge(
        self, call: Call, fact: Fact, look: Look, after: Step, found: tuple[Breach, ...]
    ) -> Edge:
        choices, command, position = self._choices, after.command, self.nodes.position
        number, waits = (
            (choices.low[NUMBER], choices.high[NUMBER]),
            (choices.low[WAITS], choices.high[WAITS]),
        )
        # A bound that is broken for the highest values alone does not end the others.
        whole = any(one.number == number and one.waits == waits for one in found)
        to, order = (None, ()) if whole else self.nodes.encode(after.call)
        return Edge(
            after.row, to, order, number, waits,
            int(isinstance(command, Send)), int(isinstance(command, Wait)),
            fact, look.seen, choices.late, choices.asked_to_wait, choices.jitter,
            sent=position(command.target) if isinstance(command, Send) else -1,
            rotates=isinstance(command, Rotate),
            seconds=self._seconds(call, fact, after, look.seen),
            switched=tuple(map(position, command.targets)) if isinstance(command, Switch) else (),
            breaches=found,
        )  # fmt: skip

    def _stuck(self, fact: Fact, look: Look, what: str) -> Edge:
        low, high = self._choices.low, self._choices.high
        number, waits = (low[NUMBER], high[NUMBER]), (low[WAITS], high[WAITS])
        breach = Breach(STUCK, what, number, waits)
        return Edge("", None, (), number, waits, 0, 0, fact, look.seen, breaches=(breach,))

    def _seconds(self, call: Call, fact: Fact, after: Step, seen: Seen) -> float:
        policy, command = self.setting.policy, after.command
        if isinstance(command, Send):
            return min(policy.deadline, self.setting.seconds(command.target))
        if not isinstance(command, Wait):
            return 0.0
        if fact.event is not Diagnosed or command.target is not call.target or seen.block is None:
            pause = backoff(call.tries, _FULLEST)
            if fact.event is Diagnosed and command.target is call.target:
                return self._asked_seconds(pause)
            return policy.deadline
        return policy.deadline if seen.block[1] or self._choices.asked_to_wait else min(
            policy.deadline, max(policy.patience, backoff(call.tries, _FULLEST))
        )  # fmt: skip

    def _asked_seconds(self, pause: float) -> float:
        policy, asked = self.setting.policy, self._choices.asked_to_wait
        if asked is None:
            return min(policy.deadline, pause)
        return policy.deadline if asked else min(policy.deadline, max(policy.patience, pause))

    def _rotates(self, fact: Fact) -> bool:
        if fact.reason < 0:
            return False
        moves = self.setting.policy.moves(self._errors[fact.reason].reason, first_target=True)
        return Move.ROTATE in moves and Move.RETRY not in moves

    # What can happen.

    def _facts(self, key: Key, call: Call) -> Iterator[Fact]:
        state, slots = key[0], key[-1]
        yield Fact(Cancelled)
        yield Fact(DeadlineReached)
        if state is State.ATTEMPT:
            yield from (Fact(Succeeded), Fact(Failed))
            if self.setting.streamed:
                yield Fact(Streaming)
        elif state is State.STREAM:
            yield from (Fact(Succeeded), Fact(Failed))
            if self.setting.policy.on_interrupted is OnInterrupted.CONTINUE:
                yield Fact(Failed, tool_call=True)
        elif state is State.CLASSIFY:
            for reason in range(len(self._errors)):
                yield from (Fact(Diagnosed, reason=reason), Fact(Diagnosed, True, reason=reason))
        else:
            kind = _ARRIVALS[state]
            yield from (Fact(kind), Fact(kind, spent=True))
            yield from self._takes(kind, slots, call)

    def _takes(self, kind: type[Event], slots: Any, call: Call) -> Iterator[Fact]:
        others = sum(not slot.asked and not slot.billed for slot in slots)
        done: set[object] = set()
        for place, slot in enumerate(slots):
            if not self._may_take(kind, place, slot, call):
                continue
            group = next((one[0] for one in self.nodes.groups if place in one), place)
            if (group, slot) in done:
                continue
            done.add((group, slot))
            alone = others <= (0 if slot.asked else 1)
            for credential in self._credentials(kind, place, slot.used):
                for probe in (False,) if alone else (False, True):
                    yield Fact(kind, taken=place, credential=credential, probe=probe)

    def _may_take(self, kind: type[Event], place: int, slot: Any, call: Call) -> bool:
        if kind is Started:
            return True
        if kind is Switched:
            return bool(slot.gone) and self.nodes.open_to(call, place)
        return bool(slot.here) and not slot.billed

    def _credentials(self, kind: type[Event], place: int, used: int) -> Iterator[int]:
        if used and kind is not Rotated:
            yield 0
        if used < self.setting.credentials[place]:
            yield used

    def _event(self, call: Call, fact: Fact, look: Look) -> Event:
        at = self.setting.policy.deadline if fact.spent else 0.0
        kind = cast(Any, fact.event)
        if fact.event is Diagnosed:
            jitter = cast(float, Jitter(self._choices, self._draws(call)))
            return Diagnosed(at, self._errors[fact.reason], cast(Any, look), jitter)
        if fact.event is Failed:
            return Failed(at, fact.tool_call)
        if fact.event in _ARRIVALS.values():
            return cast(Event, kind(at, self._take(fact), cast(Any, look)))
        return cast(Event, kind(at))

    def _take(self, fact: Fact) -> Taken | None:
        if fact.taken < 0:
            return None
        label = self.nodes.label(fact.taken, fact.credential)
        return Taken(self.nodes.route[fact.taken], label, fact.probe)

    def _draws(self, call: Call) -> tuple[float, ...]:
        patience, tries = self.setting.policy.patience, max(1, call.tries)
        straddles = backoff(tries, _LEAST) <= patience < backoff(tries, _FULLEST)
        sides = (_FULLEST, _LEAST) if straddles else (_FULLEST,)
        return (*sides, Instants.NEVER)
