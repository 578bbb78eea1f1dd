"""What a failure says about itself, in the one form that rules look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs
import msgspec

from orchestrator.classification.echoes import Echoes, spoken
from orchestrator.classification.phrases import normalise, without_paths, words

_WHOLE_LIMIT = 65_536


@attrs.define(eq=False)
class FailureFacts:
    """The facts of one failure. Made once, then only read.

    Attributes:
        http_status: The status of the HTTP answer, ``None`` where there was none.
        status: The status that counts: the HTTP status, or one inside a 200.
        codes: Structured codes, types and signals, lower case.
        own_codes: Those that no quoted failure brought.
        texts: The provider's words, from the outermost wrapper inwards.
        headers: Header names in lower case to values.
        fields: Structured values that may carry a wait, by name.
        values: What stood in the unusual fields that rules read, in lower case.
        wait: Seconds until the failure may clear, where the answer says so.
        body: What of the body rules may look at, decoded.
        note: Our own words for what came, where none of it may be shown.
        quotes: Failures that this one quotes, the innermost first.
        relayed: True where a relay quotes this as what another answered.
        echoes: What blanks the caller's own words.
        named: True where the status is one that this quoted failure names itself.
        places: Where in the request the provider sees the fault.
        raw: The provider's words as they were sent, in one text.
        text: The same, normalised.
        words: The words of ``text``.
    """

    http_status: int | None = None
    status: int | None = None
    codes: frozenset[str] = frozenset()
    own_codes: frozenset[str] = frozenset()
    texts: tuple[str, ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict)
    fields: Mapping[str, Any] = attrs.field(factory=dict)
    values: Mapping[str, Collection[str]] = attrs.field(factory=dict)
    wait: float | None = None
    body: Any = None
    note: str = ""
    quotes: tuple[FailureFacts, ...] = ()
    relayed: bool = False
    named: bool = False
    echoes: Echoes = attrs.field(factory=Echoes)
    places: tuple[str, ...] = ()
    raw: str = attrs.field(init=False)
    text: str = attrs.field(init=False)
    words: frozenset[str] = attrs.field(init=False)
    _whole: str | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self.raw = "\n".join(self.texts)
        # No phrase begins in one text and ends in the next.
        self.text = normalise(without_paths(" ; ".join(self.texts)))
        self.words = words(self.text)

    def whole(self) -> str:
        """The words and the whole body as text, for user rules; bounded."""
        if self._whole is None:
            body = _as_text(spoken(self.body, self.echoes))
            self._whole = f"{self.raw}\n{body}"[:_WHOLE_LIMIT]
        return self._whole


def _as_text(body: Any) -> str:
    if body is None or isinstance(body, str):
        return (body or "")[:_WHOLE_LIMIT]
    if isinstance(body, bytes | bytearray):
        return bytes(body[:_WHOLE_LIMIT]).decode("utf-8", "replace")
    try:
        return msgspec.json.encode(body, enc_hook=str).decode("utf-8", "replace")
    except (TypeError, ValueError, RecursionError, msgspec.MsgspecError):
        return ""
