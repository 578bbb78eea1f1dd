"""Streams that a client gets as their provider wrote them, in the dialect that both speak.

A stream whose beginning is as the dialect describes goes on as bytes, unread. Others lack what
the vendor's own client, or one that is made of the vendor's description, needs: an id, a time,
the name of an event. Those are completed event by event where the dialect knows how, and
written anew where it does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import attrs

from orchestrator.dialects.neutral import Heading, StreamEvent, StreamStart
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import json_text, parsed_object

Body = Mapping[str, Any]
"""The data of an event."""


class IsSound(Protocol):
    """Judges a stream by its beginning."""

    def __call__(self, event: ServerEvent, body: Body) -> bool:
        """True where a stream that begins with ``event`` can be passed on as it is."""
        ...


class Mended(Protocol):
    """Completes an event."""

    def __call__(self, body: Body, first: Body, heading: Heading) -> Body | None:
        """The data with what it lacks; ``None`` where that takes more than this event.

        Args:
            body: The data of the event.
            first: The data of the event in which the stream began.
            heading: What the provider does not say.
        """
        ...


def _never(body: Body, first: Body, heading: Heading) -> None:  # noqa: ARG001 - whatever it is
    return None


@attrs.frozen(kw_only=True, eq=False)
class StreamRepair:
    """What a dialect demands of a stream, and how an event that lacks some of it is completed.

    Attributes:
        is_sound: See :class:`IsSound`.
        mended: See :class:`Mended`; where it gives ``None`` for the beginning, the stream is to
            be written anew.
        is_named: True where clients go by the names of events.
        end_mark: What ends a stream that is whole; empty where an event does.
    """

    is_sound: IsSound
    mended: Mended = attrs.field(default=_never)
    is_named: bool = False
    end_mark: bytes = b""


@attrs.define
class StreamForwarder:
    """Passes the events of one stream on.

    Events before its beginning are held back until that tells what they lack.

    Attributes:
        repair: What the dialect demands.
        heading: What the provider does not say.
        is_open: True once events can go on as they are.
        held: Events that are held back.
    """

    repair: StreamRepair
    heading: Heading
    is_open: bool = False
    held: list[StreamEvent] = attrs.field(factory=list)
    _first: Body | None = None

    def pass_on(self, event: StreamEvent) -> bytes | None:
        """The bytes for ``event`` and those held back; ``None`` where they must be written anew."""
        if self._first is not None:
            return event.raw if self.is_open else self._mended(event, self._first)
        self.held.append(event)
        if not any(isinstance(delta, StreamStart) for delta in event.deltas):
            return b""
        parsed, first = _parsed(event)
        self.is_open = self.repair.is_sound(parsed, first)
        if not self.is_open and self.repair.mended(first, first, self.heading) is None:
            return None
        self._first = first
        before = b"".join(self._mended(one, first) for one in self.held[:-1])
        self.held = []
        return before + (event.raw if self.is_open else self._mended(event, first))

    def rest(self) -> bytes:
        """What is held back still where a stream ends that never began."""
        return b"".join(event.raw for event in self.held)

    def _mended(self, event: StreamEvent, first: Body) -> bytes:
        _, body = _parsed(event)
        told = self.repair.mended(body, first, self.heading) if body else None
        if told is None:
            return event.raw
        named = f"event: {told.get('type')}\n" if self.repair.is_named else ""
        return f"{named}data: {json_text(told)}\n\n".encode("utf-8", "replace")


def _parsed(event: StreamEvent) -> tuple[ServerEvent, Body]:
    """The event, and its data; empty where that is no object."""
    parsed = ServerSentEvents().parse(event.raw)
    return parsed, parsed_object(parsed.data) or {}
