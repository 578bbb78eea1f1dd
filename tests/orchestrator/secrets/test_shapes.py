"""What has the shape of a key is masked, whoever's it is; ordinary words stay."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.secrets import MASK, mask
from orchestrator.secrets import shapes as room

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
