"""What the machine has no words for, passed through to one provider: images, audio, files, batches.

``/passthrough/PROVIDER/REST``: the rest is appended to the provider's address. The caller speaks
the provider's own API, so that request and answer stay what they are; the provider's key is put
in here, and its benches and circuit hold as everywhere.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, unquote_plus

from orchestrator.api.errors import CallFailed
from orchestrator.config.errors import nearest
from orchestrator.dialects.neutral import StreamEvent
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.passthrough import PassthroughMessage, passthrough_request
from orchestrator.execution.tasks import WaitRefused
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.gateway.machine_calls import UNBUFFERED, headers, named_deadline
from orchestrator.gateway.state import Gateway, Handling
from orchestrator.secrets.byte_masker import ByteMasker
from orchestrator.serving import call_headers
from orchestrator.serving.body_streams import AsyncBody
from orchestrator.serving.refusals import NotServed, RequestRefused
from orchestrator.serving.respond import HttpReply
from orchestrator.states import Reason
from orchestrator.states.reasons import SPECS

_PREFIX = b"/passthrough/"

_SENT = (
    *("accept", "accept-language", "content-type", "idempotency-key", "if-match"),
    *("if-modified-since", "if-none-match", "if-range", "range"),
    *("anthropic-beta", "anthropic-version", "openai-beta"),
)
"""Headers of the caller that are passed on: none says who asks, or for what account."""
_SENT_TOO = ("x-goog-upload-",)

_TOLD = frozenset(
    {
        *("content-type", "content-disposition", "content-range", "content-language"),
        *("accept-ranges", "cache-control", "etag", "expires", "last-modified", "location"),
        *("retry-after", "x-should-retry"),
    }
)
"""Headers of the answer that are passed on; the length is not, since masking may change it."""
_TOLD_TOO = ("anthropic-", "openai-", "x-goog-upload-", "x-ratelimit-")

_STATUSES = 600

_TEXTS = ("text/", "application/json", "application/x-ndjson", "application/xml")

_PATH = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*")
_QUERY = re.compile(rb"[!-~]*")
_DISGUISED = re.compile(rb"%(?:2[fF]|5[cC]|25|[01][0-9a-fA-F]|7[fF])")
"""Slashes, backslashes, percent signs and control characters, encoded: servers read them twice."""


class AnswerBroke(Exception):
    """The answer of a provider broke off: all that can be said of it is to hang up."""


async def answer_passthrough(gateway: Gateway, handling: Handling) -> HttpReply:
    """Pass a request through to the provider that its path names.

    Raises:
        RequestRefused: The path is none, or the provider may not be asked now.
        CallFailed: The provider did not answer, or nobody can ask it.
    """
    provider, message = _addressed(gateway, handling.incoming)
    spoken = gateway.config.providers[provider].dialect
    request = passthrough_request(provider, spoken, named_deadline(handling))
    gateway.admit(handling, request)
    orchestrator = gateway.orchestrator
    call = orchestrator.begin_passthrough(request, message)
    gateway.run(handling, call)
    events = await orchestrator.astream_call(call, waits=False)
    try:
        # The first event comes with the head.
        first = await anext(events, iter(()))
    except WaitRefused as error:
        raise _benched(call, provider, error.seconds) from None
    except CallFailed as error:
        reply = _provider_answer(gateway, handling, call, error)
        if reply is None:
            raise
        return reply
    head = _head(call, gateway)
    kind = head.get("content-type", "")
    masker = _masker(call, is_text=kind.startswith(_TEXTS))
    told = {**headers(gateway, handling), **UNBUFFERED, **head}
    return HttpReply(_status(call), told, AsyncBody(_PassthroughWriter(masker), first, events))


class _PassthroughWriter:
    """Writes the bytes that came, without secrets."""

    def __init__(self, masker: ByteMasker) -> None:
        self._masker = masker

    def write(self, events: Iterable[StreamEvent]) -> bytes:
        """See :class:`.BodyWriter`."""
        data = b"".join(event.raw for event in events)
        return self._masker.feed(data) if data else b""

    def end(self) -> bytes:
        """See :class:`.BodyWriter`."""
        return self._masker.close()

    def broke(self, error: Exception) -> bytes:
        """Nothing: there are no words for it, and what comes must not look whole."""
        raise AnswerBroke from error


# What is asked.


def _addressed(gateway: Gateway, incoming: ClientRequest) -> tuple[str, PassthroughMessage]:
    """Who is asked for what.

    Raises:
        RequestRefused: The path or the query is none that is passed on.
        NotServed: There is no such provider.
    """
    raw, query = incoming.raw_path, incoming.query
    if not raw.startswith(_PREFIX):
        raise _refused_path("is spelled in a way that is not passed on")
    name, _, rest = raw.removeprefix(_PREFIX).partition(b"/")
    provider = unquote(name.decode("latin-1"))
    known = gateway.config.providers
    if provider not in known:
        shown = provider[:60]
        raise NotServed(
            f"no provider {shown!r} is configured{nearest(shown, known)}; known: {', '.join(known)}"
        )
    path = _checked(rest)
    if not _QUERY.fullmatch(query):
        raise RequestRefused(
            400, Reason.BAD_REQUEST.value, "the query has a character that must be encoded"
        )
    message = PassthroughMessage(
        incoming.method,
        path,
        "&".join(_without_key(query.decode())),
        dict(_sent(incoming.headers)),
        incoming.content,
    )
    return provider, message


def _checked(rest: bytes) -> str:
    """The rest of the path, which stays below the provider's address.

    Raises:
        RequestRefused: It may not.
    """
    if not rest:
        raise _refused_path("names nothing at the provider")
    if not _PATH.fullmatch(rest) or _DISGUISED.search(rest):
        raise _refused_path("has a character that is not passed on, plain or encoded")
    path = rest.decode()
    *folders, last = path.split("/")
    if "" in folders or any(unquote(one) in (".", "..") for one in (*folders, last)):
        raise _refused_path("has an empty part, or one of dots alone")
    return path


def _refused_path(why: str) -> RequestRefused:
    return RequestRefused(
        400,
        Reason.BAD_REQUEST.value,
        f"the path {why}; allowed: /passthrough/PROVIDER/ and what follows the provider's address",
    )


def _without_key(query: str) -> Iterator[str]:
    """The parts of a query, without the caller's own key."""
    return (part for part in query.split("&") if unquote_plus(part.partition("=")[0]) != "key")


