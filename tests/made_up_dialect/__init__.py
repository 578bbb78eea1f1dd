"""A dialect that nobody speaks: what adding one takes is this folder and its record.

``POST {base_url}/say`` with ``{"who": MODEL, "lines": [["me", "hi"], ["you", "ho"]]}`` answers
``{"line": "hello", "why": "end", "words": [1, 2]}``; with ``"flow": true`` it answers in events
``{"bit": "hel"}``, ``{"bit": "lo"}``, ``{"why": "end", "words": [1, 2]}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
import msgspec

from orchestrator.dialects import Loss, Payload, RequestError, Usage
from orchestrator.dialects.crossing import foreign_losses, shown_losses
from orchestrator.dialects.encoding import EndpointSettings, KeyForm, post
from orchestrator.dialects.finish_reasons import LENGTH, STOP, finish_reason
from orchestrator.dialects.loss import Reworded, parameter
from orchestrator.dialects.neutral import (
    UNTITLED,
    Conversation,
    Delta,
    EndMark,
    FinishReason,
    Heading,
    Message,
    NeutralAnswer,
    Role,
    StreamError,
    StreamEvent,
    StreamStart,
    Text,
    TextDelta,
    Unreadable,
    UsageDelta,
)
from orchestrator.dialects.record import Dialect
from orchestrator.dialects.serving import Serving
from orchestrator.dialects.shape import RequestShape, appended_turns
from orchestrator.dialects.sse import ServerEvent, ServerSentEvents
from orchestrator.dialects.wire import mapping, string
from orchestrator.http_messages import OutgoingRequest

NAME = "made-up"
_SPEAKERS = {Role.USER: "me", Role.ASSISTANT: "you"}
_ROLES = {name: role for role, name in _SPEAKERS.items()}


# Requests.


def encode(
    payload: Payload,
    *,
    provider: EndpointSettings,
    model: str,
    overrides: Payload,
    stream: bool = False,
) -> OutgoingRequest:
    body = {**payload, **overrides, "who": model, **({"flow": True} if stream else {})}
    return post(provider, "say", body, stream=stream)


def read_request(payload: Payload) -> Conversation:
    lines = payload.get("lines")
    if not isinstance(lines, list):
        raise RequestError("'lines' is no list; allowed: [['me', 'hi']]")
    messages = (Message(_ROLES[speaker], (Text(text),)) for speaker, text in lines)
    return Conversation(tuple(messages), dialect=NAME)


def losses(conversation: Conversation) -> tuple[Loss, ...]:
    tools = (parameter("tools"),) if conversation.tools else ()
    return (*shown_losses(conversation, lambda *_: False), *tools, *foreign_losses(conversation))


def write_request(conversation: Conversation) -> dict[str, Any]:
    system = [["me", text.text] for text in conversation.system]
    lines = [[_SPEAKERS[message.role], _words(message)] for message in conversation.messages]
    limit = {"limit": conversation.max_tokens} if conversation.max_tokens else {}
    return {"lines": system + lines, **limit}


def _words(message: Message) -> str:
    return "".join(part.text for part in message.parts if isinstance(part, Text))


# Answers.


def read_answer(body: Payload) -> NeutralAnswer:
    text = string(body.get("line"))
    return NeutralAnswer((Text(text),) if text else (), _why(body), _usage(body))


def read_whole(body: Payload) -> NeutralAnswer | None:
    return read_answer(body) if "line" in body else None


def write_answer(reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
    text = "".join(part.text for part in reply.parts if isinstance(part, Text))
    why = "limit" if reply.finish_reason == LENGTH else "end"
    usage = reply.usage
    words = [usage.prompt_tokens, usage.completion_tokens]
    return {"line": text, "why": why, "words": words, "who": heading.model}


def _why(body: Payload) -> str | None:
    return LENGTH if body.get("why") == "limit" else finish_reason(body.get("why"))


def _usage(body: Payload) -> Usage:
    asked, said = body.get("words") or (0, 0)
    return Usage(asked, said, asked + said)


# Streams.


@attrs.define
class SayReader:
    _events: ServerSentEvents = attrs.field(factory=ServerSentEvents)
    _begun: bool = False

    def feed(self, data: bytes) -> list[StreamEvent]:
        return [self._read(event) for event in self._events.feed(data)]

    def close(self) -> list[StreamEvent]:
        return [self._read(event) for event in self._events.close()]

    def _read(self, event: ServerEvent) -> StreamEvent:
        try:
            body = mapping(msgspec.json.decode(event.data))
        except msgspec.DecodeError:
            return StreamEvent(event.raw, (Unreadable(event.data),) if event.data else ())
        return StreamEvent(event.raw, tuple(self._deltas(body)))

    def _deltas(self, body: dict[str, Any]) -> Iterator[Delta]:
        if body.get("error"):
            yield StreamError(body)
            return
        if not self._begun:
            self._begun = True
            yield StreamStart()
        if text := string(body.get("bit")):
            yield TextDelta(text)
        if why := _why(body):
            yield from (FinishReason(why), UsageDelta(_usage(body)), EndMark())


@attrs.define
class SayWriter:
    heading: Heading
    _finish: str | None = None
    _usage: Usage = attrs.field(factory=Usage)

    def write(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta():
                return _event({"bit": delta.text})
            case FinishReason():
                self._finish = delta.finish_reason
            case UsageDelta():
                self._usage = delta.usage
            case EndMark():
                whole = write_answer(NeutralAnswer((), self._finish or STOP, self._usage))
                return _event({name: whole[name] for name in ("why", "words")})
            case StreamError():
                return _event({"error": delta.body})
            case _:
                pass
        return b""


def _event(body: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(body) + b"\n\n"


RECORD = Dialect(
    name=NAME,
    keys=(KeyForm("x-say-key", "Key"),),
    encode=encode,
    read_request=read_request,
    losses=losses,
    reworded=lambda conversation: Reworded(stops=conversation.stop),
    write_request=write_request,
    read_whole=read_whole,
    read_answer=read_answer,
    write_answer=write_answer,
    complete_answer=lambda body, _: dict(body),
    stream_reader=SayReader,
    stream_writer=SayWriter,
    shape=RequestShape(
        history="lines",
        max_tokens=(("limit",),),
        words=frozenset({"lines"}),
        continue_from=appended_turns(
            "lines", user="me", assistant="you", turn=lambda *turn: list(turn)
        ),
    ),
    serving=Serving(paths=("/say",)),
    shown_path="/say",
    wants_reasoning=lambda _: False,
)
