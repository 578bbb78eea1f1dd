"""The official clients, unmodified, each asking the same thing in its own dialect."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import anthropic
import attrs
import google.genai
import google.genai.errors
import httpx2
import openai
from google.genai import types as genai_types

from orchestrator import OrchestratorTransport

QUESTION = "What is the weather in Paris?"
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
PICTURE = base64.b64encode(b"\x89PNG\r\n\x1a\n picture").decode()

Call = tuple[str, Mapping[str, Any]]

Where = OrchestratorTransport | str
"""The transport under a client, or the address of a gateway: all that a user would set."""


@attrs.define
class Got:
    """What a client made of an answer."""

    text: str = ""
    calls: list[Call] = attrs.field(factory=list)
    asked: int | None = None
    said: int | None = None


@attrs.frozen
class Client:
    """One official client.

    Attributes:
        dialect: The dialect that it speaks.
        whole, streamed: Ask over a transport or at an address, with ``model``, ``tool``, ``image``.
        error: What it raises for an HTTP error or an error inside a stream.
    """

    dialect: str
    whole: Callable[..., Got]
    streamed: Callable[..., Got]
    error: type[Exception]

    def ask(self, where: Where, *, stream: bool, **options: Any) -> Got:
        """Ask, streamed or not."""
        return (self.streamed if stream else self.whole)(where, **options)


def _over(where: Where, base: str, client: type[Any]) -> dict[str, Any]:
    """The options of a client that lead it to ``where``."""
    if isinstance(where, str):
        return {"base_url": where + base}
    return {"http_client": client(transport=where)}


def openai_over(where: Where, **options: Any) -> openai.OpenAI:
    """OpenAI's client; retries are left as they are unless ``options`` say otherwise."""
    there = _over(where, "/openai/v1", httpx2.Client)
    return openai.OpenAI(api_key="unused", **there, **options)


def aopenai_over(where: Where, **options: Any) -> openai.AsyncOpenAI:
    """The same for tasks."""
    there = _over(where, "/openai/v1", httpx2.AsyncClient)
    return openai.AsyncOpenAI(api_key="unused", **there, **options)


def anthropic_over(where: Where, **options: Any) -> anthropic.Anthropic:
    """Anthropic's client."""
    there = _over(where, "/anthropic", httpx2.Client)
    return anthropic.Anthropic(api_key="unused", **there, **options)


def aanthropic_over(where: Where, **options: Any) -> anthropic.AsyncAnthropic:
    """The same for tasks."""
    there = _over(where, "/anthropic", httpx2.AsyncClient)
    return anthropic.AsyncAnthropic(api_key="unused", **there, **options)


def gemini_over(where: Where) -> google.genai.Client:
    """Google's client, which does both."""
    if isinstance(where, str):
        options = genai_types.HttpOptions(base_url=f"{where}/genai")
    else:
        options = genai_types.HttpOptions(
            httpx_client=httpx2.Client(transport=where),
            httpx_async_client=httpx2.AsyncClient(transport=where),
        )
    return google.genai.Client(api_key="unused", http_options=options)


# Chat completions.


def _chat_request(model: str, *, tool: bool, image: bool) -> dict[str, Any]:
    content: Any = QUESTION
    if image:
        url = f"data:image/png;base64,{PICTURE}"
        content = [
            {"type": "text", "text": QUESTION},
            {"type": "image_url", "image_url": {"url": url}},
        ]
    function = {"name": "get_weather", "description": "Weather.", "parameters": SCHEMA}
    tools = {"tools": [{"type": "function", "function": function}]} if tool else {}
    return {"model": model, "messages": [{"role": "user", "content": content}], **tools}


