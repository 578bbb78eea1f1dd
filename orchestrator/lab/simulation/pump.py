"""The pump of simulated calls: the effects of a flow, performed from a script in virtual time.

It stands where sockets and sleep would, so everything above it is the code that ships.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from math import inf
from typing import Any, assert_never

import attrs

from orchestrator.clock import Clock, VirtualClock
from orchestrator.connections.errors import ConnectError, LimitPassed
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.effects import (
    Ask,
    AwaitThread,
    Close,
    Effect,
    Emit,
    Open,
    Read,
    Sleep,
)
from orchestrator.http_messages import ResponseHead, ResponseHeaders
from orchestrator.lab.simulation.script_items import (
    CONNECT,
    CUT,
    OK,
    SILENCE,
    STALL,
    TIMEOUT,
    Item,
)
from orchestrator.lab.simulation.scripted_answers import (
    ScriptedAnswer,
    StreamPart,
    answer,
    broken_off,
    is_streamed,
    parts,
)
from orchestrator.states import Send

Answers = Callable[[Send, float], Item]
"""What an attempt meets; the second argument is the wall clock, seconds since the epoch."""

_EVENTS = ResponseHeaders.of({"Content-Type": "text/event-stream"})
_SILENT = (TIMEOUT, SILENCE, STALL)


class ScriptPlayer:
    """Plays a script: each attempt meets the first item left that fits it.

    When none is left that fits, the last item of the script that fits repeats; where the
    script has none at all, the answer is ``ok``.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._all = tuple(items)
        self._left = list(self._all)

    @property
    def items(self) -> tuple[Item, ...]:
        """The whole script."""
        return self._all

    @property
    def left(self) -> tuple[Item, ...]:
        """The items that no attempt has met."""
        return tuple(self._left)

    def __call__(self, send: Send, _now: float) -> Item:
        """The next item for ``send``, whatever the time."""
        for index, item in enumerate(self._left):
            if fits(item, send):
                return self._left.pop(index)
        return next((item for item in reversed(self._all) if fits(item, send)), Item(OK))


def fits(item: Item, send: Send) -> bool:
    """Whether everything that ``item`` is bound to is where ``send`` goes."""
    here = (send.target.provider, send.target.name, send.credential)
    return all(name in here for name in item.names)


@attrs.frozen
class Coming:
    """What comes of an effect, and after how long.

    Attributes:
        seconds: Until it comes.
        result: Of the effect.
        error: What comes in place of a result.
    """

    seconds: float
    result: Any = None
    error: Exception | None = None


class ScriptedConnection:
    """What comes of the effects of one call, and when; no time passes here.

    Args:
        run: The call.
        clock: The time of its process.
        answers: What each attempt meets.
    """

    def __init__(self, run: CallRun, clock: Clock, answers: Answers) -> None:
        self._run, self._clock, self._answers = run, clock, answers
        self._coming: Iterator[StreamPart] = iter(())

    def foresee(self, effect: Effect) -> Coming:
        """What comes of ``effect``."""
        match effect:
            case Open():
                return self._open(effect)
            case Read():
                return self._read(effect.seconds)
            case Close():
                return self.close()
            case Sleep():
                return Coming(effect.seconds)
            case AwaitThread():
                # No virtual time passes while a thread works.
                return Coming(0.0, effect.work.result())
            case Ask() | Emit():
                raise AssertionError("the pump does these itself")
            case _:
                assert_never(effect)

    def close(self) -> Coming:
        """Read no further."""
        self._coming = iter(())
        return _AT_ONCE

    def _open(self, effect: Open) -> Coming:
        exchange = self._run.exchange
        if exchange is None or effect.request.method == "GET":
            return Coming(0.0, ResponseHead(200))  # no attempt: can this address be reached?
        send, provider = exchange.command, exchange.provider
        item = self._answers(send, self._clock.time())
        spoken, model = provider.dialect, send.target.model
        if exchange.prepared.stream and is_streamed(item):
            self._coming = parts(item, spoken=spoken, model=model)
            return Coming(0.0, ResponseHead(200, _EVENTS))
        if item.word == CONNECT:
            refused = ConnectError(item.message or "[Errno 111] Connection refused")
            return _within(Coming(item.seconds, error=refused), effect.connect, connect=True)
        seconds = inf if item.word in _SILENT else item.seconds
        if item.word == CUT:
            return _within(Coming(seconds, error=broken_off(item)), effect.seconds)
        if seconds < effect.seconds:
            answered = _written(
                item.word, item.retry_after, item.message, item.content, spoken=spoken, model=model
            )
            self._coming = iter([StreamPart(0.0, answered.content)])
            return Coming(seconds, answered.head)
        return _within(Coming(seconds), effect.seconds)

    def _read(self, limit: float) -> Coming:
        """The next bytes, after the virtual time that they take."""
        seconds = 0.0
        for part in self._coming:
            seconds += part.seconds
            if seconds >= limit or part.error is not None:
                return _within(Coming(seconds, error=part.error), limit)
            if part.data:
                return Coming(seconds, part.data)
        return Coming(seconds)


_AT_ONCE = Coming(0.0)


@lru_cache(maxsize=256)
def _written(
    word: str, retry_after: float | None, message: str | None, content: str, **where: str
) -> ScriptedAnswer:
    """The answer of an item, whenever it comes: many calls meet the same."""
    item = Item(word, retry_after=retry_after, message=message, content=content)
    return answer(item, **where)


def _within(coming: Coming, limit: float, *, connect: bool = False) -> Coming:
    """``coming``, or that the limit was passed, where that comes first."""
    if coming.seconds < limit:
        return coming
    return Coming(limit, error=LimitPassed(connect=connect))


class VirtualConnection:
    """Performs the effects of one call; what is asked is answered with what ``answers`` says.

    Args:
        run: The call.
        clock: The time that passes.
        answers: What each attempt meets.
    """

    def __init__(self, run: CallRun, clock: VirtualClock, answers: Answers) -> None:
        self._clock = clock
        self._scripted = ScriptedConnection(run, clock, answers)

    def perform(self, effect: Effect) -> Any:
        """The result of ``effect``.

        Raises:
            LimitPassed: Its time is over.
            TransportError: The script breaks the connection.
        """
        if isinstance(effect, Sleep):
            return self._clock.sleep(effect.seconds)
        coming = self._scripted.foresee(effect)
        self._clock.advance(coming.seconds)
        if coming.error is not None:
            raise coming.error
        return coming.result

    def close(self) -> None:
        """Read no further."""
        self._scripted.close()
