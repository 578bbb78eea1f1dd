"""Secrets: never printed, and masked in whatever form others print them."""

from __future__ import annotations

import copy
import pickle
import re
import time
from typing import Any
from urllib.parse import quote

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import secrets as room
from orchestrator.secrets import MASK, Secret, fingerprint, mask

VALUE = "sk-veryquiet-0123456789"

KEYS = [
    "sk-abcdefgh12345678",
    "sk-proj-Ab_cd-0123456789",
    "sk-ant-api03-abcdefghij",
    "sk-or-v1-0123456789abcdef",
    "sk-abcde***************wxyz",
    "AIzaSyA0123456789abcdefghij",
    "gsk_0123456789abcdef",
    "hf_AbCdEfGhIjKlMnOpQr",
    "xai-0123456789abcdef",
    "csk-0123456789abcdefgh",
    "pplx-0123456789abcdefgh",
    "nvapi-0123456789abcdef",
    "ghp_0123456789abcdefghij",
    "github_pat_0123456789abcdefghij",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
    f"{'0a' * 16}.{'B1' * 8}",
]

ORDINARY = [
    "Bearer authentication failed",
    "the Bearer token is missing",
    "bearer token-based authentication",
    "Invalid API key provided",
    "api_key: invalid",
    "risk-based task-force-planning-meeting",
    "import hf_hub_download_something from sk-learn",
    "xai-org/grok-4 and pplx-7b-online",
    '{"key": "value", "token": "count", "total_tokens": 123456789}',
    "key#1 of deepseek, max_tokens: 4096",
    "see https://platform.openai.com/account/api-keys.",
    "http://localhost:8080/v1",
]


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


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("frame", ["{}", "Incorrect API key: {}.", "x?key={}&y=1", "Bearer {}"])
def test_what_has_the_shape_of_a_key_is_masked(key: str, frame: str) -> None:
    masked = mask(frame.format(key))

    assert key not in masked
    assert key[8:] not in masked
    assert MASK in masked


@pytest.mark.parametrize("key", KEYS)
def test_a_key_inside_an_encoded_header_is_masked(key: str) -> None:
    assert key not in mask(f"Authorization%3A%20Bearer%20{key}")


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_words_stay(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("GET /v1?key=abc&alt=sse", "GET /v1?key=***&alt=sse"),
        ("http://user:pass@host/v1", "http://user:***@host/v1"),
        ("x-api-key: mysecretkey", "x-api-key: ***"),
        ('{"Authorization": "Bearer letmeinplease"}', '{"Authorization": "Bearer ***"}'),
        ("api_key=a1b2c3d4", "api_key=***"),
    ],
)
def test_what_is_named_as_a_secret_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked
    assert mask(masked) == masked


secrets = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"), min_size=8
)


@given(secrets, st.text(), st.text())
def test_a_known_secret_is_masked_in_every_form(secret: str, before: str, after: str) -> None:
    encoded = quote(secret, safe="")
    lower = re.sub("%..", lambda found: found[0].lower(), encoded)

    for form in (secret, encoded, lower):
        assert form not in mask(f"{before} {form} {after}", [secret])


def test_a_known_secret_is_masked_as_json_writes_it() -> None:
    assert mask(r'{"sent": "quiet\/one\"two"}', ['quiet/one"two']) == '{"sent": "***"}'


def test_the_longer_of_two_overlapping_secrets_goes_whole() -> None:
    assert mask("quietsecret-two", ["quietsecret", "quietsecret-two"]) == MASK


def test_a_short_secret_is_masked_as_a_word_only() -> None:
    assert mask("the key x is no good for xylophones", ["x"]) == (
        "the key *** is no good for xylophones"
    )


def test_secrets_may_be_given_as_such_and_empty_ones_change_nothing() -> None:
    assert mask(f"it is {VALUE}", [Secret(VALUE), Secret(), ""]) == "it is ***"
    assert mask("nothing here", [Secret(), ""]) == "nothing here"


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


PIECES = [
    "sk-", "rk_", "gsk_", "xai-", "csk-", "hf_", "AIza", "AQ.", "ya29.", "AKIA", "eyJ", "dapi",
    "ghp_", "github_pat_", "pplx-", "nvapi-", "tgp_v1_", "a1" * 16, "B2c3D4e5", ".", "?", "&key=",
    ";sig=", "://u:", "@h", "x-api-key", "Authorization", ": ", "=", "Bearer ", "api key", "token",
    "Secret", '"', " ", "%20", "limit",
]  # fmt: skip


@given(parts=st.lists(st.sampled_from(PIECES), max_size=12))
def test_the_quick_look_misses_nothing_that_the_long_one_finds(parts: list[str]) -> None:
    text = "".join(parts)
    everything = room._NAMED.sub(rf"\g<name>{MASK}", text)  # noqa: SLF001
    everything = room._TOKEN.sub(rf"\g<name>{MASK}", everything)  # noqa: SLF001
    everything = room._KEY.sub(MASK, everything)  # noqa: SLF001

    assert mask(text) == everything


@pytest.mark.parametrize("part", ["sk-", "key=", "bearer ", "://:", "a1", "eyJ.", "?key", "0" * 31])
def test_hostile_text_takes_linear_time(part: str) -> None:
    text = part * (500_000 // len(part))
    started = time.thread_time()
    mask(text, [VALUE])

    # Half a megabyte takes about 0.1 s of the processor; quadratic work would take minutes.
    assert time.thread_time() - started < 3


@given(st.text(), st.text(), st.text(min_size=1))
def test_a_fingerprint_tells_secrets_and_salts_apart(one: str, other: str, salt: str) -> None:
    print_ = fingerprint(one, salt)

    assert print_ == fingerprint(Secret(one), salt.encode("utf-8", "surrogatepass"))
    assert (print_ == fingerprint(other, salt)) == (one == other)
    assert print_ != fingerprint(one, salt + "x")
    assert len(print_) == 32
