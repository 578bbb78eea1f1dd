"""A stream, written delta by delta.

Theory of operation: items open when their first delta comes. A message and thoughts close
when something else begins; calls stay open to the end, because the arguments of parallel
calls may come in turns. Every ``done`` event and the last one repeat the whole content, as
the reference demands, so what was said is kept.
"""

from __future__ import annotations

import abc
from typing import Any

import attrs
import msgspec

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.failures import error_in
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    Heading,
    StreamError,
    StreamStart,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_responses import items
from orchestrator.dialects.openai_responses.answer import ending, skeleton, usage
from orchestrator.dialects.openai_responses.vocabulary import NAME
from orchestrator.dialects.sse import ServerSentEvents
from orchestrator.dialects.wire import json_text, parsed_object, string

Events = list[dict[str, Any]]
"""Events without their number, which the writer gives."""


@attrs.define
class OpenItem(abc.ABC):
    """An item that is being written: how it opens, grows and closes.

    Attributes:
        place: Where it stands in the output.
        said: The content so far, in pieces.
        closed: True once its last event was made.
    """

    place: items.Place
    said: list[str] = attrs.field(factory=list, kw_only=True)
    closed: bool = attrs.field(default=False, kw_only=True)

    @property
    def text(self) -> str:
        """The content so far."""
        return "".join(self.said)

    @abc.abstractmethod
    def made(self, *, empty: bool = False) -> dict[str, Any]:
        """The finished item, or the item as it opens."""

    @abc.abstractmethod
    def _grown(self, text: str) -> Events:
        """What says more of the content, which is put to ``said`` after it."""

    @abc.abstractmethod
    def _finished(self) -> Events:
        """What closes the content, before the item itself is closed."""

    def open(self) -> Events:
        """The item's first events."""
        return [self._item("added", self.made(empty=True))]

    def add(self, text: str) -> Events:
        """What says more of the content."""
        events = self._grown(text)
        self.said.append(text)
        return events

    def close(self) -> Events:
        """The item's last events; nothing where it is closed."""
        if self.closed:
            return []
        self.closed = True
        return [*self._finished(), self._item("done", self.made())]

    def _item(self, what: str, item: dict[str, Any]) -> dict[str, Any]:
        kind = f"response.output_item.{what}"
        return {"type": kind, "output_index": self.place.index, "item": item}

    def _event(self, kind: str, **fields: Any) -> dict[str, Any]:
        """An event about the content."""
        where = {"item_id": self.made(empty=True)["id"], "output_index": self.place.index}
        return {"type": f"response.{kind}", **where, **fields}


@attrs.define
class OpenMessage(OpenItem):
    """A message of the model, with one part."""

    def made(self, *, empty: bool = False) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        if empty:
            return items.message_item(self.place, [], "in_progress")
        return items.message_item(self.place, [items.output_text(self.text)])

    def open(self) -> Events:
        """See :class:`OpenItem`."""
        part = items.output_text("")
        return [*OpenItem.open(self), self._event("content_part.added", content_index=0, part=part)]

    def _grown(self, text: str) -> Events:
        return [self._event("output_text.delta", content_index=0, delta=text, logprobs=[])]

    def _finished(self) -> Events:
        text, part = self.text, items.output_text(self.text)
        return [
            self._event("output_text.done", content_index=0, text=text, logprobs=[]),
            self._event("content_part.done", content_index=0, part=part),
        ]


@attrs.define
class OpenReasoning(OpenItem):
    """Thoughts, written as a summary with one part; hidden ones have none."""

    signature: str | None = None

    def made(self, *, empty: bool = False) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        if empty:
            return items.reasoning_item(self.place, "", None)
        return items.reasoning_item(self.place, self.text, self.signature)

    def _grown(self, text: str) -> Events:
        delta = self._event("reasoning_summary_text.delta", summary_index=0, delta=text)
        return [delta] if self.said else [self._part("added", ""), delta]

    def _finished(self) -> Events:
        if not self.said:
            return []
        done = self._event("reasoning_summary_text.done", summary_index=0, text=self.text)
        return [done, self._part("done", self.text)]

    def _part(self, what: str, text: str) -> dict[str, Any]:
        part = {"type": "summary_text", "text": text}
        return self._event(f"reasoning_summary_part.{what}", summary_index=0, part=part)


@attrs.define
class OpenCall(OpenItem):
    """A call of a tool."""

    call_id: str = ""
    name: str = ""

    def made(self, *, empty: bool = False) -> dict[str, Any]:
        """See :class:`OpenItem`."""
        status = "in_progress" if empty else "completed"
        text = "" if empty else self.text
        return items.call_item(self.place, self.call_id, self.name, text, status)

    def _grown(self, text: str) -> Events:
        return [self._event("function_call_arguments.delta", delta=text)]

    def _finished(self) -> Events:
        return [self._event("function_call_arguments.done", arguments=self.text, name=self.name)]


