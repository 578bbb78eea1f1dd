"""Requests that are passed through to one provider, in whatever words of its own they are.

The machine runs them as any call, so that pool, benches, circuit and ledger are those of all
others, but for three things: there is one attempt, it never waits, and its answer is passed on
from its head, whatever it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from orchestrator.api.request import Request
from orchestrator.config.config import PASSTHROUGH_MODEL
from orchestrator.dialects import Answer, Fault, Operation, Payload
from orchestrator.dialects.encoding import USER_AGENT
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.dialects.wire import decoded
from orchestrator.execution.accumulator import Accumulator
from orchestrator.execution.answer_chunks import WholeAnswer
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.exchange import Exchange
from orchestrator.execution.request_builder import PreparedRequest, RequestBuilder
from orchestrator.execution.runtime import Runtime
from orchestrator.health.session import NoteFirstToken, Report
from orchestrator.http_messages import Address, OutgoingRequest, ResponseHead
from orchestrator.provider import Provider
from orchestrator.states import Call, Error, OnInterrupted, Policy, Reason, Scope, Target

_OF_THE_PATH = frozenset({Reason.MODEL_NOT_FOUND, Reason.FORBIDDEN})
"""Of a path or an id, not of the whole provider: the next request may ask for another."""

_LACKS_SCOPE = 403
"""The status by which a key is refused that may do other things; one that is none gets a 401."""


@attrs.frozen
class PassthroughMessage:
    """What is sent.

    Attributes:
        method: In capitals.
        path: What follows the path of the provider's address, percent-encoded.
        query: The caller's, percent-encoded.
        headers: By name in lower case.
        content: The body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str] = attrs.field(repr=False)
    content: bytes = attrs.field(repr=False)


def passthrough_request(provider: str, dialect: str, timeout: float | None = None) -> Request:
    """What the machine knows of a request that is passed through to ``provider``.

    Args:
        provider: Who is asked.
        dialect: What is spoken there.
        timeout: Seconds until its answer begins; ``None`` takes the policy's.
    """
    payload: dict[str, Any] = {}
    return Request(
        payload,
        route=f"{provider}/{PASSTHROUGH_MODEL}",
        timeout=timeout,
        dialect=dialect,
        stream=True,
        operation=Operation.PASSTHROUGH,
        judged=payload,  # there is nothing to judge
    )


def passthrough_policy(policy: Policy) -> Policy:
    """``policy`` with one attempt, whose answer goes to the caller as it comes.

    The second is for a kept connection that turns out closed, which is a repair and no move.
    """
    return attrs.evolve(
        policy,
        max_attempts=2,
        attempts_per_target=1,
        on=dict.fromkeys(Reason, frozenset()),
        on_interrupted=OnInterrupted.FAIL,
    )


@attrs.define(repr=False)
class PassthroughExchange(Exchange):
    """One attempt, whose answer is passed on from its head."""

    def receive(self, head: ResponseHead) -> None:
        """See :meth:`.Exchange.receive`; what is no failure goes to the caller at once."""
        super().receive(head)
        if head.status < 400:
            # An event without a byte: the caller gets the head now.
            self.decoder = WholeAnswer(
                (StreamEvent(b""),), content=True, has_ended=False, is_complete=False
            )

    def feed(self, data: bytes | None) -> None:
        """See :meth:`.Exchange.feed`."""
        decoder = self.decoder
        if not isinstance(decoder, WholeAnswer):
            super().feed(data)
        elif data is None:
            decoder.has_ended = decoder.is_complete = True
        else:
            decoder.events = (*decoder.events, StreamEvent(data))

    def judge_stream(self, accumulator: Accumulator) -> Answer:  # noqa: ARG002
        """Whatever it was, the caller has it."""
        self.kept = Answer("")
        return self.kept


class PassthroughRun(CallRun):
    """A call that passes ``message`` through; see :class:`.CallRun`."""

    exchange_type = PassthroughExchange

    def __init__(
        self,
        runtime: Runtime,
        request: Request,
        message: PassthroughMessage,
        call: Call,
        observers: Sequence[Callable[[Any], None]] = (),
    ) -> None:
        super().__init__(runtime, request, call, observers=observers)
        self.requests = _PassthroughRequests(request, message)

    def silence(self, exchange: Exchange) -> NoteFirstToken | None:  # noqa: ARG002
        """Of no use: what is asked differs from one request to the next."""
        return None

    def classify(self) -> Report:
        """See :meth:`.CallRun.classify`; what is only of this request marks nothing."""
        report = super().classify()
        reason, body = report.error.reason, self.exchange.body if self.exchange else None
        lacks_scope = body is not None and body.head.status == _LACKS_SCOPE
        if reason not in _OF_THE_PATH and not (reason is Reason.AUTH and lacks_scope):
            return report
        return attrs.evolve(report, error=attrs.evolve(report.error, scope=Scope.REQUEST))


class _PassthroughRequests(RequestBuilder):
    """The one request, which is never changed."""

    def __init__(self, request: Request, message: PassthroughMessage) -> None:
        super().__init__(request, {})
        self._message = message

    def cure(self, target: Target, provider: Provider, error: Error) -> None:
        """Nothing: its words are the caller's."""

    def prepare(
        self,
        target: Target,  # noqa: ARG002
        provider: Provider,  # noqa: ARG002
        overrides: Payload,  # noqa: ARG002
        *,
        stream: bool,  # noqa: ARG002
    ) -> PreparedRequest:
        """What was said."""
        encode = partial(_encode, self._message)
        return PreparedRequest({}, {}, False, encode, _fault, in_one_piece=True)


def _encode(
    message: PassthroughMessage,
    payload: Payload,  # noqa: ARG001 - the message has it all
    *,
    provider: Provider,
    **_: Any,
) -> OutgoingRequest:
    headers = {"user-agent": USER_AGENT, **message.headers}
    for name, value in provider.headers.items():
        if value:
            headers[name.lower()] = value
        else:
            headers.pop(name.lower(), None)
    url = _address(provider.base_url, message.path, message.query)
    return OutgoingRequest(message.method, url, headers, message.content)


def _address(base_url: str, path: str, query: str) -> Address:
    """``path`` below ``base_url``, whose own query stays, and goes before the caller's."""
    # Not by the cached function: ids of files would push out the addresses of models.
    url = Address.parse(base_url)
    base, _, own = url.target.partition("?")
    taken = {part.partition("=")[0] for part in own.split("&")}
    asked = (part for part in query.split("&") if part.partition("=")[0] not in taken)
    queries = "&".join(part for part in (*asked, own) if part)
    whole = f"{base.rstrip('/')}/{path}"
    return attrs.evolve(url, target=f"{whole}?{queries}" if queries else whole)


def _fault(status: int, headers: Mapping[str, str], body: bytes) -> Fault:
    return Fault(status, dict(headers.items()), decoded(body))
