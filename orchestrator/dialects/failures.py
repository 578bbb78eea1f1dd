"""Failures that a provider reports in place of an answer, or in the middle of one.

``{"error": ...}`` is the usual form. Others have a status field of their own or put code and
words at the top, under HTTP 200, whole and in a stream: MiniMax ``base_resp``, iFlytek
``header``, DashScope ``code``, Baidu ``error_code``, Tencent ``Response.Error``, FastAPI
``detail``, Apigee ``fault`` (pages of these vendors, 2026-11-29). This is the one place that
tells such an object from a piece of an answer: what a model wrote stands in fields that are
not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from orchestrator.dialects.wire import mapping, string

_STATUSES = (("base_resp", "status_code"), ("header", "code"), ("Response", "Error"))
"""Objects of vendors that hold the status of the answer they stand in."""

_CONTENT = (
    "choices", "candidates", "content", "output", "delta", "item", "part", "text", "content_block",
)  # fmt: skip
"""Fields of which one at least holds something in every piece of an answer."""

_CODES = ("code", "error_code", "errorCode", "err_code", "errcode", "status_code", "statusCode")
_WORDS = (
    "detail", "error_msg", "error_message", "errorMessage", "errMsg", "errmsg", "status_msg",
    "error_description",
)  # fmt: skip
"""Fields that say what went wrong and nothing else."""

_OBJECTS = ("errors", "Error", "fault")

_SAYING = (*_WORDS, "message", "msg")
_KINDS = ("status", "type", "object", "event")
_FAILED = frozenset({"error", "fail", "failed", "failure", "exception"})
_FINE = frozenset({"", "0", "ok", "success", "successful", "succeed", "succeeded", "true"})


def reported(body: Mapping[str, Any]) -> bool:
    """True where ``body``, an answer or an event of a stream, reports a failure."""
    if body.get("error"):
        return True
    if any(not _is_fine(mapping(body.get(name)).get(code)) for name, code in _STATUSES):
        return True
    # A piece of an answer may hold any of these fields as a model's own words, so they count
    # only where nothing of an answer stands beside them.
    return not any(body.get(name) for name in _CONTENT) and _is_failure(body)


def remarked(body: Mapping[str, Any]) -> bool:
    """True where ``body`` is words of the server and nothing else, which may be news or a failure.

    Only what comes after them tells: words that a stream ends with say why it ended.
    """
    if any(body.get(name) for name in (*_CONTENT, "usage", "choices", "id")):
        return False
    return any(isinstance(body.get(name), str) and body[name] for name in ("message", "msg"))


def error_in(body: Any) -> tuple[dict[str, Any], str]:
    """The fields of the error that ``body`` reports, in whatever dialect, and its words."""
    fields = mapping(body)
    error = mapping(fields.get("response")).get("error") or fields.get("error") or body
    said = mapping(error)
    return said, string(said.get("message")) or string(error) or string(fields.get("message"))


def _is_failure(body: Mapping[str, Any]) -> bool:
    said = any(_says(body.get(name)) for name in _SAYING)
    if any(not _is_fine(body.get(name)) and (said or _is_error(body[name])) for name in _CODES):
        return True
    if any(_says(body.get(name)) for name in _WORDS) or any(body.get(name) for name in _OBJECTS):
        return True
    kinds = (body.get(name) for name in _KINDS)
    failed = any(isinstance(kind, str) and kind.lower() in _FAILED for kind in kinds)
    return said and (failed or body.get("success") is False)


def _is_fine(code: object) -> bool:
    """True for a code that reports success, or that is not there."""
    # `success: false` beside words is judged below; alone a flag says nothing.
    if code is None or code is True or code is False:
        return True
    if isinstance(code, int | float):
        return code == 0 or 200 <= code < 300
    if not isinstance(code, str):
        return not code
    return code.lower() in _FINE or re.fullmatch("2[0-9]{2}", code) is not None


def _is_error(code: object) -> bool:
    """True for the status of an HTTP error, which needs no words."""
    return re.fullmatch("[45][0-9]{2}", str(code)) is not None


def _says(words: object) -> bool:
    return (isinstance(words, str) and words.lower() not in _FINE) or (
        isinstance(words, list | dict) and bool(words)
    )
