"""The official clients, unmodified, that ask for vectors and for counts of tokens."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx2
import openai
import pydantic
import pytest
from google.genai import types as genai_types

import orchestrator
from orchestrator import Orchestrator, OrchestratorTransport
from orchestrator.sim import ScriptedProviders, replies
from orchestrator.sim.operations import vector
from orchestrator.sim.script import AnyScript
from tests.acceptance.sdk_clients import anthropic_over, gemini_over, openai_over
from tests.acceptance.world import counts, world

E3 = "text-embedding-3-small"
TEXTS = ["the first", "the second", "the third"]

Embed = Callable[..., list[list[float]]]


def whole(transport: OrchestratorTransport, **options: Any) -> list[list[float]]:
    with openai_over(transport, max_retries=0) as client:
        made = client.embeddings.create(model="default", input=TEXTS, **options)
    assert [one.index for one in made.data] == [0, 1, 2]
    assert made.usage.prompt_tokens == 6
    return [list(one.embedding) for one in made.data]


def suspended(transport: OrchestratorTransport, **options: Any) -> list[list[float]]:
    async def main() -> list[list[float]]:
        http_client = httpx2.AsyncClient(transport=transport)
        async with openai.AsyncOpenAI(
            api_key="unused", http_client=http_client, max_retries=0
        ) as client:
            made = await client.embeddings.create(model="default", input=TEXTS, **options)
        return [list(one.embedding) for one in made.data]

    return asyncio.run(main())


def langchain(transport: OrchestratorTransport) -> list[list[float]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about itself
        from langchain_openai import OpenAIEmbeddings

        model = OpenAIEmbeddings(
            model="default",
            api_key=pydantic.SecretStr("unused"),
            http_client=httpx2.Client(transport=transport),
            max_retries=0,
            check_embedding_ctx_length=False,  # it would fetch a tokenizer
        )
        return model.embed_documents(TEXTS)


each_client = pytest.mark.parametrize("embed", [whole, suspended, langchain])


def vectors(model: str = E3, size: int = 8) -> list[list[float]]:
    """What the scripted providers answer."""
    return [vector(model, text, size) for text in TEXTS]


@each_client
def test_a_402_leads_to_the_same_model_elsewhere(embed: Embed) -> None:
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    with world(scripts, route=[f"broke/openai/{E3}", f"spare/{E3}"]) as (providers, inner):
        found = embed(orchestrator.transport(inner))
        again = embed(orchestrator.transport(inner))
        asked = counts(providers, "broke", "spare")

    assert found == again == vectors()
    assert asked == (1, 2)


@each_client
def test_a_throttled_key_is_left_for_the_next(embed: Embed) -> None:
    script = [replies.rate_limited(), replies.ok()]
    with world({"only": script}, route=[f"only/{E3}"], keys={"only": 2}) as (providers, inner):
        found = embed(orchestrator.transport(inner))
        keys = [received.credential for received in providers.received("only")]

    assert found == vectors()
    assert len(set(keys)) == 2


@each_client
def test_a_web_page_is_no_answer_and_another_model_no_fallback(embed: Embed) -> None:
    scripts: Mapping[str, AnyScript] = {
        "page": replies.html_page(200),
        "other": replies.ok(),
        "spare": replies.ok(),
    }
    route = [f"page/{E3}", "other/text-embedding-ada-002", f"spare/{E3}"]
    extra = "policy.on.invalid_response = ['fallback']"
    with world(scripts, route=route, extra=extra) as (providers, inner):
        found = embed(orchestrator.transport(inner))
        asked = counts(providers, *scripts)

    assert found == vectors()
    assert asked == (1, 0, 1)


@pytest.mark.parametrize("embed", [whole, suspended])
@pytest.mark.parametrize("asked", ["float", "base64"])
def test_sizes_and_formats_are_those_that_were_asked_for(embed: Embed, asked: str) -> None:
    with world({"only": replies.ok()}, route=[f"only/{E3}"]) as (providers, inner):
        transport = orchestrator.transport(inner)
        sized = embed(transport, dimensions=4, encoding_format="float")
        if asked == "base64":  # which the client takes for its own unless it is named
            assert embed(transport, dimensions=4) == sized
        sent = [received.body.get("encoding_format") for received in providers.received("only")]

    assert sized == vectors(size=4)
    assert sent[-1] == asked


def test_a_client_of_openai_gets_the_vectors_of_gemini() -> None:
    with (
        ScriptedProviders({"google": replies.ok()}) as providers,
        over(providers, {"google": "gemini"}, "gemini-embedding-001") as inner,
    ):
        transport = orchestrator.transport(inner)
        with openai_over(transport, max_retries=0) as client:
            made = client.embeddings.create(model="default", input=TEXTS)

    assert [one.embedding for one in made.data] == vectors("gemini-embedding-001")
    assert made.model == "gemini-embedding-001"


def test_the_client_raises_the_real_cause() -> None:
    scripts = {"broke": replies.billing_402(), "other": replies.ok()}
    with world(scripts, route=[f"broke/{E3}", "other/e"]) as (_, inner):
        transport = orchestrator.transport(inner)
        with pytest.raises(openai.APIStatusError, match="billing exhausted on broke") as raised:
            whole(transport)

    assert raised.value.status_code == 402
    assert "lie in another space" in str(raised.value)


# Counts.


def over(providers: ScriptedProviders, spoken: Mapping[str, str], model: str) -> Orchestrator:
    tables = {
        name: {"base_url": providers.url(name), "dialect": dialect, "credentials": ["k"]}
        for name, dialect in spoken.items()
    }
    routes = {"default": [f"{name}/{model}" for name in spoken]}
    return Orchestrator.from_dict({"health": "memory", "routes": routes, "providers": tables})


def claude(transport: OrchestratorTransport) -> int:
    messages: Sequence[Any] = [{"role": "user", "content": "one two three"}]
    with anthropic_over(transport, max_retries=0) as client:
        return int(client.messages.count_tokens(model="default", messages=messages).input_tokens)


def responses(transport: OrchestratorTransport) -> int:
    with openai_over(transport, max_retries=0) as client:
        told = client.responses.input_tokens.count(model="default", input="one two three")
    return int(told.input_tokens)


def gemini(transport: OrchestratorTransport) -> int:
    with gemini_over(transport) as client:
        content = genai_types.Content(parts=[genai_types.Part(text="one two three")])
        told = client.models.count_tokens(model="default", contents=[content])
    return told.total_tokens or 0


COUNTING = {"anthropic-messages": claude, "openai-responses": responses, "gemini": gemini}


@pytest.mark.parametrize("dialect", COUNTING)
def test_a_count_is_that_of_a_target_of_its_dialect(dialect: str) -> None:
    scripts = {"chat": replies.ok(), "broke": replies.billing_402(), "spare": replies.ok()}
    spoken = {"chat": "openai-chat", "broke": dialect, "spare": dialect}
    with ScriptedProviders(scripts) as providers, over(providers, spoken, "m") as inner:
        assert COUNTING[dialect](orchestrator.transport(inner)) == 3
        asked = counts(providers, *scripts)

    assert asked == (0, 1, 1)


@pytest.mark.parametrize("dialect", COUNTING)
def test_where_nobody_counts_the_client_is_told_that_it_is_not_found(dialect: str) -> None:
    with world({"chat": replies.ok()}) as (_, inner):
        transport = orchestrator.transport(inner)
        with pytest.raises(Exception, match="openai-chat cannot count the tokens") as raised:
            COUNTING[dialect](transport)

    status = getattr(raised.value, "status_code", None) or getattr(raised.value, "code", None)
    assert status == 404
