"""Requests survive the way through the neutral form, and what cannot is named."""

from __future__ import annotations

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.api.request import RequestError
from orchestrator.dialects import Weight
from orchestrator.dialects.gemini import GEMINI
from orchestrator.dialects.gemini.vocabulary import NAME, UNSIGNED
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
    ToolResult,
    ToolUse,
)
from tests.dialect_strategies import any_json, conversations, names_of

_GEMINI = GEMINI


def _said(conversation: Conversation) -> Conversation:
    """What of it this dialect says: no user, no parallel calls, a format without a name."""
    wanted = conversation.format
    return attrs.evolve(
        conversation,
        user=None,
        verbosity=None,
        parallel_tool_calls=None,
        format=None if wanted is None else JsonFormat(wanted.schema),
    )


@given(conversations(dialect=NAME))
def test_a_conversation_survives_the_way_through_this_dialect(conversation: Conversation) -> None:
    written = _GEMINI.write_request(conversation)

    assert _GEMINI.read_request(written) == _said(conversation)
    assert _GEMINI.write_request(_GEMINI.read_request(written)) == written


@given(conversations(dialect="openai-chat"))
def test_little_is_lost_of_a_conversation(conversation: Conversation) -> None:
    lost = {
        "parallel_tool_calls": conversation.parallel_tool_calls is False,
        "n": conversation.choices == 2,
        "verbosity": conversation.verbosity in ("low", "high"),
        "user": conversation.user is not None,
    }

    assert names_of(_GEMINI.losses(conversation)) == tuple(
        name for name, is_lost in lost.items() if is_lost
    )


_NATIVE: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "Compare."},
                {"inlineData": {"mimeType": "image/png", "data": "aaaa"}},
            ],
        },
        {
            "role": "model",
            "parts": [
                {"text": "I look.", "thought": True, "thoughtSignature": "c2ln"},
                {"text": "One moment.", "thoughtSignature": "c2lo"},
                {
                    "functionCall": {"id": "a", "name": "look", "args": {"at": 1}},
                    "thoughtSignature": "c2lp",
                },
                {"functionCall": {"id": "b", "name": "look", "args": {}}},
                {"text": "", "thoughtSignature": "c2lq"},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "b", "name": "look", "response": {"n": [1, 2]}}},
                {
                    "functionResponse": {
                        "id": "a",
                        "name": "look",
                        "response": {"error": "gone"},
                        "parts": [{"inlineData": {"mimeType": "image/png", "data": "bbbb"}}],
                    }
                },
            ],
        },
        {
            "role": "model",
            "parts": [{"executableCode": {"language": "PYTHON", "code": "1"}}, {"text": "So."}],
        },
        {
            "role": "user",
            "parts": [{"fileData": {"mimeType": "video/mp4", "fileUri": "https://f/x"}}],
        },
    ],
    "tools": [
        {"functionDeclarations": [{"name": "look", "parametersJsonSchema": {"type": "object"}}]},
        {"googleSearch": {}},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}},
    "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    "cachedContent": "cachedContents/1",
    "labels": {"team": "a"},
    "generationConfig": {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "stopSequences": ["END"],
        "seed": 3,
        "candidateCount": 1,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object"},
        "thinkingConfig": {"thinkingLevel": "HIGH", "includeThoughts": True},
        "responseModalities": ["TEXT"],
        "mediaResolution": "MEDIA_RESOLUTION_LOW",
    },
}


def test_a_request_of_this_dialect_survives_the_way_through_the_neutral_form() -> None:
    assert _GEMINI.write_request(_GEMINI.read_request(_NATIVE)) == _NATIVE


