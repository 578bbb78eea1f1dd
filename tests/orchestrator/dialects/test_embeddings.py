"""Requests for vectors and answers with them, whatever a server says."""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, Answer, Fault, Flawed, Operation, RequestError, Usage
from orchestrator.dialects.embeddings import (
    EMBEDDINGS,
    check_request,
    inputs,
    vectors_of,
    write_answer,
)
from orchestrator.provider import Provider
from tests.official_shapes import wrong_in_embeddings

GEMINI = DIALECTS["gemini"].operations[Operation.EMBED]
PLACE = Provider("p", base_url="http://p.test/v1")

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
matrices = st.integers(1, 4).flatmap(
    lambda size: st.lists(st.lists(numbers, min_size=size, max_size=size), min_size=1, max_size=5)
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def item(index: Any, embedding: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding}


def in_base64(*numbers: float) -> str:
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def read(asked: Any, body: Any, status: int = 200) -> Answer | Fault | Flawed:
    payload = asked if isinstance(asked, dict) else {"input": asked}
    return EMBEDDINGS.decode(payload, status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("given", "count"),
    [("hi", 1), (["a", "b"], 2), ([1, 2, 3], 1), ([[1, 2], [3]], 2), ([{"type": "image"}], 1)],
)
def test_a_text_is_one_input_and_so_are_its_tokens(given: Any, count: int) -> None:
    check_request({"input": given})

    assert len(inputs({"input": given})) == count


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "'input' is missing; allowed: a text or a list of texts"),
        ({"input": 3}, "'input' is of type int"),
        ({"input": ""}, "'input' is an empty text"),
        ({"input": []}, "'input' is an empty list"),
        ({"input": "a", "model": 3}, "'model' is of type int"),
    ],
)
def test_what_asks_for_the_vectors_of_nothing_is_refused(payload: Any, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        check_request(payload)


@given(matrix=matrices, random=st.randoms(), in_base64=st.booleans())
def test_vectors_come_in_the_order_of_the_inputs_whatever_the_format(
    matrix: list[list[float]], random: Any, *, in_base64: bool
) -> None:
    body = write_answer(matrix, model="m", usage=Usage(), in_base64=in_base64)
    random.shuffle(body["data"])

    found = read(["t"] * len(matrix), body)

    assert isinstance(found, Answer)
    assert vectors_of(found.raw) == tuple(map(tuple, matrix))


@pytest.mark.parametrize("index", [None, 0, "0", 0.0])
def test_where_no_numbers_tell_the_order_it_is_that_of_the_list(index: Any) -> None:
    found = read(["a", "b"], {"data": [item(index, [1, 2]), item(index, [3, 4])]})

    assert isinstance(found, Answer)
    assert vectors_of(found.raw) == ((1.0, 2.0), (3.0, 4.0))


@pytest.mark.parametrize(
    "indexes", [(1, 0), (2, 1), (1.0, 0.0), (2.0, 1), ("1", "0"), ("2", "1"), ("1", 0)]
)
def test_a_number_from_0_or_1_tells_the_order_however_it_is_written(indexes: Any) -> None:
    first, second = indexes
    found = read(["a", "b"], {"data": [item(first, [3, 4]), item(second, [1, 2])]})

    assert isinstance(found, Answer)
    assert vectors_of(found.raw) == ((1.0, 2.0), (3.0, 4.0))
    told = EMBEDDINGS.complete_answer(found.raw, {}, "m")
    assert told["data"] == [item(0, [1, 2]), item(1, [3, 4])]


@pytest.mark.parametrize(
    "indexes",
    [(0, 2), (1, 1), (0, None), (2, 3), (-1, 0), (True, False), ("a", "b"), ([], []), (0.5, 1.5)],
)
def test_numbers_that_tell_no_order_make_no_answer(indexes: Any) -> None:
    first, second = indexes
    found = read(["a", "b"], {"data": [item(first, [3, 4]), item(second, [1, 2])]})

    assert isinstance(found, Flawed)
    assert found.flaw == "vector-order"


@pytest.mark.parametrize("index", [None, 1, 7, "x", []])
def test_one_vector_has_one_order(index: Any) -> None:
    assert isinstance(read("a", {"data": [item(index, [1.0])]}), Answer)


@pytest.mark.parametrize(
    ("asked", "data", "rule"),
    [
        (["a", "b"], [item(0, [1.0])], "vector-count"),
        ("a", [item(0, [1.0]), item(1, [1.0])], "vector-count"),
        (["a", "b"], [item(0, [1.0]), item(1, [1.0, 2.0])], "vector-size"),
        ({"input": "a", "dimensions": 2}, [item(0, [1.0])], "vector-size"),
        ({"input": "a", "dimensions": 2}, [item(0, "AACAPw==")], "vector-size"),
    ],
)
def test_other_vectors_than_were_asked_for_are_no_answer(asked: Any, data: Any, rule: str) -> None:
    found = read(asked, {"data": data})

    assert isinstance(found, Flawed)
    assert found.flaw == rule


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": None},
        {"data": []},
        {"data": [None]},
        {"data": [item(0, [])]},
        {"data": [item(0, [1.0, None])]},
        {"data": [item(0, [[1.0]])]},
        {"data": [item(0, [True])]},
        {"data": [item(0, "not base64")]},
        {"data": [item(0, "AAAA")]},  # three bytes are no number
        *({"data": [item(0, in_base64(1.0, float(one)))]} for one in ("nan", "inf", "-inf")),
        {"data": [item(0, in_base64(float("inf"), float("-inf")))]},
        {"data": [item(0, [1.0])], "error": {"message": "no"}},
        {"choices": [{"message": {"content": "hi"}}]},
        "<html>",
    ],
)
def test_what_holds_no_vectors_is_a_fault(body: Any) -> None:
    assert isinstance(read("a", body), Fault)
    assert isinstance(GEMINI.decode({"input": "a"}, 200, {}, json.dumps(body).encode()), Fault)


