"""Known secrets are masked in every spelling, whole and in pieces, and nothing else is."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import re
import threading
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.secrets import MASK, Masker, Secret, mask
from tests.spellings_strategies import as_base64, secret_values, spelled
from tests.waiting import AMPLE

VALUE = "sk-veryquiet-0123456789"
PLAIN = "zq7PlumberWhale_91xKqTr0ub4dor"

before = st.sampled_from(["", "no: ", "Incorrect API key provided: ", "ab", "x=1&y=", '{"m": "'])

secrets = st.text(
    st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="*"), min_size=8
)


@given(st.data(), secret_values, before)
def test_a_secret_is_masked_in_every_spelling(data: st.DataObject, value: str, head: str) -> None:
    said = data.draw(spelled(value))
    masked = Masker([value]).known(f"{head}{said} was sent")

    assert masked.startswith(head)
    assert masked.endswith(" was sent")
    left = masked.removeprefix(head).removesuffix(" was sent")
    assert MASK in left
    # What stands beside it in base64 stays: up to six bytes before it, and some bits around.
    assert len(left.replace(MASK, "")) <= 10


def test_a_signal_handler_may_mask_while_the_index_is_made() -> None:
    inside: list[str] = []

    class Interrupted(Secret):
        """A secret at which a signal comes."""

        def reveal(self) -> str:
            value = super().reveal()
            if not inside:
                inside.append("")
                inside.append(masker.known(f"no: {value}"))
            return value

    masker = Masker([Interrupted(VALUE)])
    thread = threading.Thread(target=masker.known, args=("a text",), daemon=True)
    thread.start()
    thread.join(AMPLE)

    assert not thread.is_alive()
    assert inside[1:] == [f"no: {MASK}"]


@given(st.data(), secret_values.filter(lambda value: len(value) >= 12))
def test_every_piece_of_twelve_characters_is_masked(data: st.DataObject, value: str) -> None:
    start = data.draw(st.integers(0, len(value) - 12))
    piece = value[start : data.draw(st.integers(start + 12, len(value)))]
    said = data.draw(st.one_of(st.just(piece), as_base64(piece), spelled(piece)))

    masked = Masker([value]).known(f"it is {said} …")

    assert said not in masked
    assert MASK in masked


@given(secrets, st.text(), st.text())
def test_a_secret_of_any_signs_is_masked_as_it_is_and_as_addresses_write_it(
    secret: str, head: str, tail: str
) -> None:
    encoded = quote(secret, safe="")
    lower = re.sub("%..", lambda found: found[0].lower(), encoded)

    for form in (secret, encoded, lower):
        assert form not in mask(f"{head} {form} {tail}", [secret])


@given(secrets, before)
def test_a_secret_of_any_signs_is_masked_as_json_writes_it(secret: str, head: str) -> None:
    for form in (json.dumps(secret)[1:-1], json.dumps(json.dumps(secret))[3:-3]):
        assert form not in mask(f'{head} "{form}"', [secret])


@given(st.text(max_size=200), st.lists(secret_values, max_size=3))
def test_what_holds_no_secret_is_the_very_same(text: str, values: list[str]) -> None:
    masked = Masker(values).known(text)

    assert masked is text or MASK in masked


def test_a_secret_that_holds_escapes_is_found_where_they_were_opened() -> None:
    address = "https://h/hook%3Ftoken%3Dabcdefgh"

    assert Masker([address]).known("no https://h/hook?token=abcdefgh !") == "no *** !"


def test_a_letter_of_which_a_secret_has_some_bits_goes_whole() -> None:
    said = base64.b64encode(f"x{PLAIN}yz".encode()).decode()

    # The first six bits are of "x" alone, the last twelve of "yz".
    assert Masker([PLAIN]).known(said) == f"{said[0]}{MASK}{said[-2:]}"


def test_two_secrets_beside_each_other_go_as_one() -> None:
    assert Masker(["first-secret", "second-secret"]).known("first-secretsecond-secret") == MASK


def test_the_longer_of_two_overlapping_secrets_goes_whole() -> None:
    assert mask("quietsecret-two", ["quietsecret", "quietsecret-two"]) == MASK


def test_a_short_secret_is_masked_as_a_word_only() -> None:
    assert mask("the key x is no good for xylophones", ["x"]) == (
        "the key *** is no good for xylophones"
    )
    assert mask("x, xy and EMPTY", ["x", "xy", "EMPTY"]) == "***, *** and ***"


def test_secrets_may_be_given_as_such_and_empty_ones_change_nothing() -> None:
    assert mask(f"it is {VALUE}", [Secret(VALUE), Secret(), ""]) == "it is ***"
    assert mask("nothing here", [Secret(), ""]) == "nothing here"


def test_a_masker_learns_what_was_read_again() -> None:
    masker = Masker([VALUE])
    masker.learn(Secret(PLAIN), "a key#1", 2)

    assert masker(f"{VALUE} {PLAIN}") == "*** ***"


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(1, 4))
def test_a_masker_keeps_the_newest_of_each_credential_and_what_it_began_with(
    rotation: list[int], keep: int
) -> None:
    tokens = [f"token-{number}-{number * 7919:08d}" for number in rotation]
    masker = Masker([VALUE])
    masker.learn(PLAIN, "another", keep)
    for token in tokens:
        masker.learn(token, "this", keep)

    newest = list(dict.fromkeys(reversed(tokens)))
    kept = [token for token in newest if masker.known(token) == "***"]
    assert kept == newest[:keep]
    assert masker.known(f"{VALUE} {PLAIN}") == "*** ***"


@pytest.mark.parametrize(
    ("body", "masked"),
    [
        (f"no {PLAIN}", "no ***"),
        (f"no {PLAIN}".encode(), "no ***"),
        ({"error": [{"message": f"no {PLAIN}"}]}, {"error": [{"message": "no ***"}]}),
        ({PLAIN: 1}, {"***": 1}),
    ],
)
def test_a_body_is_masked_in_the_form_that_it_has(body: Any, masked: Any) -> None:
    assert Masker([PLAIN]).body(body) == masked


@pytest.mark.parametrize("body", [None, "", b"", {"a": [1]}, "nothing", b"\xff", {"a": {1, 2}}])
def test_a_body_without_a_secret_is_the_very_same(body: Any) -> None:
    assert Masker([PLAIN]).body(body) is body


def test_a_number_that_is_a_secret_is_masked_too() -> None:
    assert Masker(["1234567890"]).body({"account": 1234567890}) == '{"account":***}'


def test_a_masker_shows_and_pickles_no_secret() -> None:
    masker = Masker([PLAIN])
    masker("learn by looking")

    assert repr(masker) == "Masker(1 secrets)"
    for shown in (repr(vars(masker)), pickle.dumps(masker).decode("latin-1")):
        assert PLAIN not in shown
        assert PLAIN[:12] not in shown
    assert copy.copy(masker)(PLAIN) == PLAIN


HOSTILE = ["A", "%41", "%2525", "\\u0041", "&#65;", PLAIN, "0x41,", "zq7P", "= ", "deadbeef"]


@pytest.mark.parametrize("part", HOSTILE)
def test_a_large_body_takes_milliseconds(part: str) -> None:
    masker = Masker([PLAIN, *(f"{number:08}-{number:024x}" for number in range(50))])
    text = (part * (65_536 // len(part) + 1))[:65_536]
    masker.known("learn by looking")
    started = time.thread_time()
    masker.known(text)

    # 3 to 25 ms of the processor; quadratic work would take minutes.
    assert time.thread_time() - started < 1


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("0000000:", "% 0000000%3A "),
        ("deadbeef0123", "100% deadbeef0123"),
        ("deadbeef0123", "R& #deadbeef0123 & deadbeef0123"),
        ("deadbeef0123", "a \\ xdeadbeef0123, \\ deadbeef%30123"),
        ("amp1234;567890", "& amp1234;567890"),
    ],
)
def test_a_blank_that_is_folded_away_makes_no_escape_of_a_secret(secret: str, text: str) -> None:
    masked = Masker([secret])(text)

    assert MASK in masked
    assert secret[-5:] not in masked
