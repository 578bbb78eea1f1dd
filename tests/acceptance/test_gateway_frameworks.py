"""Frameworks for agents, told an address and a key, over a gateway whose first choice is broke."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Callable

import openai
import pytest

from orchestrator.sim import replies
from tests.acceptance.served import served

HI = "hi"


def langchain(base: str) -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own, about itself
        from langchain_openai import ChatOpenAI

        model = ChatOpenAI(model="default", api_key=lambda: "unused", base_url=base)
        whole = model.invoke(HI).content
        assert "".join(str(chunk.content) for chunk in model.stream(HI)) == whole
    return str(whole)


def pydantic_ai(base: str) -> str:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    async def main() -> str:
        async with openai.AsyncOpenAI(api_key="unused", base_url=base) as client:
            provider = OpenAIProvider(openai_client=client)
            models = (OpenAIChatModel, OpenAIResponsesModel)
            agents = [Agent(each("default", provider=provider)) for each in models]
            (said,) = {(await agent.run(HI)).output for agent in agents}
        return said

    return asyncio.run(main())


def openai_agents(base: str) -> str:
    from agents import Agent, OpenAIChatCompletionsModel, OpenAIResponsesModel, RunConfig, Runner

    quiet = RunConfig(tracing_disabled=True)  # it would send what it saw to its vendor

    async def main() -> str:
        said = set()
        async with openai.AsyncOpenAI(api_key="unused", base_url=base) as client:
            for model in (OpenAIChatCompletionsModel, OpenAIResponsesModel):
                agent = Agent(name="one", model=model("default", client))
                said.add((await Runner.run(agent, HI, run_config=quiet)).final_output)
                streamed = Runner.run_streamed(agent, HI, run_config=quiet)
                async for _ in streamed.stream_events():
                    pass
                said.add(streamed.final_output)
        (words,) = said
        return str(words)

    return asyncio.run(main())


@pytest.mark.parametrize("ask", [langchain, pydantic_ai, openai_agents])
def test_a_framework_is_answered_by_the_fallback(ask: Callable[[str], str]) -> None:
    scripts = {
        "broke": ("openai-chat", replies.billing_402()),
        "spare": ("openai-chat", replies.ok("rescued")),
    }
    with served(scripts) as gateway:
        assert ask(f"{gateway.url}/openai/v1") == "rescued"
        asked = gateway.asked("broke", "spare")

    assert asked == (1, len(gateway.requests))
