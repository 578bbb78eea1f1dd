"""Facts of a failure: what the rules read, from what a call holds in its hands."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.classification import answers, embedded, evidence, exceptions
from orchestrator.classification.echoes import Echoes
from orchestrator.classification.envelope import Envelope, leftovers
from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.waits import asks_to_wait, wait

_HEADERS = 256
_VALUE = 1_024
_PAIR = 2
_HEAD = 16_384
_BYTES = (bytes, bytearray, memoryview)
_RELAYED = 400
_NESTING = (dict, list, tuple, Mapping)
_SOON = 86_400.0
"""Seconds. What opens again within a day is a window, not an empty account."""
_LAYERS = 8
"""Failures quoted in one another that are looked at; three is the most seen (2026-11)."""


_PROXY_LOGIN = 407
"""What only a proxy says: RFC 9110, section 15.5.8."""


def read_failure(  # noqa: PLR0913 - the raw facts of a failure are this many
    *,
    status: Any,
    headers: Any,
    body: Any,
    exception: BaseException | str | None,
    message: Any,
    where: str,
    request: Any = None,
    now: float | None = None,
    vendor: str = "",
    named: frozenset[str] = frozenset(),
) -> FailureFacts:
    """The facts of a failure, whatever their form; see :func:`.pipeline.classify`."""
    lowered = _headers(headers)
    http_status = _status(status)
    # Relays put their own 400 or 5xx around the status that their provider answered with.
    settled = http_status is not None and 300 < http_status < 500 and http_status != _RELAYED
    envelope = Envelope(wants_status=not settled, echoes=Echoes(request), named=named)
    taken = _Body(envelope, lowered, where, success=_is_success(http_status, exception, where))
    taken.take(body)
    envelope.answers = False
    _take_exception(envelope, exception, where)
    if "exception:proxyerror" in envelope.codes and envelope.status != _PROXY_LOGIN:
        envelope.status = None  # the proxy's own answer: no provider's, and about no key
    if isinstance(message, str):
        envelope.say(message)
    if "exception" in envelope.codes and (http_status or envelope.status):
        _drop_wrapper(envelope)
    if (http_status is None or http_status < 300) and isinstance(taken.value, Mapping | list):
        _take_shape(envelope, taken.value, http_status, where)
    if lowered and (kind := lowered.get("x-amzn-errortype")):
        envelope.name(kind.split(":")[0].rpartition("#")[2].strip())
    if where == "sse":
        envelope.codes.add("sse")
    clears = wait(
        lowered, envelope.fields, envelope.texts, time.time() if now is None else now, vendor
    )
    own = frozenset(envelope.codes - envelope.passed)
    envelope.codes.update(_waits(lowered, envelope.fields, clears))
    counts = http_status if settled else envelope.status
    return FailureFacts(
        http_status=http_status,
        status=http_status if counts is None else counts,
        codes=frozenset(envelope.codes),
        own_codes=own,
        texts=tuple(envelope.texts),
        headers=lowered,
        fields=envelope.fields,
        values=envelope.values,
        wait=clears,
        body=taken.read,
        note=taken.note,
        echoes=envelope.echoes,
        quotes=tuple(_quoted(envelope, lowered, http_status)),
        places=tuple(envelope.places.values()),
    )


def _waits(headers: Mapping[str, str], fields: Mapping[str, Any], clears: float | None) -> set[str]:
    """Signals of what the answer says about a wait."""
    asked = {"wait:asked"} if asks_to_wait(headers, fields) else set()
    return asked | ({"wait:soon"} if clears is not None and clears <= _SOON else set())


def _is_success(status: int | None, exception: object, where: str) -> bool:
    """Whether an answer of the model was on its way, whatever became of it."""
    if status is None:
        return where == "sse" and exception is None
    return 200 <= status < 300


def _quoted(
    envelope: Envelope, headers: Mapping[str, str], status: int | None
) -> Iterator[FailureFacts]:
    """The facts of the failures that are quoted, the innermost first."""
    waits = {code for code in envelope.codes if code.startswith("wait:")}
    for child in envelope.quotes[:_LAYERS]:
        own = child.status if child.status is not None else status
        child.codes |= waits
        yield from _quoted(child, headers, own)
        yield FailureFacts(
            http_status=own,
            status=own,
            codes=frozenset(child.codes | {"quote"}),
            texts=tuple(child.texts),
            headers=headers,
            fields=child.fields,
            values=child.values,
            relayed=child.relayed,
            named=child.status is not None,
        )


def _headers(headers: Any) -> dict[str, str]:
    """Headers by lower-case name, from a mapping or, as HTTP libraries list them, from pairs."""
    lowered: dict[str, str] = {}
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    if not isinstance(headers, Mapping | list | tuple):
        return lowered
    for pair in list(pairs)[:_HEADERS]:
        if isinstance(pair, list | tuple) and len(pair) == _PAIR:
            lowered.setdefault(_plain(pair[0]).strip().lower(), _plain(pair[1])[:_VALUE])
    return lowered


def _plain(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else repr(value) if value is not None else ""


def _status(status: Any) -> int | None:
    """A status as a number, also where it is written out, as recorded calls and logs do."""
    if isinstance(status, str | bytes) and re.fullmatch(r"\s*\d{3}\s*", _plain(status), re.ASCII):
        status = int(status)
    if isinstance(status, int) and not isinstance(status, bool) and 100 <= status < 1000:
        return int(status)
    return None


class _Body:
    """Takes in a body: all of it under an error status, under a success what may be evidence.

    Attributes:
        value: The body as it was decoded; ``None`` where it is no JSON.
        read: What of it rules may look at.
        note: Our own words for what came, where none of it may be shown.
    """

    def __init__(
        self, envelope: Envelope, headers: Mapping[str, str], where: str, *, success: bool
    ) -> None:
        self.value: Any = None
        self.read: Any = None
        self.note = ""
        self._envelope = envelope
        self._kind = headers.get("content-type", "").lower()
        self._streams = where == "sse" or "event-stream" in self._kind
        self._success = success

    def take(self, body: Any) -> None:
        """Take in a body of any form."""
        if isinstance(body, _BYTES):
            body = bytes(body)
            decoded = embedded.decode(body) if body.strip() else ""
            body = body[:_HEAD].decode("utf-8", "replace") if decoded is None else decoded
        if isinstance(body, str):
            self._text(body)
        elif body is None or (not body and isinstance(body, _NESTING)):
            self._envelope.codes.add("body:empty")
            self.value = body
        elif isinstance(body, _NESTING):
            self._structure(body)

    def _text(self, body: str) -> None:
        if not body[:_HEAD].strip():
            self._envelope.codes.add("body:empty")
        elif "html" in self._kind or embedded.is_html(body):
            head = body[:_HEAD]
            self._page(self._envelope.echoes.blank(head, until=head.find("<")))
        elif isinstance(decoded := embedded.decode(body), Mapping | list):
            self._structure(decoded)
        elif found := embedded.frames(body) if "data:" in body[:_HEAD] else []:
            self._frames(found)
        else:
            self._words(decoded if isinstance(decoded, str) else body)

    def _page(self, page: str) -> None:
        self._envelope.codes.add("body:html")
        if self._success:
            self.note = f"a web page: {embedded.html_title(page)}".rstrip(": ")
            return
        self.read = page
        self._envelope.say(embedded.html_words(page))

    def _structure(self, body: Any) -> None:
        self.value = body
        self._named_in(body)
        self.read = evidence.failure_in(body) if self._success else body
        if self.read is None:
            self._envelope.codes.add("answer:silent")
            return
        self._envelope.add(self.read)
        if not self._envelope.texts and not self._success and isinstance(body, Mapping):
            for text in leftovers(body):
                self._envelope.say(text)

    def _frames(self, frames: list[Any]) -> None:
        # One frame is an event like any other; several are looked through in order.
        if len(frames) == 1 and not isinstance(frames[0], str):
            self._structure(frames[0])
            return
        self.value = frames
        for frame in frames:
            self._named_in(frame)
        self.read = evidence.in_frames(frames) if self._success else frames
        if not self.read:
            self._envelope.codes.add("body:text")
            self.note = "events of a stream, none of which reports a failure"
        self._envelope.add(self.read)

    def _named_in(self, body: Any) -> None:
        # Beside an answer a field that a rule names is the vendor's, as no model can write there.
        if self._success and isinstance(body, Mapping):
            self._envelope.read_named(body)

    def _words(self, text: str) -> None:
        """Take in a body that is no JSON."""
        said = self._spoken(text)
        self._envelope.codes.add("body:text")
        if said is None:
            # What begins like no answer is for rules that are the user's own.
            self.read = None if evidence.begins_json(text) else text
            self.note = self._described(text)
            return
        self.read = said
        self._envelope.answers = False
        self._envelope.add(said)
        self._envelope.answers = True

    def _spoken(self, text: str) -> Any:
        """What of a text may be read."""
        if not self._success:
            return text
        if evidence.begins_json(text):
            return evidence.failure_in_cut(text[:_HEAD])
        return evidence.of_stream(text) if self._streams else None

    def _described(self, text: str) -> str:
        kind = f" of type {self._kind.partition(';')[0]}" if self._kind else ""
        what = "ends in the middle" if evidence.begins_json(text) else "is no JSON"
        return f"the answer's body{kind} {what}"


def _take_exception(envelope: Envelope, exception: BaseException | str | None, where: str) -> None:
    if exception is None and where != "exception":
        return
    envelope.codes.update(exceptions.names(exception) if exception is not None else ("exception",))
    if exception is not None:
        for text in exceptions.words(exception):
            envelope.say(text)


def _drop_wrapper(envelope: Envelope) -> None:
    """Forget the exception's kind: with an HTTP answer the answer decides, wherever it stands."""
    envelope.codes = {code for code in envelope.codes if not code.startswith("exception")}


def _take_shape(
    envelope: Envelope, body: Mapping[Any, Any] | list[Any], status: int | None, where: str
) -> None:
    inner = body.get("response") if isinstance(body, Mapping) else None
    shape = answers.signals(inner if isinstance(inner, Mapping) else body)
    if where == "sse" or status is None or envelope.errors:
        shape -= {"answer:none", "answer:no-object"}
    envelope.codes.update(shape)
