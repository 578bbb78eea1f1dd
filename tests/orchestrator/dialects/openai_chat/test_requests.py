"""Requests of the chat-completions dialect, to and from the neutral form."""

from __future__ import annotations

import copy
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.api.request import RequestError
from orchestrator.dialects import Weight, dialect
from orchestrator.dialects.neutral import (
    Conversation,
    File,
    Image,
    JsonFormat,
    Message,
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
from orchestrator.dialects.openai_chat.request_writer import IN_NEXT_MESSAGE
from tests.dialect_strategies import any_json, conversations, names_of

CHAT = dialect("openai-chat")
HI = {"role": "user", "content": "hi"}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}


def read(*messages: dict[str, Any], **fields: Any) -> Conversation:
    return CHAT.read_request({"messages": list(messages or [HI]), **fields})


def rewritten(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return CHAT.write_request(read(*messages, **fields))


def foreign(*parts: Any, role: Role = Role.USER, **fields: Any) -> Conversation:
    return Conversation((Message(role, parts or (Text("hi"),)),), dialect="gemini", **fields)


# There and back.


@given(conversations(dialect="openai-chat", cache=True))
def test_a_conversation_survives_the_dialect(conversation: Conversation) -> None:
    spelled = {"spelling": {"cache": "cache_control"}}
    there = CHAT.write_request(attrs.evolve(conversation, hints=spelled))
    back = CHAT.read_request({"model": "m", "stream": True, **there})

    assert CHAT.losses(conversation) == ()
    assert attrs.evolve(back, hints={}) == conversation


@pytest.mark.parametrize(
    "fields",
    [
        {"max_tokens": 9},
        {"max_completion_tokens": 9},
        {"top_k": 4, "min_p": 0.1, "logit_bias": {"50256": -100}},
        {"metadata": {"a": "b"}, "store": True, "service_tier": "flex", "provider": {"order": []}},
        {"reasoning_effort": "max"},
        {"reasoning": {"max_tokens": 2000, "exclude": True}},
        {"thinking": {"type": "enabled"}, "reasoning_effort": "high"},
        {"logprobs": False, "modalities": ["text", "audio"], "audio": {"voice": "alloy"}},
        {"tools": [WEATHER, {"type": "custom", "custom": {"name": "sh"}}]},
        {"tools": [{**WEATHER, "cache_control": {"type": "ephemeral"}}]},
        {"tools": [WEATHER], "tool_choice": {"type": "function", "function": {"name": "weather"}}},
        {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}},
        {"tools": [WEATHER], "tool_choice": "required", "parallel_tool_calls": False},
        {"response_format": {"type": "json_object"}},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "n", "description": "d", "schema": {}, "strict": True},
            }
        },
        {"response_format": {"type": "grammar", "grammar": "root ::= x"}},
        {"stop": ["a", "b"], "n": 2, "seed": 0, "user": "u", "frequency_penalty": 0.5},
        {"stream_options": {"include_usage": True}, "verbosity": "low"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_fields_are_written_back_as_they_came(fields: dict[str, Any]) -> None:
    payload = {"messages": [HI], **fields}
    before = copy.deepcopy(payload)

    assert CHAT.write_request(CHAT.read_request(payload)) == payload == before


@pytest.mark.parametrize(
    "message",
    [
        {"role": "system", "content": "be short"},
        {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {
            "role": "user",
            "content": [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "a", "prompt_cache_breakpoint": {"mode": "explicit"}},
                {"type": "image_url", "image_url": {"url": "https://a/b.png", "detail": "low"}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}],
        },
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "content": "a", "reasoning_content": "thought", "tool_calls": [CALL]},
        {
            "role": "assistant",
            "content": "a",
            "reasoning_details": [{"type": "reasoning.text", "text": "t", "signature": "s"}],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {**CALL, "extra_content": {"google": {"thought_signature": "signed"}}},
            ],
        },
    ],
)
def test_messages_are_written_back_as_they_came(message: dict[str, Any]) -> None:
    messages = [message, HI] if message["role"] == "system" else [HI, message]

    assert rewritten(*messages)["messages"] == messages


# What is read.


