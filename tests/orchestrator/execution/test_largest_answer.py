"""How much of an answer is read: what the config says, whole and in chunks."""

from __future__ import annotations

import json

import pytest

from orchestrator import Orchestrator, StreamInterrupted
from orchestrator.sim import Reply, replies
from tests.acceptance.world import HI, Call, arun, run, world

LIMITED = '[policy]\nlargest_answer = "1 MiB"\nattempts_per_target = 1'
SMALL, LARGE = "x" * 900_000, "x" * 1_100_000

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])


@both
def test_what_is_larger_fails_and_the_next_target_answers(call: Call) -> None:
    with world({"a": replies.ok(LARGE), "b": replies.ok(SMALL)}, extra=LIMITED) as (_, made):
        response = call(made)

    assert [each.rule for each in response.attempts] == ["answer.too-large", None]
    assert response.attempts[0].message == "the answer is larger than 1 MiB"
    assert response.text == SMALL


@both
def test_unless_the_config_says_otherwise_it_is_an_answer(call: Call) -> None:
    with world({"a": replies.ok(LARGE)}) as (_, made):
        assert call(made).text == LARGE


def pieces(count: int) -> Reply:
    """A stream of so many pieces of 100 kB, and its end."""
    said = {"choices": [{"index": 0, "delta": {"content": "x" * 100_000}}]}
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    return replies.stream(*[json.dumps(said)] * count, json.dumps(end), "[DONE]")


def streamed(made: Orchestrator) -> int:
    with made.stream(HI) as chunks:
        return sum(len(chunk.text) for chunk in chunks)


def test_a_stream_is_counted_as_it_is_put_together() -> None:
    with world({"a": pieces(9)}, extra=LIMITED) as (_, made):
        assert streamed(made) == 900_000
    with (
        world({"a": pieces(12)}, extra=LIMITED) as (_, made),
        pytest.raises(StreamInterrupted, match="larger than 1 MiB"),
    ):
        streamed(made)
