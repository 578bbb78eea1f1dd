"""An agent of OpenAI's Agents SDK, on the Responses dialect, whoever answers."""

from __future__ import annotations

import httpx2
from agents import Agent, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI

import orchestrator

set_tracing_disabled(disabled=True)  # traces go to OpenAI, which not everybody has a key of
http_client = httpx2.AsyncClient(transport=orchestrator.transport())
client = AsyncOpenAI(api_key="unused", http_client=http_client, max_retries=0)


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    print("looking at the sky over", city)
    return "sunny"


model = OpenAIResponsesModel("default", client)
agent = Agent(name="Weather", model=model, tools=[get_weather])
print(Runner.run_sync(agent, "What is the weather in Paris?").final_output)