def test_results_stand_in_the_users_turn_with_what_the_user_says_then() -> None:
    other = {**CALL, "id": "call_2"}
    conversation = read(
        HI,
        {"role": "assistant", "content": None, "tool_calls": [CALL, other]},
        {"role": "tool", "tool_call_id": "call_1", "content": "sun"},
        {"role": "tool", "tool_call_id": "call_2", "content": [{"type": "text", "text": "rain"}]},
        {"role": "user", "content": "and now?"},
        {"role": "user", "content": "well?"},
    )
    results = (
        ToolResult("call_1", (Text("sun"),), name="weather"),
        ToolResult("call_2", (Text("rain"),), name="weather"),
    )

    assert conversation.messages == (
        Message(Role.USER, (Text("hi"),)),
        Message(
            Role.ASSISTANT, (ToolUse("call_1", "weather", "{}"), ToolUse("call_2", "weather", "{}"))
        ),
        Message(Role.USER, (*results, Text("and now?"))),
        Message(Role.USER, (Text("well?"),)),
    )


def test_the_form_of_before_tools_is_read() -> None:
    conversation = read(
        HI,
        {
            "role": "assistant",
            "content": None,
            "function_call": {"name": "weather", "arguments": "{}"},
        },
        {"role": "function", "name": "weather", "content": "sun"},
        functions=[{"name": "weather"}],
        function_call={"name": "weather"},
    )
    called, answered = conversation.messages[1].parts[0], conversation.messages[2].parts[0]

    assert isinstance(called, ToolUse)
    assert isinstance(answered, ToolResult)
    assert called.id == answered.id != ""
    assert conversation.tools == (Tool("weather"),)
    assert conversation.tool_choice == ToolChoice(ToolMode.REQUIRED, "weather")


@pytest.mark.parametrize(
    ("fields", "reasoning"),
    [
        ({"reasoning_effort": "high"}, Reasoning("high")),
        ({"reasoning": {"effort": "low", "exclude": True}}, Reasoning("low", shown=False)),
        ({"reasoning": {"max_tokens": 2000}}, Reasoning(None, 2000)),
        ({"reasoning": {"enabled": True}}, Reasoning("medium")),
        ({"reasoning": {"enabled": False}}, Reasoning("none")),
        ({"thinking": {"type": "disabled"}}, Reasoning("none")),
        ({"thinking": {"type": "enabled", "budget_tokens": 9}}, Reasoning(None, 9)),
        ({}, None),
    ],
)
def test_thought_is_asked_for_in_many_words(
    fields: dict[str, Any], reasoning: Reasoning | None
) -> None:
    assert read(**fields).reasoning == reasoning


def test_system_and_developer_speak_alike_and_mistrals_thoughts_are_thoughts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    conversation = read(
        {"role": "system", "content": "a"},
        {"role": "developer", "content": [{"type": "text", "text": "b"}]},
        HI,
        {"role": "assistant", "content": [thinking, {"type": "text", "text": "yes"}]},
    )

    assert conversation.system == (Text("a"), Text("b"))
    assert conversation.messages[1].parts == (Thinking("hm", dialect="openai-chat"), Text("yes"))
    assert CHAT.losses(conversation) == ()


def test_what_has_no_place_is_a_loss_here_too() -> None:
    film = {"type": "video_url", "video_url": {"url": "https://a.example/a.mp4"}}
    conversation = read({"role": "user", "content": [{"type": "text", "text": "a"}, film]})

    (loss,) = CHAT.losses(conversation)
    assert (loss.name, str(loss)) == ("messages.video_url", "messages[0].content[1] video_url")
    assert loss.weight is Weight.SAID
    assert CHAT.write_request(conversation) == {"messages": [{"role": "user", "content": "a"}]}