def _sent(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return (
        (name, value)
        for name, value in given.items()
        if name in _SENT or name.startswith(_SENT_TOO)
    )


# What is answered.


def _status(call: CallRun) -> int:
    body = call.exchange.body if call.exchange is not None else None
    # There are no others than of three digits, the first of them 1 to 5 (RFC 9110, 15).
    return 502 if body is None or body.head.status >= _STATUSES else body.head.status


def _head(call: CallRun, gateway: Gateway) -> dict[str, str]:
    """Headers of the provider's answer, without secrets."""
    body = call.exchange.body if call.exchange is not None else None
    masker = gateway.orchestrator.runtime.masker
    return {
        name: call_headers.plain(masker.known(value))
        for name, value in (body.head.headers.items() if body is not None else ())
        if name in _TOLD or name.startswith(_TOLD_TOO)
    }


def _masker(call: CallRun, *, is_text: bool) -> ByteMasker:
    used = () if call.exchange is None else (call.exchange.secret,)
    return ByteMasker(call.runtime.masker, (*call.provider.secrets(), *used), is_text=is_text)


def _provider_answer(
    gateway: Gateway, handling: Handling, call: CallRun, error: CallFailed
) -> HttpReply | None:
    """The provider's own words for a failure; ``None`` where it had none."""
    exchange = call.exchange
    if exchange is None or exchange.body is None or not exchange.body.failed:
        return None
    head = _head(call, gateway)
    masker = _masker(call, is_text=True)
    masked = masker.feed(exchange.body.content) + masker.close()
    told = {**call_headers.failed(error), **headers(gateway, handling), **head}
    return HttpReply(_status(call), told, masked)


def _benched(call: CallRun, provider: str, seconds: float) -> RequestRefused:
    """What is answered without a request, where one would have to wait."""
    known = call.call.passed_over
    reason = known.reason if known is not None else Reason.OVERLOADED
    said = f": {known.message}" if known is not None and known.message else ""
    return RequestRefused(
        402 if reason is Reason.BILLING else 503,
        reason.value,
        f"{provider} may not be asked now ({reason.value}{said}). {SPECS[reason].hint}",
        retry_after=max(1, math.ceil(seconds)),
    )
