"""A fleet under way: processes over one board, and their calls, one event after the other."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from random import Random
from typing import Protocol

import attrs

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.config.config import Config
from orchestrator.connections.errors import LimitPassed
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.effects import Ask, Effect, Emit
from orchestrator.execution.flow import Flow, flow
from orchestrator.execution.runtime import Runtime, board_pool
from orchestrator.health import HealthBoard, Pool, Store
from orchestrator.health.records import Record
from orchestrator.lab.fleet.event_queue import EventQueue, HostClock
from orchestrator.lab.fleet.providers import PlannedProvider, SimulatedProvider
from orchestrator.lab.fleet.scenario import FleetScenario
from orchestrator.lab.fleet.shared_store import (
    FOUND_AFTER,
    ReplicaStore,
    StoredChange,
    StoreServer,
)
from orchestrator.lab.simulation.pump import ScriptedConnection
from orchestrator.lab.simulation.script_items import Item
from orchestrator.states import Call, Send, Target

_ASKED = {"messages": [{"role": "user", "content": "simulated"}]}
_CALM = PlannedProvider()


@attrs.define
class FleetRequest:
    """A request as its provider saw it.

    Attributes:
        number: Its place among all changes and requests of the fleet.
        at: When it arrived, seconds since the fleet began.
        process, call: Who sent it.
        target, credential: Where to, and the label of its credential.
        word: What it met, as an item of a script says it.
        ended_at: When the caller had that, or left; ``None`` where its process died before.
        ended: The number of that moment.
        cut: True where a limit of the caller's ended it.
        connected: Whether its process could reach the shared store when it was sent.
    """

    number: int
    at: float
    process: int
    call: int
    target: Target
    credential: str
    word: str
    connected: bool
    ended_at: float | None = None
    ended: int = -1
    cut: bool = False


@attrs.frozen
class FleetCall:
    """A call as its caller saw it.

    Attributes:
        call, process: Its number, and where it ran.
        began, ended: Seconds since the fleet began.
        error: What it failed of; ``None`` where it was answered.
        attempts: How many requests were sent for it.
    """

    call: int
    process: int
    began: float
    ended: float
    error: str | None
    attempts: int


@attrs.frozen
class FleetRecord:
    """What is seen of a fleet from outside.

    Attributes:
        scenario: What it went through.
        pools: The credentials of each provider.
        route: Where its calls could go.
        requests: What providers saw, in order.
        changes: What the shared store held, change by change.
        calls: Those that ended, in the order in which they did.
        crashed: How many calls died with their process.
    """

    scenario: FleetScenario
    pools: dict[str, Pool]
    route: tuple[Target, ...]
    requests: list[FleetRequest]
    changes: list[StoredChange]
    calls: list[FleetCall]
    crashed: int

    def lines(self) -> Iterator[str]:
        """All of it as text; the same for the same scenario, bit for bit."""
        for request in self.requests:
            yield repr(request)
        for change in self.changes:
            yield repr(attrs.evolve(change, before=None, after=_anonymous(change.after)))
        yield from map(repr, self.calls)

    @property
    def digest(self) -> str:
        """A hash of :meth:`lines`."""
        found = hashlib.sha256()
        for line in self.lines():
            found.update(line.encode())
        return found.hexdigest()[:16]


def _anonymous(record: Record | None) -> Record | None:
    """``record`` without who holds its claim: that is drawn anew in each run, and only compared."""
    if record is None or record.claim is None:
        return record
    return attrs.evolve(record, claim=attrs.evolve(record.claim, holder=""))


class MakeStore(Protocol):
    """Makes the store of one process."""

    def __call__(self, server: StoreServer, clock: HostClock, process: int, *, lag: float) -> Store:
        """The store of ``process``; see :class:`.ReplicaStore`."""


class MakeBoard(Protocol):
    """Makes the board of one process."""

    def __call__(
        self, pools: list[Pool], store: Store, clock: Callable[[], float], random: Random
    ) -> HealthBoard:
        """The board; see :class:`.HealthBoard`."""


MakeJitter = Callable[[Random], Callable[[], float]]
"""Makes what the calls of one process draw with."""


def drawn_jitter(dice: Random) -> Callable[[], float]:
    """The jitter of the calls of a process, as it ships: drawn for each."""
    return dice.random


class Fleet:
    """Processes that run calls of one config over one board.

    Args:
        config: The providers, the route and the policy.
        scenario: What they go through.
        route: The calls' route; ``default`` where nothing is given.
        make_store: Makes the store of each process.
        make_board: Makes the board of each process.
        make_jitter: Makes what the calls of a process draw their jitter with.
    """

    def __init__(
        self,
        config: Config,
        scenario: FleetScenario,
        *,
        route: str | None = None,
        make_store: MakeStore = ReplicaStore,
        make_board: MakeBoard = HealthBoard,
        make_jitter: MakeJitter = drawn_jitter,
    ) -> None:
        self.config, self.scenario = config, scenario
        self.queue = EventQueue()
        self._numbers = count()
        self.server = StoreServer(self.queue, self.next_number)
        self.request = Request(_ASKED, require_complete=True)
        self.route = config.route(route)
        self._make_store, self._make_board = make_store, make_board
        self._make_jitter = make_jitter
        self._providers = {
            name: SimulatedProvider(
                scenario.providers.get(name, _CALM), Random(f"{scenario.seed}/{name}")
            )
            for name in config.providers
        }
        self.requests: list[FleetRequest] = []
        self.calls: list[FleetCall] = []
        self._crashed = 0
        self.processes = [FleetProcess(self, number) for number in range(scenario.processes)]

    def run(self) -> FleetRecord:
        """Let everything happen, to the last call's end."""
        scenario, put = self.scenario, self.queue.put
        for outage in scenario.outages:
            put(outage.since, self._lose_store)
            put(outage.until, self._find_store)
        for crash in scenario.crashes:
            put(crash.at, self.processes[crash.process].crash)
            put(crash.at + crash.away, self.processes[crash.process].start)
        for step in scenario.steps:
            put(step.at, partial(self.processes[step.process].step_clock, step.seconds))
        arrivals = enumerate(scenario.arrivals)
        self._admit(arrivals)
        self.queue.run()
        return FleetRecord(
            scenario,
            {name: board_pool(one) for name, one in self.config.providers.items()},
            self.route,
            self.requests,
            self.server.changes,
            self.calls,
            sum(process.crashed for process in self.processes),
        )

    def next_number(self) -> int:
        """The place of what happens now among all that happens."""
        return next(self._numbers)

    def arrive(self, process: FleetProcess, call: int, send: Send) -> tuple[FleetRequest, Item]:
        """A request arrives at its provider."""
        item = self._providers[send.target.provider].answer(self.queue.now)
        request = FleetRequest(
            self.next_number(),
            self.queue.now,
            process.number,
            call,
            send.target,
            send.credential,
            item.word,
            self.server.is_up,
        )
        self.requests.append(request)
        return request, item

    def _admit(self, arrivals: Iterator[tuple[int, tuple[float, int]]]) -> None:
        """Begin the calls as they come, one after the other, so that the queue stays short."""
        following = next(arrivals, None)
        if following is None:
            return
        call, (at, process) = following

        def begin() -> None:
            self.processes[process].begin(call)
            self._admit(arrivals)

        self.queue.put(at, begin)

    def _lose_store(self) -> None:
        self.server.is_up = False

    def _find_store(self) -> None:
        self.server.is_up = True
        for process in self.processes:
            self.queue.put(self.queue.now + FOUND_AFTER, process.look)