FILES: list[tuple[dict[str, Any], File | Image, dict[str, Any] | None]] = [
    (
        {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBE"},
        File("application/pdf", "JVBE", name="a.pdf"),
        None,
    ),
    (
        {"file_data": "JVBE"},
        File("application/pdf", "JVBE"),
        {"filename": "file.pdf", "file_data": "data:application/pdf;base64,JVBE"},
    ),
    (
        {"filename": "a.txt", "file_data": "data:,hi%20there"},
        File("text/plain", "aGkgdGhlcmU=", name="a.txt"),
        {"filename": "a.txt", "file_data": "data:text/plain;base64,aGkgdGhlcmU="},
    ),
    ({"file_id": "file-1"}, File(id="file-1", keeper="openai"), None),
]


@pytest.mark.parametrize(("given", "part", "back"), FILES)
def test_a_file_is_read_in_every_way_to_give_it(
    given: dict[str, Any], part: File | Image, back: dict[str, Any] | None
) -> None:
    conversation = read({"role": "user", "content": [{"type": "file", "file": given}]})

    assert conversation.messages[0].parts == (part,)
    assert CHAT.write_request(conversation)["messages"][0]["content"] == [
        {"type": "file", "file": back or given}
    ]


def test_a_file_that_is_a_picture_is_a_picture_and_one_at_an_address_stands_there() -> None:
    picture = {"type": "file", "file": {"file_data": "data:image/png;base64,AAAA"}}
    away = {"type": "file", "file": {"file_data": "https://a.example/a.pdf"}}

    (message,) = read({"role": "user", "content": [picture, away]}).messages

    assert message.parts == (
        Image(media_type="image/png", data="AAAA"),
        File("application/pdf", url="https://a.example/a.pdf"),
    )


def test_a_sound_is_a_file() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
    conversation = read({"role": "user", "content": [sound]})

    assert conversation.messages[0].parts == (File("audio/wav", "AA=="),)
    assert CHAT.write_request(conversation)["messages"][0]["content"] == [sound]


def test_what_holds_anyway_is_not_asked_for() -> None:
    conversation = read(modalities=["text"], top_logprobs=0, logprobs=False, logit_bias={})

    assert conversation.extras == {}


def test_who_speaks_and_best_efforts_are_noted_and_vendors_tools_have_a_place() -> None:
    conversation = read(
        {**HI, "name": "Ann"},
        store=True,
        service_tier="auto",
        stream_options={"include_usage": True},
        tools=[WEATHER, {"type": "web_search"}],
    )

    assert conversation.asides == ("service_tier", "store")
    assert [(str(loss), loss.weight) for loss in conversation.unread] == [
        ("messages[0] name", Weight.EFFORT),
        ("tools[1] web_search", Weight.PARAMETER),
    ]


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "'messages' is missing"),
        ({"messages": "hi"}, "'messages' is of type str"),
        ({"messages": ["hi"]}, r"messages\[0\] has the role None"),
        ({"messages": [{"role": "usr"}]}, r"messages\[0\] has the role 'usr'; allowed: system"),
        ({"messages": [HI], "max_tokens": "9"}, "'max_tokens' is of type str; allowed: a whole"),
        ({"messages": [HI], "temperature": True}, "'temperature' is of type bool"),
        ({"messages": [HI], "stop": 5}, "'stop' is 5"),
        ({"messages": [HI], "tools": {}}, "'tools' is an empty mapping; allowed: a list"),
        ({"messages": [HI], "tools": ["weather"]}, r"tools\[0\] is of type str"),
        ({"messages": [HI], "tools": [{"function": {}}]}, "has the name None"),
    ],
)
def test_what_is_no_request_is_refused_by_name(payload: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words):
        CHAT.read_request(payload)


KEYS = [
    "messages", "role", "content", "tool_calls", "function", "name", "arguments", "id", "type",
    "text", "image_url", "url", "tools", "tool_choice", "response_format", "json_schema", "schema",
    "reasoning", "thinking", "effort", "stop", "user", "max_tokens", "reasoning_details",
    "refusal", "function_call", "functions", "cache_control", "system", "assistant",
]  # fmt: skip


@settings(max_examples=60)
@given(
    st.dictionaries(st.sampled_from(KEYS), any_json(KEYS), max_size=4),
    st.lists(
        st.fixed_dictionaries(
            {"role": st.sampled_from(("system", "user", "assistant", "tool"))},
            optional={
                key: any_json(KEYS) for key in ("content", "tool_calls", "reasoning_details")
            },
        ),
        max_size=3,
    ),
)
def test_any_payload_is_read_or_refused(
    fields: dict[str, Any], messages: list[dict[str, Any]]
) -> None:
    try:
        conversation = CHAT.read_request({**fields, "messages": messages})
    except RequestError:
        return

    written = CHAT.write_request(conversation)
    assert CHAT.write_request(CHAT.read_request(written))["messages"] == written["messages"]


# What another dialect's conversation becomes.


