"""What each host answers where the pages' examples are run: a world that the pages tell of.

DeepSeek's account is empty, as in the report that this project began with; everybody else
answers, in the dialect of the path that is asked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from orchestrator.sim import Received, Reply, replies
from tests.acceptance import spoken

EMPTY_ACCOUNT = "api.deepseek.com"
DIALECTS = {
    "/messages": "anthropic-messages",
    "/responses": "openai-responses",
    ":generateContent": "gemini",
    ":streamGenerateContent": "gemini",
}
"""By the end of the path; what is not here speaks chat completions."""

BY_TYPE = {"string": "Paris", "integer": 21, "number": 21.5, "boolean": True}


def answer(host: str, received: Received) -> Reply:
    """The reply of a host."""
    if host == EMPTY_ACCOUNT:
        return replies.billing_402()
    path = received.path.partition("?")[0]
    if path.endswith("/embeddings"):
        return Reply(body=_embeddings(received.body))
    dialect = next((name for end, name in DIALECTS.items() if path.endswith(end)), "openai-chat")
    tool = _wants_a_tool(received.body)
    if dialect != "openai-chat":
        streamed = received.streamed or ":stream" in path
        return spoken.answers(dialect, stream=streamed, tool=tool)
    if tool:
        calls = [(spoken.CALL[1], '{"city": "Paris"}')]
        return replies.ok(None, finish_reason="tool_calls", tool_calls=calls)
    return replies.ok(_text(received.body))


def _wants_a_tool(body: Mapping[str, Any]) -> bool:
    """Whether tools are offered, and none has brought its result yet."""
    said = str(body.get("messages") or body.get("input") or body.get("contents"))
    results = ("'tool'", "'tool_result'", "'function_call_output'", "'functionResponse'")
    return bool(body.get("tools")) and not any(word in said for word in results)


def _text(body: Mapping[str, Any]) -> str:
    schema = (body.get("response_format") or {}).get("json_schema", {}).get("schema")
    return "Hi!" if schema is None else json.dumps(_instance(schema))


def _instance(schema: Mapping[str, Any]) -> Any:
    """Something that a schema allows, which is of objects and plain values."""
    if schema.get("type") == "object":
        return {name: _instance(one) for name, one in schema.get("properties", {}).items()}
    return BY_TYPE[schema["type"]]


def _embeddings(body: Mapping[str, Any]) -> Mapping[str, Any]:
    given = body["input"]
    texts = given if isinstance(given, list) else [given]
    data = [
        {"object": "embedding", "index": at, "embedding": [0.1, 0.2, 0.3]}
        for at, _ in enumerate(texts)
    ]
    usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}
