"""Secrets in memory: shown by nothing, pickled by nothing, sent by who asks for them."""

from __future__ import annotations

import base64
import copy
import pickle
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.secrets import (
    Secret,
    SecretAddress,
    SecretHeaders,
    fingerprint,
    is_public_name,
    values_of_header,
    values_of_query,
)

VALUE = "sk-veryquiet-0123456789"


@given(st.text(min_size=1))
def test_a_secret_is_never_shown(value: Any) -> None:
    secret = Secret(f"quiet{value}quiet")

    for shown in (repr(secret), str(secret), f"{secret}", f"{secret!r:>9}"):
        assert f"quiet{value}quiet" not in shown
    assert secret.reveal() == f"quiet{value}quiet"


def test_a_pickle_does_not_hold_the_value() -> None:
    pickled = pickle.dumps(Secret(VALUE))

    assert VALUE.encode() not in pickled
    with pytest.raises(LookupError, match="load it again"):
        pickle.loads(pickled).reveal()


def test_a_copy_in_memory_keeps_the_value() -> None:
    secret = Secret(VALUE)

    assert copy.deepcopy(secret).reveal() == copy.copy(secret).reveal() == VALUE


def test_asdict_of_its_holder_does_not_open_it() -> None:
    holder = attrs.make_class("Holder", ["secret"])(Secret(VALUE))

    assert VALUE not in repr(attrs.asdict(holder))


def test_secrets_are_equal_by_value_and_empty_ones_are_false() -> None:
    assert Secret("a") == Secret("a") != Secret("b")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2
    assert Secret("a")
    assert not Secret()


@given(st.text(), st.text(), st.text(min_size=1))
def test_a_fingerprint_tells_secrets_and_salts_apart(one: str, other: str, salt: str) -> None:
    print_ = fingerprint(one, salt)

    assert print_ == fingerprint(Secret(one), salt.encode("utf-8", "surrogatepass"))
    assert (print_ == fingerprint(other, salt)) == (one == other)
    assert print_ != fingerprint(one, salt + "x")
    assert len(print_) == 32


def test_headers_are_a_mapping_that_shows_no_value() -> None:
    headers = SecretHeaders({"X-Team": VALUE, "X-Off": ""})

    assert dict(headers) == {"X-Team": VALUE, "X-Off": ""}
    assert headers == {"X-Team": VALUE, "X-Off": ""}
    assert repr(headers) == "SecretHeaders({'X-Team': '***', 'X-Off': ''})"
    assert copy.deepcopy(headers)["X-Team"] == VALUE


def test_pickled_headers_keep_their_names_alone() -> None:
    pickled = pickle.dumps(SecretHeaders({"X-Team": VALUE}))

    assert VALUE.encode() not in pickled
    assert list(pickle.loads(pickled)) == ["X-Team"]
    with pytest.raises(LookupError, match="load it again"):
        pickle.loads(pickled)["X-Team"]


def test_an_address_is_sent_whole_and_shown_without_what_its_query_holds() -> None:
    address = SecretAddress(f"http://h/v1?token={VALUE}&api-version=2024-10-21&{VALUE}&x=")

    assert f"{address}".endswith(f"?token={VALUE}&api-version=2024-10-21&{VALUE}&x=")
    shown = "http://h/v1?token=***&api-version=2024-10-21&***&x="
    assert repr(address) == repr(shown)
    assert str(pickle.loads(pickle.dumps(address))) == shown


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("X-Custom", VALUE, {VALUE}),
        ("X-Short", "1234567", set()),
        ("Authorization", f"Bearer {VALUE}", {f"Bearer {VALUE}", VALUE}),
        ("Cookie", 'a=1; sid="12345678"; b=c=87654321', {"12345678", "c=87654321"}),
        (
            "Authorization",
            "Basic " + base64.b64encode(b"me:OpenSesame").decode().rstrip("="),
            {"me:OpenSesame", "OpenSesame"},
        ),
    ],
)
def test_of_a_header_its_value_is_secret_and_what_is_echoed_alone(
    name: str, value: str, secret: set[str]
) -> None:
    found = set(values_of_header(name, value))

    assert found >= secret
    assert found - secret <= {value, value.partition(" ")[2]}


def test_of_an_address_what_its_query_holds_is_secret() -> None:
    address = "https://h/v1?key=a%2Fb-0123456&api-version=2024-10-21&n=1&bare-token"

    assert set(values_of_query(address)) == {"a%2Fb-0123456", "a/b-0123456", "bare-token"}
    assert set(values_of_query("https://h/v1")) == set()


@pytest.mark.parametrize("name", ["User-Agent", "accept", "anthropic-VERSION", "x-beta"])
def test_names_that_say_what_is_spoken_are_public(name: str) -> None:
    assert is_public_name(name)
    assert not is_public_name(f"x-{name}-key")
    assert is_public_name("X-Team", {"x-team"})
