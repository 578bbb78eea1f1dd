"""What scripted providers answer where vectors or counts are asked for."""

from __future__ import annotations

import base64
import struct
from typing import Any

import httpx
import pytest

from orchestrator.sim import ScriptedProviders, replies
from orchestrator.sim.operations import vector


def post(path: str, body: Any) -> Any:
    with ScriptedProviders({"a": replies.ok("hello")}) as providers:
        return httpx.post(f"{providers.url('a')}{path}", json=body).json()


def test_a_text_has_its_own_vector_in_the_space_of_each_model() -> None:
    one = vector("m", "a")

    assert one == vector("m", "a")
    assert one not in (vector("m", "b"), vector("n", "a"))
    assert len(vector("m", "a", 3)) == 3
    assert all(-1 <= number < 1 for number in one)


@pytest.mark.parametrize(
    ("given", "texts"), [("a b", ["a b"]), (["a b", "c"], ["a b", "c"]), ([1, 2], [[1, 2]])]
)
def test_embeddings_are_answered_in_openai_s_form(given: Any, texts: list[Any]) -> None:
    told = post("/embeddings", {"model": "m", "input": given, "dimensions": 4})

    assert [one["embedding"] for one in told["data"]] == [vector("m", text, 4) for text in texts]
    assert (told["object"], told["model"]) == ("list", "m")


def test_base64_says_the_same() -> None:
    told = post("/embeddings", {"model": "m", "input": "a", "encoding_format": "base64"})

    content = base64.b64decode(told["data"][0]["embedding"])
    assert list(struct.unpack("<8f", content)) == vector("m", "a")


def test_gemini_s_batch_is_answered_text_by_text() -> None:
    asked = {"model": "models/m", "content": {"parts": [{"text": "a"}]}}
    told = post("/models/m:batchEmbedContents", {"requests": [asked, asked]})

    assert told == {"embeddings": [{"values": vector("m", "a")}] * 2}


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/messages/count_tokens", {"input_tokens": 3}),
        ("/responses/input_tokens", {"object": "response.input_tokens", "input_tokens": 3}),
        ("/models/m:countTokens", {"totalTokens": 3}),
    ],
)
def test_a_count_is_that_of_the_words(path: str, told: Any) -> None:
    turn = {"role": "user", "content": [{"type": "text", "text": "one two"}]}

    assert post(path, {"model": "m", "messages": [turn], "system": "three"}) == told


def test_a_call_of_a_model_is_answered_as_before() -> None:
    told = post("/chat/completions", {"model": "m", "messages": []})

    assert told["choices"][0]["message"]["content"] == "hello"


PART = {"content": {"parts": [{"text": "a"}]}}
REFUSED: dict[str, tuple[str, Any]] = {
    "a size in text": ("/embeddings", {"input": "a", "dimensions": "256"}),
    "a negative size": ("/embeddings", {"input": "a", "dimensions": -1}),
    "no size": ("/embeddings", {"input": "a", "dimensions": 0}),
    "a truth": ("/embeddings", {"input": "a", "dimensions": True}),
    "a fraction": ("/embeddings", {"input": "a", "dimensions": 2.5}),
    "a size beyond memory": ("/embeddings", {"input": "a", "dimensions": 10**15}),
    "gemini's size": (
        "/models/m:batchEmbedContents",
        {"requests": [PART | {"outputDimensionality": "256"}]},
    ),
    "tokens": (
        "/models/m:batchEmbedContents",
        {"requests": [{"content": {"parts": [{"text": [1, 2]}]}}]},
    ),
    "no parts": ("/models/m:batchEmbedContents", {"requests": [{"content": {"parts": 3}}]}),
    "parts of nothing": (
        "/models/m:batchEmbedContents",
        {"requests": [{"content": {"parts": [1]}}]},
    ),
    "no content": ("/models/m:batchEmbedContents", {"requests": [None]}),
    "no requests": ("/models/m:batchEmbedContents", {}),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_a_real_endpoint_would_refuse_is_refused(kind: str) -> None:
    path, body = REFUSED[kind]
    with ScriptedProviders({"a": replies.ok("hello")}) as providers:
        answer = httpx.post(f"{providers.url('a')}{path}", json=body)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
