"""Hypothesis strategies for the neutral form and for what providers send; all dialects use them.

A drawn conversation is one that any agent could have had: turns alternate, tool results
come first in the turn after their calls, ids are unique and arguments are JSON.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence
from itertools import count
from typing import Any

import attrs
import msgspec
from hypothesis import strategies as st

from orchestrator.dialects import Loss, StreamReader, Usage
from orchestrator.dialects.neutral import (
    Conversation,
    Delta,
    EndMark,
    File,
    FinishReason,
    Image,
    JsonFormat,
    Message,
    NeutralAnswer,
    Part,
    Reasoning,
    Role,
    StreamEvent,
    StreamStart,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCallDelta,
    ToolChoice,
    ToolMode,
    ToolResult,
    ToolUse,
    UsageDelta,
)

# Small things.

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=8)
spoken = words.filter(lambda text: bool(text.strip()))
names = st.sampled_from(("search", "read_file", "get-weather", "f"))
ids = st.from_regex(r"call_[a-z0-9]{4,8}", fullmatch=True)
numbers = st.sampled_from((0.0, 0.25, 0.5, 1.0))
json_scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
json_objects = st.dictionaries(
    st.text(max_size=4),
    st.recursive(json_scalars, lambda inner: st.lists(inner, max_size=2), max_leaves=3),
    max_size=3,
)
arguments = json_objects.map(lambda value: msgspec.json.encode(value).decode())
schemas = st.builds(
    lambda properties, required: {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": sorted(properties) if required else [],
    },
    st.dictionaries(
        st.sampled_from(("city", "path", "n")),
        st.sampled_from(("string", "integer", "boolean")),
        min_size=1,
        max_size=2,
    ),
    st.booleans(),
)


def any_json(keys: Sequence[str]) -> st.SearchStrategy[Any]:
    """JSON of any shape, whose objects use `keys`: what a broken provider may send."""
    leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(keys), inner, max_size=4)
        ),
        max_leaves=12,
    )


# Conversations.


def texts(*, cache: bool = False) -> st.SearchStrategy[Text]:
    return st.builds(Text, spoken, cache=st.booleans() if cache else st.just(False))


images = st.builds(
    Image, url=st.sampled_from(("https://a.example/cat.png", "https://b.example/dog.jpg?x=1"))
) | st.builds(
    Image,
    media_type=st.sampled_from(("image/png", "image/jpeg")),
    data=st.binary(min_size=1, max_size=6).map(lambda raw: base64.b64encode(raw).decode()),
)


def _content(media_type: str) -> st.SearchStrategy[File]:
    data = st.text("abc ", min_size=1, max_size=6).map(
        lambda text: base64.b64encode(text.encode()).decode()
    )
    named = st.sampled_from(("a.bin", "report"))
    return st.builds(File, st.just(media_type), data, name=named)


files: st.SearchStrategy[File] = st.one_of(
    _content("application/pdf"),
    _content("text/plain"),
    _content("audio/wav"),
    _content("audio/ogg"),
    _content("application/msword"),
    st.builds(
        File, st.just("application/pdf"), url=st.just("https://a.example/a.pdf"), name=st.just("a")
    ),
    st.builds(File, id=st.just("file-1"), keeper=st.sampled_from(("openai", "nobody"))),
)
"""Documents and sounds in every way to give them; hardly a dialect takes them all."""


@st.composite
def turns(
    draw: st.DrawFn, *, cache: bool = False, pictures: bool = True, with_files: bool = False
) -> tuple[Message, ...]:
    """Alternating turns that begin and end with the user's."""
    said = texts(cache=cache)
    user: st.SearchStrategy[Part] = said | images if pictures else said
    user = user | files if with_files else user
    fresh = (f"call_{number:04}" for number in count())
    messages = [Message(Role.USER, tuple(draw(st.lists(user, min_size=1, max_size=3))))]
    for _ in range(draw(st.integers(0, 2))):
        calls = draw(tool_uses(fresh))
        spoke = draw(st.lists(said, min_size=0 if calls else 1, max_size=2))
        results = tuple(draw(tool_results(call)) for call in calls)
        more = draw(st.lists(user, min_size=0 if calls else 1, max_size=2))
        messages.append(Message(Role.ASSISTANT, (*spoke, *calls)))
        messages.append(Message(Role.USER, (*results, *more)))
    return tuple(messages)


@st.composite
def tool_uses(draw: st.DrawFn, fresh: Iterator[str]) -> tuple[ToolUse, ...]:
    made = st.builds(ToolUse, st.just(""), names, arguments)
    return tuple(attrs.evolve(use, id=next(fresh)) for use in draw(st.lists(made, max_size=2)))


def tool_results(use: ToolUse) -> st.SearchStrategy[ToolResult]:
    return st.builds(ToolResult, st.just(use.id), st.tuples(texts()), name=st.just(use.name))


tools = st.lists(
    st.builds(Tool, names, st.sampled_from(("", "Does it.")), schemas),
    min_size=1,
    max_size=3,
    unique_by=lambda tool: tool.name,
).map(tuple)


def tool_choices(offered: tuple[Tool, ...]) -> st.SearchStrategy[ToolChoice | None]:
    named = st.builds(
        ToolChoice, st.just(ToolMode.REQUIRED), st.sampled_from([tool.name for tool in offered])
    )
    return st.none() | st.builds(ToolChoice, st.sampled_from(ToolMode)) | named


formats = st.just(JsonFormat()) | st.builds(
    JsonFormat, schemas, st.just("answer"), st.sampled_from((None, True))
)
reasonings = st.builds(Reasoning, st.sampled_from(("low", "medium", "high")))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """What the caller may leave unsaid."""
    return st.none() | strategy


