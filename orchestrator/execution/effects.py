"""What a call needs of the world: the effects that :func:`.flow.flow` yields and a pump performs.

A pump sends the result of an effect into the flow, or throws what went wrong. It
decides nothing: :mod:`.blocking` performs effects on a thread, :mod:`.tasks` on an event
loop, and whoever has another way to wait writes a pump of a page.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.neutral import StreamEvent
from orchestrator.health.session import Question, Session
from orchestrator.http_messages import OutgoingRequest


class Open(msgspec.Struct, frozen=True):  # attrs takes five times as long to make one
    """Send ``request``, with the head of its answer (:class:`.ResponseHead`) as the result.

    Raises into the flow: :class:`LimitPassed`, or whatever the transport raised.

    Attributes:
        request: What to send; any answer that is still open was closed before.
        seconds: How long all of it may take.
        connect: How long the connection may take.
    """

    request: OutgoingRequest
    seconds: float
    connect: float


class Read(msgspec.Struct, frozen=True):
    """Read the next bytes of the open answer; ``None`` at its end. Raises as :class:`Open`."""

    seconds: float


@attrs.frozen
class Close:
    """Close the open answer, if there is one; what goes wrong then is nobody's concern."""


CLOSE = Close()


@attrs.frozen
class Sleep:
    """Let time pass."""

    seconds: float


@attrs.frozen
class AwaitThread:
    """Wait for ``work``, which another thread does; its result is the result.

    Raises into the flow: :class:`LimitPassed`, or what the work raised.

    Attributes:
        work: Runs (``set_running_or_notify_cancel``), so that nobody who stops waiting can
            cancel it: others may wait for it too.
        seconds: How long to wait.
    """

    work: Future[Any]
    seconds: float


class Ask(msgspec.Struct, frozen=True):
    """Ask the health board, in one atomic step.

    Attributes:
        session: The call's session with the board.
        question: What is asked.
        at: The instant, seconds since ``Started``.
    """

    session: Session
    question: Question
    at: float


class Emit(msgspec.Struct, frozen=True):
    """Hand ``events`` to the caller, one after the other.

    What the pump has taken of them has reached the caller, so it takes no event before it is
    asked for one.
    """

    events: Iterator[StreamEvent]


Effect = Open | Read | Close | Sleep | AwaitThread | Ask | Emit


class CallerLeft(BaseException):
    """The caller closed the stream before its end; a pump throws it into the flow."""
