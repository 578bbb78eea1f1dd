"""OpenAI's own client, whole and streamed; `model` names a route of orchestrator.toml."""

from __future__ import annotations

import httpx2
from openai import OpenAI

import orchestrator

http_client = httpx2.Client(transport=orchestrator.transport())
client = OpenAI(api_key="unused", http_client=http_client, max_retries=0)

answer = client.chat.completions.with_raw_response.create(
    model="default", messages=[{"role": "user", "content": "Say hi"}]
)
print(answer.parse().choices[0].message.content)
print("answered by", answer.headers["x-orchestrator-target"])
print("left the first target for", answer.headers["x-orchestrator-reason"])

with client.responses.stream(model="default", input="Say hi") as events:
    for event in events:
        if event.type == "response.output_text.delta":
            print(event.delta, end="")
print()
