"""Addresses and headers: read as httpx reads them.

Where they differ, and why. A space or a control character is refused, as is a port that is no
number or beyond 65535: none of them was meant. Dots in a path stay, since a relay may be asked
for them. A question mark with nothing behind it is left out. ``[]|^\\`` in a path are encoded, as
RFC 3986 has it.
"""

from __future__ import annotations

import pickle

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.http_messages import Address, OutgoingRequest, ResponseHeaders

_label = st.text("abcxyzABC0189-_", min_size=1, max_size=8).map("a{}b".format)
hosts = st.one_of(
    st.lists(_label, min_size=1, max_size=3).map(".".join),
    st.sampled_from(["127.0.0.1", "[::1]", "[FD00::5]", "münchen.de", "例え.jp", "faß.de"]),
)
ports = st.just("") | st.just(":") | st.integers(1, 65535).map(":{}".format)
_path = st.text(st.characters(exclude_categories=["Cc", "Zs", "Zl", "Zp", "Cs"]), max_size=12)
paths = st.lists(
    _path.map(lambda part: "".join(c for c in part if c not in "?#[]|^\\/.")), max_size=3
).map(lambda parts: "".join(f"/{part}x" for part in parts))
queries = st.just("") | _path.map(
    lambda part: "?q" + "".join(c for c in part if c not in "#'\"<>\\")
)
users = st.sampled_from(["", "ann@", "ann:secret@"])
fragments = st.sampled_from(["", "#", "#x?y"])


@given(
    text=st.builds(
        "{}://{}{}{}{}{}{}".format,
        st.sampled_from(["http", "https", "HTTP", "Https"]),
        users,
        hosts,
        ports,
        paths,
        queries,
        fragments,
    )
)
def test_an_address_is_that_of_httpx(text: str) -> None:
    theirs = httpx.URL(text)
    ours = Address.parse(text)

    assert ours.scheme == theirs.scheme
    assert ours.host == theirs.raw_host.decode().lower()
    assert ours.port == (theirs.port or {"http": 80, "https": 443}[theirs.scheme])
    assert ours.target == theirs.raw_path.decode()
    # It knows the port of a scheme in small letters alone, and names that of another.
    small = text.replace(text.partition(":")[0], theirs.scheme, 1)
    assert ours.authority == httpx.Request("GET", small).headers["host"].lower()
    assert Address.parse(str(ours)) == ours


@pytest.mark.parametrize(
    "text",
    [
        *("", "a.test", "//a.test", "ftp://a.test", "http://", "http:///v1", "http://:80"),
        *("http://a.test:x", "http://a.test:65536", "http://a.test:+1", "http://a.test:-1"),
        *("http://a .test", "http://a.test/a b", "http://a.test/\n", "http://a.test/\0"),
        *("http://[::1", "http://[x]", "http://256.1.1.1", "http://xn--/", "http://\u2603\uffff/"),
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - in the words of whoever refuses
        Address.parse(text)

    assert str(refused.value)


@given(text=st.text(max_size=30) | st.text(max_size=20).map("http://{}".format))
def test_whatever_is_written_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = Address.parse(text)
    except ValueError:
        return

    assert address.target.isascii()
    assert len(f"GET {address.target} {address.authority}".split()) == 3
    assert Address.parse(str(address)) == address


_names = st.sampled_from([b"A", b"a", b"Content-Type", b"x-b", b"X-B"])
_values = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8).map(str.encode)


@given(raw=st.lists(st.tuples(_names, _values), max_size=6), asked=_names)
def test_headers_are_read_as_httpx_reads_them(raw: list[tuple[bytes, bytes]], asked: bytes) -> None:
    theirs, ours, name = httpx.Headers(raw, encoding="utf-8"), ResponseHeaders(raw), asked.decode()

    assert list(ours.items()) == list(theirs.items())
    assert ours.get(name) == theirs.get(name)
    assert (name in ours) is (name in theirs)
    assert len(ours) == len(list(theirs))


@given(value=st.binary(max_size=10))
def test_a_value_of_any_bytes_is_read(value: bytes) -> None:
    assert isinstance(ResponseHeaders([(b"X", value)])["x"], str)


def test_a_request_on_its_way_is_shown_and_kept_by_nothing() -> None:
    key = "sk-quiet-0123456789"
    request = OutgoingRequest("POST", Address.parse("http://a/v1"), {"authorization": key})

    assert key not in repr(request)
    with pytest.raises(TypeError, match="holds a key"):
        pickle.dumps(request)
