"""Anthropic's own client; whoever answers, it is told in Anthropic's dialect."""

from __future__ import annotations

import httpx2
from anthropic import Anthropic

import orchestrator

http_client = httpx2.Client(transport=orchestrator.transport())
client = Anthropic(api_key="unused", http_client=http_client, max_retries=0)

with client.messages.stream(
    model="default", max_tokens=100, messages=[{"role": "user", "content": "Say hi"}]
) as events:
    for text in events.text_stream:
        print(text, end="")
print()
print("stopped by", events.get_final_message().stop_reason)
