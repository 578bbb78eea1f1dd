"""LangChain's chat model, with both of its clients over one transport."""

from __future__ import annotations

import httpx2
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

import orchestrator

transport = orchestrator.transport()
model = ChatOpenAI(
    model="default",
    api_key=SecretStr("unused"),
    max_retries=0,
    http_client=httpx2.Client(transport=transport),
    http_async_client=httpx2.AsyncClient(transport=transport),
)

print(model.invoke("Say hi").content)
for chunk in model.stream("Say hi"):
    print(chunk.content, end="")
print()
