"""Hypothesis strategies for what the Messages dialect can say."""

from __future__ import annotations

import base64
import itertools
from typing import Any

import msgspec
from hypothesis import strategies as st

from orchestrator.dialects.answer import Usage
from orchestrator.dialects.anthropic_messages.vocabulary import NAME
from orchestrator.dialects.finish_reasons import finish_reason
from orchestrator.dialects.judgement import settled
from orchestrator.dialects.neutral import (
    Conversation,
    Delta,
    EndMark,
    FinishReason,
    Image,
    JsonFormat,
    Message,
    NeutralAnswer,
    Part,
    Reasoning,
    Role,
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

words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
ids = st.from_regex(r"\A(toolu|call)_[a-zA-Z0-9-]{1,6}\Z")
names = st.from_regex(r"\A[a-zA-Z0-9_-]{1,12}\Z")
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(words, json_values, max_size=3)
arguments = objects.map(lambda value: msgspec.json.encode(value).decode())

texts = st.builds(Text, words, st.booleans())
images = st.builds(
    Image, url=st.just("https://pictures.example/cat.png"), cache=st.booleans()
) | st.builds(
    Image,
    media_type=st.sampled_from(["image/png", "image/jpeg", "image/gif", "image/webp"]),
    data=st.binary(min_size=1, max_size=9).map(lambda data: base64.b64encode(data).decode()),
    cache=st.booleans(),
)
thoughts = st.builds(Thinking, words, words, st.just(NAME)) | st.builds(
    Thinking, st.just(""), words, st.just(NAME), st.just(True)
)
calls = st.builds(ToolUse, ids, names, arguments, st.booleans())
results = st.builds(
    ToolResult,
    st.from_regex(r"\Aelsewhere_[a-z]{1,4}\Z"),  # named after its call, where there is one
    st.lists(texts | images, max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
)


@st.composite
def turns(draw: st.DrawFn) -> tuple[Message, ...]:
    """Turns that alternate, tool results first in theirs."""
    made = []
    for number in range(draw(st.integers(1, 4))):
        parts: list[Part] = []
        if number % 2:
            parts = [*draw(st.lists(thoughts | texts | calls, min_size=1, max_size=4))]
        else:
            parts = [*draw(st.lists(results, max_size=2)), *draw(st.lists(texts | images))]
        role = Role.ASSISTANT if number % 2 else Role.USER
        made.append(Message(role, tuple(parts) or (Text("go on"),)))
    return tuple(made)


schemas = st.fixed_dictionaries({"type": st.just("object"), "properties": objects})
tools = st.builds(
    Tool,
    names,
    st.just("") | words,
    schemas,
    st.none() | st.booleans(),
    st.booleans(),
)
choices = st.builds(ToolChoice, st.sampled_from(ToolMode)) | st.builds(
    ToolChoice, st.just(ToolMode.REQUIRED), names
)
reasonings = (
    st.just(Reasoning("none"))
    | st.builds(
        Reasoning,
        st.none() | st.sampled_from(["low", "medium", "high", "xhigh"]),
        shown=st.none() | st.booleans(),
    )
    | st.builds(
        Reasoning,
        st.none() | st.sampled_from(["low", "high"]),
        st.integers(1_024, 4_000),
        st.none() | st.booleans(),
    )
)


@st.composite
def conversations(draw: st.DrawFn) -> Conversation:
    """Requests that the dialect can say wholly, and in one way only."""
    own = tuple(draw(st.lists(tools, max_size=2)))
    choice = draw(st.none() | choices) if own else None
    is_forced = choice is not None and choice.mode is ToolMode.REQUIRED
    reasoning = None if is_forced else draw(st.none() | reasonings)
    calm = reasoning is None or reasoning.effort == "none"
    several = choice is not None and choice.mode is not ToolMode.NONE
    return Conversation(
        draw(turns()),
        system=tuple(draw(st.lists(texts, max_size=2))),
        tools=own,
        tool_choice=choice,
        parallel_tool_calls=draw(st.none() | st.booleans()) if several else None,
        max_tokens=draw(st.none() | st.integers(5_000, 9_000)),
        temperature=draw(st.none() | st.floats(0, 1)) if calm else None,
        top_p=draw(st.none() | st.floats(0.95, 1)),
        top_k=draw(st.none() | st.integers(1, 500)) if calm else None,
        stop=tuple(draw(st.lists(words.filter(str.strip), max_size=2))),
        format=draw(st.none() | st.builds(JsonFormat, schemas)),
        reasoning=reasoning,
        user=draw(st.none() | words),
        dialect=NAME,
        extras=draw(st.fixed_dictionaries({}, optional={"container": words})),
        hints=draw(st.fixed_dictionaries({}, optional={"service_tier": words})),
    )


reasons = st.sampled_from(["stop", "length", "tool_calls", "content_filter"])


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    cached, fresh, completion = (draw(st.integers(0, 10**6)) for _ in range(3))
    reasoning = draw(st.integers(0, completion))
    prompt = cached + fresh
    return Usage(prompt, completion, prompt + completion, cached, reasoning)


replies = st.builds(
    NeutralAnswer,
    st.lists(st.builds(Text, words) | thoughts | st.builds(ToolUse, ids, names, arguments)).map(
        tuple
    ),
    reasons,
    usages(),
    words,
    words,
).map(settled)


@st.composite
def streams(draw: st.DrawFn) -> list[Delta]:
    """Whole streams, as any dialect may give them."""
    made: list[Delta] = [StreamStart(draw(words), draw(words))]
    calls_made = 0
    for kind in draw(st.lists(st.sampled_from(["text", "thought", "sealed", "call"]), max_size=5)):
        match kind:
            case "text":
                made += draw(st.lists(st.builds(TextDelta, words), min_size=1, max_size=3))
            case "thought":
                made += [ThinkingDelta(draw(words)), ThinkingDelta("", draw(words), dialect=NAME)]
            case "sealed":
                made.append(ThinkingDelta("", draw(words), redacted=True, dialect=NAME))
            case _:
                made.append(ToolCallDelta(calls_made, draw(ids), draw(names)))
                pieces = [draw(words.filter(str.strip)), *draw(st.lists(words, max_size=2))]
                made += [ToolCallDelta(calls_made, arguments=piece) for piece in pieces]
                calls_made += 1
    finish = finish_reason(draw(reasons), calls=calls_made > 0)
    return [*made, FinishReason(finish or "stop"), UsageDelta(draw(usages())), EndMark()]


def cut(data: bytes, at: list[int]) -> list[bytes]:
    """``data`` in pieces that end at those places."""
    places = sorted({place % (len(data) + 1) for place in at})
    ends = [0, *places, len(data)]
    return [data[start:end] for start, end in itertools.pairwise(ends)]