def test_a_request_of_this_dialect_is_read() -> None:
    conversation = _GEMINI.read_request(_NATIVE)

    assert conversation.system == (Text("Be brief."),)
    assert conversation.messages[1].parts == (
        Thinking("I look.", "c2ln", NAME),
        Text("One moment."),
        Thinking("", "c2lo", NAME),
        ToolUse("a", "look", '{"at":1}', signature="c2lp"),
        ToolUse("b", "look", "{}"),
        Thinking("", "c2lq", NAME, redacted=True),
    )
    assert conversation.messages[2].parts == (
        ToolResult("b", (Text('{"n":[1,2]}'),), name="look"),
        ToolResult(
            "a", (Text("gone"), Image(media_type="image/png", data="bbbb")), error=True, name="look"
        ),
    )
    assert conversation.reasoning == Reasoning("high", shown=True)
    assert set(conversation.extras) == {"cachedContent", "contents", "tools"}
    assert set(conversation.hints) == {"safetySettings", "labels", "generationConfig"}


def test_what_is_left_of_the_settings_is_named_one_by_one() -> None:
    config = {"responseLogprobs": True, "logprobs": 5, "responseModalities": ["TEXT"]}
    conversation = _GEMINI.read_request({"contents": [], "generationConfig": config})

    (loss,) = conversation.unread
    assert str(loss) == "generationConfig.responseLogprobs, generationConfig.logprobs"
    assert loss.allowed(("*",))
    assert _GEMINI.write_request(conversation)["generationConfig"] == config


def test_extras_of_another_dialect_are_losses_and_hints_are_not() -> None:
    conversation = Conversation(
        (), dialect="openai-chat", extras={"logit_bias": {"1": 2}}, hints={"store": True}
    )

    assert names_of(_GEMINI.losses(conversation)) == ("logit_bias",)
    assert _GEMINI.write_request(conversation) == {"contents": []}


def test_of_more_stop_sequences_than_are_taken_the_rest_is_cut_here() -> None:
    conversation = Conversation((), stop=tuple("abcdef"))

    assert _GEMINI.losses(conversation) == ()
    assert _GEMINI.reworded(conversation).stops == ("f",)
    assert _GEMINI.write_request(conversation)["generationConfig"] == {
        "stopSequences": list("abcde")
    }


_PDF = {"inlineData": {"mimeType": "application/pdf", "data": "JVBE"}}
_SOUND = {"inlineData": {"mimeType": "audio/mp3", "data": "AAAA"}}
_FILM = {"fileData": {"fileUri": "https://www.youtube.com/watch?v=1"}}
_KEPT = {
    "fileData": {
        "mimeType": "application/pdf",
        "fileUri": "https://generativelanguage.googleapis.com/v1beta/files/1",
    }
}


def test_files_are_read_and_what_google_keeps_is_its_own() -> None:
    payload = {"contents": [{"role": "user", "parts": [_PDF, _SOUND, _FILM, _KEPT]}]}

    conversation = _GEMINI.read_request(payload)

    pdf, sound, film, kept = conversation.messages[0].parts
    assert pdf == File("application/pdf", "JVBE")
    assert sound == File("audio/mp3", "AAAA")
    assert film == File("video/mp4", url="https://www.youtube.com/watch?v=1")
    assert isinstance(kept, File)
    assert (kept.keeper, kept.url) == ("gemini", None)
    assert _GEMINI.losses(conversation) == ()
    assert _GEMINI.write_request(conversation)["contents"][0]["parts"][3] == _KEPT


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (File("audio/m4a", "AAAA"), "audio"),
        (File("application/msword", "AAAA"), "files"),
        (File(id="file-1", keeper="openai"), "files"),
        (File("application/pdf", url="gs://bucket/a.pdf"), "files"),
    ],
)
def test_a_file_that_is_not_taken_is_named(file: File, name: str) -> None:
    conversation = Conversation((Message(Role.USER, (file,)),), dialect="openai-chat")

    assert names_of(_GEMINI.losses(conversation)) == (name,)
    assert _GEMINI.write_request(conversation) == {"contents": []}


