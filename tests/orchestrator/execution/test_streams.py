"""Streams over real sockets: the commit boundary, and what each policy does behind it."""

from __future__ import annotations

import attrs
import pytest

from orchestrator import Request, StreamInterrupted
from orchestrator.sim import Ending, Framing, Reply, replies
from orchestrator.sim.script import AnyScript
from tests.acceptance.world import HI, counts
from tests.orchestrator.execution.streamed import (
    CONTINUE,
    HOLD,
    ONCE,
    Read,
    Reader,
    aread,
    cut,
    paced,
    raw,
    read,
    streams,
)
from tests.orchestrator.execution.wires import TEXT, WIRES, Wire, chat, event, messages
from tests.waiting import with_time_enough

each = pytest.mark.parametrize("wire", WIRES, ids=[wire.dialect for wire in WIRES])
both = pytest.mark.parametrize("reader", [read, aread], ids=["stream", "astream"])


@each
@both
def test_every_dialect_streams(reader: Reader, wire: Wire) -> None:
    with streams({"a": raw(wire.body)}, dialects={"a": wire.dialect}) as (providers, orchestrator):
        got = reader(orchestrator)

        assert (got.text, got.failure) == (TEXT, None)
        assert got.response is not None
        assert (got.response.text, got.response.finish_reason) == (TEXT, "stop")
        assert got.response.usage.total_tokens == 15
        assert providers.received("a")[0].headers["accept"] == "text/event-stream"


@each
@pytest.mark.parametrize("ending", [Ending.CLOSE, Ending.RESET])
def test_what_breaks_before_the_first_word_is_recovered_unseen(wire: Wire, ending: Ending) -> None:
    begun = {"openai-chat": 1, "anthropic-messages": 3, "openai-responses": 3, "gemini": 0}
    silent = len(wire.quiet + b"".join(wire.events[: begun[wire.dialect]]))
    scripts = {"a": cut(wire.quiet + wire.body, silent, ending), "b": replies.ok()}
    with streams(scripts, dialects={"a": wire.dialect}) as (_, orchestrator):
        got = read(orchestrator)

        assert (got.text, got.failure) == ("ok", None)
        assert got.targets[-1] == "b"
        assert {one.reason for one in got.attempts[:-1]} <= {"stream_interrupted", "connection"}


@each
def test_an_error_in_a_200_before_the_first_word_moves_on(wire: Wire) -> None:
    scripts = {"a": raw(wire.quiet + wire.error), "b": replies.ok("hello")}
    with streams(scripts, dialects={"a": wire.dialect}) as (providers, orchestrator):
        got = read(orchestrator)

        assert (got.text, got.targets) == ("hello", ["a", "b"])
        assert got.attempts[0].reason in ("billing", "rate_limit")
        assert counts(providers, "a") == (1,)


@each
@both
def test_an_error_after_words_fails_with_the_text_so_far(reader: Reader, wire: Wire) -> None:
    whole = wire.events[: len(wire.events) - 4] if wire.dialect != "gemini" else wire.events[:2]

    def ask(seconds: float) -> Read:
        scripts = {"a": paced(*whole, wire.error, pace=seconds / 10), "b": replies.ok()}
        with streams(scripts, dialects={"a": wire.dialect}) as (_, orchestrator):
            return reader(orchestrator)

    # Until the words are read before the error comes.
    got = with_time_enough(ask, lambda got: got.targets == ["a"])
    failed = got.failure
    assert isinstance(failed, StreamInterrupted)
    assert failed.partial_text == got.text
    assert got.text
    assert TEXT.startswith(got.text)
    assert failed.stopped_by == "committed"
    assert failed.reason in ("billing", "rate_limit")


@both
def test_an_earlier_402_stays_the_cause(reader: Reader) -> None:
    wire = chat()
    scripts = {"a": replies.billing_402(), "b": paced(*wire.events[:4])}
    with streams(scripts) as (_, orchestrator):
        failed = reader(orchestrator).failure

        assert isinstance(failed, StreamInterrupted)
        assert (failed.reason, failed.error.status) == ("billing", 402)
        assert [one.reason for one in failed.rejected] == ["stream_interrupted"]


