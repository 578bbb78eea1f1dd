"""An answer in one message, to a server that takes it, and in two to another."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.gateway.app import GatewayApp
from orchestrator.gateway.state import Gateway
from orchestrator.gateway.whole_answer import EXTENSION, OFFERED, header_lines, is_offered

NAMES = st.from_regex(r"[a-z0-9!#$%&'*+.^_`|~-]{1,20}", fullmatch=True)
VALUES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"))


@given(headers=st.dictionaries(NAMES, VALUES, max_size=5))
def test_each_header_is_one_line(headers: dict[str, str]) -> None:
    lines = header_lines(headers)

    expected = [f"{name}: {value}".encode("latin-1") for name, value in headers.items()]
    assert lines.split(b"\r\n") == [*expected, b""]


@given(value=st.tuples(VALUES, st.sampled_from("\r\n\0"), VALUES).map("".join))
def test_a_value_that_would_begin_another_header_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        header_lines({"x-a": "b", "x-c": value})


@pytest.mark.parametrize("name", ["", "a b", "a:", "a\r\nb", "Ä", "A"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="illegal name"):
        header_lines({name: "b"})


def said(scope: dict[str, Any]) -> list[dict[str, Any]]:
    """What the application sends to a server whose scope this is."""
    config = '[routes]\ndefault = ["a/m"]\n[providers.a]\nbase_url = "http://127.0.0.1:1/v1"\n'
    orchestrator = Orchestrator(loads(config + 'credentials = ["benchmark"]', {}))
    messages: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        messages.append(message)

    asked = {"type": "http", "method": "GET", "path": "/healthz", "query_string": b""}
    headers = [(b"host", b"localhost")]
    app = GatewayApp(Gateway.over(orchestrator, "one"))
    asyncio.run(app({**asked, "headers": headers, **scope}, receive, send))
    orchestrator.close()
    return messages


def test_whoever_offers_it_gets_the_same_in_one_message() -> None:
    one, (start, body) = said({"extensions": OFFERED}), said({})

    assert [each["type"] for each in one] == [EXTENSION]
    assert one[0]["status"] == start["status"] == 200
    lines = b"".join(b"%b: %b\r\n" % pair for pair in start["headers"])
    length = b"content-length: %d\r\n" % len(one[0]["body"])
    assert header_lines(one[0]["headers"]) + length == lines
    assert len(one[0]["body"]) == len(body["body"])


@pytest.mark.parametrize("scope", [{}, {"extensions": None}, {"extensions": {"other": {}}}])
def test_nobody_gets_what_he_did_not_offer(scope: dict[str, Any]) -> None:
    assert not is_offered(scope)