def test_what_only_google_runs_or_knows_is_named_by_its_place() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    conversation = _GEMINI.read_request(
        {
            "contents": [{"role": "model", "parts": [{"text": "a"}, code]}],
            "tools": [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}],
            "cachedContent": "cachedContents/1",
        }
    )

    assert [str(loss) for loss in conversation.unread] == [
        "contents[0].parts[1] executableCode",
        "cachedContent",
        "tools[1] googleSearch",
    ]
    assert [loss.weight for loss in conversation.unread] == [
        Weight.SAID,
        Weight.SAID,
        Weight.PARAMETER,
    ]


def test_both_spellings_are_read() -> None:
    snakes = {
        "contents": [
            {"parts": [{"inline_data": {"mime_type": "image/png", "data": "aaaa"}}]},
            {
                "role": "model",
                "parts": [{"function_call": {"name": "f"}, "thought_signature": "x"}],
            },
        ],
        "system_instruction": {"parts": [{"text": "s"}]},
        "generation_config": {"max_output_tokens": 3, "thinking_config": {"thinking_budget": 0}},
        "tool_config": {"function_calling_config": {"mode": "any"}},
        "tools": [{"function_declarations": [{"name": "f", "parameters": {"type": "OBJECT"}}]}],
    }

    conversation = _GEMINI.read_request(snakes)

    assert conversation.messages[0].parts == (Image(media_type="image/png", data="aaaa"),)
    assert conversation.messages[1].parts[0].signature == "x"  # type: ignore[union-attr]
    assert conversation.system == (Text("s"),)
    assert (conversation.max_tokens, conversation.reasoning) == (3, Reasoning("none"))
    assert conversation.tool_choice is not None
    assert conversation.tools == (Tool("f", parameters={"type": "object"}),)
    assert not conversation.extras


def test_results_without_ids_belong_to_calls_in_order() -> None:
    call, result = (
        {"functionCall": {"name": "f"}},
        {"functionResponse": {"name": "f", "response": {}}},
    )
    turn = [{"role": "model", "parts": [call, call]}, {"role": "user", "parts": [result, result]}]

    conversation = _GEMINI.read_request({"contents": [*turn, *turn]})

    uses = [p.id for m in conversation.messages for p in m.parts if isinstance(p, ToolUse)]
    results = [p.id for m in conversation.messages for p in m.parts if isinstance(p, ToolResult)]
    assert uses == results
    assert len(set(uses)) == 4
    assert conversation == _GEMINI.read_request({"contents": [*turn, *turn]})


def test_results_of_parallel_calls_come_in_one_content_and_are_named() -> None:
    conversation = Conversation(
        (
            Message(Role.ASSISTANT, (ToolUse("a", "f", "{}"), ToolUse("b", "g", '{"x": 1}'))),
            Message(Role.USER, (ToolResult("a", (Text("1"),)),)),
            Message(Role.USER, (ToolResult("b", (Text('{"ok":true}'),)),)),
        ),
        dialect="openai-chat",
    )

    contents = _GEMINI.write_request(conversation)["contents"]

    assert contents == [
        {
            "role": "model",
            "parts": [
                {
                    "functionCall": {"id": "a", "name": "f", "args": {}},
                    "thoughtSignature": UNSIGNED,
                },
                {"functionCall": {"id": "b", "name": "g", "args": {"x": 1}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "id": "a", "response": {"output": "1"}}},
                {"functionResponse": {"name": "g", "id": "b", "response": {"ok": True}}},
            ],
        },
    ]


@given(st.text(max_size=20) | st.sampled_from(["{}", '{"output":"x"}', '{"a": 1}', '{"a":1}']))
def test_the_text_of_a_result_survives(text: str) -> None:
    result = ToolResult("a", (Text(text),), name="f")
    conversation = Conversation((Message(Role.USER, (result,)),), dialect=NAME)

    assert _GEMINI.read_request(_GEMINI.write_request(conversation)) == conversation


def test_thoughts_of_another_vendor_and_empty_contents_are_left_out() -> None:
    conversation = Conversation(
        (
            Message(Role.USER, (Text("hi"),)),
            Message(Role.ASSISTANT, (Thinking("hm", "sig", "anthropic-messages"),)),
            Message(Role.USER, (Text("well?"), Text(""))),
        ),
        dialect="anthropic-messages",
    )

    contents = _GEMINI.write_request(conversation)["contents"]

    assert [content["parts"] for content in contents] == [[{"text": "hi"}], [{"text": "well?"}]]
    assert _GEMINI.losses(conversation) == ()


