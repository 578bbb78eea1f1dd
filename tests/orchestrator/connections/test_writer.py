"""The bytes of a request: read back as what was to be sent, or nothing is sent."""

from __future__ import annotations

import contextlib

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.connections.errors import UnsendableRequest
from orchestrator.connections.writer import request_bytes
from orchestrator.http_messages import Address, OutgoingRequest
from tests.orchestrator.connections.answers import TOKEN

OURS = {"host", "content-length", "transfer-encoding"}
"""What the transport says itself; none of them comes with a request."""

names = (st.text(TOKEN, max_size=12) | st.text(max_size=4)).map(str.lower)
values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=20) | st.text(
    max_size=6
)
targets = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=20) | st.text(
    max_size=6
)


def read_back(raw: bytes) -> tuple[h11.Request, bytes]:
    """The one request that a server finds in ``raw``."""
    server, body = h11.Connection(h11.SERVER), b""
    server.receive_data(raw)
    request = server.next_event()
    assert isinstance(request, h11.Request)
    while not isinstance(event := server.next_event(), h11.EndOfMessage):
        assert isinstance(event, h11.Data)
        body += event.data
    assert server.trailing_data == (b"", False)
    return request, body


@given(
    headers=st.dictionaries(names.filter(lambda name: name not in OURS), values, max_size=4),
    target=targets,
    body=st.binary(max_size=30),
    method=st.sampled_from(["POST", "POST", "GET", "PUT", "A B", ""]),
    authorization=st.none() | values,
)
def test_a_request_is_read_back_as_it_was_or_is_not_sent(
    headers: dict[str, str], target: str, body: bytes, method: str, authorization: str | None
) -> None:
    url = Address("http", "provider.test", 8080, f"/{target}")
    with contextlib.suppress(UnsendableRequest):
        raw = request_bytes(OutgoingRequest(method, url, dict(headers), body), authorization)

        request, read = read_back(raw)

        passed_on = authorization is not None
        place = str(url) if passed_on else url.target
        assert (request.method, request.target) == (method.encode(), place.encode("latin-1"))
        assert read == body
        expected = {"host": "provider.test:8080", "accept-encoding": "identity", **headers}
        if authorization:
            expected["proxy-authorization"] = authorization
        if body or method == "POST":
            expected["content-length"] = str(len(body))
        found = {name.decode(): value.decode("latin-1") for name, value in request.headers}
        assert found == {name: value.strip(" \t") for name, value in expected.items()}


@given(
    headers=st.dictionaries(
        st.text(TOKEN, min_size=1, max_size=12).map(str.lower).filter(lambda n: n not in OURS),
        st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=20),
        max_size=4,
    ),
    path=st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zs"]), max_size=20),
)
def test_what_http_can_say_is_sent(headers: dict[str, str], path: str) -> None:
    url = Address.parse(f"https://provider.test/{path}")

    request, _ = read_back(request_bytes(OutgoingRequest("GET", url, headers)))

    assert request.target == url.target.encode()


@pytest.mark.parametrize("name", ["", "a b", "a:b", "a\r\nb", "é", "(x)", "x\t", "\N{SNOWMAN}"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(UnsendableRequest):
        request_bytes(OutgoingRequest("GET", Address.parse("http://a.test"), {name: "x"}))


@pytest.mark.parametrize(
    "value", ["a\r\nb: c", "a\nb", "a\rb", "a\0b", "a\x0bb", "a\x7f", "\N{SNOWMAN}", "\n", "\r\n"]
)
def test_a_value_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(UnsendableRequest, match="illegal header value"):
        request_bytes(OutgoingRequest("GET", Address.parse("http://a.test"), {"x": value}))


@pytest.mark.parametrize("target", ["/a b", "/ ", "/a\r\nx: y", "/é", "/a\tb", "/\t"])
def test_an_address_that_is_none_is_refused(target: str) -> None:
    with pytest.raises(UnsendableRequest):
        request_bytes(OutgoingRequest("GET", Address("http", "a.test", 80, target)))
