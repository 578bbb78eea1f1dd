"""One attempt's exchange with a provider: what was sent, and what has come of the answer so far.

Bytes go in, and what they amount to comes out. There is no clock here and no machine: who has
both, :class:`.CallRun`, makes events of it.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
import msgspec

from orchestrator.classification import exceptions
from orchestrator.dialects import Answer, Fault, Flaw, Flawed, Usage
from orchestrator.dialects.judgement import judge
from orchestrator.execution.accumulator import Accumulator
from orchestrator.execution.answer_chunks import (
    WholeAnswer,
    classify_break,
    read_usage,
    split_answer,
    to_completion,
)
from orchestrator.execution.failure import (
    Broken,
    Failure,
    Interrupted,
    TooLarge,
    TornArguments,
    Truncated,
)
from orchestrator.execution.request_builder import PreparedRequest
from orchestrator.execution.response_sniffer import ResponseSniffer
from orchestrator.execution.stop_cutter import cut_answer
from orchestrator.execution.stream_decoder import StreamDecoder
from orchestrator.http_messages import ResponseHead, ResponseHeaders
from orchestrator.provider import Provider, StreamEnd
from orchestrator.secrets import Secret
from orchestrator.states import Send


@attrs.frozen
class FirstContent:
    """The first of the answer is here, and may go to the caller."""


@attrs.frozen
class StreamComplete:
    """The stream is whole: what the caller has of it is the answer, or is none."""


Outcome = Answer | Failure | FirstContent | StreamComplete


class Wishes(msgspec.Struct, frozen=True):
    """How the caller takes an answer.

    Attributes:
        stream: In chunks.
        hold: Nothing is passed on before all of it is here.
        require_complete: An answer that stopped at its length limit is none.
    """

    stream: bool
    hold: bool
    require_complete: bool


@attrs.define(repr=False)  # a trace that shows locals must not show what a provider echoed
class Exchange:
    """What one attempt sent to a provider, and what has come of the answer.

    Attributes:
        command: What the machine asked for.
        sent_at: When, seconds since ``Started``.
        provider: Who is asked, at the address that is asked.
        prepared: The request in the words of the provider.
        wishes: How the caller takes the answer.
        note: Takes down what besides is worth knowing of the attempt.
        secret: What the request was signed with.
        body: What has come, once the head of the answer is here.
        decoder: Reads a stream, once what comes is known to be one; a whole answer that is
            passed on in pieces reads like one.
        kept: The answer as it was judged, also one without a word, which is the answer where
            nobody else can be asked.
        relaying: True once content was passed on: no larger body is counted then.
        has_spoken: True once it was noted how long the provider was silent.
    """

    command: Send
    sent_at: float
    provider: Provider
    prepared: PreparedRequest
    wishes: Wishes
    note: Callable[[str], None]
    secret: Secret = attrs.field(factory=Secret)
    body: ResponseSniffer | None = None
    decoder: StreamDecoder | WholeAnswer | None = None
    kept: Answer | None = None
    relaying: bool = False
    has_spoken: bool = False
    _read: int = 0
    _is_closed: bool = False
    _outcome: Outcome | None = None

    # What comes in.

    def receive(self, head: ResponseHead) -> None:
        """Take in the head of the answer.

        Where the status alone says that it is a failure, that is what came, whether the body
        arrives, stalls or breaks.
        """
        prepared = self.prepared
        self.body = ResponseSniffer(
            head, self.provider.dialect, prepared.stream, one_piece=prepared.in_one_piece
        )

    def feed(self, data: bytes | None) -> None:
        """Take in bytes; ``None`` where the body ended."""
        if data is None:
            self._close()
            return
        # What is passed on is counted as it is put together.
        self._read += 0 if self.relaying else len(data)
        if self._read > self.provider.largest_answer:
            failed = self.body is not None and self.body.failed
            self._outcome = (
                self._in_one_piece() if failed else TooLarge(self.provider.largest_answer)
            )
        elif isinstance(self.decoder, StreamDecoder):
            self.decoder.feed(data)
        elif self.body is not None:
            self.body.add(data)
            self._begin_stream()
        # It need not be read that nothing follows. What a stream has said is passed on before it is
        # looked at whether something is missing, as where the end of the body comes by itself.
        if self.decoder is None and self.body is not None and self._read == self.body.head.length:
            self._close()

    def interrupt(self, exception: Exception) -> Failure:
        """What an attempt amounts to that ``exception`` ended before anything was settled."""
        if self.decoder is None:
            # Its frames hold all that the call holds.
            return Broken(exception.with_traceback(None))
        # Without the bytes that a protocol error quotes: they may be the answer's own.
        said = (type(exception).__name__, *exceptions.words(exception)[:1])
        return Interrupted(": ".join(said))

    # What it amounts to.

    @property
    def has_content(self) -> bool:
        """True once something of the answer has come."""
        return self.decoder is not None and self.decoder.content

    @property
    def is_whole(self) -> bool:
        """True once the model said why it stopped."""
        return self.decoder is not None and self.decoder.is_complete

    @property
    def is_silent(self) -> bool:
        """True while a provider that was asked for a stream is still to say its first word."""
        return self.prepared.stream and (self.body is None or self.body.waits)

    @property
    def is_alive(self) -> bool:
        """True once the provider said that it is at work, with nothing of the answer."""
        return isinstance(self.decoder, StreamDecoder) and self.decoder.alive

    @property
    def usage(self) -> Usage | None:
        """What the attempt cost, as far as its provider told."""
        if self.decoder is not None:
            return self.decoder.usage
        if self.kept is not None:
            return self.kept.usage
        return read_usage(self.body.content, self.body.spoken) if self.body is not None else None

    def settled(self) -> Outcome | None:
        """What the attempt amounts to whatever breaks now; ``None`` where that is open.

        The head says that it is no answer of the model, or a stream came to its end, after
        which some servers leave the connection open.
        """
        if self.is_whole:
            self._is_closed = True
            return self.outcome()
        if self.decoder is None and self.body is not None and self.body.failed:
            return self._in_one_piece()
        return None

    def outcome(self) -> Outcome | None:
        """What has come so far amounts to; ``None`` where more bytes must tell."""
        decoder = self.decoder
        if self._outcome is not None or decoder is None:
            outcome, self._outcome = self._outcome, None
            return outcome
        if self.relaying and not self._is_over:  # nearly every read of a stream
            return None
        # What a model said before it failed is its answer so far, and is delivered as that.
        said = decoder.content and decoder.failed_end and not self.wishes.hold
        if (decoder.error is not None or self._is_cut) and (self.relaying or not said):
            return self._broken_stream(decoder)
        if self.relaying:
            return StreamComplete()
        if self.wishes.hold:
            return self._held(decoder) if self._is_over else None
        if decoder.content:
            return FirstContent()
        return StreamComplete() if self._is_over else None

    def judge_stream(self, accumulator: Accumulator) -> Answer | Failure:
        """What a stream that is whole amounts to, as it would be judged in one piece."""
        headers = self.body.head.headers if self.body is not None else ResponseHeaders()
        return self._enough(judge(to_completion(accumulator.reply()), self._status, headers, "sse"))

    # Inside.

    @property
    def _status(self) -> int:
        return self.body.head.status if self.body is not None else 200

    @property
    def _is_over(self) -> bool:
        return self._is_closed or (self.decoder is not None and self.decoder.has_ended)

    @property
    def _is_cut(self) -> bool:
        """True where the stream is at its end and something is missing."""
        return self._is_over and not self.is_whole

    def _begin_stream(self) -> None:
        """Tell a stream from an answer in one piece as soon as its first word is here."""
        reader = self.body.reader() if self.body is not None else None
        if reader is None or self.body is None:
            return
        if not self.prepared.stream:
            self.note("answered with a stream although none was asked for")
        by_mark = self.provider.end is StreamEnd.MARK
        self.decoder = StreamDecoder(reader, self.prepared.stops, ends_by_mark=by_mark)
        self.decoder.feed(self.body.content)

    def _close(self) -> None:
        self._is_closed = True
        if isinstance(self.decoder, StreamDecoder):
            self.decoder.close()
        elif self.body is not None and self._outcome is None:
            self._outcome = self._in_one_piece()

    def _in_one_piece(self) -> Outcome:
        """A body that is no stream: a failure, or an answer to cut in pieces."""
        body = self.body
        if body is None:
            raise AssertionError("only called after the head of the answer")
        head = body.head
        decoded = self.prepared.decode(head.status, head.headers, body.content)
        if self.prepared.stops and isinstance(decoded, Answer):
            decoded = cut_answer(decoded, body.spoken, self.prepared.stops)
        judged = self._enough(decoded)
        if self.kept is None or not self.wishes.stream:
            return judged
        if self.prepared.stream:
            self.note("answered in one piece although a stream was asked for")
        self.decoder, self._is_closed = split_answer(self.kept, body.spoken), True
        return (
            FirstContent()
            if self.decoder.content and isinstance(judged, Answer)
            else StreamComplete()
        )

    def _held(self, decoder: StreamDecoder | WholeAnswer) -> Outcome:
        """A stream that was held back and is whole."""
        if self.wishes.stream and not decoder.content:
            return StreamComplete()
        probe, events = Accumulator(), decoder.take()
        for event in events:
            probe.add(event.deltas)
        judged = self.judge_stream(probe)
        if not isinstance(judged, Answer) or not self.wishes.stream:
            return judged
        self.decoder = WholeAnswer(events, content=True, usage=decoder.usage)
        return FirstContent()

    def _broken_stream(self, decoder: StreamDecoder | WholeAnswer) -> Failure:
        body = self.body
        headers = body.head.headers if body is not None else ResponseHeaders()
        if decoder.error is None and body is not None and body.garbled and self._read == len(body):
            return Fault(200, dict(headers), body.content)
        return classify_break(decoder, headers)

    def _enough(self, judged: Answer | Failure) -> Answer | Failure:
        """An answer that is whole enough for this caller, or why there is none."""
        if isinstance(judged, Flawed) and judged.flaw is Flaw.EMPTY:
            self.kept = judged.answer
        if not isinstance(judged, Answer):
            return judged
        demanded = self.wishes.require_complete
        if judged.truncated and (demanded or judged.truncated_tool_call):
            return Truncated(self._status, judged.truncated_tool_call)
        if not all(call.parses for call in judged.tool_calls):
            if demanded:
                return TornArguments(self._status)
            self.note("the arguments of a tool call are no JSON object")
        self.kept = judged
        return judged