@st.composite
def conversations(
    draw: st.DrawFn,
    *,
    dialect: str = "",
    cache: bool = False,
    pictures: bool = True,
    with_files: bool = False,
) -> Conversation:
    """A request that says anything the neutral form can say, but for extras and thinking."""
    offered = draw(st.just(()) | tools)
    return Conversation(
        draw(turns(cache=cache, pictures=pictures, with_files=with_files)),
        system=tuple(draw(st.lists(texts(cache=cache), max_size=2))),
        tools=offered,
        tool_choice=draw(tool_choices(offered)) if offered else None,
        parallel_tool_calls=draw(maybe(st.booleans())) if offered else None,
        max_tokens=draw(maybe(st.integers(1, 64_000))),
        temperature=draw(maybe(numbers)),
        top_p=draw(maybe(numbers)),
        top_k=draw(maybe(st.integers(1, 100))),
        stop=tuple(
            draw(st.lists(st.sampled_from(("END", "\n\n", "###")), max_size=2, unique=True))
        ),
        seed=draw(maybe(st.integers(0, 2**31 - 1))),
        frequency_penalty=draw(maybe(numbers)),
        presence_penalty=draw(maybe(numbers)),
        choices=draw(st.sampled_from((None, None, 1, 2))),
        format=draw(maybe(formats)),
        reasoning=draw(maybe(reasonings)),
        user=draw(maybe(st.sampled_from(("user-1", "user-2")))),
        verbosity=draw(maybe(st.sampled_from(("low", "medium", "high")))),
        dialect=dialect,
    )


def names_of(losses: Iterable[Loss]) -> tuple[str, ...]:
    """What the losses are called."""
    return tuple(loss.name for loss in losses)


# Answers.


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    """Counts that add up; parts are parts of their whole."""
    prompt, completion = draw(st.integers(1, 10_000)), draw(st.integers(1, 10_000))
    return Usage(
        prompt,
        completion,
        prompt + completion,
        draw(st.integers(0, prompt)),
        draw(st.integers(0, completion)),
    )


@st.composite
def replies(draw: st.DrawFn, *, dialect: str = "", thinking: bool = False) -> NeutralAnswer:
    """A whole answer: thoughts first, then words, then tool calls."""
    fresh = (f"call_{number:04}" for number in count())
    calls = draw(tool_uses(fresh))
    said = draw(st.lists(texts(), min_size=0 if calls else 1, max_size=1))
    thought = st.builds(Thinking, spoken, dialect=st.just(dialect))
    thoughts = draw(st.lists(thought, max_size=1)) if thinking else []
    finish = "tool_calls" if calls else draw(st.sampled_from(("stop", "length")))
    return NeutralAnswer(
        (*thoughts, *said, *calls), finish, draw(usages()), draw(ids), draw(st.just("model-1"))
    )


# Streams.


@st.composite
def delta_sequences(
    draw: st.DrawFn, *, thinking: bool = False, usage: bool = True, ids: bool = True
) -> list[Delta]:
    """One whole stream: beginning, thoughts, words, tool calls, finish reason, usage, end."""
    thoughts = draw(st.lists(words.map(ThinkingDelta), max_size=2)) if thinking else []
    said = draw(st.lists(words.map(TextDelta), max_size=4))
    calls = [draw(_tool_call(index)) for index in range(draw(st.integers(0, 2)))]
    finish = "tool_calls" if calls else draw(st.sampled_from(("stop", "length")))
    counted = [UsageDelta(draw(usages()))] if usage else []
    began = StreamStart("answer-1" if ids else "", "model-1")
    called = [delta for call in calls for delta in call]
    return [began, *thoughts, *said, *called, FinishReason(finish), *counted, EndMark()]


@st.composite
def _tool_call(draw: st.DrawFn, index: int) -> list[ToolCallDelta]:
    whole = draw(arguments)
    at = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=2)))
    pieces = [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]
    begun = ToolCallDelta(index, f"call_{index:04}", draw(names))
    return [begun, *(ToolCallDelta(index, arguments=piece) for piece in pieces if piece)]


@st.composite
def cuts(draw: st.DrawFn, whole: bytes) -> list[bytes]:
    """`whole` in pieces, some of them empty: how a network may deliver it."""
    at = sorted(draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    return [whole[a:b] for a, b in zip([0, *at], [*at, len(whole)], strict=True)]


# What a stream said.


def read(reader: StreamReader, pieces: Iterable[bytes]) -> list[StreamEvent]:
    """Every event, the ones at the end too."""
    events = [event for piece in pieces for event in reader.feed(piece)]
    return events + reader.close()


def deltas_of(events: Iterable[StreamEvent]) -> list[Delta]:
    return [delta for event in events for delta in event.deltas]


def gathered(deltas: Iterable[Delta]) -> list[Delta]:
    """`deltas` without empty ones, neighbours of one kind joined, usage the last one."""
    made: list[Delta] = []
    usage: list[Delta] = []
    for delta in deltas:
        if isinstance(delta, UsageDelta):
            usage = [delta]
        elif made and (joined := _joined(made[-1], delta)):
            made[-1] = joined
        elif delta not in (TextDelta(""), ThinkingDelta("")):
            made.append(delta)
    return made + usage


def _joined(one: Delta, other: Delta) -> Delta | None:
    match one, other:
        case TextDelta(), TextDelta():
            return TextDelta(one.text + other.text)
        case ThinkingDelta(signature=None), ThinkingDelta():
            return attrs.evolve(other, text=one.text + other.text)
        case ToolCallDelta(), ToolCallDelta(id="") if one.index == other.index:
            return attrs.evolve(one, arguments=one.arguments + other.arguments)
        case _:
            return None


def text_of(deltas: Iterable[Delta]) -> str:
    """The words that a caller sees."""
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
