"""The pump of calls that block a thread."""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from typing import Any, Generic, Protocol, TypeVar, assert_never

from orchestrator.clock import Clock
from orchestrator.connections.errors import LimitPassed
from orchestrator.connections.transports import OpenAnswer, Transport
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution.effects import (
    Ask,
    AwaitThread,
    CallerLeft,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Sleep,
)
from orchestrator.health.store_step import PendingAnswer

_log = logging.getLogger("orchestrator")

T = TypeVar("T")


class EffectPerformer(Protocol):
    """Performs the effects of one call on this thread; see :class:`BlockingConnection`."""

    def perform(self, effect: Effect) -> Any:
        """The result of ``effect``; raises what went wrong."""

    def close(self) -> None:
        """Close the open answer, if there is one."""


class BlockingConnection:
    """Performs effects on this thread; holds the answer that is open.

    Args:
        transport: What requests are sent with.
        clock: What sleeps.
    """

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self._transport, self._clock = transport, clock
        self._answer: OpenAnswer | None = None

    def perform(self, effect: Effect) -> Any:
        """The result of ``effect``.

        Raises:
            LimitPassed: Its time is over.
            BaseException: What the transport raised, or what interrupts the thread.
        """
        match effect:
            case Read():
                return self._answer.read(effect.seconds) if self._answer is not None else None
            case Open():
                opened = self._transport.open(effect.request, effect.seconds, effect.connect)
                self._answer = opened
                return opened.head
            case Close():
                return self.close()
            case Sleep():
                return self._clock.sleep(effect.seconds)
            case AwaitThread():
                return self._wait(effect)
            case Ask() | Emit():
                raise AssertionError("the pump does these itself")
            case _:
                assert_never(effect)

    def _wait(self, effect: AwaitThread) -> Any:
        try:
            return effect.work.result(effect.seconds)
        except TimeoutError as error:
            if effect.work.done():  # its own, not that of this wait
                raise
            raise LimitPassed from error

    def close(self) -> None:
        """Close the open answer, if there is one."""
        answer, self._answer = self._answer, None
        if answer is not None:
            try:
                answer.close()
            except Exception:  # noqa: BLE001 - nobody reads it any more
                _log.debug("an answer was not closed", exc_info=True)


class BlockingPump(Generic[T]):
    """Performs a flow's effects until there is something for the caller, or the call is over.

    Attributes:
        response: Of the call, once it is over.
    """

    response: T

    def __init__(self, flow: Generator[Effect, Any, T], connection: EffectPerformer) -> None:
        self._flow, self._connection = flow, connection

    def advance(self, error: BaseException | None = None) -> Iterator[StreamEvent] | None:
        """The next events for the caller; ``None`` where the call has succeeded.

        Args:
            error: What interrupts the call, to be thrown into the flow.

        Raises:
            CallFailed: The call failed.
            BaseException: What interrupted it, as it was: the flow has given back what it took.
        """
        flow, result = self._flow, None
        try:
            while True:
                effect = flow.send(result) if error is None else flow.throw(error)
                result = error = None
                if isinstance(effect, Emit):
                    return effect.events
                try:
                    if isinstance(effect, Ask):  # of the board, whatever the connection is
                        result = effect.session.begin(effect.question, effect.at)
                        if isinstance(result, PendingAnswer):
                            result = result.wait()
                    else:
                        result = self._connection.perform(effect)
                except BaseException as raised:  # noqa: BLE001 - the flow says what it means
                    error = raised
        except StopIteration as end:
            self.response = end.value
            return None
        finally:
            # It knows this frame: together they would keep all that the call held alive.
            del error


def run(flow: Generator[Effect, Any, T], connection: EffectPerformer) -> T:
    """Run a call whose caller takes the answer whole; raises as :meth:`advance` of the pump."""
    pump = BlockingPump(flow, connection)
    try:
        while (events := pump.advance()) is not None:
            for _ in events:
                pass
        return pump.response
    finally:
        flow.close()  # of no effect, but where an interrupt came between two effects
        connection.close()


def drive(
    flow: Generator[Effect, Any, T], connection: EffectPerformer
) -> Generator[Iterator[StreamEvent], None, None]:
    """Run a call to its end; yields what may be passed on to the caller, as reads bring it.

    Raises:
        CallFailed: The call failed.
        BaseException: What interrupted the call.
    """
    pump = BlockingPump(flow, connection)
    error: BaseException | None = None
    try:
        while (events := pump.advance(error)) is not None:
            error = None
            try:
                yield events
            except GeneratorExit:
                error = CallerLeft()
            except BaseException as raised:  # noqa: BLE001 - the flow gives back what it took
                error = raised
    except CallerLeft:
        return
    finally:
        del error
        flow.close()
        connection.close()