@pytest.mark.parametrize(
    ("image", "part"),
    [
        (
            Image(url="https://a.example/x.WEBP?y=1"),
            {"fileData": {"mimeType": "image/webp", "fileUri": "https://a.example/x.WEBP?y=1"}},
        ),
        (
            Image(url="https://a.example/x"),
            {"fileData": {"mimeType": "image/jpeg", "fileUri": "https://a.example/x"}},
        ),
        (
            Image(url="data:image/gif;base64,R0lG"),
            {"inlineData": {"mimeType": "image/gif", "data": "R0lG"}},
        ),
    ],
)
def test_a_picture_by_address_has_a_type(image: Image, part: dict[str, Any]) -> None:
    conversation = Conversation((Message(Role.USER, (image,)),))

    assert _GEMINI.write_request(conversation)["contents"][0]["parts"] == [part]


def test_strict_tools_are_validated() -> None:
    strict = Conversation((), tools=(Tool("f", strict=True),), dialect=NAME)

    written = _GEMINI.write_request(strict)

    assert written["toolConfig"] == {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert _GEMINI.read_request(written).tools == strict.tools


def test_a_declaration_that_says_more_is_handed_back() -> None:
    tools = [{"functionDeclarations": [{"name": "f", "response": {"type": "STRING"}}]}]

    conversation = _GEMINI.read_request({"contents": [], "tools": tools})

    assert conversation.tools == (Tool("f"),)
    assert _GEMINI.write_request(conversation)["tools"] == tools


@pytest.mark.parametrize(
    ("config", "kept"),
    [
        ({"mode": "AUTO", "allowedFunctionNames": ["f"]}, True),
        ({"mode": "ANY", "allowedFunctionNames": ["f", "g"]}, True),
        ({"mode": "TOMORROW"}, True),
        ({"mode": "NONE"}, False),
    ],
)
def test_a_choice_that_nobody_else_can_make_stays(config: dict[str, Any], *, kept: bool) -> None:
    given_config = {"contents": [], "toolConfig": {"functionCallingConfig": config}}

    conversation = _GEMINI.read_request(given_config)

    assert ("toolConfig" in conversation.extras) == kept
    assert _GEMINI.write_request(conversation) == given_config


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({}, "'contents' is missing"),
        ({"contents": "hi"}, "'contents' is of type str"),
        ({"contents": ["hi"]}, "contents[0] is of type str"),
        ({"contents": [{"parts": ["hi"]}]}, "contents[0].parts is a list of other things"),
    ],
)
def test_what_is_no_request_is_refused(payload: dict[str, Any], words: str) -> None:
    with pytest.raises(RequestError, match=words.replace("[", r"\[").replace("]", r"\]")):
        _GEMINI.read_request(payload)


_KEYS = (
    "contents", "role", "parts", "text", "thought", "functionCall", "functionResponse", "name",
    "response", "inlineData", "mimeType", "fileData", "generationConfig", "thinkingConfig",
    "thinkingBudget", "tools", "functionDeclarations", "parameters", "toolConfig",
    "functionCallingConfig", "mode", "allowedFunctionNames", "systemInstruction", "stopSequences",
)  # fmt: skip


@given(
    st.dictionaries(st.sampled_from(_KEYS), any_json(_KEYS)),
    st.lists(st.dictionaries(st.sampled_from(_KEYS), any_json(_KEYS)), max_size=3),
)
def test_any_other_json_is_read_or_refused(fields: dict[str, Any], contents: list[Any]) -> None:
    for payload in (fields, {**fields, "contents": contents}):
        try:
            conversation = _GEMINI.read_request(payload)
        except RequestError:
            continue
        assert "contents" in _GEMINI.write_request(conversation)
