"""From what a driver holds in its hands to facts."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.classification import answers, embedded, exceptions
from orchestrator.classification.envelope import Envelope, leftovers
from orchestrator.classification.facts import Facts

_HEADERS = 256
_VALUE = 1_024
_PAIR = 2
_HEAD = 16_384
_BYTES = (bytes, bytearray, memoryview)
_RELAYED = 400
_NESTING = (dict, list, tuple, Mapping)


def facts(
    *,
    status: Any,
    headers: Any,
    body: Any,
    exception: BaseException | str | None,
    message: Any,
    where: str,
) -> Facts:
    """The facts of a failure, whatever their form."""
    lowered = _headers(headers)
    http_status = _status(status)
    # Relays put their own 400 or 5xx around the status that their provider answered with.
    settled = http_status is not None and 300 < http_status < 500 and http_status != _RELAYED
    envelope = Envelope(wants_status=not settled)
    body = _take_body(envelope, body, lowered)
    _take_exception(envelope, exception, where)
    if isinstance(message, str):
        envelope.say(message)
    if "exception" in envelope.codes and (http_status or envelope.status):
        _drop_wrapper(envelope)
    if (http_status is None or http_status < 300) and isinstance(body, Mapping):
        _take_shape(envelope, body, http_status, where)
    if lowered and (kind := lowered.get("x-amzn-errortype")):
        envelope.name(kind.split(":")[0].rpartition("#")[2].strip())
    if where == "sse":
        envelope.codes.add("sse")
    counts = http_status if settled else envelope.status
    return Facts(
        http_status=http_status,
        status=http_status if counts is None else counts,
        codes=frozenset(envelope.codes),
        texts=tuple(envelope.texts),
        headers=lowered,
        fields=envelope.fields,
        body=body,
        places=tuple(envelope.places.values()),
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


def _take_body(envelope: Envelope, body: Any, headers: Mapping[str, str]) -> Any:
    if isinstance(body, _BYTES):
        body = bytes(body)
        if not body.strip():
            body = ""
        else:
            decoded = embedded.decode(body)
            body = body[:_HEAD].decode("utf-8", "replace") if decoded is None else decoded
    if isinstance(body, str):
        body = _take_text(envelope, body, headers)
    elif body is None or (not body and isinstance(body, _NESTING)):
        envelope.codes.add("body:empty")
    if body is not None and isinstance(body, _NESTING):
        envelope.add(body)
        if not envelope.texts and isinstance(body, Mapping):
            for text in leftovers(body):
                envelope.say(text)
    return body


def _take_text(envelope: Envelope, body: str, headers: Mapping[str, str]) -> Any:
    if not body[:_HEAD].strip():
        envelope.codes.add("body:empty")
        return None
    if "html" in headers.get("content-type", "").lower() or embedded.is_html(body):
        envelope.codes.add("body:html")
        envelope.say(embedded.html_words(body))
        return None
    decoded = embedded.decode(body)
    if isinstance(decoded, Mapping | list):
        return decoded
    found = embedded.frames(body) if "data:" in body[:_HEAD] else []
    if found:
        # One frame is an event like any other; several are looked through in order.
        return found if len(found) > 1 or isinstance(found[0], str) else found[0]
    envelope.codes.add("body:text")
    envelope.say(str(decoded) if isinstance(decoded, str) else body)
    return None


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
    envelope: Envelope, body: Mapping[Any, Any], status: int | None, where: str
) -> None:
    inner = body.get("response")
    shape = answers.signals(inner if isinstance(inner, Mapping) else body)
    if where == "sse" or status is None or envelope.errors:
        shape.discard("answer:none")
    envelope.codes.update(shape)
