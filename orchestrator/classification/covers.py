"""Covers: the words that a relay or a client puts around the failure of another.

``upstream returned 400: top_k must be positive`` is a status and words inside a cover, as is
``Error code: 429 - …`` of an SDK. What stands inside decides; the cover's own words say least.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

import attrs

_NUMBER = re.compile(r"[45]\d\d\b")
_STATUS = re.compile(
    r"(?:error code|status code|statuscode|\bhttp(?:/\d(?:\.\d)?)?(?: error)?|,[\w./:-]{1,80}"
    r"|^unexpected status|\bstatus|\bcode)"
    r"[ :=]{1,3}([45]\d\d)\b|^([45]\d\d) [A-Za-z]|[\[\'\"]([45]\d\d) [A-Za-z]"
    r"|(?<!tunnel connection failed)[:),] ([45]\d\d)(?: (?-i:[A-Z{\[])|$)"
    r"|\b(?:error|failed|forbidden|rejected|returned|unauthorized) \(?([45]\d\d)\b[):]"
    r"|\b(?:answered|returned|responded|replied|gave|got|received|sent)(?: with)?(?: an?)?"
    r"(?: http)?(?: error)?(?: status)?(?: code)?[ :=]{1,3}\(?([45]\d\d)\b"
    r"|\b(?:upstream|provider|backend|origin|gateway|channel)[ :=(]{1,3}([45]\d\d)\b",
    re.IGNORECASE,
)
"""How clients and relays write the status of the answer that they stand before."""
_UPSTREAM = re.compile(
    r"\b(?:up|down)stream"
    r"|\b(?:error|failure|response|exception|reply|message)s? (?:from|of|by|at) (?:the )?"
    r"(?:[\w.-]{1,40} )?(?:model )?(?:provider|vendor|backend|channel)"
    r"|\b(?:provider|vendor|backend|channel)(?: \S{1,40})? (?:returned|responded|answered|said"
    r"|replied|reported|rejected|failed)"
    r"|\blitellm\.|\b[A-Za-z]{2,40}Exception - ",
    re.IGNORECASE,
)
"""How relays say that what follows is not theirs."""
_OTHERS = ("stream", "provider", "vendor", "backend", "channel", "litellm", "exception - ")
"""What a text must hold for the cover of an upstream: most hold none of it."""
_COLON = re.compile(r"[^:{\n]{0,80}?(?::\s| - |\u2014|\uff1a|(?<=Exception - ))")
_PHRASE = re.compile(
    r"\W{0,3}(?:internal server error|bad gateway|service unavailable|gateway time-?out"
    r"|too many requests|payment required|unauthorized|forbidden|not found|bad request"
    r"|request timeout|unprocessable (?:entity|content)|conflict)\b",
    re.IGNORECASE,
)
"""What HTTP calls a status, which says no more than its number."""
_EDGES = " \n\t-:,.)]\"'\uff1a\u2014"


@attrs.frozen
class Cover:
    """What stands inside a cover.

    Attributes:
        status: The HTTP status that it names, if any.
        words: The words behind it.
        upstream: True where the cover says that they are another's.
    """

    status: int | None
    words: str
    upstream: bool


_RELAYED = frozenset({"upstream_error", "upstream_provider_error", "bad_response_status_code"})
"""Types by which relays say that what they report is another's answer."""


def is_anothers(texts: Iterable[str], codes: Collection[str]) -> bool:
    """Whether a failure's own words or type say that it came from behind whoever reports it."""
    if not _RELAYED.isdisjoint(codes):
        return True
    return any(_lead(text) is not None for text in texts)


def uncover(text: str) -> Cover | None:
    """What the cover in ``text`` holds; ``None`` where there is none."""
    said = _status(text)
    lead = _lead(text)
    if said is not None:
        upstream = lead is not None and lead.start() < said.end()
        words = text[said.end(said.lastindex or 0) :]
        named = _PHRASE.match(words)
        return Cover(
            _number(said), words[named.end() if named else 0 :].strip(_EDGES), upstream=upstream
        )
    if lead is None:
        return None
    colon = _COLON.match(text, lead.end())
    if colon is None:
        return None
    return Cover(None, text[colon.end() :].strip(_EDGES), upstream=True)


def _lead(text: str) -> re.Match[str] | None:
    lowered = text.lower()
    if not any(word in lowered for word in _OTHERS):
        return None
    return _UPSTREAM.search(text)


def _status(text: str) -> re.Match[str] | None:
    # Most texts hold no such number, and the many ways to write one cost more than it.
    if not ("4" in text or "5" in text) or _NUMBER.search(text) is None:
        return None
    return _STATUS.search(text)


def _number(match: re.Match[str]) -> int:
    return int(match.group(match.lastindex or 1))
