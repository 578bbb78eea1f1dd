"""What a dialect is: one record, of which every fact about a family of endpoints is a field.

A dialect is stateless and does no I/O. Its folder holds the functions, and its ``__init__``
the record that names them; nobody outside compares a dialect's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs

from orchestrator.dialects import judgement
from orchestrator.dialects.answer import Answer, Fault
from orchestrator.dialects.encoding import Encode, KeyForm, Payload
from orchestrator.dialects.framing import EVENTS, StreamFraming
from orchestrator.dialects.judgement import Flawed, ReadPlain
from orchestrator.dialects.loss import Loss, Reworded
from orchestrator.dialects.neutral import (
    UNTITLED,
    Conversation,
    Delta,
    Heading,
    NeutralAnswer,
    StreamEvent,
)
from orchestrator.dialects.operations import Operation, OperationSpec
from orchestrator.dialects.serving import Serving
from orchestrator.dialects.shape import RequestShape


class StreamReader(Protocol):
    """Reads one stream, fed with bytes as they come, cut anywhere. No I/O; never raises."""

    def feed(self, data: bytes) -> list[StreamEvent]:
        """The events that ``data`` completes, in order."""
        ...

    def close(self) -> list[StreamEvent]:
        """What was left when the connection ended.

        An unfinished event gives nothing: a stream without :class:`~.neutral.EndMark`, or
        without a finish reason where the dialect has no end mark, is not whole.
        """
        ...


class StreamWriter(Protocol):
    """Writes one stream, delta by delta."""

    def write(self, delta: Delta) -> bytes:
        """The events for ``delta``; empty where the dialect says it later or never."""
        ...


class WriteAnswer(Protocol):
    """Writes a whole answer in a dialect's shape."""

    def __call__(self, reply: NeutralAnswer, heading: Heading = UNTITLED) -> dict[str, Any]:
        """The whole answer; ``heading`` is what ``reply`` leaves out."""
        ...


def _never(model: str) -> bool:  # noqa: ARG001 - whatever it is
    return False


def _not_certain(body: dict[str, Any]) -> Answer | None:  # noqa: ARG001 - whatever it is
    return None


def _as_it_is(payload: Payload) -> Payload:
    return payload


def _unchecked(payload: Payload) -> None:
    """Who sends it is told by the provider."""


@attrs.frozen(kw_only=True, eq=False)
class Dialect:
    """How one family of endpoints is spoken to. What reads a provider's bytes never raises.

    Attributes:
        name: The name that configs use.
        keys: The forms of a key, the first that fits is used.
        encode: See :class:`Encode`.
        read_request: A request in this dialect's shape, in the neutral form. Raises
            RequestError where the payload is no request of this dialect.
        losses: What a conversation asks for and this dialect cannot express.
        reworded: What a conversation asks for and ``write_request`` says in another way.
        write_request: The conversation in this dialect's shape, without ``model`` and
            ``stream``; what ``losses`` names is left out.
        read_whole: A whole answer in the neutral form; ``None`` where the body is none.
        read_answer: The same, whatever the body is.
        read_plain: See :data:`.ReadPlain`: most answers are a text, and that the model stopped.
        write_answer: See :class:`WriteAnswer`.
        complete_answer: ``body``, a whole answer of this dialect, as its clients expect it:
            all that the provider said stays; what it left out is added, and where its parts
            say otherwise than its finish reason, they decide.
        stream_reader: A reader for one stream.
        stream_writer: A writer of one stream, for a caller who speaks this dialect.
        shape: Where a request has what repairs change.
        serving: How its clients are served.
        shown_path: What it adds to a base URL, as people are told.
        framing: Whether bytes are a stream or an answer in one piece.
        wants_reasoning: Whether a request asks the model to think before it speaks.
        takes_prefill: Whether the model of that name is known to go on from a last message of
            its own.
        ask_for_usage: The request, asking for the usage in a stream too.
        check_request: Refuses a payload of a caller that cannot be a request of this dialect,
            before anything is sent. Raises RequestError.
        unsupported_keywords: Keywords of JSON schema that the vendor documents as not
            supported.
        operations: What it can be asked besides an answer, and how.
    """

    name: str
    keys: tuple[KeyForm, ...]
    encode: Encode
    read_request: Callable[[Payload], Conversation]
    losses: Callable[[Conversation], tuple[Loss, ...]]
    reworded: Callable[[Conversation], Reworded]
    write_request: Callable[[Conversation], dict[str, Any]]
    read_whole: Callable[[Payload], NeutralAnswer | None]
    read_answer: Callable[[Payload], NeutralAnswer]
    write_answer: WriteAnswer
    complete_answer: Callable[[Payload, Heading], dict[str, Any]]
    stream_reader: Callable[[], StreamReader]
    stream_writer: Callable[[Heading], StreamWriter]
    shape: RequestShape
    serving: Serving
    shown_path: str
    wants_reasoning: Callable[[Payload], bool]
    framing: StreamFraming = EVENTS
    read_plain: ReadPlain = attrs.field(default=_not_certain)
    takes_prefill: Callable[[str], bool] = attrs.field(default=_never)
    ask_for_usage: Callable[[Payload], Payload] = attrs.field(default=_as_it_is)
    check_request: Callable[[Payload], None] = attrs.field(default=_unchecked)
    unsupported_keywords: frozenset[str] = frozenset()
    operations: Mapping[Operation, OperationSpec] = attrs.field(factory=dict)

    def decode(
        self, status: int, headers: Mapping[str, str], body: bytes
    ) -> Answer | Fault | Flawed:
        """What the bytes of an answer mean. Never raises."""
        return judgement.decode(status, headers, body, self.read_whole, self.read_plain)

    def key_form(self, key: str) -> KeyForm:
        """The form in which ``key`` is sent."""
        return next(form for form in self.keys if key.startswith(form.prefix))
