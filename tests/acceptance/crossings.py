"""One conversation, as each dialect writes it: by hand, after each vendor's reference.

A conversation is a list of plain turns (:class:`Shown`, :class:`Called`, :class:`Gave`,
:class:`Said`). What a client sends, what a provider answers and what a provider has to
receive are all written here, so that what is tested and what it is tested against share no
code. Thoughts are written only where a vendor answers with its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import attrs

PNG = "iVBORw0KGgo="
PDF = "JVBERi0xLjQK"
SYSTEM = "You are a guide."
TOOL = "look"
ABOUT = "Looks at a place."
PARAMETERS = {
    "type": "object",
    "properties": {"at": {"type": "string"}},
    "required": ["at"],
    "additionalProperties": False,
}


@attrs.frozen
class Shown:
    """The user shows a picture and a PDF of that name, and asks."""

    text: str
    name: str = "map.pdf"

    @property
    def named(self) -> str:
        """The name, where a vendor demands one."""
        return self.name or "file.pdf"


@attrs.frozen
class Asked:
    """The user says more."""

    text: str


@attrs.frozen
class Called:
    """The model calls the tool, perhaps with words."""

    id: str
    at: str
    text: str = ""
    thought: str = ""


@attrs.frozen
class Gave:
    """What the tool gave."""

    id: str
    text: str


@attrs.frozen
class Said:
    """The model says something."""

    text: str
    thought: str = ""


Turn = Shown | Asked | Called | Gave | Said


# What a provider has to receive: the history without thoughts, the system prompt, the tool.


def chat(turns: Sequence[Turn]) -> dict[str, Any]:
    function = {"name": TOOL, "description": ABOUT, "parameters": PARAMETERS}
    system = {"role": "system", "content": SYSTEM}
    return {
        "messages": [system, *map(_chat, turns)],
        "tools": [{"type": "function", "function": function}],
    }


def _chat(turn: Turn) -> dict[str, Any]:
    match turn:
        case Shown(text=text):
            picture = {"url": f"data:image/png;base64,{PNG}"}
            file = {"filename": turn.named, "file_data": f"data:application/pdf;base64,{PDF}"}
            content = [
                {"type": "image_url", "image_url": picture},
                {"type": "file", "file": file},
                {"type": "text", "text": text},
            ]
            return {"role": "user", "content": content}
        case Asked(text=text):
            return {"role": "user", "content": text}
        case Called(id=id_, at=at, text=text):
            function = {"name": TOOL, "arguments": json.dumps({"at": at})}
            call = {"id": id_, "type": "function", "function": function}
            return {"role": "assistant", "content": text or None, "tool_calls": [call]}
        case Gave(id=id_, text=text):
            return {"role": "tool", "tool_call_id": id_, "content": text}
        case Said(text=text):
            return {"role": "assistant", "content": text}


def responses(turns: Sequence[Turn]) -> dict[str, Any]:
    tool = {"type": "function", "name": TOOL, "description": ABOUT, "parameters": PARAMETERS}
    items = [item for turn in turns for item in _items(turn)]
    return {"instructions": SYSTEM, "input": items, "tools": [tool]}


def _items(turn: Turn) -> list[dict[str, Any]]:
    match turn:
        case Shown(text=text):
            picture = f"data:image/png;base64,{PNG}"
            data = f"data:application/pdf;base64,{PDF}"
            content = [
                {"type": "input_image", "image_url": picture, "detail": "auto"},
                {"type": "input_file", "filename": turn.named, "file_data": data},
                {"type": "input_text", "text": text},
            ]
            return [{"type": "message", "role": "user", "content": content}]
        case Asked(text=text):
            return [{"type": "message", "role": "user", "content": text}]
        case Called(id=id_, at=at, text=text):
            arguments = json.dumps({"at": at})
            call = {"type": "function_call", "call_id": id_, "name": TOOL, "arguments": arguments}
            words = {"type": "message", "role": "assistant", "content": text}
            return [words, call] if text else [call]
        case Gave(id=id_, text=text):
            return [{"type": "function_call_output", "call_id": id_, "output": text}]
        case Said(text=text):
            return [{"type": "message", "role": "assistant", "content": text}]


def messages(turns: Sequence[Turn]) -> dict[str, Any]:
    tool = {"name": TOOL, "description": ABOUT, "input_schema": PARAMETERS}
    return {"system": SYSTEM, "messages": [_message(turn) for turn in turns], "tools": [tool]}


def _message(turn: Turn) -> dict[str, Any]:
    return {"role": _role(turn), "content": _blocks(turn)}


def _blocks(turn: Turn) -> list[dict[str, Any]]:
    match turn:
        case Shown(text=text):
            picture = {"type": "base64", "media_type": "image/png", "data": PNG}
            pdf = {"type": "base64", "media_type": "application/pdf", "data": PDF}
            return [
                {"type": "image", "source": picture},
                {"type": "document", "source": pdf, **({"title": turn.name} if turn.name else {})},
                {"type": "text", "text": text},
            ]
        case Asked(text=text) | Said(text=text):
            return [{"type": "text", "text": text}]
        case Called(id=id_, at=at, text=text):
            use = {"type": "tool_use", "id": id_, "name": TOOL, "input": {"at": at}}
            return [*([{"type": "text", "text": text}] if text else []), use]
        case Gave(id=id_, text=text):
            words = [{"type": "text", "text": text}]
            return [{"type": "tool_result", "tool_use_id": id_, "content": words}]


def gemini(turns: Sequence[Turn]) -> dict[str, Any]:
    function = {"name": TOOL, "description": ABOUT, "parametersJsonSchema": PARAMETERS}
    return {
        "systemInstruction": {"parts": [{"text": SYSTEM}]},
        "contents": [_content(turn) for turn in turns],
        "tools": [{"functionDeclarations": [function]}],
    }


def _content(turn: Turn) -> dict[str, Any]:
    return {"role": "model" if _role(turn) == "assistant" else "user", "parts": _parts(turn)}


def _parts(turn: Turn) -> list[dict[str, Any]]:
    match turn:
        case Shown(text=text):
            return [
                {"inlineData": {"mimeType": "image/png", "data": PNG}},
                {"inlineData": {"mimeType": "application/pdf", "data": PDF}},
                {"text": text},
            ]
        case Asked(text=text) | Said(text=text):
            return [{"text": text}]
        case Called(id=id_, at=at, text=text):
            call = {"functionCall": {"id": id_, "name": TOOL, "args": {"at": at}}}
            return [*([{"text": text}] if text else []), call]
        case Gave(id=id_, text=text):
            said = {"name": TOOL, "id": id_, "response": {"output": text}}
            return [{"functionResponse": said}]


def _role(turn: Turn) -> str:
    return "assistant" if isinstance(turn, Called | Said) else "user"


WRITTEN = {
    "openai-chat": chat,
    "openai-responses": responses,
    "anthropic-messages": messages,
    "gemini": gemini,
}


# What a provider answers, with thoughts of its own.


def answered(dialect: str, turn: Called | Said) -> dict[str, Any]:
    """The whole answer of a provider of ``dialect`` that says ``turn``."""
    return _ANSWERED[dialect](turn)


def _chat_answer(turn: Called | Said) -> dict[str, Any]:
    message = {**_chat(turn), "reasoning_content": turn.thought}
    finish = "tool_calls" if isinstance(turn, Called) else "stop"
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    return {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": usage,
    }


def _responses_answer(turn: Called | Said) -> dict[str, Any]:
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": turn.thought}],
        "encrypted_content": f"enc:{turn.thought}",
    }
    output: list[dict[str, Any]] = [thought]
    if turn.text:
        content = [{"type": "output_text", "text": turn.text, "annotations": []}]
        output.append(
            {
                "type": "message",
                "id": "m",
                "role": "assistant",
                "status": "completed",
                "content": content,
            }
        )
    if isinstance(turn, Called):
        output.append({**_items(attrs.evolve(turn, text=""))[0], "id": "fc", "status": "completed"})
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "m",
        "output": output,
        "usage": usage,
    }


def _messages_answer(turn: Called | Said) -> dict[str, Any]:
    thought = {"type": "thinking", "thinking": turn.thought, "signature": f"sig:{turn.thought}"}
    return {
        "id": "msg",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [thought, *_blocks(turn)],
        "stop_reason": "tool_use" if isinstance(turn, Called) else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 2},
    }


def _gemini_answer(turn: Called | Said) -> dict[str, Any]:
    parts = [{"text": turn.thought, "thought": True}, *_parts(turn)]
    parts[-1] = {**parts[-1], "thoughtSignature": f"sig:{turn.thought}"}
    return {
        "candidates": [
            {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5},
        "responseId": "r",
        "modelVersion": "m",
    }


_ANSWERED = {
    "openai-chat": _chat_answer,
    "openai-responses": _responses_answer,
    "anthropic-messages": _messages_answer,
    "gemini": _gemini_answer,
}


# What an agent of each dialect keeps of an answer, for its next request.


def kept(dialect: str, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """The part of the history that an answer is."""
    match dialect:
        case "openai-chat":
            return [answer["choices"][0]["message"]]
        case "openai-responses":
            return list(answer["output"])
        case "anthropic-messages":
            return [{"role": "assistant", "content": answer["content"]}]
        case _:
            return [answer["candidates"][0]["content"]]


def history_of(dialect: str) -> str:
    """The field of a request that holds the history."""
    return {"openai-responses": "input", "gemini": "contents"}.get(dialect, "messages")
