"""A pydantic-ai agent whose tool is called by whichever model answers."""

from __future__ import annotations

import asyncio

import httpx2
from openai import AsyncOpenAI
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

import orchestrator

http_client = httpx2.AsyncClient(transport=orchestrator.transport())
client = AsyncOpenAI(api_key="unused", http_client=http_client, max_retries=0)
agent = Agent(OpenAIChatModel("default", provider=OpenAIProvider(openai_client=client)))


@agent.tool_plain
def get_weather(city: str) -> str:
    """The weather in a city."""
    print("looking at the sky over", city)
    return "sunny"


async def main() -> None:
    """Ask, in a loop that ends in order."""
    print((await agent.run("What is the weather in Paris?")).output)


asyncio.run(main())
