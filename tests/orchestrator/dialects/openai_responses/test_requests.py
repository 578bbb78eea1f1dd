"""Requests: what can be said here is the same after a way through the dialect."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.api.request import RequestError
from orchestrator.dialects import Weight
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Reasoning,
    Role,
    Text,
    Thinking,
    Tool,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
)
from orchestrator.dialects.openai_responses import RESPONSES as OURS
from tests import dialect_strategies as drawn
from tests.dialect_strategies import names_of

NAME = OURS.name


def sayable(conversation: Conversation) -> Conversation:
    """Without what the dialect has no words for."""
    return attrs.evolve(
        conversation,
        top_k=None,
        stop=(),
        seed=None,
        frequency_penalty=None,
        presence_penalty=None,
        choices=None,
    )


def unmarked(part: Part) -> Part:
    return attrs.evolve(part, cache=False) if isinstance(part, Text) else part


def without_unsayable_marks(conversation: Conversation) -> Conversation:
    """Only what the caller says can end a prefix to cache."""
    messages = tuple(
        attrs.evolve(message, parts=tuple(map(unmarked, message.parts)))
        if message.role is Role.ASSISTANT
        else message
        for message in conversation.messages
    )
    return attrs.evolve(conversation, messages=messages)


@given(drawn.conversations(dialect=NAME, cache=True))
@settings(max_examples=60)
def test_a_conversation_survives_the_way_out_and_back(conversation: Conversation) -> None:
    back = OURS.read_request(OURS.write_request(conversation))

    assert without_unsayable_marks(sayable(conversation)) == back


@given(drawn.conversations(dialect="openai-chat"))
@settings(max_examples=60)
def test_a_foreign_conversation_arrives_and_says_what_it_meant(conversation: Conversation) -> None:
    back = OURS.read_request(OURS.write_request(conversation))

    tools = tuple(attrs.evolve(tool, strict=tool.strict or False) for tool in conversation.tools)
    demanded = OURS.reworded(conversation).notes
    meant = attrs.evolve(
        sayable(conversation),
        system=(*conversation.system, *((Text("Answer in JSON."),) if demanded else ())),
        tools=tools,
        dialect=NAME,
        hints={"store": False},
    )
    assert meant == back


@given(drawn.conversations(dialect=NAME, cache=True))
@settings(max_examples=60)
def test_what_was_written_is_written_again(conversation: Conversation) -> None:
    written = OURS.write_request(conversation)

    assert written == OURS.write_request(OURS.read_request(written))


MARK = {"mode": "explicit"}
OBJECT = {"type": "object"}
FULL: dict[str, Any] = {
    "instructions": "Be brief.",
    "input": [
        {"type": "message", "role": "user", "content": "Weather in Bern and Ulm?"},
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAA"},
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"c":"Bern"}'},
        {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": '{"c":"Ulm"}'},
        {"type": "function_call_output", "call_id": "c1", "output": "sun"},
        {
            "type": "function_call_output",
            "call_id": "c2",
            "output": [
                {"type": "input_text", "text": "a map"},
                {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "low"},
            ],
        },
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "and?", "prompt_cache_breakpoint": MARK},
                {"type": "input_image", "image_url": "https://a.example/x.png", "detail": "auto"},
            ],
        },
    ],
    "tools": [
        {
            "type": "function",
            "name": "weather",
            "description": "Asks.",
            "parameters": OBJECT,
            "strict": True,
        },
        {"type": "web_search"},
    ],
    "tool_choice": {"type": "function", "name": "weather"},
    "parallel_tool_calls": True,
    "max_output_tokens": 100,
    "temperature": 0.5,
    "top_p": 0.9,
    "text": {
        "format": {
            "type": "json_schema",
            "name": "a",
            "schema": OBJECT,
            "description": "d",
            "strict": True,
        },
        "verbosity": "low",
    },
    "reasoning": {"effort": "high", "summary": "auto", "mode": "pro"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "previous_response_id": "resp_1",
    "metadata": {"k": "v"},
    "user": "u",
    "safety_identifier": "s",
    "prompt_cache_key": "p",
    "service_tier": "flex",
    "truncation": "auto",
}


def test_a_whole_request_is_the_same_after_the_way_through_the_neutral_form() -> None:
    conversation = OURS.read_request({**FULL, "model": "m", "stream": True})

    assert OURS.write_request(conversation) == FULL


def test_a_whole_request_is_read_into_turns() -> None:
    conversation = OURS.read_request(FULL)

    picture = Image(media_type="image/png", data="AA==", detail="low")
    assert conversation.messages == (
        Message(Role.USER, (Text("Weather in Bern and Ulm?"),)),
        Message(
            Role.ASSISTANT,
            (
                Thinking("", "gAAA", NAME, redacted=True),
                Text("I look."),
                ToolUse("c1", "weather", '{"c":"Bern"}'),
                ToolUse("c2", "weather", '{"c":"Ulm"}'),
            ),
        ),
        Message(
            Role.USER,
            (
                ToolResult("c1", (Text("sun"),), name="weather"),
                ToolResult("c2", (Text("a map"), picture), name="weather"),
                Text("and?", cache=True),
                Image(url="https://a.example/x.png"),
            ),
        ),
    )
    assert conversation.system == (Text("Be brief."),)
    assert conversation.tools == (Tool("weather", "Asks.", {"type": "object"}, strict=True),)
    assert conversation.tool_choice == ToolChoice(ToolMode.REQUIRED, "weather")
    assert conversation.format == JsonFormat({"type": "object"}, "a", strict=True)
    assert conversation.reasoning == Reasoning("high", shown=True)


def test_what_only_this_dialect_knows_is_parted_by_whether_it_changes_the_answer() -> None:
    conversation = OURS.read_request(FULL)

    assert conversation.extras == {
        "previous_response_id": "resp_1",
        "tools": [{"type": "web_search"}],
        "reasoning": {"mode": "pro"},
    }
    assert set(conversation.hints) == {
        "store", "include", "metadata", "safety_identifier", "prompt_cache_key", "service_tier",
        "truncation", "format_description",
    }  # fmt: skip


def test_what_only_this_dialect_knows_is_named_by_its_place() -> None:
    conversation = OURS.read_request(
        {**FULL, "input": [*FULL["input"], {"type": "computer_call", "id": "x"}]}
    )

    assert [(str(loss), loss.weight) for loss in conversation.unread] == [
        ("input[8] computer_call", Weight.SAID),
        ("previous_response_id", Weight.SAID),
        ("tools[1] web_search", Weight.PARAMETER),
    ]
    assert "computer_call" in conversation.unread[0].names


FILES: list[tuple[dict[str, Any], File]] = [
    ({"file_id": "file-1"}, File(id="file-1", keeper="openai")),
    (
        {"file_url": "https://a.example/a.pdf"},
        File("application/pdf", url="https://a.example/a.pdf"),
    ),
    (
        {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        File("application/pdf", "JVBE", name="a.pdf"),
    ),
]


@pytest.mark.parametrize(("given", "file"), FILES)
@pytest.mark.parametrize("name", ["content", "output"])
def test_a_file_comes_back_as_it_was(given: dict[str, Any], file: File, name: str) -> None:
    part = {"type": "input_file", **given}
    item: dict[str, Any] = {"type": "message", "role": "user"}
    item = item if name == "content" else {"type": "function_call_output", "call_id": "c"}
    payload = {"input": [{**item, name: [part]}]}

    conversation = OURS.read_request(payload)

    (read,) = conversation.messages[0].parts
    assert read == (file if name == "content" else ToolResult("c", (file,)))
    assert OURS.losses(conversation) == ()
    assert OURS.write_request(conversation) == payload


FILE = {"type": "input_image", "file_id": "f"}
STRANGE_ITEMS: dict[str, dict[str, Any]] = {
    "reference": {"type": "item_reference", "id": "msg_1"},
    "search": {"type": "web_search_call", "id": "ws_1", "status": "completed"},
    "file alone": {"role": "user", "type": "message", "content": [FILE]},
    "system with a file": {"role": "system", "content": [FILE]},
    "stored thoughts": {"type": "reasoning", "id": "rs_1", "summary": []},
}


@pytest.mark.parametrize("item", STRANGE_ITEMS.values(), ids=STRANGE_ITEMS)
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_item_that_nobody_else_knows_stays_in_its_place(item: dict[str, Any], at: int) -> None:
    said = [{"type": "message", "role": role, "content": role} for role in ("user", "assistant")]
    payload = {"input": [*said[:at], item, *said[at:]]}

    assert payload == OURS.write_request(OURS.read_request(payload))


@pytest.mark.parametrize("at", [0, 1, 2])
@pytest.mark.parametrize("name", ["content", "output"])
def test_a_part_that_nobody_else_knows_stays_in_its_place(name: str, at: int) -> None:
    parts = [{"type": "input_text", "text": word} for word in ("a", "b")]
    content = [*parts[:at], FILE, *parts[at:]]
    result = {"type": "function_call_output", "call_id": "c"}
    message = {"type": "message", "role": "user"}
    first = {"type": "message", "role": "user", "content": "hi"}
    payload = {"input": [first, {**(message if name == "content" else result), name: content}]}

    assert payload == OURS.write_request(OURS.read_request(payload))
    assert OURS.read_request(payload).extras.keys() == {"input_content"}


def test_all_that_the_model_says_before_somebody_answers_is_one_turn() -> None:
    content = [{"type": "output_text", "text": text} for text in ("a", "b")]
    said = [{"role": "assistant", "content": content}, {"role": "assistant", "content": "c"}]

    conversation = OURS.read_request({"input": said})

    assert conversation.messages == (Message(Role.ASSISTANT, (Text("a"), Text("b"), Text("c"))),)
    written = OURS.write_request(conversation)["input"]
    assert [item["content"] for item in written] == ["a", "b", "c"]


def test_messages_of_the_user_in_a_row_stay_apart() -> None:
    said = [{"type": "message", "role": "user", "content": text} for text in ("a", "b")]

    assert OURS.write_request(OURS.read_request({"input": said}))["input"] == said


def test_a_part_of_the_models_that_nobody_else_knows_keeps_its_message_whole() -> None:
    content = [{"type": "output_text", "text": "a"}, {"type": "output_audio", "id": "x"}]
    said = [
        {"type": "message", "role": "assistant", "content": "before"},
        {"type": "message", "role": "assistant", "content": content},
        {"type": "message", "role": "user", "content": "after"},
    ]

    assert OURS.write_request(OURS.read_request({"input": said}))["input"] == said


def test_system_messages_join_the_system_prompt() -> None:
    said = [{"role": role, "content": role} for role in ("system", "user", "developer")]

    conversation = OURS.read_request({"instructions": "i", "input": said})

    assert conversation.system == (Text("i"), Text("system"), Text("developer"))
    assert conversation.messages == (Message(Role.USER, (Text("user"),)),)


def test_thoughts_of_another_vendor_are_left_out_and_are_no_loss() -> None:
    thoughts = (Thinking("hm", "sig", "anthropic-messages"), Thinking("hm", None, NAME))
    turns = (Message(Role.USER, (Text("a"),)), Message(Role.ASSISTANT, (*thoughts, Text("b"))))
    conversation = Conversation(turns, dialect="anthropic-messages")

    assert OURS.losses(conversation) == ()
    assert [item["type"] for item in OURS.write_request(conversation)["input"]] == ["message"] * 2


@pytest.mark.parametrize(
    ("tokens", "effort"),
    [(0, "none"), (1, "low"), (1024, "low"), (1025, "medium"), (8192, "medium"), (8193, "high")],
)
def test_a_budget_becomes_the_effort_it_stands_for(tokens: int, effort: str) -> None:
    conversation = Conversation((), reasoning=Reasoning(tokens=tokens))

    assert OURS.write_request(conversation)["reasoning"] == {"effort": effort}


def test_a_budget_left_to_the_model_is_left_to_the_model() -> None:
    assert "reasoning" not in OURS.write_request(Conversation((), reasoning=Reasoning(tokens=-1)))


LOSSES: dict[str, dict[str, Any]] = {
    "top_k": {"top_k": 1},
    "seed": {"seed": 0},
    "frequency_penalty": {"frequency_penalty": 0.1},
    "presence_penalty": {"presence_penalty": -0.1},
    "n": {"choices": 2},
    "images": {"messages": (Message(Role.ASSISTANT, (Image(url="https://a.example"),)),)},
    "audio": {"messages": (Message(Role.USER, (File("audio/wav", "AAAA"),)),)},
    "files": {"messages": (Message(Role.USER, (File("video/mp4", "AAAA"),)),)},
    "logit_bias": {"extras": {"logit_bias": {"1": 2}}},
}


@pytest.mark.parametrize("name", LOSSES)
def test_what_cannot_be_said_is_named_and_left_out(name: str) -> None:
    plain = Conversation((), dialect="openai-chat")
    conversation = attrs.evolve(plain, **LOSSES[name])

    assert names_of(OURS.losses(conversation)) == (name,)
    assert OURS.write_request(conversation) == OURS.write_request(plain)


def test_stop_sequences_are_cut_here() -> None:
    conversation = Conversation((), stop=("x",), dialect="openai-chat")

    assert OURS.losses(conversation) == ()
    assert OURS.reworded(conversation).stops == ("x",)


def test_what_both_dialects_of_openai_know_is_written_here_too() -> None:
    hints = {"store": True, "metadata": {"k": "v"}, "prediction": {}}
    conversation = Conversation((), dialect="openai-chat", hints=hints, asides=tuple(hints))

    assert names_of(OURS.losses(conversation)) == ("prediction",)
    assert OURS.write_request(conversation) == {
        "input": [], "store": True, "metadata": {"k": "v"}
    }  # fmt: skip


def test_what_changes_nothing_is_no_loss() -> None:
    conversation = Conversation(
        (), frequency_penalty=0.0, presence_penalty=0.0, choices=1, hints={"store": True}
    )

    assert OURS.losses(conversation) == ()


BROKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no input": ({}, "'input' is missing"),
    "number": ({"input": 1}, "'input' is of type int"),
    "item": ({"input": ["hi"]}, r"input\[0\] is of type str"),
    "role": ({"input": [{"role": "tool", "content": "x"}]}, "role 'tool'; allowed: user"),
    "tool": ({"input": "a", "tools": [1]}, r"tools\[0\] is of type int"),
    "nested": ({"input": "a", "tools": [{"type": "function", "function": {}}]}, "beside 'type'"),
    "tools": ({"input": "a", "tools": {}}, "'tools' is an empty mapping"),
    "bool": ({"input": "a", "temperature": True}, "'temperature' is of type bool"),
    "tokens": ({"input": "a", "max_output_tokens": "9"}, "'max_output_tokens' is of type str"),
    "text": ({"input": "a", "text": "json"}, "'text' is of type str"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_request_is_refused_in_words(name: str) -> None:
    payload, words = BROKEN[name]

    with pytest.raises(RequestError, match=words):
        OURS.read_request(payload)


KEYS = (
    "input", "instructions", "tools", "tool_choice", "text", "format", "reasoning", "effort",
    "type", "role", "content", "output", "summary", "encrypted_content", "image_url", "name",
    "message", "user", "include", "previous_response_id",
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(KEYS), drawn.any_json(KEYS)))
@settings(max_examples=60)
def test_any_payload_is_read_or_refused(payload: dict[str, Any]) -> None:
    try:
        conversation = OURS.read_request(payload)
    except RequestError:
        return
    OURS.losses(conversation)
    OURS.write_request(conversation)