@attrs.define
class ResponsesStreamWriter:
    """See :class:`orchestrator.dialects.record.StreamWriter`.

    Attributes:
        heading: What the provider does not say.
    """

    heading: Heading
    _id: str = ""
    _model: str = ""
    _number: int = attrs.Factory(lambda self: _number_after(self.heading.after), takes_self=True)
    _begun: bool = False
    _over: bool = False
    _items: list[OpenItem] = attrs.field(factory=list)
    _calls: dict[int, OpenCall] = attrs.field(factory=dict)
    _current: OpenMessage | OpenReasoning | None = None
    _finish: str | None = None
    _usage: Usage | None = None

    def write(self, delta: Delta) -> bytes:
        """See :class:`orchestrator.dialects.record.StreamWriter`."""
        if self._over:
            return b""
        match delta:
            case StreamStart():
                return self._begin(delta)
            case StreamError():
                self._over = True
                return self._say([_error(delta.body)])
            case EndMark():
                return self._start() + self._end()
            case FinishReason() | UsageDelta() | Unreadable():
                return self._note(delta)
            case _:
                events = self._content(delta)
                return self._start() + self._say(events) if events else b""

    def _note(self, delta: FinishReason | UsageDelta | Unreadable) -> bytes:
        """Keep what this dialect says at the end."""
        if isinstance(delta, FinishReason):
            self._finish = delta.finish_reason
        elif isinstance(delta, UsageDelta):
            self._usage = delta.usage
        return b""

    # Life.

    def _begin(self, delta: StreamStart) -> bytes:
        if self._begun:
            return b""
        self._id, self._model = delta.id, delta.model
        return self._start()

    def _start(self) -> bytes:
        """The beginning, once; nothing may come before it."""
        if self._begun:
            return b""
        self._begun = True
        response = skeleton(self._id, self._model, self.heading)
        kinds = ("response.created", "response.in_progress")
        return self._say([{"type": kind, "response": response} for kind in kinds])

    def _end(self) -> bytes:
        self._over = True
        events = [event for item in self._items for event in item.close()]
        response = {
            **skeleton(self._id, self._model, self.heading),
            **ending(self._finish),
            "output": [item.made() for item in self._items],
            "usage": None if self._usage is None else usage(self._usage),
        }
        return self._say(
            [*events, {"type": f"response.{response['status']}", "response": response}]
        )

    # Content.

    def _content(self, delta: TextDelta | ThinkingDelta | ToolCallDelta) -> Events:
        match delta:
            case TextDelta() if delta.text:
                return self._text(delta.text)
            case ThinkingDelta():
                return self._thoughts(delta.text, _ours(delta), redacted=delta.redacted)
            case ToolCallDelta():
                return self._call(delta)
            case _:
                return []

    def _text(self, text: str) -> Events:
        events: Events = []
        message = self._current
        if not isinstance(message, OpenMessage):
            events += self._close()
            message = OpenMessage(self._place())
            events += self._open(message)
            self._current = message
        return events + message.add(text)

    def _thoughts(self, text: str, signature: str | None, *, redacted: bool) -> Events:
        """More thoughts; a signature is the end of those before it, or stands alone."""
        if not (text or signature):
            return []
        events: Events = []
        thoughts = self._current
        if not isinstance(thoughts, OpenReasoning) or redacted:
            events += self._close()
            thoughts = OpenReasoning(self._place())
            events += self._open(thoughts)
            self._current = thoughts
        if text:
            events += thoughts.add(text)
        if signature:
            thoughts.signature = signature
            events += self._close()
        return events

    def _call(self, delta: ToolCallDelta) -> Events:
        # Calls do not close each other: arguments of parallel calls come in turns.
        events = self._close()
        call = self._calls.get(delta.index)
        if call is None:
            place = self._place()
            call = OpenCall(place, call_id=delta.id or place.id("call"), name=delta.name)
            self._calls[delta.index] = call
            events += self._open(call)
        return events + (call.add(delta.arguments) if delta.arguments else [])

    def _place(self) -> items.Place:
        return items.Place(self.heading.id, len(self._items))

    def _open(self, item: OpenItem) -> Events:
        self._items.append(item)
        return item.open()

    def _close(self) -> Events:
        """Close what a new item ends."""
        current, self._current = self._current, None
        return [] if current is None else current.close()

    def _say(self, events: Events) -> bytes:
        """The events on the wire, numbered in order."""
        written = b""
        for event in events:
            data = msgspec.json.encode({**event, "sequence_number": self._number})
            written += b"event: " + event["type"].encode() + b"\ndata: " + data + b"\n\n"
            self._number += 1
        return written


def _number_after(event: bytes) -> int:
    """The number of the event that follows another writer's."""
    data = ServerSentEvents().parse(event).data if event else ""
    number = (parsed_object(data) or {}).get("sequence_number")
    return number + 1 if isinstance(number, int) else 0


def _ours(delta: ThinkingDelta) -> str | None:
    """The signature, unless another vendor signed: a request that brings it back is refused."""
    return delta.signature if delta.dialect in (NAME, "") else None


def _error(body: object) -> dict[str, Any]:
    """The dialect's error event for whatever the provider reported.

    The reference has the fields beside ``type``; the service itself, and the openai
    package, which raises for nothing else, have them in ``error``
    (https://github.com/openai/openai-dotnet/issues/881, looked up 2026-11-21).
    """
    found, message = error_in(body)
    words = message or json_text(body)
    error = {
        "type": string(found.get("type")) or string(found.get("status")) or "server_error",
        "code": _code(found.get("code")),
        "message": words if words != "{}" else "the provider reported an error",
        "param": string(found.get("param")) or None,
    }
    fields = {name: error[name] for name in ("code", "message", "param")}
    hint = {"hint": found["hint"]} if isinstance(found.get("hint"), str) else {}
    return {"type": "error", **fields, "error": {**error, **hint}}


def _code(code: object) -> str | None:
    if isinstance(code, int) and not isinstance(code, bool):
        return str(code)
    return code if isinstance(code, str) else None
