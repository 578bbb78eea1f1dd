"""What is a request, and what is said of one that is not."""

from __future__ import annotations

import decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.request import Request, RequestError, request_of

HI = {"messages": [{"role": "user", "content": "hi"}]}

BAD_REQUESTS: tuple[tuple[Any, str], ...] = (
    (None, "request is missing"),
    ("", "request is an empty text"),
    (b"hi", "request is of type bytes"),
    ([{"role": "user"}], "request is of type list"),
    ({}, "'messages' is missing"),
    ({"messages": "hi"}, "'messages' is of type str"),
    ({"messages": {"role": "user"}}, "a mapping with the keys 'role'"),
    ({"messages": iter(HI["messages"])}, "messages is of type list_iterator"),
    ({"messages": []}, "'messages' is empty"),
    ({"messages": ["hi"]}, "messages[0] is of type str"),
    ({"messages": [*HI["messages"], {"content": "hi"}]}, "messages[1]"),
    (HI | {"model": 7}, "'model' is of type int"),
    (HI | {"stream": True}, "'stream' is true"),
    (HI | {"temperature": float("nan")}, "temperature is nan, which JSON cannot say; allowed: "),
    ({"messages": [{"role": "user", "content": [b"hi"]}]}, "messages[0].content[0] is of type"),
    (HI | {"stop": {"a"}}, "stop is of type set"),
    (HI | {"n": decimal.Decimal(1)}, "n is of type Decimal"),
    (HI | {"metadata": {5: "x"}}, "metadata has the key 5, which is no text"),
    (HI | {"seed": 2**70}, "seed is a whole number of more than 64 bits"),
)

BAD_OPTIONS: tuple[tuple[str, Any], ...] = (
    ("timeout", 0),
    ("timeout", -1.0),
    ("timeout", float("nan")),
    ("timeout", float("inf")),
    ("timeout", "5"),
    ("timeout", True),
    ("timeout", 10**400),
    ("timeout", decimal.Decimal(5)),
    ("route", 5),
    ("route", {"a/b"}),
    ("route", ()),
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


@pytest.mark.parametrize("route", [["a/b", "c/d"], ("a/b", "c/d")])
def test_a_route_may_be_a_list_of_targets(route: Any) -> None:
    asked = request_of(HI, route=route)

    assert asked.wants == ("a/b", "c/d")
    assert request_of(asked, timeout=3.0).wants == ("a/b", "c/d")


def test_several_targets_in_one_text_are_refused() -> None:
    with pytest.raises(RequestError, match="allowed: a list of targets"):
        request_of(HI, route="a/b, c/d")


@pytest.mark.parametrize("name", ["", 5, None, ["a/b"]])
def test_a_target_in_a_list_that_is_none_is_named(name: Any) -> None:
    with pytest.raises(RequestError, match=r"^route\[1\] is .*; allowed: "):
        request_of(HI, route=["a/b", name])


FRAMING = ("Content-Length", "transfer-encoding", "Connection", "HOST", "content-type")
AUTHENTICATING = ("Authorization", "X-Api-Key", "cookie", "proxy-authorization")

BAD_HEADERS: tuple[tuple[Any, str], ...] = (
    ([("x", "y")], "headers is of type list"),
    ({"x trace": "a"}, "headers has 'x trace'"),
    ({"": "a"}, "headers has ''"),
    ({b"x": "a"}, "headers has a name of type bytes"),
    ({"x": "a\nb"}, "headers['x'] is text that a header cannot hold"),
    ({"x": "€"}, "headers['x'] is text that a header cannot hold"),
    ({"x": 5}, "headers['x'] is of type int"),
    ({"x-a": "1", "X-A": "2"}, "headers has 'x-a' and 'X-A'"),
    ({"x": None}, "headers['x'] is missing"),
    ({"x": "y" * 20_000}, "headers are too large"),
    *(({name: "a"}, f"headers has {name!r}, which frames") for name in FRAMING),
    *(({name: "a"}, f"headers has {name!r}, which says who asks") for name in AUTHENTICATING),
)


@pytest.mark.parametrize(("headers", "words"), BAD_HEADERS)
def test_a_header_that_cannot_be_sent_or_is_ours_is_refused(headers: Any, words: str) -> None:
    with pytest.raises(RequestError) as raised:
        Request(HI, headers=headers)

    assert words in str(raised.value)
    assert "; allowed: " in str(raised.value)


def test_a_text_is_one_message_of_the_user() -> None:
    asked = request_of("hi there", timeout=3)

    assert asked.payload == {"messages": [{"role": "user", "content": "hi there"}]}
    assert asked.timeout == 3


class Said:
    """A message as clients return it."""

    def model_dump(self, *, exclude_unset: bool = False) -> dict[str, Any]:
        return {"role": "assistant", "content": "hello"} | ({} if exclude_unset else {"audio": 1})


def test_messages_may_be_what_clients_return_and_the_callers_own_stay() -> None:
    messages = [*HI["messages"], Said(), {"role": "user", "content": "go on"}]
    payload = {"messages": messages}
    asked = request_of(payload)

    assert asked.payload["messages"][1] == {"role": "assistant", "content": "hello"}
    assert payload == {"messages": messages}
    assert isinstance(messages[1], Said)


def test_a_payload_that_can_be_sent_is_the_very_same_and_is_judged_once() -> None:
    asked = request_of(HI)

    assert asked.payload is HI
    assert request_of(asked, timeout=3).payload is HI


def test_a_stream_asks_for_the_usage_once_and_over_the_same_conversation() -> None:
    asked = request_of(HI, stream=True)
    asking = asked.asking_for_usage()

    assert asking.payload == HI | {"stream_options": {"include_usage": True}}
    assert asking.payload["messages"] is HI["messages"]
    assert (asking.stream, asking.asking_for_usage()) == (True, asking)
    assert asked.payload is HI


@pytest.mark.parametrize("metadata", ["job 7", 7, [object()], {"a": {1}}, 0])
def test_metadata_may_be_anything(metadata: Any) -> None:
    assert request_of(HI, metadata=metadata).metadata is metadata


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
    st.integers(-(2**63), 2**63),
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