def test_fields_of_another_dialect_are_losses_and_not_written() -> None:
    conversation = foreign(extras={"safetySettings": []}, hints={"labels": {}}, top_k=4)

    assert names_of(CHAT.losses(conversation)) == ("top_k", "safetySettings")
    assert CHAT.write_request(conversation) == {"messages": [HI]}


@pytest.mark.parametrize(
    ("conversation", "loss"),
    [
        (foreign(Image(url="https://a/b.png"), role=Role.ASSISTANT), "images"),
        (foreign(Image()), "images"),
        (foreign(File("application/pdf", url="https://a.example/a.pdf")), "files"),
        (foreign(File("audio/ogg", "AAAA")), "audio"),
        (foreign(File("video/mp4", "AAAA")), "files"),
        (foreign(File(id="1", keeper="gemini")), "files"),
        (foreign(choices=2), "n"),
        (foreign(tools=(Tool("a.b"),)), "tools"),
    ],
)
def test_what_cannot_be_said_is_named_and_left_out(conversation: Conversation, loss: str) -> None:
    written = CHAT.write_request(conversation)

    assert names_of(CHAT.losses(conversation)) == (loss,)
    assert CHAT.losses(CHAT.read_request(written)) == ()
    assert not written.keys() & {"tools", "n"}


def test_of_more_stop_sequences_than_are_taken_the_rest_is_cut_here() -> None:
    conversation = foreign(stop=("a", "b", "c", "d", "e"))

    assert CHAT.losses(conversation) == ()
    assert CHAT.reworded(conversation).stops == ("e",)
    assert CHAT.write_request(conversation)["stop"] == ["a", "b", "c", "d"]


def test_what_both_dialects_of_openai_know_is_written_here_too() -> None:
    conversation = Conversation(
        (Message(Role.USER, (Text("hi"),)),),
        dialect="openai-responses",
        verbosity="low",
        hints={"store": True, "truncation": "auto"},
        asides=("store", "truncation"),
    )

    assert names_of(CHAT.losses(conversation)) == ("truncation",)
    assert CHAT.write_request(conversation) == {"messages": [HI], "verbosity": "low", "store": True}


@pytest.mark.parametrize("said", ["hi", "answer as JSON"])
def test_the_word_json_is_said_where_it_is_demanded(said: str) -> None:
    conversation = foreign(Text(said), format=JsonFormat())

    messages = CHAT.write_request(conversation)["messages"]

    assert any("json" in message["content"].lower() for message in messages)
    assert len(CHAT.reworded(conversation).notes) == len(messages) - 1 == (said == "hi")


def test_nobodys_thoughts_and_signatures_go_to_another_vendor() -> None:
    thinking = Thinking("hm", "signed", "anthropic-messages")
    use = ToolUse("call_1", "weather", "{}", signature="signed")
    conversation = foreign(thinking, Text("so"), use, role=Role.ASSISTANT)

    assert CHAT.losses(conversation) == ()
    assert CHAT.write_request(conversation)["messages"] == [
        {"role": "assistant", "content": "so", "tool_calls": [CALL]}
    ]


@pytest.mark.parametrize(
    ("tokens", "effort"),
    [(0, "none"), (1024, "low"), (1025, "medium"), (8192, "medium"), (9000, "high")],
)
def test_a_budget_of_thought_is_said_as_an_effort(tokens: int, effort: str) -> None:
    assert (
        CHAT.write_request(foreign(reasoning=Reasoning(None, tokens)))["reasoning_effort"] == effort
    )


def test_a_tools_picture_is_shown_by_the_user() -> None:
    picture = Image(url="https://a/b.png")
    written = CHAT.write_request(foreign(ToolResult("call_1", (picture,)), Text("see?")))
    shown = {"type": "image_url", "image_url": {"url": "https://a/b.png"}}

    assert written["messages"] == [
        {"role": "tool", "tool_call_id": "call_1", "content": IN_NEXT_MESSAGE},
        {"role": "user", "content": [shown, {"type": "text", "text": "see?"}]},
    ]


def test_how_to_choose_is_not_said_without_tools() -> None:
    conversation = foreign(tool_choice=ToolChoice(), parallel_tool_calls=True, max_tokens=5)

    assert CHAT.write_request(conversation) == {"messages": [HI], "max_tokens": 5}
