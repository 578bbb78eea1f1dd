"""What comes in place of an answer, in another form than asked, or without what makes it whole."""

from __future__ import annotations

import inspect
import json
import logging
from collections.abc import Callable, Sequence
from typing import Any

import httpx
import pytest

from orchestrator import CallFailed, Orchestrator, StreamInterrupted
from orchestrator.api.request import Request
from orchestrator.config.loading import loads
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.effects import Ask, Close, Effect, Emit, Open, Read
from orchestrator.execution.failure import TooLarge
from orchestrator.execution.flow import Flow, flow
from orchestrator.execution.stream_decoder import MOST_REMARKS
from orchestrator.http_messages import ResponseHead
from orchestrator.provider import LARGEST_ANSWER
from orchestrator.states import Reason
from tests.orchestrator.execution.streamed import (
    CONTINUE,
    ONCE,
    Reader,
    aread,
    paced,
    raw,
    read,
    streams,
)
from tests.orchestrator.execution.wires import MAKERS, TEXT, Wire, chat, event

HI: dict[str, Any] = {"messages": [{"role": "user", "content": "hi"}]}
EMPTY = {
    "id": "c1",
    "model": "m",
    "choices": [{"index": 0, "message": {"content": None}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 0, "total_tokens": 9},
}
each_reader = pytest.mark.parametrize("reader", [read, aread])
each_wire = pytest.mark.parametrize("make", MAKERS)


def chunk(finish: str | None = None, **delta: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "c1", "model": "m", "choices": [choice]})


DONE = b"data: [DONE]\n\n"


def served(
    *answers: bytes, provider: str = "", name: str = "a", policy: str = ONCE
) -> Orchestrator:
    """An orchestrator whose only provider gives these bytes, the last of them for ever."""
    left = list(answers)

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=left.pop(0) if len(left) > 1 else left[0])

    text = (
        f'health = "memory"\n{policy}\n[providers.{name}]\ndialect = "openai-chat"\n'
        f'base_url = "http://a/v1"\ncredentials = ["k"]\n{provider}\n'
        f'[routes]\ndefault = ["{name}/m"]\n'
    )
    return Orchestrator(loads(text, {}), transport=httpx.MockTransport(answer))


def sent(orchestrator: Orchestrator) -> tuple[CallRun, Flow]:
    """A call whose first request has gone out, and its flow."""
    run, _ = orchestrator.stream_events(Request(HI, stream=True))
    steps = flow(run)
    assert isinstance(until(steps, Open), Open)
    return run, steps


def answer_of(effect: Effect) -> object:
    """What the board answers, where it is asked."""
    if isinstance(effect, Ask):
        return effect.session.answer(effect.question, effect.at)
    return None


def until(steps: Flow, kind: type[Effect], *, result: object = None) -> Effect:
    """Go on, with the board answering, until the flow asks for an effect of ``kind``."""
    started = inspect.getgeneratorstate(steps) != inspect.GEN_CREATED
    effect = steps.send(result) if started else next(steps)
    while not isinstance(effect, kind):
        effect = steps.send(answer_of(effect))
    return effect


def brought(steps: Flow, body: bytes) -> None:
    """The attempt that is under way is answered with ``body``, and the next one goes out."""
    until(steps, Read, result=ResponseHead(200))
    effect, coming = steps.send(body), None
    while not isinstance(effect, Close):  # a stream may be over before its body ends
        effect = steps.send(coming)


def gone(steps: Flow) -> None:
    """The caller goes away."""
    with pytest.raises(KeyboardInterrupt):
        _interrupt(steps)


def _interrupt(steps: Flow) -> None:
    effect = steps.throw(KeyboardInterrupt())
    while True:
        effect = steps.send(answer_of(effect))


def failed(call: Callable[[], Any]) -> CallFailed:
    with pytest.raises(CallFailed) as raised:
        call()
    return raised.value


def came(orchestrator: Orchestrator) -> str | Reason:
    """The text of an answer, or why there is none."""
    try:
        return orchestrator.run(HI).text
    except CallFailed as failure:
        return failure.reason


def streamed(orchestrator: Orchestrator, **options: Any) -> Any:
    with orchestrator.stream(HI, **options) as chunks:
        list(chunks)
    return chunks.response


