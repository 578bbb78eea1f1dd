"""All dialects together: what crosses from one to another arrives, or is named as lost.

A conversation is compared by facets, each of which one name among the losses excuses.
What no loss needs to name, because the answer means the same without it: thoughts of
another vendor, cache marks, how closely a picture is looked at, who the user is, where one
text ends and the next begins, and by which of its two measures thought is asked for. What a
dialect says in other words is named by what it reworded: JSON that is asked for by an
instruction, objects that are closed, stop sequences that are cut here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import DIALECTS, Dialect, Weight, dialect
from orchestrator.dialects.json_schema import closed
from orchestrator.dialects.json_word import instruction
from orchestrator.dialects.neutral import (
    Conversation,
    Delta,
    EndMark,
    File,
    FinishReason,
    Heading,
    Image,
    Message,
    NeutralAnswer,
    Part,
    Role,
    StreamError,
    StreamEvent,
    StreamStart,
    Text,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
    UsageDelta,
)
from tests.dialect_strategies import (
    conversations,
    cuts,
    delta_sequences,
    deltas_of,
    gathered,
    names_of,
    read,
    replies,
    text_of,
)

each = pytest.mark.parametrize("name", DIALECTS)
each_pair = pytest.mark.parametrize(("one", "other"), list(permutations(DIALECTS, 2)))
few = settings(max_examples=25)


# Conversations.


def joined(texts: Iterable[Text]) -> str:
    """The words, whatever stands between the parts."""
    return re.sub(r"\s", "", "".join(text.text for text in texts))


def told(conversation: Conversation) -> list[tuple[Role, Any]]:
    """What each speaker tells, in order, but for what is shown; texts in a row are one."""
    said: list[tuple[Role, Any]] = []
    for message in conversation.messages:
        for part in message.parts:
            item = _told(part)
            if isinstance(item, str) and said and said[-1][0] is message.role:
                item = said.pop()[1] + item if isinstance(said[-1][1], str) else item
            said += [(message.role, item)] if item not in (None, "") else []
    return said


def _told(part: Part) -> Any:
    match part:
        case Text():
            return joined([part])
        case ToolUse():
            return (part.id, part.name, msgspec.json.decode(part.arguments))
        case ToolResult():
            return (part.id, part.name, joined(one for one in part.parts if isinstance(one, Text)))
        case _:
            return None


def shown(conversation: Conversation, kind: str) -> list[Any]:
    """The pictures, sounds or other files of all turns, in order."""
    parts = [part for message in conversation.messages for part in message.parts]
    if kind == "images":
        return [(one.url, one.media_type, one.data) for one in parts if isinstance(one, Image)]
    found = [one for one in parts if isinstance(one, File)]
    return [
        (one.media_type, one.data, one.url, one.id)
        for one in found
        if one.is_of("audio") == (kind == "audio")
    ]


def facets(conversation: Conversation) -> dict[str, Any]:
    """What a conversation asks for, each under the name of the loss that excuses it."""
    form, thought = conversation.format, conversation.reasoning
    choice = conversation.tool_choice or ToolChoice()
    alone = choice.mode is not ToolMode.NONE and conversation.parallel_tool_calls is False
    return {
        "messages": told(conversation),
        "images": shown(conversation, "images"),
        "files": shown(conversation, "files"),
        "audio": shown(conversation, "audio"),
        "system": joined(conversation.system),
        "tools": [(tool.name, tool.description, tool.parameters) for tool in conversation.tools],
        "tool_choice": choice,
        "parallel_tool_calls": alone,
        "max_tokens": conversation.max_tokens,
        "temperature": conversation.temperature,
        "top_p": conversation.top_p,
        "top_k": conversation.top_k,
        "stop": sorted(conversation.stop),
        "seed": conversation.seed,
        "frequency_penalty": conversation.frequency_penalty or None,
        "presence_penalty": conversation.presence_penalty or None,
        "n": conversation.choices or 1,
        "response_format": form and (form.schema,),
        "reasoning_effort": thought is not None,
        "verbosity": conversation.verbosity or "medium",
    }


def reworded(conversation: Conversation, there: Dialect) -> Conversation:
    """The conversation as it has to arrive where ``there`` says that it rewords it."""
    said = there.reworded(conversation)
    system, form = conversation.system, conversation.format
    if any("instruction" in note for note in said.notes):
        system, form = (*system, Text(instruction(form.schema if form else None))), None
    elif any("closed" in note for note in said.notes) and form is not None:
        form = attrs.evolve(form, schema=closed(form.schema or {}))
    elif said.notes:
        system = (*system, Text("Answer in JSON."))
    sent = tuple(stop for stop in conversation.stop if stop not in said.stops)
    return attrs.evolve(conversation, system=system, format=form, stop=sent)


def kept(conversation: Conversation, there: Dialect) -> Conversation:
    """The conversation after ``there``; every facet that it does not name as lost is the same."""
    back = there.read_request({"model": "m", **there.write_request(conversation)})
    lost = set(names_of(there.losses(conversation)))
    before, after = facets(reworded(conversation, there)), facets(back)

    assert {name: after[name] for name in after if name not in lost} == {
        name: before[name] for name in before if name not in lost
    }
    return back


@each_pair
@few
@given(conversation=conversations(with_files=True))
def test_a_conversation_crosses_two_dialects(
    one: str, other: str, conversation: Conversation
) -> None:
    kept(kept(conversation, dialect(one)), dialect(other))


@each
@few
@given(conversation=conversations(with_files=True))
def test_nothing_is_lost_twice(name: str, conversation: Conversation) -> None:
    back = kept(conversation, dialect(name))

    assert dialect(name).losses(back) == ()
    assert facets(kept(back, dialect(name))) == facets(back)


@each_pair
def test_foreign_extras_are_losses_and_hints_are_not(one: str, other: str) -> None:
    hello = (Message(Role.USER, (Text("hi"),)),)
    hints, asides = {"x_kept": 1}, ("x_kept",)
    asked = Conversation(hello, dialect=one, extras={"x_new": 1}, hints=hints, asides=asides)

    new, kept_back = dialect(other).losses(asked)
    assert (new.name, new.weight) == ("x_new", Weight.PARAMETER)
    assert (kept_back.name, kept_back.weight) == ("x_kept", Weight.EFFORT)
    assert "x_new" not in dialect(other).write_request(asked)
    assert "x_kept" not in dialect(other).write_request(asked)
    assert dialect(one).losses(asked) == ()


# Answers.


def meant(reply: NeutralAnswer) -> tuple[Any, ...]:
    texts = [part for part in reply.parts if isinstance(part, Text)]
    thoughts = [part.text for part in reply.parts if isinstance(part, Thinking)]
    calls = [
        (part.id, part.name, msgspec.json.decode(part.arguments))
        for part in reply.parts
        if isinstance(part, ToolUse)
    ]
    words = "".join(text.text for text in texts)
    return words, "".join(thoughts), calls, reply.finish_reason, reply.usage, reply.model


@each_pair
@few
@given(reply=replies(thinking=True))
def test_an_answer_crosses_two_dialects(one: str, other: str, reply: NeutralAnswer) -> None:
    there = dialect(one).read_answer(dialect(one).write_answer(reply))
    back = dialect(other).read_answer(dialect(other).write_answer(there))

    assert meant(back) == meant(there) == meant(reply)


# Streams.


def written(name: str, deltas: Iterable[Delta]) -> bytes:
    writer = dialect(name).stream_writer(Heading(model="model-1"))
    return b"".join(writer.write(delta) for delta in deltas)


def streamed(name: str, *pieces: bytes) -> list[StreamEvent]:
    return read(dialect(name).stream_reader(), pieces)


def heard(deltas: Iterable[Delta]) -> tuple[Any, ...]:
    """What a stream says in the end, however it was cut into deltas."""
    whole = gathered(deltas)
    calls: dict[int, tuple[str, str, str]] = {}
    for delta in whole:
        if isinstance(delta, ToolCallDelta):
            known = calls.get(delta.index, ("", "", ""))
            calls[delta.index] = (
                known[0] + delta.id,
                known[1] + delta.name,
                known[2] + delta.arguments,
            )
    thoughts = "".join(delta.text for delta in whole if isinstance(delta, ThinkingDelta))
    ends = [delta for delta in whole if isinstance(delta, FinishReason | UsageDelta | StreamError)]
    arguments = {
        index: (call, name, msgspec.json.decode(text or "{}"))
        for index, (call, name, text) in calls.items()
    }
    return text_of(whole), thoughts, arguments, ends


@each_pair
@few
@given(deltas=delta_sequences(thinking=True))
def test_a_stream_crosses_two_dialects(one: str, other: str, deltas: list[Delta]) -> None:
    there = deltas_of(streamed(one, written(one, deltas)))
    ended = [] if EndMark() in there else [EndMark()]  # gemini has no end mark
    back = deltas_of(streamed(other, written(other, [*there, *ended])))

    assert heard(there) == heard(deltas)
    assert heard(back) == heard(deltas)
    assert [type(delta) for delta in back].count(StreamStart) == 1


@each
@few
@given(deltas=delta_sequences(thinking=True), data=st.data())
def test_no_cut_changes_what_a_stream_says(
    name: str, deltas: list[Delta], data: st.DataObject
) -> None:
    whole = written(name, deltas)
    events = streamed(name, *data.draw(cuts(whole)))

    assert deltas_of(events) == deltas_of(streamed(name, whole))
    assert b"".join(event.raw for event in events) == whole


@each
@few
@given(deltas=delta_sequences(thinking=True))
def test_a_stream_that_ends_early_says_a_prefix_and_is_not_whole(
    name: str, deltas: list[Delta]
) -> None:
    whole = written(name, deltas)
    everything = deltas_of(streamed(name, whole))
    for end in range(0, len(whole), max(1, len(whole) // 40)):
        part = deltas_of(streamed(name, whole[:end]))
        assert part == everything[: len(part)]
        # The last line end may be the half of CRLF: then nothing that was said is missing.
        assert EndMark() not in part or whole[:end].rstrip() == whole.rstrip()


@each
@given(noise=st.binary(max_size=80), data=st.data())
def test_no_bytes_make_a_reader_raise(name: str, noise: bytes, data: st.DataObject) -> None:
    said = deltas_of(streamed(name, noise))

    assert deltas_of(streamed(name, *data.draw(cuts(noise)))) == said
    assert EndMark() not in said


@each_pair
def test_an_error_crosses_two_dialects(one: str, other: str) -> None:
    error = {"error": {"type": "overloaded_error", "message": "Overloaded: try later"}}
    there = deltas_of(streamed(one, written(one, [StreamStart(), StreamError(error)])))
    back = deltas_of(streamed(other, written(other, there)))
    (broke,) = [delta for delta in back if isinstance(delta, StreamError)]

    assert "Overloaded: try later" in str(broke.body)
    assert EndMark() not in back