@given(st.dictionaries(st.sampled_from(["data", "embeddings", "usage", "error"]), anything))
def test_nothing_that_a_server_says_breaks_the_reading(body: Any) -> None:
    content = json.dumps(body).encode()

    for spec in (EMBEDDINGS, GEMINI):
        assert isinstance(spec.decode({"input": "a"}, 200, {}, content), Answer | Fault | Flawed)


def test_a_failure_that_holds_vectors_is_a_failure() -> None:
    assert isinstance(read("a", {"data": [item(0, [1.0])]}, status=500), Fault)


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({"prompt_tokens": 3, "total_tokens": 3}, (3, 3)),
        ({"total_tokens": 3}, (3, 3)),
        ({"prompt_tokens": 3}, (3, 3)),
        (None, (0, 0)),
        ("many", (0, 0)),
    ],
)
def test_usage_is_read_as_far_as_it_is_told(told: Any, usage: tuple[int, int]) -> None:
    found = read("a", {"data": [item(0, [1.0])], "usage": told})

    assert isinstance(found, Answer)
    assert (found.usage.prompt_tokens, found.usage.total_tokens) == usage


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("", "/v1/embeddings"),
        ("openai/deployments/{model}/chat/completions", "/v1/openai/deployments/a%2Fm/embeddings"),
        ("serving-endpoints/{model}/invocations", "/v1/serving-endpoints/a%2Fm/invocations"),
    ],
)
def test_a_request_goes_beside_where_chats_go(path: str, target: str) -> None:
    place = Provider("p", base_url="http://p.test/v1", path=path, omitted=frozenset({"user"}))
    payload = {"input": ["a"], "user": "u", "dimensions": 4, "model": "route"}

    sent = EMBEDDINGS.encode(payload, provider=place, model="a/m", overrides={"dimensions": 2})

    assert sent.url.target == target
    assert json.loads(sent.content) == {"model": "a/m", "input": ["a"], "dimensions": 2}


def test_gemini_is_asked_for_each_text_and_its_vectors_are_put_in_the_list() -> None:
    payload = {"input": ["a", "b"], "dimensions": 2, "encoding_format": "base64"}
    sent = GEMINI.encode(payload, provider=PLACE, model="g-1", overrides={"taskType": "T"})

    assert sent.url.target == "/v1/models/g-1:batchEmbedContents"
    assert json.loads(sent.content)["requests"][1] == {
        "model": "models/g-1",
        "taskType": "T",
        "outputDimensionality": 2,
        "content": {"parts": [{"text": "b"}]},
    }

    body = {
        "embeddings": [{"values": [1, 0.5]}, {"values": [0, 2]}],
        "usageMetadata": {"promptTokenCount": 7},
    }
    found = GEMINI.decode(payload, 200, {}, json.dumps(body).encode())
    assert isinstance(found, Answer)
    told = GEMINI.complete_answer(found.raw, payload, "g-1")
    assert told["data"][0]["embedding"] == base64.b64encode(struct.pack("<2f", 1, 0.5)).decode()
    assert vectors_of(told) == ((1.0, 0.5), (0.0, 2.0))
    assert told["usage"] == {"prompt_tokens": 7, "total_tokens": 7}


@pytest.mark.parametrize(
    ("payload", "lost"),
    [
        ({"input": "a", "dimensions": 2, "encoding_format": "float"}, []),
        ({"input": [1, 2]}, ["an input that is no text"]),
        ({"input": [[1]]}, ["an input that is no text"]),
        ({"input": "a", "input_type": "query"}, ["input_type"]),
    ],
)
def test_what_gemini_cannot_be_asked_for_is_named(payload: Any, lost: list[str]) -> None:
    assert list(map(str, GEMINI.losses(payload))) == lost


def test_who_asks_is_left_out_for_gemini() -> None:
    (lost,) = GEMINI.losses({"input": "a", "user": "u"})

    assert lost.allowed(())


@given(st.data())
def test_an_answer_that_leaves_fields_out_is_told_as_described(data: st.DataObject) -> None:
    vector: Any = data.draw(st.sampled_from([[0.5, 1.5], "AAAAPwAAwD8="]))
    given_item = {"embedding": vector, "index": 0, "object": "embedding"}
    left = data.draw(st.frozensets(st.sampled_from(("index", "object"))))
    whole = {
        "data": [{name: value for name, value in given_item.items() if name not in left}],
        "object": "list",
        "model": data.draw(st.sampled_from(("m", "", None))),
        "usage": data.draw(st.sampled_from((None, {}, {"total_tokens": 3, "prompt_tokens": None}))),
    }
    out = data.draw(st.frozensets(st.sampled_from(("object", "model", "usage"))))
    body = {name: value for name, value in whole.items() if name not in out}
    told = EMBEDDINGS.complete_answer(body, {"input": "a"}, "asked")

    assert wrong_in_embeddings(told) == []
    assert told["model"] in ("m", "asked")
    assert told["data"][0]["embedding"] == [0.5, 1.5]
    as_sent = EMBEDDINGS.complete_answer(body, {"encoding_format": "base64"}, "asked")
    assert as_sent["data"][0]["embedding"] == vector
