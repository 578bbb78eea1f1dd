"""``stream = "always"``: a whole answer is asked for as a stream, so that silence is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from orchestrator.sim import ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI, Call, arun, run
from tests.orchestrator.execution.streamed import cut, raw
from tests.orchestrator.execution.wires import TEXT, WIRES, Wire, chat
from tests.waiting import AMPLE

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])
each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])


@contextmanager
def always(
    a: AnyScript, b: AnyScript, spoken: str = "openai-chat", limits: str = ""
) -> Iterator[tuple[ScriptedProviders, Orchestrator]]:
    """An orchestrator whose first provider always streams, and whose second is plain."""
    with ScriptedProviders({"a": a, "b": b}) as providers:
        text = f"""
            health = "memory"
            [routes]
            default = ["a/m", "b/m"]
            [targets."a/m"]
            timeouts = {{ {limits} }}
            [providers.a]
            stream = "always"
            dialect = "{spoken}"
            base_url = "{providers.url("a")}"
            credentials = ["of-a"]
            [providers.b]
            base_url = "{providers.url("b")}"
            credentials = ["of-b"]
        """
        with Orchestrator(loads(text)) as orchestrator:
            yield providers, orchestrator


def asked_for_a_stream(providers: ScriptedProviders, name: str) -> list[bool]:
    """Of each request, whether a stream was asked for."""
    sent = providers.received(name)
    return ["stream" in each.path.lower() or bool(dict(each.body).get("stream")) for each in sent]


@both
@each
def test_the_answer_is_put_together(wire: Wire, call: Call) -> None:
    with always(raw(wire.body), replies.hang(), wire.dialect) as (providers, orchestrator):
        response = call(orchestrator)

        assert (response.text, response.provider) == (TEXT, "a")
        assert asked_for_a_stream(providers, "a") == [True]


@both
def test_silence_is_noticed_after_the_limit_of_the_first_token(call: Call) -> None:
    limits = 'first_token = "150ms", total = "90s"'
    with always(replies.hang(), replies.ok(), limits=limits) as (providers, orchestrator):
        response = call(orchestrator)

        rules = [attempt.rule for attempt in response.attempts]
        assert (response.text, rules) == ("ok", ["timeout.first_token", None])
        assert response.attempts[0].seconds < AMPLE
        assert asked_for_a_stream(providers, "b") == [False]


@both
def test_a_stream_that_is_cut_is_no_answer(call: Call) -> None:
    wire = chat()
    half = cut(wire.quiet + b"".join(wire.events), len(wire.quiet + wire.events[0]) + 40)
    with always([half, half, half], replies.ok()) as (_, orchestrator):
        response = call(orchestrator)

        assert (response.text, response.provider) == ("ok", "b")


@both
def test_who_answers_in_one_piece_all_the_same_has_answered(call: Call) -> None:
    with always(replies.ok("whole"), replies.hang()) as (_, orchestrator):
        response = call(orchestrator)

        assert (response.text, len(response.attempts)) == ("whole", 1)
        assert response.raw["choices"][0]["message"]["content"] == "whole"


def test_a_caller_who_streams_is_passed_the_stream() -> None:
    with always(raw(chat().body), replies.hang()) as (_, orchestrator):
        with orchestrator.stream({"messages": [{"role": "user", "content": "hi"}]}) as chunks:
            texts = [chunk.text for chunk in chunks if chunk.text]

        assert len(texts) > 1
        assert "".join(texts) == TEXT


def test_the_usage_is_asked_for_where_it_comes_only_when_asked_for() -> None:
    with always(raw(chat().body), replies.hang()) as (providers, orchestrator):
        orchestrator.run(HI)

        (sent,) = providers.received("a")
        assert dict(sent.body)["stream_options"] == {"include_usage": True}
