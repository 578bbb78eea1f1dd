"""Answers by name: one that is whole, and the ways in which real ones were not.

The bodies are those that vendors really send; the sources were read on 2026-11-21
unless a function says otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from orchestrator.sim.reply import Body, Completion, Cut, Ending, Framing, Reply


def ok(
    text: str | None = "ok",
    *,
    finish_reason: str = "stop",
    tool_calls: Sequence[tuple[str, str]] = (),
    usage: Mapping[str, Any] | None = None,
    delay: float = 0.0,
    pace: float = 0.0,
) -> Reply:
    """A whole answer with the model of the request; events where it asks for a stream.

    A request for embeddings or for a count of tokens is answered with these.
    """
    completion = Completion(text, finish_reason, tuple(tool_calls), usage)
    return Reply(completion=completion, delay=delay, pace=pace)


def truncated_tool_call(name: str = "search", arguments: str = '{"query": "wea') -> Reply:
    """An answer that stopped at its length limit in the middle of a tool call's JSON."""
    return ok(None, finish_reason="length", tool_calls=[(name, arguments)])


def empty() -> Reply:
    """A 200 in the right shape that holds neither choices nor an error."""
    return Reply(body={"id": "chatcmpl-sim", "object": "chat.completion", "choices": []})


def error(status: int, body: Body = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """An error of any kind."""
    return Reply(status=status, body=body, headers=headers or {})


def openai_error(
    status: int,
    message: str,
    *,
    kind: str = "invalid_request_error",
    code: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error in the envelope that most vendors share; ``kind`` is its ``type``."""
    detail = {"message": message, "type": kind, "param": None, "code": code}
    return error(status, {"error": detail}, headers)


def billing_402() -> Reply:
    """DeepSeek's answer to an account without money."""
    return openai_error(
        402, "Insufficient Balance", kind="unknown_error", code="invalid_request_error"
    )


def quota_exhausted() -> Reply:
    """OpenAI's answer to an account without money: billing, in a 429."""
    message = "You exceeded your current quota, please check your plan and billing details."
    return openai_error(429, message, kind="insufficient_quota", code="insufficient_quota")


def rate_limited(retry_after: float | None = 60) -> Reply:
    """OpenAI's answer to too many requests; ``retry_after`` seconds in its header."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    message = "Rate limit reached for requests. Please slow down."
    return openai_error(429, message, kind="requests", code="rate_limit_exceeded", headers=headers)


def overloaded(status: int = 503) -> Reply:
    """An answer from a service that has no capacity; some vendors say 529."""
    message = "The engine is currently overloaded, please try again later"
    return openai_error(status, message, kind="server_error")


def server_error(status: int = 500) -> Reply:
    """An answer from a service that failed on its own."""
    message = "The server had an error while processing your request. Sorry about that!"
    return openai_error(status, message, kind="server_error")


def bad_key(message: str = "Incorrect API key provided: {credential}.") -> Reply:
    """An answer to a key that is not valid, which echoes the key."""
    text = json.dumps(
        {"error": {"message": message, "type": "invalid_request_error", "code": "invalid_api_key"}}
    )
    return error(401, text, {"Content-Type": "application/json"})


def model_not_found(model: str = "gpt-4-turbo") -> Reply:
    """An answer to a model that is retired, or closed to the account."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return openai_error(404, message, code="model_not_found")


def context_overflow(limit: int = 8192, found: int = 8227) -> Reply:
    """An answer to a request longer than the model's context, in tokens."""
    message = (
        f"This model's maximum context length is {limit} tokens. However, your messages "
        f"resulted in {found} tokens. Please reduce the length of the messages."
    )
    return openai_error(400, message, code="context_length_exceeded")


def forbidden_upstream() -> Reply:
    """A custom gateway's answer to an SDK's own headers (incident C1)."""
    return openai_error(502, "Upstream access forbidden", kind="upstream_error")


def html_page(status: int = 502, title: str = "Bad Gateway") -> Reply:
    """A page from the proxy before the provider, also with status 200."""
    page = f"<html><head><title>{status} {title}</title></head><body>{title}</body></html>"
    return error(status, page, {"Content-Type": "text/html; charset=utf-8"})


def redirect(location: str, status: int = 308) -> Reply:
    """A redirection, which must not be followed: it would carry the credential away."""
    return error(status, b"", {"Location": location})


def closed() -> Reply:
    """The connection ends without a byte."""
    return Reply(cut=Cut())


def reset() -> Reply:
    """The connection breaks without a byte."""
    return Reply(cut=Cut(ending=Ending.RESET))


def hang() -> Reply:
    """The connection stays open without a byte until the client goes away."""
    return Reply(cut=Cut(ending=Ending.HANG))


def malformed(raw: bytes = b"\x16\x03\x01 this is not HTTP\r\n\r\n") -> Reply:
    """Bytes that are not HTTP, then the end of the connection."""
    return Reply(malformed=raw)


def cut_after(count: int, reply: Reply | None = None, ending: Ending = Ending.CLOSE) -> Reply:
    """``reply`` (a whole answer) with only its first ``count`` body bytes sent."""
    return attrs.evolve(reply or ok(), cut=Cut(count, ending))


def chunked(reply: Reply) -> Reply:
    """``reply`` with a chunked body."""
    return attrs.evolve(reply, framing=Framing.CHUNKED)


def stream(*events: str, pace: float = 0.0) -> Reply:
    """Server-sent events with this data, whatever the request asked for."""
    return Reply(events=events, pace=pace)
