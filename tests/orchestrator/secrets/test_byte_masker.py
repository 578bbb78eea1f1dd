"""Bytes that are passed on as they come, without secrets, however they are cut."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.secrets import Masker, Secret
from orchestrator.secrets.byte_masker import ByteMasker

SECRET = "canary.Q7x/secret+key=9"
BYTES = SECRET.encode()


def passed(data: bytes, cuts: list[int], *, is_text: bool) -> bytes:
    masker = ByteMasker(Masker([SECRET]), [Secret(SECRET)], is_text=is_text)
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [masker.feed(data[begin:end]) for begin, end in pairwise(at)]
    return b"".join(pieces) + masker.close()


CUTS = st.lists(st.integers(0, 10_000), max_size=20)


@given(st.binary(max_size=300), CUTS, st.booleans())
def test_what_has_no_secret_passes_as_it_is(data: bytes, cuts: list[int], is_text: bool) -> None:  # noqa: FBT001
    assert passed(data, cuts, is_text=is_text) == data or BYTES[:4] in data


@given(st.binary(max_size=100), st.binary(max_size=100), CUTS)
def test_a_secret_in_sounds_is_blotted_out_in_its_place(
    before: bytes, after: bytes, cuts: list[int]
) -> None:
    got = passed(before + BYTES + after, cuts, is_text=False)

    assert got == before + b"*" * len(BYTES) + after


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        quote(SECRET, safe=""),
        json.dumps(SECRET).replace("/", "\\/"),
        base64.b64encode(BYTES).decode(),
        SECRET.upper(),
    ],
)
@given(cuts=CUTS)
def test_a_secret_in_a_text_is_masked_in_any_spelling(spelled: str, cuts: list[int]) -> None:
    said = f'{{"error":{{"message":"the key {spelled} is not known"}}}}'.encode()
    got = passed(said, cuts, is_text=True)

    assert spelled.strip('"').encode() not in got
    assert got.startswith(b'{"error":{"message":"the key ')
    assert got.endswith(b' is not known"}}')


def test_a_large_text_is_looked_through_to_its_end() -> None:
    data = b"x" * 400_000 + BYTES + b"y" * 100_000 + BYTES
    got = passed(data, list(range(0, len(data), 50_000)), is_text=True)

    assert BYTES not in got
    assert len(got) == len(data)


def test_an_event_is_passed_on_at_once() -> None:
    masker = ByteMasker(Masker([SECRET]), [SECRET], is_text=True)

    assert masker.feed(b"data: 1\n\n") == b"data: 1\n\n"
    assert masker.feed(b"data: can") == b""
    assert masker.feed(b"ada\n\n") == b"data: canada\n\n"
