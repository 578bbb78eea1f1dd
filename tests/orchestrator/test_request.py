"""What is a request, and what is said of one that is not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.request import Request, RequestError, request_of

HI = {"messages": [{"role": "user", "content": "hi"}]}

BAD_REQUESTS: tuple[tuple[Any, str], ...] = (
    (None, "request is missing"),
    ("hi", "request is of type str"),
    ([{"role": "user"}], "request is of type list"),
    ({}, "'messages' is missing"),
    ({"messages": "hi"}, "'messages' is of type str"),
    ({"messages": {"role": "user"}}, "a mapping with the keys 'role'"),
    ({"messages": iter(HI["messages"])}, "a list of messages"),
    ({"messages": []}, "'messages' is empty"),
    ({"messages": ["hi"]}, "messages[0] is of type str"),
    ({"messages": [*HI["messages"], {"content": "hi"}]}, "messages[1]"),
    (HI | {"model": 7}, "'model' is of type int"),
    (HI | {"stream": True}, "'stream' is true"),
)

BAD_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("timeout", 0),
    ("timeout", -1.0),
    ("timeout", float("nan")),
    ("timeout", float("inf")),
    ("timeout", "5"),
    ("timeout", True),
    ("route", 5),
    ("route", ["a/b"]),
    ("metadata", "job 7"),
)


@pytest.mark.parametrize(("bad", "words"), BAD_REQUESTS)
def test_what_is_no_request_is_named(bad: Any, words: str) -> None:
    with pytest.raises(RequestError) as raised:
        request_of(bad)

    assert words in str(raised.value)


@pytest.mark.parametrize(("option", "value"), BAD_OPTIONS)
def test_an_option_that_cannot_be_is_named(option: str, value: Any) -> None:
    with pytest.raises(RequestError, match=rf"^{option} is .*; allowed: "):
        request_of(HI, **{option: value})


def test_options_beside_the_request_go_before_its_own() -> None:
    request = Request(HI | {"model": "a/b"}, route="slow", timeout=3.0, require_complete=True)

    assert request.wants == "slow"
    assert request_of(request, route="fast", timeout=None).route == "fast"
    assert request_of(request, timeout=9).timeout == 9
    assert request_of(request, require_complete=False).require_complete is False
    assert request_of(request, route=None) == request
    assert request_of(HI | {"model": "a/b"}).wants == "a/b"
    assert request_of(HI).wants is None


@pytest.mark.parametrize(
    ("fields", "thinks"),
    [
        ({}, False),
        ({"reasoning_effort": "high"}, True),
        ({"reasoning_effort": "none"}, False),
        ({"reasoning": {"effort": "low"}}, True),
        ({"reasoning": {}}, False),
    ],
)
def test_a_request_says_whether_the_model_is_to_think(fields: Any, *, thinks: bool) -> None:
    assert Request(HI | fields).reasoning is thinks


contents = st.one_of(
    st.text(),
    st.none(),
    st.integers(),
    st.lists(
        st.one_of(st.text(), st.fixed_dictionaries({"type": st.just("text"), "text": st.text()}))
    ),
    st.lists(st.fixed_dictionaries({"image_url": st.just({"url": "data:"}), "text": st.none()})),
)


@given(st.lists(contents, min_size=1))
def test_the_size_is_a_low_bound_for_any_content(drawn: list[Any]) -> None:
    request = Request({"messages": [{"role": "user", "content": content} for content in drawn]})

    assert 0 <= request.least_tokens <= len(str(drawn))


def test_eight_characters_count_as_one_token() -> None:
    parts = [{"type": "text", "text": "x" * 80}, {"type": "text", "text": "y" * 80}]
    messages = [{"role": "user", "content": parts}, {"role": "user", "content": "z" * 40}]

    assert Request({"messages": messages}).least_tokens == 25
