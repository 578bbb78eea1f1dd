"""The official clients, told an address and a key and nothing else, against a gateway."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import anthropic
import google.genai.errors
import openai
import pytest

from orchestrator.sim import Reply, replies
from orchestrator.sim.operations import vector
from orchestrator.sim.script import AnyScript
from tests.acceptance.sdk_clients import (
    ASYNC_CLIENTS,
    CLIENTS,
    PICTURE,
    aanthropic_over,
    anthropic_over,
    aopenai_over,
    gemini_over,
    openai_over,
)
from tests.acceptance.served import served
from tests.acceptance.spoken import ASKED, CALL, DIALECTS, SAID, TEXT, answers, streamed
from tests.acceptance.test_sdks import BEFORE_CONTENT, BEFORE_THE_END, status_of
from tests.slow import slow_but

ONCE = {"attempts_per_target": 1}
HI: Any = [{"role": "user", "content": "hi"}]

PAIRS = list(itertools.product(DIALECTS, repeat=2))
CROSSINGS = list(itertools.product(DIALECTS, DIALECTS, [False, True], [False, True]))
QUICK = [
    ("openai-chat", "anthropic-messages", True, True),
    ("openai-responses", "openai-chat", True, False),
    ("anthropic-messages", "gemini", False, True),
    ("gemini", "openai-responses", True, False),
]


@pytest.mark.parametrize(
    "case", slow_but(QUICK, CROSSINGS, "a gateway for each; test_sdks.py crosses all without one")
)
def test_a_402_is_rescued_for_every_client_by_a_fallback_of_every_dialect(
    case: tuple[str, str, bool, bool],
) -> None:
    client, fallback, stream, tool = case
    scripts: dict[str, tuple[str, AnyScript]] = {
        "broke": (client, replies.billing_402()),
        "spare": (fallback, answers(fallback, stream=stream, tool=tool)),
    }
    with served(scripts) as gateway:
        got = CLIENTS[client].ask(gateway.url, stream=stream, tool=tool)
        asked = gateway.asked("broke", "spare")

    assert (got.text, got.calls) == (("", [(CALL[1], CALL[2])]) if tool else (TEXT, []))
    assert (got.asked, got.said) == (ASKED, SAID)
    assert (asked, len(gateway.requests)) == ((1, 1), 1)


@pytest.mark.parametrize("client", list(ASYNC_CLIENTS))
def test_clients_that_suspend_get_the_same_streamed_and_whole(client: str) -> None:
    both = [answers(client, stream=True), answers(client, stream=False)]
    scripts: dict[str, tuple[str, AnyScript]] = {
        "broke": (client, replies.billing_402()),
        "spare": (client, both),
    }
    with served(scripts) as gateway:
        assert ASYNC_CLIENTS[client](gateway.url) == TEXT
        assert len(gateway.requests) == 2


@pytest.mark.parametrize("client", DIALECTS)
def test_a_picture_passes_through(client: str) -> None:
    with served({"only": (client, answers(client, stream=False))}) as gateway:
        CLIENTS[client].ask(gateway.url, stream=False, image=True)
        (received,) = gateway.running.providers.received("only")

    assert PICTURE in str(received.body)


def test_the_plain_base_address_serves_the_same() -> None:
    with served({"only": ("openai-chat", replies.ok("plain"))}) as gateway:
        with openai.OpenAI(api_key="k", base_url=f"{gateway.url}/v1") as one:
            chat = one.chat.completions.create(model="default", messages=HI)
        with anthropic.Anthropic(api_key="k", base_url=gateway.url) as two:
            message = two.messages.create(model="default", max_tokens=9, messages=HI)
        with google.genai.Client(api_key="k", http_options={"base_url": gateway.url}) as three:
            content = three.models.generate_content(model="default", contents="hi")

    assert chat.choices[0].message.content == "plain"
    assert message.content[0].text == "plain"  # type: ignore[union-attr]
    assert content.text == "plain"


# Errors, with the clients' own retries left on.

FAULTS: dict[str, tuple[Reply, int]] = {
    "402": (replies.billing_402(), 402),
    "401": (replies.bad_key(), 401),
    "429": (replies.rate_limited(3600), 429),
    "429 for money": (replies.quota_exhausted(), 402),
    "500": (replies.server_error(), 500),
    "503": (replies.overloaded(), 503),
    "400": (replies.context_overflow(), 400),
    "404": (replies.model_not_found(), 404),
    "lost": (replies.closed(), 502),
}
FAILING = list(itertools.product(DIALECTS, FAULTS, [False, True]))
QUICK_FAULTS = [
    *((dialect, "429", True) for dialect in DIALECTS),
    *((dialect, "500", False) for dialect in DIALECTS),
    ("openai-chat", "402", False),
    ("anthropic-messages", "401", False),
]


@pytest.mark.parametrize(
    "case",
    slow_but(QUICK_FAULTS, FAILING, "a gateway for each; two faults are met by every client"),
)
def test_a_failed_call_is_asked_once_of_each_and_not_again(case: tuple[str, str, bool]) -> None:
    dialect, fault, stream = case
    reply, status = FAULTS[fault]
    scripts: dict[str, tuple[str, AnyScript]] = {
        "first": (dialect, reply),
        "second": (dialect, reply),
    }
    with served(scripts, policy=ONCE) as gateway:
        with pytest.raises(CLIENTS[dialect].error) as raised:
            CLIENTS[dialect].ask(gateway.url, stream=stream)
        asked = gateway.asked("first", "second")

    assert status_of(raised.value) == status
    assert "first" in str(raised.value)
    assert len(gateway.requests) == 1, "the client's own retries have gone on"
    # The machine's own attempts, each of which it tells of, and nobody else's.
    assert f"; {sum(asked)} attempt" in str(raised.value)
    assert fault == "503" or max(asked) == 1  # who is overloaded is asked again after a wait


CLASSES: list[tuple[Reply, type[Exception], type[Exception], type[Exception]]] = [
    (
        replies.bad_key(),
        openai.AuthenticationError,
        anthropic.AuthenticationError,
        google.genai.errors.ClientError,
    ),
    (
        replies.rate_limited(3600),
        openai.RateLimitError,
        anthropic.RateLimitError,
        google.genai.errors.ClientError,
    ),
    (
        replies.billing_402(),
        openai.APIStatusError,
        anthropic.PaymentRequiredError,
        google.genai.errors.ClientError,
    ),
    (
        replies.overloaded(),
        openai.InternalServerError,
        anthropic.InternalServerError,
        google.genai.errors.ServerError,
    ),
]


@pytest.mark.parametrize(("reply", "of_openai", "of_anthropic", "of_google"), CLASSES)
def test_each_client_raises_the_class_of_the_cause(
    reply: Reply,
    of_openai: type[Exception],
    of_anthropic: type[Exception],
    of_google: type[Exception],
) -> None:
    expected = {
        "openai-chat": of_openai,
        "openai-responses": of_openai,
        "anthropic-messages": of_anthropic,
        "gemini": of_google,
    }
    with served({"only": ("openai-chat", reply)}, policy=ONCE) as gateway:
        for dialect, kind in expected.items():
            with pytest.raises(kind):
                CLIENTS[dialect].ask(gateway.url, stream=False)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_model_that_nobody_knows_is_told_so_and_asks_nobody(dialect: str) -> None:
    client = CLIENTS[dialect]
    with served({"only": (dialect, answers(dialect, stream=False))}) as gateway:
        with pytest.raises(client.error, match="routes: default") as raised:
            client.ask(gateway.url, stream=False, model="nobody-knows-this")
        assert (gateway.asked("only"), len(gateway.requests)) == ((0,), 1)

    assert status_of(raised.value) == 404


def test_a_request_that_is_too_large_is_told_so_and_asks_nobody() -> None:
    large = "x" * 2_000_000
    words: Any = [{"role": "user", "content": large}]
    tables = {"gateway": {"max_body": "1 MiB"}}
    too_much = "max_body"
    with served({"only": ("openai-chat", replies.ok())}, **tables) as gateway:
        with openai_over(gateway.url) as one:
            with pytest.raises(openai.APIStatusError, match=too_much) as of_chat:
                one.chat.completions.create(model="default", messages=words)
            with pytest.raises(openai.APIStatusError, match=too_much) as of_responses:
                one.responses.create(model="default", input=large)
        with (
            anthropic_over(gateway.url) as two,
            pytest.raises(anthropic.RequestTooLargeError, match=too_much) as of_messages,
        ):
            two.messages.create(model="default", max_tokens=9, messages=words)
        with (
            gemini_over(gateway.url) as three,
            pytest.raises(google.genai.errors.ClientError, match=too_much) as of_gemini,
        ):
            three.models.generate_content(model="default", contents=large)
        assert (gateway.asked("only"), len(gateway.requests)) == ((0,), 4)

    errors = (of_chat, of_responses, of_messages, of_gemini)
    assert [status_of(each.value) for each in errors] == [413] * 4


def test_a_request_that_makes_no_sense_is_a_400() -> None:
    nonsense: Any = "no list"
    with served({"only": ("openai-chat", replies.ok())}) as gateway:
        with openai_over(gateway.url) as one, pytest.raises(openai.BadRequestError):
            one.chat.completions.create(model="default", messages=nonsense)
        with anthropic_over(gateway.url) as two, pytest.raises(anthropic.BadRequestError):
            two.messages.create(model="default", max_tokens=3, messages=nonsense)
        assert (gateway.asked("only"), len(gateway.requests)) == ((0,), 2)


# Streams that break.


@pytest.mark.parametrize(("client", "target"), PAIRS)
def test_a_stream_that_breaks_after_content_raises(client: str, target: str) -> None:
    cut = streamed(target, until=BEFORE_THE_END[target])
    with served({"only": (target, cut)}) as gateway:
        with pytest.raises(CLIENTS[client].error, match="the stream of only/m broke"):
            CLIENTS[client].ask(gateway.url, stream=True)
        assert (gateway.asked("only"), len(gateway.requests)) == ((1,), 1)


@pytest.mark.parametrize("client", DIALECTS)
def test_a_stream_that_breaks_before_content_is_taken_up_by_the_fallback(client: str) -> None:
    scripts: dict[str, tuple[str, AnyScript]] = {
        "torn": (client, streamed(client, until=BEFORE_CONTENT[client])),
        "spare": (client, streamed(client)),
    }
    with served(scripts, policy=ONCE) as gateway:
        assert CLIENTS[client].ask(gateway.url, stream=True).text == TEXT


def test_a_client_that_suspends_sees_that_a_stream_broke() -> None:
    async def main(url: str) -> None:
        async with aopenai_over(url) as client:
            chunks = await client.chat.completions.create(model="default", messages=HI, stream=True)
            with pytest.raises(openai.APIError, match="broke"):
                _ = [chunk async for chunk in chunks]
        async with aanthropic_over(url) as other:
            with pytest.raises(anthropic.APIStatusError, match="broke"):
                async with other.messages.stream(
                    model="default", max_tokens=9, messages=HI
                ) as events:
                    _ = [event async for event in events]

    cut = streamed("openai-chat", until=BEFORE_THE_END["openai-chat"])
    with served({"only": ("openai-chat", cut)}) as gateway:
        asyncio.run(main(gateway.url))


# What is no call of a model that answers.


def test_every_client_lists_what_may_be_named_as_a_model() -> None:
    with served({"up": ("openai-chat", replies.ok())}) as gateway:
        with openai_over(gateway.url) as one:
            of_openai = [each.id for each in one.models.list()]
            assert one.models.retrieve("up/m").id == "up/m"
        with anthropic_over(gateway.url) as two:
            of_anthropic = [each.id for each in two.models.list()]
            assert two.models.retrieve("up/m").id == "up/m"
        with gemini_over(gateway.url) as three:
            of_google = [each.name for each in three.models.list()]
            assert three.models.get(model="up/m").name == "models/up/m"

    assert of_openai == of_anthropic == ["default", "up/m"]
    assert of_google == ["models/default", "models/up/m"]


def test_a_model_that_is_unknown_is_not_found() -> None:
    known = "routes: default"
    with served({"up": ("openai-chat", replies.ok())}) as gateway:
        with openai_over(gateway.url) as one, pytest.raises(openai.NotFoundError, match=known):
            one.models.retrieve("nope")
        with (
            anthropic_over(gateway.url) as two,
            pytest.raises(anthropic.NotFoundError, match=known),
        ):
            two.models.retrieve("nope")
        with (
            gemini_over(gateway.url) as three,
            pytest.raises(google.genai.errors.ClientError, match=known) as raised,
        ):
            three.models.get(model="nope")
        assert len(gateway.requests) == 3

    assert status_of(raised.value) == 404


def test_vectors_are_those_of_the_same_model_elsewhere() -> None:
    scripts: dict[str, tuple[str, AnyScript]] = {
        "broke": ("openai-chat", replies.billing_402()),
        "spare": ("openai-chat", replies.ok()),
    }
    with served(scripts) as gateway:
        made = openai_over(gateway.url).embeddings.create(model="default", input=["one", "two"])
        asked = gateway.asked("broke", "spare")

    assert [one.embedding for one in made.data] == [vector("m", "one"), vector("m", "two")]
    assert asked == (1, 1)


WORDS = "one two three"


def _claude_counts(url: str) -> int | None:
    messages: Any = [{"role": "user", "content": WORDS}]
    with anthropic_over(url) as client:
        return client.messages.count_tokens(model="default", messages=messages).input_tokens


def _responses_counts(url: str) -> int | None:
    with openai_over(url) as client:
        return client.responses.input_tokens.count(model="default", input=WORDS).input_tokens


def _gemini_counts(url: str) -> int | None:
    with gemini_over(url) as client:
        return client.models.count_tokens(model="default", contents=WORDS).total_tokens


COUNTING = {
    "anthropic-messages": _claude_counts,
    "openai-responses": _responses_counts,
    "gemini": _gemini_counts,
}


@pytest.mark.parametrize("dialect", COUNTING)
def test_tokens_are_counted_by_a_target_of_the_client_s_dialect(dialect: str) -> None:
    scripts: dict[str, tuple[str, AnyScript]] = {
        "chat": ("openai-chat", replies.ok()),
        "spare": (dialect, replies.ok()),
    }
    with served(scripts) as gateway:
        assert COUNTING[dialect](gateway.url) == 3
        assert gateway.asked("chat", "spare") == (0, 1)