# The empty answer.


def test_an_empty_answer_is_kept_until_something_else_is_asked() -> None:
    with served(b"", policy="") as orchestrator:
        run, steps = sent(orchestrator)
        brought(steps, json.dumps(EMPTY).encode())

        assert run.exchange is not None
        assert (kept := run.exchange.kept) is not None
        assert (kept.text, kept.finish_reason) == ("", "stop")
        assert kept.usage.prompt_tokens == 9

        until(steps, Open)
        assert run.exchange.kept is None
        gone(steps)


@pytest.mark.parametrize("body", [json.dumps(EMPTY).encode(), chunk("stop") + DONE])
def test_so_is_an_empty_stream_with_the_events_that_end_it(body: bytes) -> None:
    with served(b"", policy="") as orchestrator:
        run, steps = sent(orchestrator)
        brought(steps, body)

        assert run.exchange is not None
        assert (kept := run.exchange.kept) is not None
        assert (kept.text, kept.finish_reason) == ("", "stop")
        ends = [delta for one in run.leftover for delta in one.deltas]
        assert "stop" in str(ends)

        until(steps, Open)
        assert run.exchange.kept is None
        assert run.leftover == ()
        assert run.delivery.accumulator.id == ""
        gone(steps)


def test_thoughts_that_nobody_counted_are_not_delivered_before_they_are_judged() -> None:
    thought = {"message": {"content": "", "reasoning_content": "hm"}, "finish_reason": "stop"}
    with served(b"", policy="") as orchestrator:
        run, steps = sent(orchestrator)
        brought(steps, json.dumps({"choices": [thought]}).encode())

        assert run.failure is not None
        assert "hm" in str(run.leftover)
        gone(steps)


def test_an_empty_answer_says_so_to_the_machine() -> None:
    with served(b"", policy="") as orchestrator:
        run, steps = sent(orchestrator)
        brought(steps, json.dumps(EMPTY).encode())
        error = run.classify().error
        gone(steps)

    assert (error.reason, error.empty, error.status) == (Reason.INVALID_RESPONSE, True, 200)


# A stream in answer to run.


@each_wire
def test_a_stream_in_answer_to_run_is_read_as_one_and_sent_once(make: Callable[[], Wire]) -> None:
    wire = make()
    with streams({"a": raw(wire.body)}, dialects={"a": wire.dialect}) as (providers, orchestrator):
        response = orchestrator.run(HI)

        assert response.text == TEXT
        assert len(providers.received("a")) == 1
    (attempt,) = response.attempts
    assert "answered with a stream although none was asked for" in attempt.notes
    assert response.to_dict()["choices"][0]["message"]["content"] == TEXT