class FleetProcess:
    """One process: a clock, a store and a board of its own, and the calls that run in it.

    Attributes:
        number: Of the process.
        runtime: What its calls share; ``None`` while it is down.
        crashed: Calls that died with it.
    """

    def __init__(self, fleet: Fleet, number: int) -> None:
        self.fleet, self.number = fleet, number
        ahead = fleet.scenario.ahead
        self.clock = HostClock(fleet.queue, ahead[number] if number < len(ahead) else 0.0)
        self.runtime: Runtime | None = None
        self.crashed = 0
        self._starts = 0
        self._under_way: dict[int, CallUnderWay] = {}
        self.start()

    def start(self) -> None:
        """Start it, with all that a new process has."""
        if self.runtime is not None:
            return
        fleet, self._starts = self.fleet, self._starts + 1
        dice = Random(f"{fleet.scenario.seed}/{self.number}/{self._starts}")
        store = fleet._make_store(  # noqa: SLF001 - its own
            fleet.server, self.clock, self.number, lag=fleet.scenario.lag
        )
        pools = [board_pool(one) for one in fleet.config.providers.values()]
        board = fleet._make_board(pools, store, self.clock.time, dice)  # noqa: SLF001
        jitter = fleet._make_jitter(dice)  # noqa: SLF001
        self.runtime = Runtime(
            dict(fleet.config.providers), fleet.config.targets, board, self.clock, jitter
        )
        # What befalls made-up calls is no news of the providers that they are named after.
        self.runtime.log.mute()

    def look(self) -> None:
        """Find a store again that is back."""
        if self.runtime is not None:
            self.runtime.board.store.read()

    def crash(self) -> None:
        """Kill it: its calls end where they are, and give nothing back."""
        if self.runtime is None:
            return
        store = self.runtime.board.store
        if isinstance(store, ReplicaStore):
            store.kill()
        self.runtime = None
        self.crashed += len(self._under_way)
        dying, self._under_way = self._under_way, {}
        for call in dying.values():
            call.kill()

    def step_clock(self, seconds: float) -> None:
        """Set the wall clock of its host."""
        self.clock.ahead += seconds

    def begin(self, number: int) -> None:
        """Begin a call; a process that is down begins none."""
        if self.runtime is None:
            return
        call = CallUnderWay(self, self.runtime, number)
        self._under_way[number] = call
        call.go_on()

    def end(self, call: CallUnderWay, error: str | None) -> None:
        """``call`` has ended."""
        del self._under_way[call.number]
        fleet = self.fleet
        fleet.calls.append(
            FleetCall(
                *(call.number, self.number, call.began, fleet.queue.now, error),
                attempts=call.run.call.number,
            )
        )


