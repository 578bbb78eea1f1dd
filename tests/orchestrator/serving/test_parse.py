"""What a client's HTTP request is taken for, without a socket."""

from __future__ import annotations

from typing import Any

import attrs
import httpx
import pytest

from orchestrator.api.request import Request, RequestError
from orchestrator.serving.parse import (
    called_at,
    client_dialect,
    client_patience,
    parse_request,
)
from orchestrator.serving.refusals import NotServed

HI = {"messages": [{"role": "user", "content": "hi"}]}


def asked(path: str, body: Any = HI, *, route: str | None = None, **options: Any) -> Request:
    request = httpx.Request("POST", f"http://any.where{path}", json=body, **options)
    return parse_request(
        request, called_at(request), route=route, timeout=client_patience(request, 300.0)
    )


@pytest.mark.parametrize(
    ("path", "dialect", "model", "stream"),
    [
        ("/v1/chat/completions", "openai-chat", None, False),
        ("/openai/deployments/x/chat/completions", "openai-chat", None, False),
        ("/v1/responses", "openai-responses", None, False),
        ("/v1/messages?beta=true", "anthropic-messages", None, False),
        ("/v1beta/models/fast:generateContent", "gemini", "fast", False),
        ("/v1beta/models/or/a/b:free:generateContent", "gemini", "or/a/b:free", False),
        ("/v1beta/models/fw/models/x:generateContent", "gemini", "fw/models/x", False),
        ("/v1beta/models/models%2Ffast:generateContent", "gemini", "fast", False),
        ("/v1beta/models/fast:streamGenerateContent?alt=sse", "gemini", "fast", True),
    ],
)
def test_the_path_says_the_dialect_and_for_gemini_the_model(
    path: str, dialect: str, model: str | None, *, stream: bool
) -> None:
    found = asked(path)

    assert (found.dialect, found.wants, found.stream) == (dialect, model, stream)


@pytest.mark.parametrize(
    ("path", "body", "dialect", "operation"),
    [
        ("/v1/embeddings", {"input": "a"}, "openai-chat", "embed"),
        ("/openai/deployments/x/embeddings", {"input": ["a"]}, "openai-chat", "embed"),
        ("/v1/messages/count_tokens?beta=true", HI, "anthropic-messages", "count_tokens"),
        ("/v1/responses/input_tokens", {"input": "a"}, "openai-responses", "count_tokens"),
        ("/v1beta/models/fast:countTokens", {"contents": []}, "gemini", "count_tokens"),
        ("/v1/chat/completions", HI, "openai-chat", "generate"),
    ],
)
def test_the_path_says_what_is_asked_for(
    path: str, body: Any, dialect: str, operation: str
) -> None:
    found = asked(path, {**body, "model": "fast", "stream": operation != "generate"})

    assert (found.dialect, found.operation, found.wants) == (dialect, operation, "fast")
    # Whoever asks for these has no use for chunks.
    assert not found.stream
    assert found.payload == body


def test_model_and_stream_are_taken_out_of_the_payload_and_the_rest_is_left() -> None:
    found = asked("/v1/chat/completions", {**HI, "model": "fast", "stream": True, "x": [1]})

    assert (found.wants, found.stream, found.payload) == ("fast", True, {**HI, "x": [1]})


def test_a_route_of_the_transport_goes_before_the_model_of_the_request() -> None:
    assert asked("/v1/chat/completions", {**HI, "model": "gpt"}, route="fast").wants == "fast"


def test_only_the_headers_that_change_the_vendor_s_answer_are_sent_on() -> None:
    headers = {"anthropic-beta": "a", "openai-beta": "b", "authorization": "c", "user-agent": "d"}

    assert asked("/v1/messages", headers=headers).headers == {"anthropic-beta": "a"}
    assert asked("/v1/chat/completions", headers=headers).headers == {"openai-beta": "b"}