@each_wire
def test_a_cut_stream_in_answer_to_run_is_never_unknown(make: Callable[[], Wire]) -> None:
    wire = make()
    for end in range(8, len(wire.body), max(1, len(wire.body) // 12)):
        answer = httpx.Response(200, content=wire.body[:end])
        text = (
            f'health = "memory"\n{ONCE}\n[providers.a]\ndialect = "{wire.dialect}"\n'
            'base_url = "http://a/v1"\ncredentials = ["k"]\n[routes]\ndefault = ["a/m"]\n'
        )
        transport = httpx.MockTransport(lambda _, answer=answer: answer)
        with Orchestrator(loads(text, {}), transport=transport) as orchestrator:
            assert came(orchestrator) in (TEXT, Reason.STREAM_INTERRUPTED, Reason.INVALID_RESPONSE)


class Breaks(httpx.SyncByteStream):
    """A body that breaks after some bytes."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Any:
        yield from self._pieces
        raise httpx.ReadError("reset")


def test_what_breaks_after_the_end_of_a_stream_changes_nothing() -> None:
    whole, half = chunk(content="GOOD") + chunk("stop") + DONE, chunk(content="GO")
    for body, expected in ((whole, "GOOD"), (half, Reason.STREAM_INTERRUPTED)):
        transport = httpx.MockTransport(
            lambda _, body=body: httpx.Response(200, stream=Breaks(body))
        )
        text = (
            f'health = "memory"\n{ONCE}\n[providers.a]\nbase_url = "http://a/v1"\n'
            'credentials = ["k"]\n[routes]\ndefault = ["a/m"]\n'
        )
        with Orchestrator(loads(text, {}), transport=transport) as orchestrator:
            assert came(orchestrator) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [(205, b""), (205, b"{}"), (200, b'{"a":' * 900 + b"1" + b"}" * 900), (200, b"[" * 900)],
)
def test_a_success_that_is_none_is_invalid(status: int, body: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    text = (
        f'health = "memory"\n{ONCE}\n[providers.a]\nbase_url = "http://a/v1"\n'
        'credentials = ["k"]\n[routes]\ndefault = ["a/m"]\n'
    )
    with Orchestrator(loads(text, {}), transport=transport) as orchestrator:
        assert failed(lambda: orchestrator.run(HI)).reason is Reason.INVALID_RESPONSE
        assert failed(lambda: streamed(orchestrator)).reason is Reason.INVALID_RESPONSE


# Failures in a stream's own events.


MONEY = [
    {"id": "x", "choices": None, "base_resp": {"status_code": 1008, "status_msg": "no balance"}},
    {"code": "Arrearage", "message": "Access denied: the account is overdue", "request_id": "q"},
    {"detail": "Insufficient balance"},
    {"message": "Insufficient balance"},
    {"code": 402, "msg": "Insufficient balance"},
]


@pytest.mark.parametrize("said", MONEY)
@pytest.mark.parametrize("ends", [b"", DONE])
def test_money_that_a_stream_speaks_of_is_billing(said: dict[str, Any], ends: bytes) -> None:
    with served(event(said) + ends, name="minimax") as orchestrator:
        failure = failed(lambda: streamed(orchestrator))

    assert failure.reason is Reason.BILLING
    assert len(failure.attempts) == 1


def test_words_before_an_answer_are_news() -> None:
    queued = event({"message": "Rate limit reached: you are third in the queue"})
    with served(queued + chunk(content="GOOD") + chunk("stop") + DONE) as orchestrator:
        response = streamed(orchestrator)

    assert response.text == "GOOD"
    assert response.attempts[0].notes == ("1 unreadable event skipped",)


def test_words_that_no_rule_knows_are_a_break() -> None:
    with served(event("hello there")) as orchestrator:
        failure = failed(lambda: streamed(orchestrator))

    assert (failure.reason, failure.error.rule) == (
        Reason.STREAM_INTERRUPTED, "stream.interrupted",
    )  # fmt: skip


@pytest.mark.parametrize(
    "events",
    [
        # Half an event of the answer, and its other half.
        [
            b'data: {"id":"c","choices":[{"delta":{"content":"Insuff\n\n',
            b"data: icient balance\n\n",
        ],
        # A model that is sent as plain text.
        [b"data: Insufficient balance\n\n"] * (MOST_REMARKS + 1),
        # Content came.
        [chunk(content="a"), b"data: Insufficient balance\n\n"],
    ],
)
def test_what_a_model_wrote_is_no_word_of_the_server(events: Sequence[bytes]) -> None:
    with served(b"".join(events)) as orchestrator:
        assert failed(lambda: streamed(orchestrator)).reason is Reason.STREAM_INTERRUPTED


@each_reader
def test_what_came_before_a_failed_end_is_delivered(reader: Reader) -> None:
    pieces = [chunk(content="half an "), chunk("network_error"), DONE]
    for reply in (raw(b"".join(pieces)), paced(*pieces, pace=0.05)):
        with streams({"a": reply, "b": raw(chat().body)}) as (_, orchestrator):
            got = reader(orchestrator)

        assert isinstance(got.failure, StreamInterrupted)
        assert got.failure.partial_text == got.text == "half an "
        assert got.failure.reason is Reason.SERVER_ERROR
        assert not any(piece.finish_reason for piece in got.chunks)


def test_held_back_it_is_recovered_unseen() -> None:
    pieces = [chunk(content="half an "), chunk("network_error"), DONE]
    hold = f'{ONCE}\non_interrupted = "hold"'
    scripts = {"a": raw(b"".join(pieces)), "b": raw(chat().body)}
    with streams(scripts, extra=hold) as (_, orchestrator):
        assert read(orchestrator).text == TEXT


# The end mark.


def test_an_end_mark_is_the_end_of_who_never_sends_a_finish_reason() -> None:
    call = {"index": 0, "id": "t", "function": {"name": "f", "arguments": "{}"}}
    with served(
        chunk(content="whole") + DONE, chunk(tool_calls=[call]) + DONE, provider='end = "mark"'
    ) as orchestrator:
        said, called = streamed(orchestrator), streamed(orchestrator)
        joined = orchestrator.run(HI)

    assert (said.text, said.finish_reason) == ("whole", "stop")
    assert (called.finish_reason, joined.finish_reason) == ("tool_calls", "tool_calls")


def test_without_its_mark_such_a_stream_is_cut() -> None:
    with served(chunk(content="who"), provider='end = "mark"') as orchestrator:
        assert failed(lambda: streamed(orchestrator)).reason is Reason.STREAM_INTERRUPTED
        assert failed(lambda: orchestrator.run(HI)).reason is Reason.STREAM_INTERRUPTED


def test_an_end_mark_alone_names_the_setting_once(caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.WARNING, "orchestrator"),
        served(chunk(content="whole") + DONE) as orchestrator,
    ):
        failures = [failed(lambda: streamed(orchestrator)) for _ in range(2)]
        failures.append(failed(lambda: orchestrator.run(HI)))

    for failure in failures:
        assert failure.reason is Reason.STREAM_INTERRUPTED
        assert 'end = "mark"' in failure.hint
    said = [record.getMessage() for record in caplog.records]
    assert len([one for one in said if 'set end = "mark" in [providers.a]' in one]) == 1


# Tool calls.


def called(arguments: str, finish: str = "tool_calls") -> bytes:
    function = {"name": "f", "arguments": arguments}
    message = {"content": None, "tool_calls": [{"id": "t", "function": function}]}
    return json.dumps({"choices": [{"message": message, "finish_reason": finish}]}).encode()


def test_arguments_that_are_no_json_are_passed_on_with_a_note() -> None:
    with served(called('{"x": ')) as orchestrator:
        for response in (orchestrator.run(HI), streamed(orchestrator)):
            assert response.tool_calls[0].arguments == '{"x": '
            assert "the arguments of a tool call are no JSON object" in response.attempts[0].notes


def test_they_are_a_failure_where_the_answer_must_be_complete() -> None:
    with served(called('{"x": ')) as orchestrator:
        failure = failed(lambda: orchestrator.run(HI, require_complete=True))

        assert (failure.reason, failure.error.rule) == (
            Reason.INVALID_RESPONSE, "answer.arguments",
        )  # fmt: skip
        assert failed(lambda: streamed(orchestrator, require_complete=True)).error == failure.error


# Going on, and going on for ever.


@each_reader
def test_a_continuation_that_brings_nothing_new_is_the_end(reader: Reader) -> None:
    cut = b"".join(chat().events[:-2])
    for more in (chunk("stop") + DONE, chunk(content=TEXT) + chunk("stop") + DONE):
        scripts = {"a": raw(cut), "b": raw(more)}
        with streams(scripts, extra=CONTINUE) as (_, orchestrator):
            got = reader(orchestrator)

        assert got.failure is None
        assert got.text == TEXT
        assert got.response is not None
        assert (got.response.text, got.response.finish_reason) == (TEXT, "stop")


def test_a_stream_that_never_ends_takes_no_more_memory_than_an_answer() -> None:
    with served(b"") as orchestrator:
        run, steps = sent(orchestrator)
        until(steps, Read, result=ResponseHead(200))
        effect, block = (
            until(steps, Emit, result=chunk(content="a")),
            chunk(content="x" * 1_000_000),
        )
        for _ in range(LARGEST_ANSWER // 1_000_000 + 2):
            effect = steps.send(block if isinstance(effect, Read) else None)
            if isinstance(effect, Emit):
                assert list(effect.events)
                effect = steps.send(None)
            if isinstance(effect, Close):
                break
        gone(steps)

    assert isinstance(run.failure, TooLarge)