class CallUnderWay:
    """One call: it goes on whenever what it waits for has come."""

    def __init__(self, process: FleetProcess, runtime: Runtime, number: int) -> None:
        fleet = process.fleet
        self.number, self.began = number, fleet.queue.now
        self._process, self._queue = process, fleet.queue
        self.run = CallRun(runtime, fleet.request, Call(fleet.route, fleet.config.policy))
        self._flow: Flow | None = flow(self.run)
        self._connection = ScriptedConnection(self.run, process.clock, self._answer)
        self._sent: FleetRequest | None = None

    def kill(self) -> None:
        """It is no more."""
        self._flow = None

    def go_on(self, result: object = None, error: Exception | None = None) -> None:
        """Go on until there is something to wait for, or the call is over."""
        if (running := self._flow) is None:
            return
        try:
            while True:
                effect = running.send(result) if error is None else running.throw(error)
                result, error, seconds = self._perform(effect)
                if seconds > 0:
                    self._wait(seconds, result, error)
                    return
        except StopIteration:
            self._process.end(self, None)
        except CallFailed as failed:
            self._process.end(self, str(failed.reason))

    def _wait(self, seconds: float, result: object, error: Exception | None) -> None:
        self._queue.put(self._queue.now + seconds, lambda: self._hear(result, error))

    def _hear(self, result: object, error: Exception | None) -> None:
        """What it waited for has come."""
        sent, self._sent = self._sent, None
        if sent is not None and self._flow is not None:
            sent.ended_at, sent.ended = self._queue.now, self._process.fleet.next_number()
            sent.cut = isinstance(error, LimitPassed)
        self.go_on(result, error)

    def _perform(self, effect: Effect) -> tuple[object, Exception | None, float]:
        """The result of ``effect``, or what it raises, and after how long."""
        try:
            if isinstance(effect, Ask):
                return effect.session.answer(effect.question, effect.at), None, 0.0
            if isinstance(effect, Emit):
                for _ in effect.events:
                    pass
                return None, None, 0.0
            coming = self._connection.foresee(effect)
        except Exception as raised:  # noqa: BLE001 - the flow says what it means
            return None, raised, 0.0
        return coming.result, coming.error, coming.seconds

    def _answer(self, send: Send, _now: float) -> Item:
        self._sent, item = self._process.fleet.arrive(self._process, self.number, send)
        return item
