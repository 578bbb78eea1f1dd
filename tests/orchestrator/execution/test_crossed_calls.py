"""Calls that cross dialects or meet a vendor's own taste: what is sent, told and remembered."""

from __future__ import annotations

import json
import logging
from typing import Any

import httpx
import pytest

import orchestrator
from orchestrator import Orchestrator
from orchestrator.classification.rules.repairs import HINT_REPAIRED
from orchestrator.config.loading import loads
from orchestrator.sim import ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from orchestrator.states import Reason
from orchestrator.states.reasons import SPECS
from tests.acceptance import spoken
from tests.acceptance.crossings import WRITTEN, Asked
from tests.acceptance.spoken import DIALECTS
from tests.acceptance.world import HI, failure, run
from tests.orchestrator.execution.streamed import CONTINUE, aread, raw, read, streams

each = pytest.mark.parametrize("dialect", DIALECTS)
THOUGHT = {
    "messages": [
        *HI["messages"],
        {"role": "assistant", "content": "a", "reasoning_content": "th", "annotations": []},
        *HI["messages"],
    ]
}
REFUSAL = "property '{}' is unsupported"


def refusal(message: str) -> Any:
    return replies.openai_error(400, message)


# Repairs.


def test_what_cured_is_done_at_once_for_the_next_call() -> None:
    scripts: dict[str, AnyScript] = {
        "a": [refusal(REFUSAL.format("reasoning_content")), replies.ok(), replies.ok()]
    }
    with streams(scripts) as (providers, orc):
        first, second = run(orc, THOUGHT), run(orc, THOUGHT)
        sent = [each.body["messages"][1] for each in providers.received("a")]

    assert [one.next for one in first.attempts] == ["repair", "succeed"]
    assert second.attempts[0].notes == ("repaired: drop_refused_fields=reasoning_content",)
    assert ["reasoning_content" in message for message in sent] == [True, False, False]
    assert all("annotations" in message for message in sent)


def test_a_second_refusal_of_another_field_is_another_repair() -> None:
    named = ("reasoning_content", "annotations")
    scripts: dict[str, AnyScript] = {
        "a": [*(refusal(REFUSAL.format(name)) for name in named), replies.ok()],
        "b": replies.ok(),
    }
    with streams(scripts) as (providers, orc):
        response = run(orc, THOUGHT)
        last = providers.received("a")[-1].body["messages"][1]

    assert response.provider == "a"
    assert last == {"role": "assistant", "content": "a"}


def test_a_repair_that_did_not_cure_is_not_made_again() -> None:
    scripts: dict[str, AnyScript] = {
        "a": refusal(REFUSAL.format("reasoning_content")),
        "b": replies.ok(),
    }
    allowed = '[policy.on]\nbad_request = ["fallback"]'
    with streams(scripts, extra=allowed) as (providers, orc):
        response = run(orc, THOUGHT)

        assert len(providers.received("a")) == 2
    assert response.provider == "b"


def test_the_hint_says_who_must_act() -> None:
    """A refusal that nothing in the request confirms is the caller's; another is mended first."""
    refused = refusal(REFUSAL.format("reasoning_content"))
    with streams({"a": refused}) as (_, orc):
        failed = failure(run, orc, HI)
    with streams({"a": [refused, replies.ok()]}) as (_, orc):
        cured = run(orc, THOUGHT)

    assert failed.hint == SPECS[Reason.BAD_REQUEST].hint
    assert cured.attempts[0].hint == HINT_REPAIRED


def test_a_secret_in_quotes_is_no_field_that_is_demanded() -> None:
    """What a provider quotes becomes a name in the record and on the wire: never its key."""
    said = refusal("the assistant message must contain `canary_secret_Q7x`")
    with ScriptedProviders({"a": said}) as providers:
        text = f"""
            [routes]
            default = ["a/m"]
            [providers.a]
            base_url = "{providers.url("a")}"
            credentials = ["canary_secret_Q7x"]
        """
        with Orchestrator(loads(text, {})) as orc:
            failed = failure(run, orc, THOUGHT)
        sent = json.dumps([one.body for one in providers.received("a")])

    assert "canary_secret" not in sent
    assert "canary_secret" not in repr(failed.ledger)


