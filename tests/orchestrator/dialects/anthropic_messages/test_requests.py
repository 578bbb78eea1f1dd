"""A request, read and written: nothing that can be said is lost, and nothing else is sent."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.api.request import RequestError
from orchestrator.dialects.anthropic_messages import MESSAGES
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
from tests import dialect_strategies
from tests.anthropic_strategies import conversations, json_values
from tests.dialect_strategies import names_of

HI = Message(Role.USER, (Text("hi"),))


def turn(*parts: Part, role: Role = Role.USER) -> Message:
    return Message(role, parts)


def written(*messages: Message, **fields: Any) -> Any:
    return MESSAGES.write_request(Conversation(messages or (HI,), **fields))


def lost(*messages: Message, **fields: Any) -> tuple[str, ...]:
    return names_of(MESSAGES.losses(Conversation(messages or (HI,), **fields)))


def read(**fields: Any) -> Conversation:
    return MESSAGES.read_request({"messages": [{"role": "user", "content": "hi"}], **fields})


@settings(max_examples=60)
@given(conversations())
def test_what_can_be_said_comes_back_as_it_was(conversation: Conversation) -> None:
    assert MESSAGES.losses(conversation) == ()

    sent = msgspec.json.decode(msgspec.json.encode(MESSAGES.write_request(conversation)))

    assert MESSAGES.read_request(sent) == conversation


@settings(max_examples=60)
@given(dialect_strategies.conversations(cache=True))
def test_the_turns_of_any_conversation_come_back_and_what_cannot_be_said_is_not_sent(
    conversation: Conversation,
) -> None:
    again = MESSAGES.read_request(MESSAGES.write_request(conversation))

    said_in_words = conversation.format is not None and conversation.format.schema is None
    assert again.messages == conversation.messages
    assert again.system[: len(conversation.system)] == conversation.system
    assert len(again.system) - len(conversation.system) == said_in_words
    assert again.tools == conversation.tools
    assert MESSAGES.losses(again) == ()
    cut = MESSAGES.reworded(conversation).stops
    assert sorted((*again.stop, *cut)) == sorted(conversation.stop)
    for name in ("temperature", "top_p", "top_k", "tool_choice", "reasoning"):
        if MESSAGES.losses(conversation) == () and name != "tool_choice":
            assert getattr(again, name) == getattr(conversation, name)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from(["messages", "system", "tools", "tool_choice", "thinking", "top_k"]),
        json_values
        | st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": json_values})),
    )
)
def test_a_payload_is_read_or_refused_in_words(payload: dict[str, Any]) -> None:
    with suppress(RequestError):
        assert isinstance(MESSAGES.read_request(payload), Conversation)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "'messages' is missing"),
        ({"messages": "hi"}, "'messages' is of type str"),
        ({"messages": [7]}, "messages[0] is of type int"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0] has the role 'tool'"),
        ({"messages": [{"role": "user"}]}, "messages[0].content is missing"),
        (
            {"messages": [{"role": "user", "content": [{"type": "text"}]}]},
            "messages[0].content[0] has no 'text'",
        ),
        ({"messages": [], "tool_choice": {"type": "some"}}, "'tool_choice' has type 'some'"),
        ({"messages": [], "tools": [{"input_schema": {}}]}, "tools[0] has no 'name'"),
        ({"messages": [], "max_tokens": "9"}, "'max_tokens' is of type str"),
        ({"messages": [], "temperature": True}, "'temperature' is of type bool"),
        ({"messages": [], "stop_sequences": "END"}, "'stop_sequences' is no list of strings"),
    ],
)
def test_what_is_no_request_is_refused_where_it_goes_wrong(
    payload: dict[str, Any], words: str
) -> None:
    with pytest.raises(RequestError, match=re.escape(words)):
        MESSAGES.read_request(payload)


# Turns.


def test_one_role_has_one_turn_and_results_come_first_in_it() -> None:
    sent = written(
        turn(ToolUse("call_1", "f", "{}"), role=Role.ASSISTANT),
        turn(ToolUse("call_2", "f", '{"a":1}'), role=Role.ASSISTANT),
        turn(Text("so"), ToolResult("call_1", (Text("1"),))),
        turn(ToolResult("call_2", (), error=True)),
    )["messages"]

    assert [message["role"] for message in sent] == ["assistant", "user"]
    assert [block["input"] for block in sent[0]["content"]] == [{}, {"a": 1}]
    assert [block["type"] for block in sent[1]["content"]] == ["tool_result", "tool_result", "text"]
    assert sent[1]["content"][1] == {
        "type": "tool_result",
        "tool_use_id": "call_2",
        "is_error": True,
    }


def test_empty_words_and_foreign_thoughts_are_no_blocks() -> None:
    foreign = Thinking("hm", "sig", "gemini")
    unsigned = Thinking("hm")

    sent = written(HI, turn(Text(""), foreign, unsigned, role=Role.ASSISTANT), HI)["messages"]

    assert [block["text"] for block in sent[0]["content"]] == ["hi", "hi"]
    assert lost(HI, turn(foreign, role=Role.ASSISTANT)) == ()


@pytest.mark.parametrize("given_id", ["functions.get:0", "ü", "a b"])
def test_an_id_of_another_vendor_is_made_one_that_is_taken(given_id: str) -> None:
    called, answered = written(
        turn(ToolUse(given_id, "f", "{}"), role=Role.ASSISTANT), turn(ToolResult(given_id, ()))
    )["messages"]

    assert called["content"][0]["id"] == answered["content"][0]["tool_use_id"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", called["content"][0]["id"])


def test_ids_that_differ_in_other_letters_stay_apart() -> None:
    (sent,) = written(
        turn(ToolUse("a.b", "f", "{}"), ToolUse("a:b", "f", "{}"), role=Role.ASSISTANT)
    )["messages"]

    assert len({block["id"] for block in sent["content"]}) == 2


def test_calls_without_ids_get_some_and_their_results_the_same() -> None:
    called, answered = written(
        turn(ToolUse("", "f", "{}"), ToolUse("", "g", "{}"), role=Role.ASSISTANT),
        turn(ToolResult("", (Text("1"),)), ToolResult("", (Text("2"),))),
    )["messages"]

    made = [block["id"] for block in called["content"]]
    assert len(set(made)) == 2
    assert [block["tool_use_id"] for block in answered["content"]] == made


@pytest.mark.parametrize("text", ['{"a":', "[1]", "nonsense", "1e999"])
def test_arguments_that_are_no_object_are_kept_in_one(text: str) -> None:
    (sent,) = written(turn(ToolUse("call_1", "f", text), role=Role.ASSISTANT))["messages"]

    assert sent["content"][0]["input"] == {"INVALID_JSON": text}


def test_instructions_between_the_turns_join_the_system_prompt() -> None:
    conversation = MESSAGES.read_request(
        {
            "system": "be kind",
            "messages": [
                {"role": "user", "content": "hi"},
                {"role": "system", "content": [{"type": "text", "text": "be short"}]},
            ],
        }
    )

    assert conversation.system == (Text("be kind"), Text("be short"))
    assert conversation.messages == (HI,)


def test_a_block_that_nobody_else_has_is_named_by_its_place() -> None:
    image = {"type": "image", "source": {"type": "file", "file_id": "file_2"}}
    found = {"type": "search_result", "source": "s", "title": "t", "content": []}
    conversation = MESSAGES.read_request(
        {"messages": [{"role": "user", "content": [image, found]}]}
    )

    (picture, search) = MESSAGES.losses(conversation)
    assert (picture.name, str(picture)) == ("messages.image", "messages[0].content[0] image")
    assert (search.name, str(search)) == (
        "messages.search_result",
        "messages[0].content[1] search_result",
    )
    assert MESSAGES.write_request(conversation) == {"messages": []}


# Documents.


def document(**source: Any) -> dict[str, Any]:
    return {"type": "document", "source": source}


DOCUMENTS: list[tuple[dict[str, Any], tuple[Part, ...]]] = [
    (
        document(type="base64", media_type="application/pdf", data="JVBE") | {"title": "a.pdf"},
        (File("application/pdf", "JVBE", name="a.pdf"),),
    ),
    (
        document(type="url", url="https://a.example/a.pdf"),
        (File("application/pdf", url="https://a.example/a.pdf"),),
    ),
    (
        document(type="text", media_type="text/plain", data="hi"),
        (File("text/plain", "aGk="),),
    ),
    (
        document(type="file", file_id="file_1"),
        (File(id="file_1", keeper="anthropic-messages"),),
    ),
]


@pytest.mark.parametrize(("block", "parts"), DOCUMENTS)
def test_a_document_comes_back_as_it_was(block: dict[str, Any], parts: tuple[Part, ...]) -> None:
    payload = {"messages": [{"role": "user", "content": [block]}]}

    conversation = MESSAGES.read_request(payload)

    assert conversation.messages == (turn(*parts),)
    assert MESSAGES.losses(conversation) == ()
    assert MESSAGES.write_request(conversation) == payload


def test_what_is_said_of_a_document_is_said_before_it() -> None:
    inside = document(type="content", content=[{"type": "text", "text": "page"}])
    block = {**inside, "context": "of 1999", "citations": {"enabled": True}}
    conversation = MESSAGES.read_request({"messages": [{"role": "user", "content": [block]}]})

    assert conversation.messages == (turn(Text("of 1999"), Text("page")),)
    (cited,) = conversation.unread
    assert str(cited) == "messages[0].content[0] document citations"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (File("audio/wav", "AAAA"), "audio"),
        (File("application/msword", "AAAA"), "files"),
        (File("text/plain", "/w=="), "files"),
        (File("application/pdf", url="https://generativelanguage.googleapis.com/v1/f"), "files"),
        (File(id="file-1", keeper="openai"), "files"),
        (File("image/svg", url="https://a.example/a.svg"), "files"),
    ],
)
def test_a_file_that_is_not_taken_is_named(file: File, name: str) -> None:
    assert lost(turn(file)) == (name,)
    assert written(turn(file)) == {"messages": []}


# Settings.


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"seed": 7}, "seed"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"presence_penalty": -1}, "presence_penalty"),
        ({"choices": 2}, "n"),
        ({"verbosity": "low"}, "verbosity"),
        ({"temperature": 1.5}, "temperature"),
        ({"temperature": 0.5, "reasoning": Reasoning("low")}, "temperature"),
        ({"top_p": 0.5, "reasoning": Reasoning(tokens=2_000)}, "top_p"),
        ({"top_k": 5, "reasoning": Reasoning()}, "top_k"),
        ({"tools": (Tool("has.dots"),)}, "tools"),
        ({"reasoning": Reasoning("whatever")}, "reasoning_effort"),
        ({"reasoning": Reasoning(tokens=2_000), "max_tokens": 500}, "reasoning_effort"),
        ({"extras": {"logit_bias": {"1": 2}}, "dialect": "openai-chat"}, "logit_bias"),
        (
            {
                "tools": (Tool("f"),),
                "tool_choice": ToolChoice(ToolMode.REQUIRED),
                "reasoning": Reasoning("high"),
            },
            "tool_choice",
        ),
    ],
)
def test_what_cannot_be_said_is_named_and_left_out(fields: dict[str, Any], name: str) -> None:
    assert lost(**fields) == (name,)

    sent = written(**fields)
    again = attrs.evolve(MESSAGES.read_request(sent), dialect="")

    assert MESSAGES.losses(again) == ()


@pytest.mark.parametrize(
    "fields",
    [
        {"frequency_penalty": 0, "presence_penalty": 0.0, "choices": 1},
        {"temperature": 1, "reasoning": Reasoning("high")},
        {"reasoning": Reasoning("minimal")},
        {"reasoning": Reasoning(tokens=-1)},
        {"reasoning": Reasoning(tokens=0), "temperature": 0.2},
        {"verbosity": "medium"},
        {"hints": {"spelling": {}}, "dialect": "openai-chat"},
    ],
)
def test_what_asks_for_nothing_special_is_no_loss(fields: dict[str, Any]) -> None:
    assert lost(**fields) == ()


def test_what_is_cut_here_is_not_sent() -> None:
    conversation = Conversation((HI,), stop=("END", "\n"))

    assert MESSAGES.losses(conversation) == ()
    assert MESSAGES.reworded(conversation).stops == ("\n",)
    assert MESSAGES.write_request(conversation)["stop_sequences"] == ["END"]


@pytest.mark.parametrize(
    "picture",
    [
        turn(Image(media_type="image/tiff", data="AAAA")),
        turn(Image()),
        turn(Image(url="https://pictures.example/cat.png"), role=Role.ASSISTANT),
        turn(ToolResult("call_1", (Image(media_type="image/bmp", data="AAAA"),))),
    ],
)
def test_a_picture_that_is_not_taken_is_named(picture: Message) -> None:
    assert lost(picture) == ("images",)
    assert "image" not in msgspec.json.encode(written(picture)).decode()


@pytest.mark.parametrize(
    ("reasoning", "thinking", "effort"),
    [
        (Reasoning("none"), {"type": "disabled"}, None),
        (Reasoning(tokens=0), {"type": "disabled"}, None),
        (Reasoning("minimal"), {"type": "adaptive"}, "low"),
        (Reasoning("xhigh"), {"type": "adaptive"}, "xhigh"),
        (Reasoning(tokens=-1), {"type": "adaptive"}, None),
        (Reasoning(tokens=9), {"type": "enabled", "budget_tokens": 1_024}, None),
        (Reasoning(tokens=9_000), {"type": "enabled", "budget_tokens": 4_999}, None),
        (Reasoning(shown=True), {"type": "adaptive", "display": "summarized"}, None),
    ],
)
def test_how_much_to_think_is_said_in_the_vendors_way(
    reasoning: Reasoning, thinking: dict[str, Any], effort: str | None
) -> None:
    sent = written(reasoning=reasoning, max_tokens=5_000)

    assert sent["thinking"] == thinking
    assert sent.get("output_config", {}).get("effort") == effort


def test_the_highest_effort_is_read_as_the_neutral_forms_highest() -> None:
    conversation = read(thinking={"type": "adaptive"}, output_config={"effort": "max"})

    assert conversation.reasoning == Reasoning("xhigh")


def test_an_effort_alone_is_one_too() -> None:
    assert read(output_config={"effort": "low"}).reasoning == Reasoning("low")


def test_a_tool_that_takes_nothing_still_has_a_type() -> None:
    (tool,) = written(tools=(Tool("f"),))["tools"]

    assert tool == {"name": "f", "input_schema": {"type": "object"}}


def test_nothing_is_said_of_choosing_where_there_is_no_tool() -> None:
    sent = written(tool_choice=ToolChoice(ToolMode.NONE), parallel_tool_calls=False)

    assert "tool_choice" not in sent


def test_one_call_at_a_time_is_said_with_the_choice() -> None:
    sent = written(tools=(Tool("f"),), parallel_tool_calls=False)

    assert sent["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_the_vendors_own_fields_are_written_back_to_it_alone() -> None:
    search = {"type": "web_search_20250305", "name": "web_search"}
    fields = {
        "tools": [{"name": "f", "input_schema": {"type": "object"}}, search],
        "output_config": {"task_budget": {"type": "tokens", "total": 9}},
        "thinking": {"type": "between_tools"},
        "container": "c_1",
        "service_tier": "auto",
        "context_management": {"edits": []},
    }
    conversation = read(**fields)

    assert set(conversation.extras) == {"tools", "output_config", "thinking", "container"}
    assert set(conversation.hints) == {"service_tier", "context_management"}

    sent = MESSAGES.write_request(conversation)
    assert {name: sent[name] for name in fields} == fields

    (tool,) = conversation.unread
    assert (tool.name, str(tool)) == ("web_search_20250305", "tools[1] web_search_20250305")
    foreign = MESSAGES.write_request(attrs.evolve(conversation, dialect="gemini"))
    assert foreign.keys() == {"messages", "tools"}
    assert len(foreign["tools"]) == 1


def test_the_schema_is_found_where_it_stood_before_too() -> None:
    schema = {"type": "object"}

    conversation = read(output_format={"type": "json_schema", "schema": schema})

    assert conversation.format == JsonFormat(schema)