@both
def test_continue_goes_on_elsewhere_and_shows_nothing_twice(reader: Reader) -> None:
    first = chat(("Once upon a time ", "there was", " a frog"))
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37}
    counted = event({"id": "x", "choices": [], "usage": {"prompt_tokens": 10, "total_tokens": 10}})
    scripts = {
        "a": raw(first.events[0] + counted + b"".join(first.events[1:3])),
        "b": replies.ok("a time there was a prince.", usage=usage),
    }
    with streams(scripts, extra=CONTINUE) as (providers, orchestrator):
        got = reader(orchestrator)

        assert got.text == "Once upon a time there was a prince."
        assert got.response is not None
        assert got.response.text == got.text
        assert got.response.provider == "b"
        assert got.response.usage.total_tokens == 47
        assert [chunk.usage for chunk in got.chunks if chunk.usage][-1] == got.response.usage
        (asked,) = providers.received("b")
        assert asked.body["messages"][1] == {
            "role": "assistant",
            "content": "Once upon a time there was",
        }
        assert "asked to go on from the text so far" in got.attempts[-1].notes


@both
def test_what_a_stream_left_that_failed_at_its_end_is_not_handed_on_later(reader: Reader) -> None:
    first, last = chat(("Once ", "upon")), chat((" a time",))
    # It says that it calls a tool, and calls none.
    empty = event(
        {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}
    )
    scripts = {
        "a": raw(b"".join(first.events[:3])),
        "b": raw(empty + b"data: [DONE]\n\n"),
        "c": raw(last.body),
    }
    with streams(scripts, extra=CONTINUE) as (_, orchestrator):
        got = reader(orchestrator)

        assert (got.text, got.targets) == ("Once upon a time", ["a", "b", "c"])
        finishes = [chunk.finish_reason for chunk in got.chunks if chunk.finish_reason]
        assert finishes == ["stop"]