@pytest.mark.parametrize("reader", [read, aread])
def test_a_streamed_call_is_repaired_alike(reader: Any) -> None:
    scripts: dict[str, AnyScript] = {
        "a": [refusal(REFUSAL.format("reasoning_content")), replies.ok("fine")]
    }
    with streams(scripts) as (_, orc):
        got = reader(orc, THOUGHT)

    assert got.text == "fine"
    assert [one.next for one in got.attempts] == ["repair", "succeed"]


# Stop sequences that are cut here.

STOP = {**HI, "stop": ["re, y"]}
"""It lies across two pieces of the scripted answer, "Hello there, you."."""


def test_a_whole_answer_ends_before_the_stop() -> None:
    scripts = {"a": spoken.whole("openai-responses")}
    with streams(scripts, dialects={"a": "openai-responses"}) as (providers, orc):
        response = run(orc, STOP)

        assert "stop" not in providers.received("a")[0].body
    assert (response.text, response.finish_reason) == ("Hello the", "stop")
    assert response.usage.completion_tokens == spoken.SAID
    assert response.to_dict()["choices"][0]["message"]["content"] == "Hello the"
    assert "stop is cut here, for it cannot be sent" in response.attempts[0].notes


@pytest.mark.parametrize("reader", [read, aread])
@pytest.mark.parametrize("as_stream", [True, False])
def test_a_stream_ends_before_the_stop_whatever_it_came_as(reader: Any, *, as_stream: bool) -> None:
    scripts = {"a": spoken.answers("openai-responses", stream=as_stream)}
    with streams(scripts, dialects={"a": "openai-responses"}) as (_, orc):
        got = reader(orc, STOP)

    assert got.text == "Hello the"
    assert [one.finish_reason for one in got.chunks if one.finish_reason] == ["stop"]
    assert got.response.finish_reason == "stop"
    assert got.response.text == "Hello the"
    assert got.response.usage.completion_tokens == spoken.SAID


def test_a_stream_that_would_go_on_is_left_at_the_stop() -> None:
    scripts = {"a": raw(beginning("openai-responses", 6))}
    with streams(scripts, dialects={"a": "openai-responses"}) as (_, orc):
        got = read(orc, {**HI, "stop": ["there"]})

    assert (got.text, got.failure) == ("Hello ", None)


def test_a_vendor_that_refuses_stop_words_is_asked_without_and_cut_here() -> None:
    refused = refusal("Unsupported parameter: 'stop' is not supported with this model.")
    scripts: dict[str, AnyScript] = {
        "a": [refused, spoken.streamed("openai-chat"), spoken.whole("openai-chat")]
    }
    with streams(scripts) as (providers, orc):
        got, whole = read(orc, STOP), run(orc, STOP)

        assert ["stop" in one.body for one in providers.received("a")] == [True, False, False]
    assert got.text == whole.text == "Hello the"
    assert whole.raw["x_vendor"] == {"kept": [1, 2.5, None]}


@pytest.mark.parametrize("as_stream", [True, False])
def test_a_client_of_that_dialect_sees_an_answer_that_ends_there(*, as_stream: bool) -> None:
    refused = refusal("Unsupported parameter: 'stop' is not supported with this model.")
    scripts: dict[str, AnyScript] = {
        "a": [refused, spoken.answers("openai-chat", stream=as_stream)]
    }
    with streams(scripts) as (_, orc):
        told = posted(orc, {**STOP, "stream": as_stream})

    if as_stream:
        chunks = [json.loads(line[6:]) for line in told.splitlines() if line[:7] == "data: {"]
        choices = [choice for chunk in chunks for choice in chunk["choices"]]
        assert "".join(one["delta"].get("content") or "" for one in choices) == "Hello the"
        assert [one["finish_reason"] for one in choices if one["finish_reason"]] == ["stop"]
        assert told.rstrip().endswith("data: [DONE]")
    else:
        (choice,) = json.loads(told)["choices"]
        assert choice["message"]["content"] == "Hello the"
        assert choice["finish_reason"] == "stop"


def beginning(dialect: str, events: int) -> bytes:
    """The first events of the scripted stream."""
    body = spoken.streamed(dialect, until=events).body
    assert isinstance(body, bytes)
    return body


def posted(orc: Orchestrator, payload: dict[str, Any] | bytes) -> str:
    """What a client of chat completions gets through the transport."""
    content = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    with httpx.Client(transport=orchestrator.transport(orc)) as client:
        return client.post("http://any.where/v1/chat/completions", content=content).text


