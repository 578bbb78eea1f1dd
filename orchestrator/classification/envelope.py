"""Unwrapping: from a body of any shape to words, codes and a status.

Providers put the same facts into a dozen shapes, and relays put one shape into
another. This module walks known wrapper fields only, in a fixed order, so the
result does not depend on the order of keys nor on fields that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import attrs

from orchestrator.classification import embedded
from orchestrator.classification.meanings import meanings

_NESTING = (Mapping, list, tuple)
_DEPTH = 8
_NODES = 64
_ITEMS = 6
_WIDEST = 32
_TEXT = 8_192
_CODE = 120

_TEXT_KEYS = (
    "message", "msg", "error_message", "errorMessage", "error_msg", "status_msg", "Message",
    "error_description", "title", "detail", "details", "error", "errors", "raw", "description",
    "finishMessage", "blockReasonMessage", "response", "cause", "remedy_hint", "status_message",
    "reason", "errMsg", "errmsg", "errorMsg", "err_msg", "error_text", "error_detail",
    "errorDetail",
)  # fmt: skip
_CODE_KEYS = (
    "code", "type", "status", "reason", "error_code", "errorCode", "__type", "errorType",
    "error_type", "limit_source", "quotaId", "status_code", "Code", "err_code", "ret", "name",
    "errCode", "errcode",
)  # fmt: skip
_STATUS_KEYS = (
    "code", "status", "status_code", "statusCode", "upstreamStatus", "http_status", "http_code",
    "error_code", "httpStatusCode", "HTTPStatusCode",
)  # fmt: skip
_NESTED_KEYS = (
    "error", "errors", "detail", "details", "base_resp", "metadata", "raw", "cause", "response",
    "innererror", "inner_error", "param", "data", "violations", "body", "result",
    "message", "msg", "output", "reasons", "Error", "$metadata", "ResponseMetadata", "err",
    "Response", "Errors", "upstream", "upstream_error", "upstreamError", "upstreamPayload",
    "original_error", "provider_error", "exception", "failure", "fault", "responseBody",
    "response_body", "error_details", "errorDetails", "error_info", "errorInfo", "inner",
    "header",
)  # fmt: skip
_FIELD_KEYS = (
    "retryDelay", "retry_after", "retry_after_ms", "retryAfter", "retry_after_seconds",
    "resets_in_seconds", "reset_in_seconds", "resets_in", "resets_at", "reset_at", "resetsAt",
    "resetAt", "reset_time", "estimated_time", "wait_seconds", "headers", "next_reset_at",
    "quotaResetDelay", "quotaResetTimeStamp",
)  # fmt: skip
_KNOWN = frozenset((*_TEXT_KEYS, *_CODE_KEYS, *_STATUS_KEYS, *_NESTED_KEYS, *_FIELD_KEYS))


@attrs.frozen
class _Plan:
    """The known keys of a node by what they may hold, each in its fixed order."""

    statuses: tuple[str, ...]
    codes: tuple[str, ...]
    fields: tuple[str, ...]
    texts: tuple[str, ...]
    nested: tuple[str, ...]


@lru_cache(maxsize=1024)
def _plan(present: frozenset[str]) -> _Plan:
    """The plan for a node; nodes of one shape are many, so plans are kept."""
    kinds = (_STATUS_KEYS, _CODE_KEYS, _FIELD_KEYS, _TEXT_KEYS, _NESTED_KEYS)
    return _Plan(*(tuple(key for key in kind if key in present) for kind in kinds))


_WRAPPER_WORDS = frozenset(
    {
        "error", "errors", "err", "upstream", "downstream", "original", "raw", "inner", "cause",
        "exception", "failure", "fault", "payload", "extensions", "reply", "response",
    }
)  # fmt: skip
_ECHO_WORDS = frozenset({"request", "input", "prompt", "headers", "id", "usage"})


@lru_cache(maxsize=1024)
def _wraps(key: str) -> bool:
    """Whether a key that nobody knows says by its words that it holds another failure."""
    said = {word.lower() for word in _KEY_WORD.findall(key)}
    return not said.isdisjoint(_WRAPPER_WORDS) and said.isdisjoint(_ECHO_WORDS)


_KEY_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_ITEMS_OF_PLACE = 12
_DIGITS = re.compile(r"\d+")
_STATUS_NUMBER = re.compile(r"[45]\d\d\b")
_STATUS_TEXT = re.compile(
    r"(?:error code|status code|statuscode|\bhttp(?:/\d(?:\.\d)?)?(?: error)?|,[\w./:-]{1,80}"
    r"|^unexpected status|\bstatus)"
    r"[ :=]{1,3}([45]\d\d)\b|^([45]\d\d) [A-Za-z]|[\[\'\"]([45]\d\d) [A-Za-z]"
    r"|(?<!tunnel connection failed)[:)] ([45]\d\d)(?: (?-i:[A-Z{\[])|$)"
    r"|\b(?:error|failed|forbidden|rejected|returned|unauthorized) \(?([45]\d\d)\b[):]",
    re.IGNORECASE,
)
"""How clients write the status of the answer that an exception of theirs stands for."""


@attrs.define
class Envelope:
    """What was found in a body.

    Attributes:
        texts: The provider's words, outermost first, without repetition.
        codes: Codes and types, lower case.
        status: The first HTTP error status that the body itself names.
        fields: Values that may carry a wait, by name.
        places: Where in the request the provider sees the fault; the names there may be the
            caller's own, so no phrase is looked for in them.
        errors: True where something in the body was an error object.
        wants_status: False where the HTTP status already says what the body could.
    """

    texts: list[str] = attrs.field(factory=list)
    codes: set[str] = attrs.field(factory=set)
    status: int | None = None
    fields: dict[str, Any] = attrs.field(factory=dict)
    places: dict[str, str] = attrs.field(factory=dict)
    errors: bool = False
    wants_status: bool = True
    _nodes: int = 0

    def add(self, value: Any, depth: int = 0) -> None:
        """Take in ``value``: a mapping, a list or a text, at any level."""
        self._nodes += 1
        if self._nodes > _NODES or depth > _DEPTH:
            return
        if isinstance(value, str):
            self.say(value, depth)
        elif type(value) is dict or isinstance(value, Mapping):
            self._mapping(value, depth)
        elif isinstance(value, (list, tuple)):
            for item in value[:_ITEMS]:
                self.add(item, depth + 1)

    def say(self, text: str, depth: int = 0) -> None:
        """Take in words, which may have more structure inside."""
        text = text[:_TEXT].strip()
        if not text:
            return
        if "{" in text:
            text, inner = embedded.find(text)
            text = text.strip(" \n\t-:,")
            self._remember(text)
            if inner is not None:
                self.add(inner, depth + 1)
        else:
            self._remember(text)

    def _remember(self, text: str) -> None:
        if text and text not in self.texts:
            self.texts.append(text)
            if "_" in text and " " not in text and len(text) <= _CODE:
                # Some relays send a bare code where others send words.
                self.name(text)
            if self.wants_status and self.status is None:
                self._status_in(text)

    def _status_in(self, text: str) -> None:
        # Most texts hold no such number, and the many ways to write one cost more than it.
        if not ("4" in text or "5" in text) or _STATUS_NUMBER.search(text) is None:
            return
        match = _STATUS_TEXT.search(text)
        if match is not None:
            self.status = int(match.group(match.lastindex or 1))

    def _mapping(self, node: Mapping[Any, Any], depth: int) -> None:
        present = _KNOWN.intersection(node)
        plan = _plan(present)
        for key in plan.statuses:
            self._status(node[key])
        for key in plan.codes:
            self._code(node[key])
        for key in plan.fields:
            self.fields.setdefault(key, node[key])
        for key in plan.texts:
            if isinstance(node[key], str) and (key != "reason" or " " in node[key]):
                self.say(node[key], depth)
        self._place(node)
        if not plan.nested and not plan.texts:
            self._named_exception(node, depth)
        self._inner(node, plan, depth)
        if len(present) < len(node) <= _WIDEST:
            self._unknown(node, depth)

    def _place(self, node: Mapping[Any, Any]) -> None:
        """Take in where the fault lies, each kind of place once: faults come by the dozen."""
        where = node.get("loc") or node.get("param") or node.get("field")
        if isinstance(where, list | tuple):
            where = ".".join(str(one) for one in where[:_ITEMS_OF_PLACE])
        if isinstance(where, str) and where and len(where) <= _CODE:
            self.places.setdefault(_DIGITS.sub("", where), where)

    def _named_exception(self, node: Mapping[Any, Any], depth: int) -> None:
        """Take in ``{"throttlingException": {…}}``, as event streams of Bedrock say it."""
        for key, value in list(node.items())[:_ITEMS]:
            if isinstance(key, str) and key.endswith(("Exception", "Error")) and _nests(value):
                self.name(key[:_CODE])
                self.errors = True
                self.add(value, depth + 1)

    def _inner(self, node: Mapping[Any, Any], plan: _Plan, depth: int) -> None:
        if node.get("error") or node.get("errors"):
            self.errors = True
        for key in plan.nested:
            value = node[key]
            if _nests(value):
                self.add(value, depth + 1)
            elif key == "error":
                self._code(value)

    def _unknown(self, node: Mapping[Any, Any], depth: int) -> None:
        """Take in what stands under unknown keys such as ``upstreamBody`` or ``lastError``."""
        keys = [
            key
            for key, value in node.items()
            if (_nests(value) or (type(value) is str and value[:1] == "{"))
            and type(key) is str
            and key not in _KNOWN
            and len(key) <= _CODE
            and _wraps(key)
        ]
        for key in sorted(keys):
            self.add(node[key], depth + 1)

    def _status(self, value: Any) -> None:
        if self.status is not None or value is None or isinstance(value, bool):
            return
        if isinstance(value, str) and not (len(value) == 3 and value.isascii() and value.isdigit()):
            return
        try:
            number = int(value)
        except (ValueError, TypeError, OverflowError):
            return
        if 400 <= number < 600:
            self.status = number

    def _code(self, value: Any) -> None:
        if isinstance(value, str):
            if value and len(value) <= _CODE:
                self.name(value)
                # Bedrock and gRPC names come with a namespace: "com.amazon#ThrottlingException".
                if "#" in value:
                    self.codes.add(value.rpartition("#")[2].lower())
        elif isinstance(value, int) and not isinstance(value, bool) and -1e9 < value < 1e9:
            self.codes.add(str(value))

    def name(self, code: str) -> None:
        """Take in a code or type as it was sent, and what its words mean."""
        self.codes |= _named(code)


@lru_cache(maxsize=4096)
def _named(code: str) -> frozenset[str]:
    """A code as rules look it up, and what its words mean; most codes come again."""
    return frozenset({code.lower()}) | meanings(code)


def _nests(value: Any) -> bool:
    # Most values are texts, and asking an abstract class about each is what costs.
    kind = type(value)
    if kind is str or value is None:
        return False
    return kind is dict or kind is list or isinstance(value, _NESTING)


def leftovers(body: Mapping[Any, Any]) -> list[str]:
    """Short texts of a body in which no known field had any, in the order of their keys."""
    found = [
        (str(key), value)
        for key, value in list(body.items())[:_NODES]
        if isinstance(value, str) and 3 < len(value) < 600
    ]
    return [value for _, value in sorted(found)[:_ITEMS]]