def test_continue_is_refused_once_a_part_of_a_tool_call_was_delivered() -> None:
    call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a'}}
    begun = event({"id": "x", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    with streams({"a": raw(begun), "b": replies.ok()}, extra=CONTINUE) as (providers, orchestrator):
        got = read(orchestrator)

        assert isinstance(got.failure, StreamInterrupted)
        assert counts(providers, "b") == (0,)


def test_a_tool_call_that_was_not_delivered_forbids_nothing() -> None:
    call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": '{"a'}}
    begun = event({"id": "x", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
    wire = chat(("Once upon a time ", "there"))
    scripts = {
        "a": raw(b"".join(wire.events[:3])),
        "b": raw(begun + wire.error),  # both in one piece: nothing of it was shown
        "c": replies.ok(" was"),
    }
    with streams(scripts, extra=CONTINUE) as (_, orchestrator):
        got = read(orchestrator)

        assert (got.text, got.failure) == ("Once upon a time there was", None)


@pytest.mark.parametrize(
    ("model", "more"), [("claude-sonnet-4-5", "there was."), ("claude-sonnet-4-5", " there was.")]
)
def test_a_prefill_is_joined_with_the_white_space_that_was_delivered(model: str, more: str) -> None:
    wire = chat(("Once upon a time ", ""))
    scripts = {"a": raw(b"".join(wire.events[:2])), "b": raw(messages((more,)).body)}
    dialects, models = {"b": "anthropic-messages"}, {"b": model}
    with streams(scripts, extra=CONTINUE, dialects=dialects, models=models) as (
        providers,
        orchestrator,
    ):
        got = read(orchestrator)

        (asked,) = providers.received("b")
        last = asked.body["messages"][-1]
        assert last["role"] == "assistant"
        assert "Once upon a time" in (last["content"], last["content"][0].get("text"))
        assert got.text == "Once upon a time there was."


def test_who_refuses_a_prefill_is_asked_by_an_instruction() -> None:
    wire = chat(("Once upon a time ", ""))
    refusal = {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "This model does not support assistant message prefill.",
        },
    }
    scripts: dict[str, AnyScript] = {
        "a": raw(b"".join(wire.events[:2])),
        "b": [replies.error(400, refusal), raw(messages(("there was.",)).body)],
    }
    dialects, models = {"b": "anthropic-messages"}, {"b": "claude-sonnet-4-5"}
    with streams(scripts, extra=CONTINUE, dialects=dialects, models=models) as (
        providers,
        orchestrator,
    ):
        got = read(orchestrator)

        assert (got.text, got.failure) == ("Once upon a time there was.", None)
        roles = [asked.body["messages"][-1]["role"] for asked in providers.received("b")]
        assert roles == ["assistant", "user"]
        assert got.attempts[-1].notes[0].startswith("asked to go on")
        assert "repaired: no_prefill" in got.attempts[-1].notes


@each
def test_hold_delivers_only_what_is_complete(wire: Wire) -> None:
    for at in (len(wire.body) // 2, wire.body.rindex(b"on and on.")):
        scripts = {"a": cut(wire.body, at), "b": replies.ok("all of it")}
        with streams(scripts, dialects={"a": wire.dialect}, extra=HOLD) as (_, orchestrator):
            got = read(orchestrator)

            assert (got.text, got.failure) == ("all of it", None)


@both
def test_hold_delivers_a_whole_stream_once(reader: Reader) -> None:
    with streams({"a": raw(chat().body)}, extra=HOLD) as (_, orchestrator):
        got = reader(orchestrator)

        assert (got.text, got.failure) == (TEXT, None)


@both
def test_a_broken_event_is_skipped_and_the_ledger_says_so(reader: Reader) -> None:
    wire = chat()
    body = b"".join([*wire.events[:2], b"data: {oh no\n\n", *wire.events[2:]])
    with streams({"a": raw(body)}) as (_, orchestrator):
        got = reader(orchestrator)

        assert got.text == TEXT
        assert got.attempts[0].notes == ("1 unreadable event skipped",)


# What is no stream.

ANSWER = {
    "id": "x",
    "model": "m",
    "choices": [{"message": {"content": "in one piece"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


@both
@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "Application/JSON", ""])
def test_an_answer_in_one_piece_is_cut_for_the_caller(reader: Reader, kind: str) -> None:
    reply = replies.error(200, ANSWER, {"Content-Type": kind})
    with streams({"a": reply}) as (_, orchestrator):
        got = reader(orchestrator)

        assert got.text == "in one piece"
        assert got.response is not None
        assert got.response.usage.total_tokens == 3
        (attempt,) = got.attempts
        assert attempt.notes == ("answered in one piece although a stream was asked for",)


@both
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "text/html", ""])
def test_a_stream_is_one_whatever_it_is_called(reader: Reader, kind: str) -> None:
    reply = raw(chat().body, headers={"Content-Type": kind})
    with streams({"a": reply}) as (_, orchestrator):
        assert reader(orchestrator).text == TEXT


@both
@pytest.mark.parametrize(
    "reply",
    [
        replies.html_page(200, "Welcome"),
        replies.error(200, "<!doctype html><title>Sign in</title>", {"Content-Type": ""}),
        replies.error(200),
        raw(b"", framing=Framing.LENGTH),
        replies.error(200, "upstream said no", {"Content-Type": "text/plain"}),
        replies.error(200, {"choices": []}, {"Content-Type": "text/event-stream"}),
    ],
    ids=["page", "bare-page", "empty", "empty-stream", "words", "no-choices"],
)
def test_a_200_that_is_no_answer_moves_on(reader: Reader, reply: Reply) -> None:
    with streams({"a": reply, "b": replies.ok()}) as (
        _,
        orchestrator,
    ):
        got = reader(orchestrator)

        assert (got.text, got.targets) == ("ok", ["a", "b"])
        assert got.attempts[0].reason == "invalid_response"


@both
def test_a_bare_error_in_a_200_is_read(reader: Reader) -> None:
    error = {"error": {"message": "Insufficient Balance", "code": 402}}
    for kind in ("text/event-stream", "application/json", ""):
        reply = replies.error(200, error, {"Content-Type": kind})
        with streams({"a": reply, "b": replies.ok()}) as (_, orchestrator):
            got = reader(orchestrator)

            assert [one.reason for one in got.attempts] == ["billing", None]


@both
def test_an_error_whose_body_stalls_is_still_that_error(reader: Reader) -> None:
    stalled = attrs.evolve(cut(b'{"error": ', 5, Ending.HANG), status=402)

    def ask(limit: float) -> tuple[Read, tuple[int, ...]]:
        # Whom the call goes on to has all the time it needs.
        extra = f"{ONCE}\n[targets.'a/m'.timeouts]\n" + "\n".join(
            f"{name} = '{limit}s'" for name in ("first_token", "idle", "total")
        )
        scripts = {"a": stalled, "b": replies.ok()}
        with streams(scripts, extra=extra) as (providers, orchestrator):
            return reader(orchestrator), counts(providers, "a")

    # Until the head of the answer arrives.
    got, asked = with_time_enough(ask, lambda found: found[0].attempts[0].status is not None)

    assert (got.text, got.attempts[0].reason) == ("ok", "billing")
    assert asked == (1,)


@both
def test_who_cannot_stream_is_asked_without(reader: Reader) -> None:
    long = "words " * 50
    with streams({"a": replies.ok(long)}, fields={"a": "stream = false"}) as (providers, orc):
        got = reader(orc)

        assert got.text == long
        assert len(got.chunks) > 3
        assert "stream" not in providers.received("a")[0].body
        assert got.attempts[0].notes == ("asked without streaming",)


# Repairs.


@both
def test_a_provider_that_refuses_to_stream_is_asked_without_from_then_on(reader: Reader) -> None:
    refusal = replies.openai_error(400, "This model does not support streaming.")
    with streams({"a": [refusal, replies.ok("hello")]}) as (providers, orchestrator):
        first, second = reader(orchestrator), reader(orchestrator)

        assert (first.text, second.text) == ("hello", "hello")
        assert [asked.streamed for asked in providers.received("a")] == [True, False, False]
        assert [one.next for one in first.attempts] == ["repair", "succeed"]
        assert "repaired: no_stream" in second.attempts[0].notes


def test_a_provider_that_only_streams_is_asked_so_and_its_stream_is_joined() -> None:
    refusal = replies.openai_error(400, "stream must be set to true for this model")
    with streams({"a": [refusal, raw(chat().body)]}) as (providers, orchestrator):
        response = orchestrator.run(HI)

        assert (response.text, response.usage.total_tokens) == (TEXT, 15)
        assert response.to_dict()["choices"][0]["message"]["content"] == TEXT
        assert [asked.streamed for asked in providers.received("a")] == [False, True]
        assert orchestrator.run(HI).text == TEXT
        assert counts(providers, "a") == (3,)


def test_a_stream_that_is_cut_is_no_success_for_who_asked_without() -> None:
    refusal = replies.openai_error(400, "stream must be set to true for this model")
    broken = raw(b"".join(chat().events[:3]))
    scripts: dict[str, AnyScript] = {"a": [refusal, broken], "b": replies.ok("hello")}
    with streams(scripts) as (_, orchestrator):
        response = orchestrator.run(HI)

        assert response.text == "hello"
        assert response.attempts[1].reason == "stream_interrupted"


def test_what_a_target_overrides_is_repaired_too() -> None:
    refusal = replies.openai_error(400, "Unsupported parameter: 'temperature' is not supported")
    override = '[targets."a/m"]\noverrides = { temperature = 0 }'
    with streams({"a": [refusal, replies.ok()]}, extra=override) as (providers, orchestrator):
        assert orchestrator.run(HI).text == "ok"
        assert ["temperature" in asked.body for asked in providers.received("a")] == [True, False]


def test_a_refused_number_of_tokens_is_lowered_to_what_is_taken() -> None:
    message = "max_tokens is too large: 99999. This model supports at most 4096 completion tokens"
    script = [replies.openai_error(400, message), replies.ok()]
    with streams({"a": script}) as (providers, orchestrator):
        assert orchestrator.run({**HI, "max_tokens": 99999}).text == "ok"
        assert orchestrator.run({**HI, "max_tokens": 50}).text == "ok"
        assert [asked.body["max_tokens"] for asked in providers.received("a")] == [99999, 4096, 50]


def test_a_repair_that_does_not_help_is_done_once() -> None:
    refusal = replies.openai_error(400, "Unsupported parameter: 'temperature' is not supported")
    with streams({"a": refusal}) as (providers, orchestrator):
        got = read(orchestrator, {**HI, "temperature": 1})

        assert got.failure is not None
        assert counts(providers, "a") == (2,)


def test_an_invalid_value_is_the_callers_and_stops() -> None:
    message = "Invalid 'reasoning_effort': 'hgih'. Supported values are 'low', 'medium', 'high'."
    with streams({"a": replies.openai_error(400, message), "b": replies.ok()}) as (providers, orc):
        got = read(orc, {**HI, "reasoning_effort": "hgih"})

        assert got.failure is not None
        assert got.failure.reason == "bad_request"
        assert counts(providers, "a", "b") == (1, 0)


# Whole output.


@both
def test_a_call_that_was_cut_at_the_length_limit_is_no_success(reader: Reader) -> None:
    with streams({"a": replies.truncated_tool_call(), "b": replies.ok()}) as (_, orchestrator):
        got = reader(orchestrator)

        assert isinstance(got.failure, StreamInterrupted)
        assert got.failure.reason == "output_truncated"


@both
def test_who_needs_all_of_it_gets_the_rest_elsewhere(reader: Reader) -> None:
    scripts = {"a": replies.ok("Once upon", finish_reason="length"), "b": replies.ok(" a time")}
    with streams(scripts, extra=CONTINUE) as (_, orchestrator):
        got = reader(orchestrator, require_complete=True)

        assert (got.text, got.failure) == ("Once upon a time", None)


@both
def test_an_answer_at_its_length_limit_is_one_where_nobody_needs_more(reader: Reader) -> None:
    with streams({"a": replies.ok("Once upon", finish_reason="length")}) as (_, orchestrator):
        got = reader(orchestrator)

        assert got.response is not None
        assert got.response.finish_reason == "length"


# What differs from what was asked.


def test_a_request_that_only_its_own_dialect_understands_goes_on_too() -> None:
    odd = {"messages": [{"role": "critic", "content": [{"type": "smell", "smell": "x"}]}]}
    scripts = {"a": raw(b"".join(chat(("Once upon", "")).events[:2])), "b": replies.ok(" a time")}
    with streams(scripts, extra=CONTINUE) as (providers, orchestrator):
        got = read(orchestrator, odd)

        assert (got.text, got.failure) == ("Once upon a time", None)
        assert providers.received("b")[0].body["messages"][0] == odd["messages"][0]


@both
def test_thoughts_that_another_vendor_cannot_read_are_noted(reader: Reader) -> None:
    thought = {"type": "thinking", "thinking": "hm", "signature": "xyz"}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "b"}]},
        {"role": "user", "content": "c"},
    ]
    asked = Request({"max_tokens": 9, "messages": turns}, dialect="anthropic-messages", stream=True)
    with streams({"a": replies.ok()}) as (providers, orchestrator):
        got = reader(orchestrator, asked)

        assert got.attempts[0].notes == ("1 thought of another vendor left out",)
        assert "hm" not in str(providers.received("a")[0].body)


def test_what_the_policy_allows_to_drop_is_noted() -> None:
    drop = f'{ONCE}\ndrop = ["n"]'
    scripts = {"a": raw(messages().body)}
    with streams(scripts, dialects={"a": "anthropic-messages"}, extra=drop) as (_, orchestrator):
        got = read(orchestrator, {**HI, "seed": 7, "n": 2})

        assert got.attempts[0].notes == (
            "left out, for it asks for best effort only: seed",
            "left out, as the policy allows: n",
        )
