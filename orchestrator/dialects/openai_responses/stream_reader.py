"""A stream, read event by event: its beginning, its content, its end.

Theory of operation: content comes as deltas, and again, whole, in the ``done`` events that
follow. A server that sends no deltas is read from those; what was read is remembered as a
length and a checksum only, so that nothing is said twice and a stream of any length costs
little memory. Where an event could not be read and a ``done`` event shows that it held
content, the stream is broken: what the caller has is not the answer.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs
import msgspec

from orchestrator.dialects.failures import remarked, reported
from orchestrator.dialects.finish_reasons import LENGTH, STOP, finish_reason, is_failed
from orchestrator.dialects.neutral import (
    Delta,
    EndMark,
    FinishReason,
    StreamError,
    StreamEvent,
    StreamStart,
    Text,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolUse,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.openai_responses import items
from orchestrator.dialects.openai_responses.answer import finish_of, usage_of
from orchestrator.dialects.openai_responses.vocabulary import NAME
from orchestrator.dialects.sse import EventReader, ServerEvent
from orchestrator.dialects.wire import (
    UNREADABLE,
    arguments,
    call_id,
    mapping,
    mappings,
    parsed_object,
    string,
)

Key = int | str
"""An item of the stream: its ``output_index``, else its id."""

Channel = tuple[str, Key, int]
"""One run of content: its kind (``text``, ``thought``, ``call``), its item, its part."""

WHOLE: Channel = ("whole", 0, 0)
"""All texts of the answer, in the order in which they were told."""

LARGEST = 10_000
"""Runs of content in one stream; a hostile server could name new ones for ever."""


class Malformed(Exception):
    """An event lacks what its type demands."""


class Lost(Exception):
    """What follows shows that an event which could not be read held content."""


@attrs.define
class ContentReader:
    """Reads events about content.

    Attributes:
        answer_id: The id of the answer, from which missing ids of calls are made.
        gap: Whether an event of this stream could not be read.
    """

    answer_id: str = ""
    gap: bool = False
    # What was told of each run: its length and checksum.
    _told: dict[Channel, tuple[int, int]] = attrs.field(factory=dict)
    _calls: dict[Key, int] = attrs.field(factory=dict)
    _signed: set[Key] = attrs.field(factory=set)
    # Whether thoughts come raw or as a summary, and which part of them is under way.
    _raw: dict[Key, bool] = attrs.field(factory=dict)
    _parts: dict[Key, int] = attrs.field(factory=dict)

    @property
    def has_calls(self) -> bool:
        """True once a call has begun."""
        return bool(self._calls)

    def read(self, kind: str, body: dict[str, Any]) -> list[Delta] | None:
        """What an event of that type tells; ``None`` where it is not about content.

        Raises:
            Malformed: The event lacks what its type demands.
            Lost: The event shows that content was lost.
        """
        found: Iterable[Delta]
        match kind:
            case "response.output_text.delta" | "response.refusal.delta":
                found = self._say(_channel(body), _delta(body))
            case "response.output_text.done" | "response.refusal.done":
                found = self._text_done(body)
            case "response.function_call_arguments.delta":
                found = self._arguments(body)
            case "response.function_call_arguments.done":
                found = self._arguments_done(body)
            case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
                found = self._thinking(body)
            case _:
                return self._item(kind, body)
        return list(found)

    def missing(self, output: list[dict[str, Any]]) -> Iterator[Delta]:
        """What the whole output holds and no event told.

        Raises:
            Lost: The output shows that content was lost.
        """
        if not (self._told or self._calls or self._signed):
            # By position, which is safe only here: some servers leave items out.
            for index, item in enumerate(output):
                yield from self._whole(index, item)
        elif self.gap and output:
            parts = [part for item in output for part in items.output_parts(item)]
            if sum(isinstance(part, ToolUse) for part in parts) != len(self._calls):
                raise Lost
            text = "".join(part.text for part in parts if isinstance(part, Text))
            yield from self._rest(WHOLE, text)

    def rest(self, finish: str) -> Iterator[Delta]:
        """The arguments of calls that came without any; at the limit, they may be missing."""
        if finish != LENGTH:
            bare = [key for key in self._calls if ("call", key, 0) not in self._told]
            for key in bare:
                yield from self._say(("call", key, 0), "{}")

    # Items.

    def _item(self, kind: str, body: dict[str, Any]) -> list[Delta] | None:
        if kind not in ("response.output_item.added", "response.output_item.done"):
            return None
        item = body.get("item")
        if not isinstance(item, dict):
            # Some servers announce an item before they know what it is.
            return []
        if kind.endswith("done"):
            return list(self._whole(_key(body), item))
        # A call whose name is still to come is told when its item is done.
        begins = item.get("type") == "function_call" and bool(item.get("name"))
        return list(self._call(_key(body), item)) if begins else []

    def _whole(self, key: Key, item: dict[str, Any]) -> Iterator[Delta]:
        """What of a finished item was not read yet."""
        match item.get("type"):
            case "message":
                for at, text in enumerate(items.spoken(item.get("content"))):
                    yield from self._rest(("text", key, at), text)
            case "function_call":
                yield from self._call(key, item)
                yield from self._rest(("call", key, 0), arguments(item.get("arguments")))
            case "reasoning":
                yield from self._thought(key, item)

    def _call(self, key: Key, item: dict[str, Any]) -> Iterator[Delta]:
        """The beginning of a call, once."""
        if key not in self._calls:
            self._check_room()
            call, index = items.tool_use(item), len(self._calls)
            self._calls[key] = index
            made = call.id or call_id(self.answer_id, index, call.name)
            yield ToolCallDelta(index, made, call.name)

    def _thought(self, key: Key, item: dict[str, Any]) -> Iterator[Delta]:
        """The signature of thoughts, and the thoughts where no event told them."""
        thought = items.thinking(item)
        if thought is None or key in self._signed:
            return
        self._signed.add(key)
        told = ("thought", key, 0) in self._told
        if not told:
            yield from self._say(("thought", key, 0), thought.text)
        if thought.signature is not None:
            hidden = not (told or thought.text)
            yield ThinkingDelta(signature=thought.signature, redacted=hidden, dialect=NAME)

    # Deltas, and what is said again at their end.

    def add_words(self, key: Key, part: int, text: str) -> tuple[Delta, ...]:
        """More words of the item's part.

        Raises:
            Malformed: The stream has more runs of content than any answer has.
        """
        return self._say(("text", key, part), text)

    def _text_done(self, body: dict[str, Any]) -> Iterator[Delta]:
        text = body.get("text", body.get("refusal"))
        yield from self._rest(_channel(body), string(text))

    def _arguments(self, body: dict[str, Any]) -> Iterator[Delta]:
        """More of a call; where its beginning was lost, its end tells it all."""
        key, delta = _key(body), _delta(body)
        if key in self._calls:
            yield from self._say(("call", key, 0), delta)

    def _arguments_done(self, body: dict[str, Any]) -> Iterator[Delta]:
        key = _key(body)
        if key in self._calls:
            yield from self._rest(("call", key, 0), arguments(body.get("arguments")))

    def _thinking(self, body: dict[str, Any]) -> Iterator[Delta]:
        """Thoughts, or their summary, whichever comes first; each part is a paragraph."""
        key, delta, raw = _key(body), _delta(body), "summary_index" not in body
        if self._raw.setdefault(key, raw) is not raw:
            return
        part = 0 if raw else _index(body, "summary_index")
        before, self._parts[key] = self._parts.get(key, part), part
        yield from self._say(
            ("thought", key, 0), (items.PARAGRAPH if part != before else "") + delta
        )

    def _say(self, channel: Channel, text: str) -> tuple[Delta, ...]:
        if not text:
            return ()
        self._check_room()
        said = _bytes(text)
        for where in (channel, WHOLE) if channel[0] == "text" else (channel,):
            length, checksum = self._told.get(where, (0, 0))
            self._told[where] = length + len(text), zlib.crc32(said, checksum)
        return (self._delta(channel, text),)

    def _rest(self, channel: Channel, whole: str) -> Iterator[Delta]:
        """What of ``whole`` was not said yet."""
        length, checksum = self._told.get(channel, (0, 0))
        if length <= len(whole) and zlib.crc32(_bytes(whole[:length])) == checksum:
            yield from self._say(channel, whole[length:])
        elif self.gap and whole:
            raise Lost

    def _delta(self, channel: Channel, text: str) -> Delta:
        kind, key, _ = channel
        match kind:
            case "thought":
                return ThinkingDelta(text)
            case "call":
                return ToolCallDelta(self._calls.get(key, 0), arguments=text)
            case _:
                return TextDelta(text)

    def _check_room(self) -> None:
        if len(self._told) + len(self._calls) + len(self._signed) >= LARGEST:
            raise Malformed


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _key(body: Mapping[str, Any]) -> Key:
    """The item that the event is about: by its place, else by its id."""
    if "output_index" in body:
        return _index(body, "output_index")
    return string(body.get("item_id")) or string(mapping(body.get("item")).get("id"))


def _channel(body: Mapping[str, Any]) -> Channel:
    return ("text", _key(body), _index(body, "content_index"))


def _index(body: Mapping[str, Any], name: str) -> int:
    """The index of that name; servers with a single part sometimes leave it out."""
    value = body.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed
    return value


def _delta(body: Mapping[str, Any]) -> str:
    delta = body.get("delta")
    if not isinstance(delta, str):
        raise Malformed
    return delta


_LOST = {
    "error": {
        "type": "stream_interrupted",
        "code": "sse",
        "message": "stream interrupted: an event could not be read, and it held content",
    }
}

_CHAT_END = "[DONE]"
"""The end mark of chat completions, which some servers add after their own."""


class _Words(msgspec.Struct, forbid_unknown_fields=True):
    """The event that nearly all of a stream is; a type that knows every field hides nothing."""

    type: Literal["response.output_text.delta"]
    output_index: int
    delta: str
    content_index: int = 0
    item_id: str = ""
    sequence_number: int | None = None
    logprobs: tuple[()] | None = None
    obfuscation: str | None = None


_decode = msgspec.json.Decoder(_Words).decode


class ResponsesStreamReader(EventReader):
    """Reads one stream."""

    def __init__(self) -> None:
        super().__init__()
        self._content = ContentReader()
        self._began = self._over = False

    def plain(self, raw: bytes, data: bytes) -> StreamEvent | None:
        """See :class:`.EventReader`."""
        if self._over:
            return None
        try:
            words = _decode(data)
            deltas = self._content.add_words(words.output_index, words.content_index, words.delta)
        except (Malformed, *UNREADABLE):
            return None
        return StreamEvent(raw, deltas)

    def read(self, event: ServerEvent) -> StreamEvent:
        """See :class:`.EventReader`."""
        if self._over or not event.data or event.data.strip() == _CHAT_END:
            return StreamEvent(event.raw)
        try:
            deltas = self._deltas(event)
        except Malformed:
            deltas = [Unreadable(event.data)]
        except Lost:
            deltas = [StreamError(_LOST)]
        self._content.gap |= any(isinstance(delta, Unreadable) for delta in deltas)
        self._over = any(isinstance(delta, EndMark | StreamError) for delta in deltas)
        return StreamEvent(event.raw, tuple(deltas))

    def _deltas(self, event: ServerEvent) -> list[Delta]:
        body = parsed_object(event.data)
        if body is None:
            raise Malformed
        # The type is said twice; some servers say it once.
        kind = string(body.get("type")) or event.event
        content = self._content.read(kind, body)
        if content is not None:
            return content
        match kind:
            case "response.created" | "response.in_progress" | "response.queued":
                return list(self._begin(body))
            case (
                "response.completed"
                | "response.incomplete"
                | "response.failed"
                | "response.cancelled"
            ):
                return list(self._end(body, kind))
            case "error":
                return [StreamError(body)]
            case _:
                # Gateways report their own errors without a type.
                if reported(body):
                    return [StreamError(body)]
                return [Unreadable(event.data)] if remarked(body) else []

    def _begin(self, body: dict[str, Any]) -> Iterator[Delta]:
        if not self._began:
            self._began = True
            response = mapping(body.get("response"))
            self._content.answer_id = string(response.get("id"))
            yield StreamStart(self._content.answer_id, string(response.get("model")))

    def _end(self, body: dict[str, Any], kind: str) -> Iterator[Delta]:
        response = mapping(body.get("response"))
        if response.get("error") or body.get("error"):
            yield StreamError(body)
            return
        yield from self._begin(body)
        yield from self._content.missing(mappings(response.get("output")))
        said, status = finish_reason(response.get("status")), kind.removeprefix("response.")
        status = said if said is not None and is_failed(said) else status
        ended = finish_of({**response, "status": status})
        finish = finish_reason(ended, calls=self._content.has_calls) or STOP
        yield from self._content.rest(finish)
        yield FinishReason(finish)
        if isinstance(response.get("usage"), dict):
            yield UsageDelta(usage_of(response["usage"]))
        yield EndMark()