@pytest.mark.parametrize(
    ("limits", "timeout"),
    [
        (httpx.Timeout(7.0), 7.0),
        (httpx.Timeout(600.0, connect=5.0), None),  # the policy's deadline is shorter
        (httpx.Timeout(None), None),
        (httpx.Timeout(5.0), None),  # nobody has set it: it is what the library starts with
        (httpx.Timeout(5.0, connect=1.0), 5.0),
    ],
)
def test_a_limit_of_the_client_shortens_the_deadline(
    limits: httpx.Timeout, timeout: float | None
) -> None:
    found = asked("/v1/messages", extensions={"timeout": limits.as_dict()})

    assert found.timeout == timeout


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/images/generations"),
        ("GET", "/v1/embeddings"),
        ("POST", "/v1/chat/completions/count_tokens"),
        ("POST", "/v1/threads/t1/messages"),
        ("GET", "/v1/chat/completions"),
        ("DELETE", "/v1/responses"),
    ],
)
def test_what_is_no_call_of_a_model_is_not_served(method: str, path: str) -> None:
    request = httpx.Request(method, f"http://any.where{path}", content=b"\xff")

    served = "/chat/completions.*:generateContent.*/embeddings, .*/messages/count_tokens"
    with pytest.raises(NotServed, match=f"{method} {path} is not served here.*{served}"):
        parse_request(request, called_at(request), route=None)


@pytest.mark.parametrize(
    ("path", "content", "words"),
    [
        ("/v1/messages", b"{", "not JSON"),
        ("/v1/messages", b"[" * 100_000, "not JSON"),
        ("/v1/messages", b"\xff", "not JSON"),
        ("/v1/messages", b"[]", "no object"),
        ("/v1/embeddings", b"{}", "'input' is missing"),
        ("/v1/chat/completions", b"{}", "'messages' is missing"),
        ("/v1/chat/completions", b'{"messages": [{"role": "user"}], "model": 3}', "of type int"),
        ("/v1beta/models/x:streamGenerateContent", b"{}", "alt=sse"),
        ("/v1beta/models/x:generateContent", b'{"model": "g/./x"}', "dots alone"),
        ("/v1/messages", b'{"model": "%s"}' % (b"x" * 100_000), "100,000 characters"),
    ],
)
def test_a_request_that_makes_no_sense_says_why(path: str, content: bytes, words: str) -> None:
    request = httpx.Request("POST", f"http://any.where{path}", content=content)

    with pytest.raises(RequestError, match=words):
        parse_request(request, called_at(request), route=None)


@pytest.mark.parametrize(
    ("path", "headers", "dialect"),
    [
        ("/v1/responses", {"anthropic-version": "2023-06-01"}, "openai-responses"),
        ("/v1/models", {"anthropic-version": "2023-06-01"}, "anthropic-messages"),
        ("/v1beta/models", {"x-goog-api-key": "k"}, "gemini"),
        ("/v1/models", {}, "openai-chat"),
    ],
)
def test_errors_are_told_in_the_words_of_the_client(
    path: str, headers: dict[str, str], dialect: str
) -> None:
    request = httpx.Request("GET", f"http://any.where{path}", headers=headers)

    assert client_dialect(request) == dialect


@pytest.mark.parametrize(
    ("content", "is_whole"),
    [(b'"\\u00e9"', True), (b'"\\ud83d\\ude00"', True), (b'"\\ud800"', False)],
)
def test_halves_of_characters_are_looked_for_where_there_may_be_some(
    content: bytes, *, is_whole: bool
) -> None:
    body = b'{"messages": [{"role": "user", "content": %b}]}' % content
    found = httpx.Request("POST", "http://a/v1/chat/completions", content=body)

    request = parse_request(found, called_at(found), route=None)

    assert request.is_of_whole_characters is is_whole
    assert not attrs.evolve(request, payload=dict(request.payload)).is_of_whole_characters
