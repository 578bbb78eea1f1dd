"""Scripts as JSON: nothing is lost, and what is not known is named."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.sim import Completion, Cut, Ending, Framing, Reply, Script, ScriptError, replies
from orchestrator.sim.codec import dump_script, load_script, load_scripts

texts = st.text(max_size=8)
seconds = st.floats(0, 60)
json_objects = st.dictionaries(texts, texts | st.integers() | st.none() | st.booleans(), max_size=3)
completions = st.builds(
    Completion,
    text=st.none() | texts,
    finish_reason=texts,
    tool_calls=st.lists(st.tuples(texts, texts), max_size=2).map(tuple),
    usage=st.none() | json_objects,
)
all_replies = st.builds(
    Reply,
    status=st.integers(100, 599),
    body=json_objects | texts | st.binary(max_size=8),
    completion=st.none() | completions,
    events=st.lists(texts, max_size=2).map(tuple),
    headers=st.dictionaries(texts, texts, max_size=2),
    delay=seconds,
    pace=seconds,
    framing=st.sampled_from(Framing),
    cut=st.none() | st.builds(Cut, st.none() | st.integers(0, 99), st.sampled_from(Ending)),
    malformed=st.none() | st.binary(max_size=8),
)
leaves = st.lists(all_replies, max_size=2).map(lambda found: Script(tuple(found)))
keyed = st.dictionaries(texts, leaves, max_size=2)
scripts = st.builds(Script, leaves.map(lambda leaf: leaf.replies), keyed, keyed, keyed)


@settings(max_examples=60)
@given(scripts)
def test_a_script_comes_back_as_it_went(script: Script) -> None:
    assert load_script(json.loads(json.dumps(dump_script(script)))) == script


def test_one_reply_or_a_list_of_them_stands_for_a_script() -> None:
    whole = Script((Reply(status=402),))

    assert load_script({"status": 402}) == load_script([{"status": 402}]) == whole


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"a": {"stauts": 402}}, ["a.stauts is not known", "did you mean status?", "by_path"]),
        ({"a": [{"stauts": 402}]}, ["a[0].stauts is not known", "did you mean status?"]),
        ({"a": [{"status": "402"}]}, ["a[0].status", "found '402'", "allowed: int"]),
        ({"a": [{"status": True}]}, ["a[0].status", "found True"]),
        ({"a": [{"framing": "chunk"}]}, ["a[0].framing", "did you mean chunked?"]),
        ({"a": [{"delay": -1}]}, ["a[0]", "Reply.delay is -1", "0 or more"]),
        ({"a": [{"cut": {"after": -1}}]}, ["a[0].cut", "Cut.after is -1"]),
        ({"a": [{"malformed": {"base64": "?"}}]}, ["a[0].malformed", "base64"]),
        ({"a": [{"completion": {"tool_calls": [["f"]]}}]}, ["tool_calls[0]", "found 1"]),
        ({"a": {"by_model": {"m": 3}}}, ["a.by_model.m", "found int", "an object"]),
        (["a"], ["the scripts", "dict"]),
    ],
)
def test_what_is_not_allowed_is_named_with_its_place(data: object, words: list[str]) -> None:
    with pytest.raises(ScriptError) as caught:
        load_scripts(data)

    assert [word for word in words if word not in str(caught.value)] == []


def test_defaults_are_left_out() -> None:
    assert dump_script(replies.closed()) == {"replies": [{"cut": {}}]}