def _chat(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    with openai_over(where) as client:
        made = client.chat.completions.create(**_chat_request(model, tool=tool, image=image))
    message = made.choices[0].message
    calls = [
        (each.function.name, json.loads(each.function.arguments))
        for each in message.tool_calls or ()
    ]
    return Got(message.content or "", calls, made.usage.prompt_tokens, made.usage.completion_tokens)


def _chat_streamed(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    got, name, arguments = Got(), "", ""
    request = _chat_request(model, tool=tool, image=image)
    finished = False
    with (
        openai_over(where) as client,
        client.chat.completions.create(
            **request, stream=True, stream_options={"include_usage": True}
        ) as chunks,
    ):
        for chunk in chunks:
            if chunk.usage:
                got.asked, got.said = chunk.usage.prompt_tokens, chunk.usage.completion_tokens
            for choice in chunk.choices:
                got.text += choice.delta.content or ""
                finished = finished or choice.finish_reason is not None
                for call in choice.delta.tool_calls or ():
                    name += call.function.name or ""
                    arguments += call.function.arguments or ""
    assert finished
    got.calls = [(name, json.loads(arguments))] if name else []
    return got


# Responses.


def _responses_request(model: str, *, tool: bool, image: bool) -> dict[str, Any]:
    content: Any = QUESTION
    if image:
        url = f"data:image/png;base64,{PICTURE}"
        content = [
            {"type": "input_text", "text": QUESTION},
            {"type": "input_image", "image_url": url, "detail": "auto"},
        ]
    function = {"type": "function", "name": "get_weather", "parameters": SCHEMA, "strict": False}
    tools = {"tools": [function]} if tool else {}
    return {"model": model, "input": [{"role": "user", "content": content}], **tools}


def _response_got(response: Any) -> Got:
    calls = [
        (item.name, json.loads(item.arguments))
        for item in response.output
        if item.type == "function_call"
    ]
    assert response.status == "completed"
    usage = response.usage
    return Got(response.output_text, calls, usage.input_tokens, usage.output_tokens)


def _responses(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    with openai_over(where) as client:
        return _response_got(
            client.responses.create(**_responses_request(model, tool=tool, image=image))
        )


def _responses_streamed(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    request = _responses_request(model, tool=tool, image=image)
    said = ""
    with openai_over(where) as client, client.responses.stream(**request) as events:
        for event in events:
            said += event.delta if event.type == "response.output_text.delta" else ""
        got = _response_got(events.get_final_response())
    assert said == got.text
    return got


# Messages.


def _messages_request(model: str, *, tool: bool, image: bool) -> dict[str, Any]:
    content: Any = QUESTION
    if image:
        source = {"type": "base64", "media_type": "image/png", "data": PICTURE}
        content = [{"type": "text", "text": QUESTION}, {"type": "image", "source": source}]
    made = {"name": "get_weather", "description": "Weather.", "input_schema": SCHEMA}
    tools = {"tools": [made]} if tool else {}
    return {
        "model": model,
        "max_tokens": 100,
        "messages": [{"role": "user", "content": content}],
        **tools,
    }


def _message_got(message: Any) -> Got:
    text = "".join(block.text for block in message.content if block.type == "text")
    calls = [(block.name, block.input) for block in message.content if block.type == "tool_use"]
    assert message.stop_reason in ("end_turn", "tool_use")
    return Got(text, calls, message.usage.input_tokens, message.usage.output_tokens)


def _messages(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    with anthropic_over(where) as client:
        return _message_got(
            client.messages.create(**_messages_request(model, tool=tool, image=image))
        )


def _messages_streamed(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    request = _messages_request(model, tool=tool, image=image)
    with anthropic_over(where) as client, client.messages.stream(**request) as events:
        said = "".join(events.text_stream)
        got = _message_got(events.get_final_message())
    assert said == got.text
    return got


# Gemini.


def _gemini_request(model: str, *, tool: bool, image: bool) -> dict[str, Any]:
    contents: list[Any] = [QUESTION]
    if image:
        data = base64.b64decode(PICTURE)
        contents.append(genai_types.Part.from_bytes(data=data, mime_type="image/png"))
    function = genai_types.FunctionDeclaration(
        name="get_weather", description="Weather.", parameters_json_schema=SCHEMA
    )
    tools: Any = [genai_types.Tool(function_declarations=[function])] if tool else None
    config = genai_types.GenerateContentConfig(tools=tools)
    return {"model": model, "contents": contents, "config": config}


def _add_gemini(got: Got, answer: Any) -> None:
    got.text += answer.text or ""
    got.calls += [(call.name, call.args) for call in answer.function_calls or ()]
    if answer.usage_metadata:
        got.asked = answer.usage_metadata.prompt_token_count
        got.said = answer.usage_metadata.candidates_token_count


def _gemini(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    got = Got()
    request = _gemini_request(model, tool=tool, image=image)
    with gemini_over(where) as client:
        _add_gemini(got, client.models.generate_content(**request))
    return got


def _gemini_streamed(
    where: Where,
    model: str = "default",
    *,
    tool: bool = False,
    image: bool = False,
) -> Got:
    got = Got()
    request = _gemini_request(model, tool=tool, image=image)
    with gemini_over(where) as client:
        for chunk in client.models.generate_content_stream(**request):
            _add_gemini(got, chunk)
    return got


CLIENTS = {
    "openai-chat": Client("openai-chat", _chat, _chat_streamed, openai.APIError),
    "openai-responses": Client(
        "openai-responses", _responses, _responses_streamed, openai.APIError
    ),
    "anthropic-messages": Client(
        "anthropic-messages", _messages, _messages_streamed, anthropic.APIStatusError
    ),
    "gemini": Client("gemini", _gemini, _gemini_streamed, google.genai.errors.APIError),
}


# Without blocking.


async def _achat(where: Where) -> str:
    async with aopenai_over(where) as client:
        request = _chat_request("default", tool=False, image=False)
        chunks = await client.chat.completions.create(**request, stream=True)
        said = [choice.delta.content or "" async for chunk in chunks for choice in chunk.choices]
        made = await client.chat.completions.create(**request)
    whole = made.choices[0].message.content
    assert whole == "".join(said)
    return str(whole)


async def _aresponses(where: Where) -> str:
    async with aopenai_over(where) as client:
        request = _responses_request("default", tool=False, image=False)
        async with client.responses.stream(**request) as events:
            said = [
                each.delta async for each in events if each.type == "response.output_text.delta"
            ]
        made = await client.responses.create(**request)
    assert made.output_text == "".join(said)
    return str(made.output_text)


async def _amessages(where: Where) -> str:
    async with aanthropic_over(where) as client:
        request = _messages_request("default", tool=False, image=False)
        async with client.messages.stream(**request) as events:
            said = [text async for text in events.text_stream]
        made = await client.messages.create(**request)
    whole = "".join(block.text for block in made.content)
    assert whole == "".join(said)
    return whole


async def _agemini(where: Where) -> str:
    async with gemini_over(where).aio as client:
        request = _gemini_request("default", tool=False, image=False)
        chunks = await client.models.generate_content_stream(**request)
        said = [chunk.text or "" async for chunk in chunks]
        made = await client.models.generate_content(**request)
    assert made.text == "".join(said)
    return str(made.text)


ASYNC_CLIENTS: Mapping[str, Callable[[Where], str]] = {
    "openai-chat": lambda where: asyncio.run(_achat(where)),
    "openai-responses": lambda where: asyncio.run(_aresponses(where)),
    "anthropic-messages": lambda where: asyncio.run(_amessages(where)),
    "gemini": lambda where: asyncio.run(_agemini(where)),
}
