"""Calls that meet faults: the machine, the flow and a board that ship, in virtual time.

Nothing is drawn: every backoff is at its longest, keys are taken in the order that seed 0 gives,
and what no fault hits answers after :data:`.ANSWER_SECONDS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import attrs

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import Request
from orchestrator.api.response import Response
from orchestrator.clock import VirtualClock
from orchestrator.config.config import Config
from orchestrator.execution import blocking
from orchestrator.execution.addresses import Addresses
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.flow import flow
from orchestrator.execution.runtime import Runtime, board_pool
from orchestrator.health import HealthBoard, MemoryStore
from orchestrator.lab.fault_matrix.faults import SiteFault, met_by
from orchestrator.lab.simulation.pump import VirtualConnection
from orchestrator.lab.simulation.script_items import OK, Item, written
from orchestrator.states import Call, Reason, Send, StoppedBy, Target

_ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "simulated"}]}

LONGEST_BACKOFF_DRAWN = 0.0
"""The jitter of every backoff: the one that makes it longest."""


@attrs.frozen
class CallResult:
    """How one call ended.

    Attributes:
        answered_by: The target that answered; ``None`` where the call was lost.
        seconds: From its start to the end of its answer, or to its failure.
        requests: How many were sent.
        cause: Of a lost call, the real cause in a few words; empty otherwise.
        last: Of a lost call, the class of what its last attempt brought.
        stopped_by: Of a lost call, why it ended.
        empty: True where the answer has no word in it, which is given on where all are so.
        asked: The targets that were sent to, each once, in order.
        script: What its attempts met, as ``orchestrator simulate`` plays it.
    """

    answered_by: str | None
    seconds: float
    requests: int
    cause: str
    last: Reason | None
    stopped_by: StoppedBy | None
    empty: bool
    asked: tuple[str, ...]
    script: str

    @property
    def is_lost(self) -> bool:
        """True where the caller got no answer."""
        return self.answered_by is None


@attrs.frozen
class FaultRun:
    """A call that met faults on a board without marks, and the next one after it.

    Attributes:
        first: The call.
        following: The call that begins when it has ended, on the marks that it left; the faults
            last. ``None`` where none was asked for.
        sent: The (target, label of a credential) of every request of the first.
        sent_next: Those of the next one.
    """

    first: CallResult
    following: CallResult | None
    sent: frozenset[tuple[str, str]]
    sent_next: frozenset[tuple[str, str]] = frozenset()


class FaultRunner:
    """Runs calls of one route against faults.

    Args:
        config: The providers and the policy.
        route: The targets, in order; nobody else is asked.
    """

    def __init__(self, config: Config, route: Sequence[Target]) -> None:
        self._route, self._policy = tuple(route), config.policy
        self._names = {target.provider for target in route}
        self._pools = [board_pool(config.providers[name]) for name in sorted(self._names)]
        self._base = self._runtime(config)
        self._base.log.mute()
        self._requests = {
            streamed: Request(_ASKED, stream=streamed, require_complete=True)
            for streamed in (False, True)
        }

    def run(
        self, faults: tuple[SiteFault, ...], *, streamed: bool, following: bool = True
    ) -> FaultRun:
        """The call that meets ``faults``.

        Args:
            faults: What is wrong; where several hit a request, the one that is found out first.
            streamed: Whether the caller takes the answer in chunks.
            following: Whether the next call is made too.
        """
        clock = VirtualClock()
        runtime = attrs.evolve(
            self._base,
            board=HealthBoard(self._pools, MemoryStore(), clock.time, Random(0)),
            clock=clock,
            addresses=Addresses(clock.monotonic),
            repairs={},
            warned=set(),
        )
        first = _PlayedCall(self, runtime, clock, faults, streamed=streamed)
        if not following:
            return FaultRun(first.result, None, frozenset(first.sent))
        later = _PlayedCall(self, runtime, clock, faults, streamed=streamed)
        return FaultRun(first.result, later.result, frozenset(first.sent), frozenset(later.sent))

    def new_call(self, runtime: Runtime, *, streamed: bool) -> CallRun:
        """A call that has not begun."""
        machine = Call(self._route, self._policy, streamed=streamed)
        return CallRun(runtime, self._requests[streamed], machine)

    def item(self, send: Send, faults: tuple[SiteFault, ...]) -> Item:
        """What ``send`` meets."""
        met = met_by(send, faults)
        item = Item(OK) if met is None else met.kind.item(send, self._policy)
        return attrs.evolve(item, names=(send.target.provider,))

    def _runtime(self, config: Config) -> Runtime:
        clock = VirtualClock()
        board = HealthBoard(self._pools, MemoryStore(), clock.time, Random(0))
        used = {name: one for name, one in config.providers.items() if name in self._names}
        return Runtime(used, config.targets, board, clock, lambda: LONGEST_BACKOFF_DRAWN)


class _PlayedCall:
    """One call, played to its end as it is made."""

    def __init__(
        self,
        runner: FaultRunner,
        runtime: Runtime,
        clock: VirtualClock,
        faults: tuple[SiteFault, ...],
        *,
        streamed: bool,
    ) -> None:
        self._runner, self._faults, self._streamed = runner, faults, streamed
        self._items: list[Item] = []
        self._asked: dict[str, None] = {}
        self.sent: set[tuple[str, str]] = set()
        began = clock.monotonic()
        run = runner.new_call(runtime, streamed=streamed)
        connection = VirtualConnection(run, clock, self._answer)
        try:
            outcome: Response | CallFailed = blocking.run(flow(run), connection)
        except CallFailed as failed:
            outcome = failed
        self.result = self._result(outcome, clock.monotonic() - began)

    def _answer(self, send: Send, _now: float) -> Item:
        item = self._runner.item(send, self._faults)
        self._items.append(item)
        self._asked[send.target.name] = None
        self.sent.add((send.target.name, send.credential))
        return item

    def _result(self, outcome: Response | CallFailed, seconds: float) -> CallResult:
        failed = outcome if isinstance(outcome, CallFailed) else None
        answered = outcome if isinstance(outcome, Response) else None
        return CallResult(
            answered_by=f"{answered.provider}/{answered.model}" if answered else None,
            seconds=round(seconds, 3),
            requests=len(self._items),
            cause=_cause(failed) if failed else "",
            last=failed.attempts[-1].reason if failed and failed.attempts else None,
            stopped_by=failed.stopped_by if failed else None,
            empty=answered is not None and not answered.text,
            asked=tuple(self._asked),
            script=written(self._items, stream=self._streamed),
        )


def _cause(failed: CallFailed) -> str:
    """``acme/x: billing (HTTP 402)``."""
    status = f" (HTTP {failed.error.status})" if failed.error.status is not None else ""
    return f"{failed.target}: {failed.reason}{status}"