def test_a_stop_that_the_first_target_took_is_cut_where_another_goes_on() -> None:
    scripts = {"a": raw(beginning("openai-chat", 2)), "b": spoken.streamed("openai-responses")}
    dialects = {"b": "openai-responses"}
    with streams(scripts, dialects=dialects, extra=CONTINUE) as (_, orc):
        got = read(orc, {**HI, "stop": [", you"]})

    assert got.text == "Hello there"
    assert [one.provider for one in got.attempts] == ["a", "b"]


# Told while all is well.


def test_who_could_not_take_over_is_told_in_the_answer_and_once_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked = {**HI, "tools": [{"type": "web_search"}]}
    scripts: dict[str, AnyScript] = {"a": replies.ok(), "b": replies.ok()}
    with (
        streams(scripts, dialects={"b": "gemini"}) as (_, orc),
        caplog.at_level(logging.WARNING, "orchestrator"),
    ):
        responses = [run(orc, asked), run(orc, asked)]

    for response in responses:
        (skipped,) = response.skipped
        assert (skipped.target, response.provider) == ("b/m", "a")
        assert "tools[0] web_search" in skipped.message
    (said,) = [one.getMessage() for one in caplog.records if "web_search" in one.getMessage()]
    assert said.startswith("b/m could not take over")


def test_what_was_said_and_is_dropped_by_name_is_told_in_the_answer() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
    asked = {"messages": [{"role": "user", "content": [sound, {"type": "text", "text": "hi"}]}]}
    drop = '[policy]\ndrop = ["audio"]'
    scripts = {"a": spoken.whole("anthropic-messages")}
    with streams(scripts, dialects={"a": "anthropic-messages"}, extra=drop) as (_, orc):
        response = run(orc, asked)

    assert response.attempts[0].notes == (
        "left out, as the policy allows: messages[0].content[0] input_audio",
    )


# Halves of characters.


@each
def test_a_half_of_a_character_is_replaced_with_a_note(dialect: str) -> None:
    asked = {"messages": [{"role": "user", "content": "a\ud800b"}]}
    with streams({"a": spoken.whole(dialect)}, dialects={"a": dialect}) as (providers, orc):
        response = run(orc, asked)
        sent = json.dumps(providers.received("a")[0].body, ensure_ascii=False)

    assert "a\ufffdb" in sent
    assert response.attempts[0].notes == ("lone surrogates replaced in messages[0].content",)


def test_a_client_that_escapes_half_a_character_is_served() -> None:
    body = b'{"messages": [{"role": "user", "content": "a\\ud800b"}]}'
    with streams({"a": replies.ok("fine")}) as (providers, orc):
        told = json.loads(posted(orc, body))

        assert providers.received("a")[0].body["messages"][0]["content"] == "a\ufffdb"
    assert told["choices"][0]["message"]["content"] == "fine"


@pytest.mark.parametrize("body", [b'{"a": "\\ud800', b'{"a": NaN, "b": "\\ud800"}', b'{"a": NaN}'])
def test_what_is_no_json_is_refused_all_the_same(body: bytes) -> None:
    with streams({"a": replies.ok()}) as (_, orc):
        assert "is not JSON" in posted(orc, body)


def test_a_provider_may_have_no_targets_of_another_dialect_at_all() -> None:
    """Nothing of this costs a route of one dialect anything: the caller's words go out as said."""
    asked = {**HI, "n": 2, "seed": 1, "logit_bias": {"1": 2}, "stop": ["x"]}
    with ScriptedProviders({"a": replies.ok()}) as providers:
        text = f"""
            [routes]
            default = ["a/m"]
            [providers.a]
            base_url = "{providers.url("a")}"
            credentials = ["canary"]
        """
        with Orchestrator(loads(text, {})) as orc:
            response = orc.run(asked)
        sent = providers.received("a")[0].body

    assert sent == {**asked, "model": "m"}
    assert response.attempts[0].notes == ()


@each
def test_a_stream_tells_its_usage_whatever_dialect_it_was_asked_for_in(dialect: str) -> None:
    """Chat completions tell it only where they are asked to, in a word that no other has."""
    request = orchestrator.Request(WRITTEN[dialect]([Asked("hi")]), dialect=dialect, stream=True)
    with streams({"a": replies.ok("hello")}) as (_, orc):
        with orc.stream(request) as chunks:
            said = "".join(chunk.text for chunk in chunks)
        usage = chunks.response.usage

    assert said == "hello"
    assert (usage.prompt_tokens, usage.completion_tokens) == (10, 5)
