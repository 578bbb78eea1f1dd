"""Changes of a request that cure a failure, in the shapes of all dialects."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from orchestrator.classification.rules.repairs import NAMES
from orchestrator.dialects import dialect
from orchestrator.dialects.json_word import instruction
from orchestrator.execution.repairs import CLAMP, NO_PREFILL, REPAIRS, VALUED, apply, plan
from tests.orchestrator.execution.refusals import spoken_in

HI = {"role": "user", "content": "hi"}
USE = {"type": "tool_use", "id": "t", "name": "f", "input": {}}
THOUGHT = {"type": "thinking", "thinking": "hm", "signature": "xyz"}
SECRET = {"type": "redacted_thinking", "data": "abc"}


def case(name: str, before: dict[str, Any], after: dict[str, Any]) -> Any:
    return pytest.param(name, before, after, id=f"{name}-{'-'.join(before)}"[:80])


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


CASES = [
    case("max_tokens_to_max_completion_tokens", {"max_tokens": 5}, {"max_completion_tokens": 5}),
    case(
        "max_tokens_to_max_completion_tokens",
        {"max_tokens": 5, "max_completion_tokens": 6},
        {"max_completion_tokens": 6},
    ),
    case("max_completion_tokens_to_max_tokens", {"max_completion_tokens": 5}, {"max_tokens": 5}),
    case("drop_temperature", {"temperature": 0.5, "top_p": 1}, {"top_p": 1}),
    case(
        "drop_temperature",
        {"generationConfig": {"temperature": 0.5, "topP": 1}},
        {"generationConfig": {"topP": 1}},
    ),
    case("drop_temperature", {"generation_config": {"temperature": 0.5}}, {}),
    case("drop_stream_options", {"stream_options": {}, "n": 1}, {"n": 1}),
    case("drop_reasoning_effort", {"reasoning_effort": "high", "n": 1}, {"n": 1}),
    case(
        "drop_reasoning_effort",
        {"reasoning": {"effort": "xhigh", "summary": "auto"}},
        {"reasoning": {"summary": "auto"}},
    ),
    case("drop_reasoning_effort", {"output_config": {"effort": "max"}, "n": 1}, {"n": 1}),
    case(
        "drop_reasoning_effort",
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW"}, "seed": 1}},
        {"generationConfig": {"seed": 1}},
    ),
    case(
        "drop_thinking_signature",
        {"messages": [HI, assistant(THOUGHT, SECRET, {"type": "text", "text": "a"}), HI]},
        {"messages": [HI, assistant({"type": "text", "text": "a"}), HI]},
    ),
    case(
        "drop_thinking_signature",
        {"messages": [HI, assistant(THOUGHT), HI, assistant(SECRET), HI]},
        {"messages": [HI, assistant({"type": "text", "text": "hm"}), HI, HI]},
    ),
    case(
        "drop_thinking_signature",
        {"thinking": {"type": "enabled"}, "messages": [assistant(THOUGHT, USE), HI]},
        {"messages": [assistant(USE), HI]},
    ),
    case(
        "drop_thinking_signature",
        {"messages": [{**HI, "reasoning_details": [{"signature": "x"}], "reasoning": "so"}]},
        {"messages": [{**HI, "reasoning": "so"}]},
    ),
    case(
        "drop_thinking_signature",
        {"contents": [{"parts": [{"text": "a", "thoughtSignature": "s"}]}]},
        {"contents": [{"parts": [{"text": "a"}]}]},
    ),
    case(
        "drop_thinking_signature",
        {"contents": [{"parts": [{"functionCall": {}, "thought_signature": "s"}]}]},
        {
            "contents": [
                {
                    "parts": [
                        {
                            "functionCall": {},
                            "thoughtSignature": "skip_thought_signature_validator",
                        }
                    ]
                }
            ]
        },
    ),
    case(
        "drop_encrypted_content",
        {"input": [HI, {"type": "reasoning", "encrypted_content": "x"}]},
        {"input": [HI]},
    ),
    case(
        "drop_encrypted_content",
        {"input": "hi", "include": ["reasoning.encrypted_content", "other"]},
        {"input": "hi", "include": ["other"]},
    ),
    case(
        "developer_to_system",
        {"messages": [{"role": "developer", "content": "a"}, HI]},
        {"messages": [{"role": "system", "content": "a"}, HI]},
    ),
    case(
        "developer_to_system",
        {"input": [{"role": "developer", "content": "a"}, HI], "n": 1},
        {"input": [{"role": "system", "content": "a"}, HI], "n": 1},
    ),
    case(
        "say_json",
        {"messages": [HI], "response_format": {"type": "json_object"}},
        {
            "messages": [{"role": "system", "content": "Answer in JSON."}, HI],
            "response_format": {"type": "json_object"},
        },
    ),
    case("cut_stop", {"stop": ["END"], "n": 1}, {"n": 1}),
    case("cut_stop", {"stop_sequences": ["END"], "n": 1}, {"n": 1}),
    case("cut_stop", {"generationConfig": {"stopSequences": ["END"]}}, {}),
    case(
        "close_schema",
        {"text": {"format": {"schema": {"type": "object", "properties": {"a": {}}}}}},
        {
            "text": {
                "format": {
                    "schema": {
                        "type": "object",
                        "properties": {"a": {}},
                        "additionalProperties": False,
                    }
                }
            }
        },
    ),
    case(
        "close_schema",
        {"text": {"format": {"schema": {"type": "object"}}}},
        {"text": {"format": {"schema": {"type": "object"}}}},
    ),
    case(
        "drop_refused_fields=seed,reasoning",
        {"messages": [{**HI, "reasoning": "so"}], "seed": 1, "reasoning": {"effort": "low"}},
        {"messages": [HI], "reasoning": {"effort": "low"}},
    ),
    case(
        "pad_history_fields=reasoning_content",
        {"messages": [{"role": "assistant", "content": "a"}]},
        {"messages": [{"role": "assistant", "content": "a", "reasoning_content": " "}]},
    ),
    case(
        "reduce_schema=minimum",
        {"output_format": {"schema": {"type": "integer", "minimum": 1}}},
        {"output_format": {"schema": {"type": "integer"}}},
    ),
    case(
        "soften_response_format=words",
        {"input": "hi", "text": {"format": {"type": "json_object"}, "verbosity": "low"}},
        {
            "input": [{"role": "system", "content": instruction()}, HI],
            "text": {"verbosity": "low"},
        },
    ),
    case(f"{CLAMP}=9", {"max_tokens": 10, "n": 1}, {"max_tokens": 9, "n": 1}),
    case(f"{CLAMP}=9", {"max_tokens": 8}, {"max_tokens": 8}),
    case(
        f"{CLAMP}=9",
        {"generationConfig": {"maxOutputTokens": 10}},
        {"generationConfig": {"maxOutputTokens": 9}},
    ),
    case(
        f"{CLAMP}=9",
        {"messages": [HI], "stop_sequences": ["END"]},
        {"messages": [HI], "stop_sequences": ["END"], "max_tokens": 9},
    ),
    case(f"{CLAMP}=9", {"messages": [HI]}, {"messages": [HI]}),
]


def test_each_name_that_an_error_may_give_has_its_repair() -> None:
    assert {*REPAIRS, *VALUED} >= NAMES


def test_each_change_of_the_payload_has_its_case() -> None:
    asked_otherwise = {"no_stream", "force_stream", NO_PREFILL}
    shown = {str(each.values[0]).partition("=")[0] for each in CASES}

    assert shown == {*REPAIRS, *VALUED} - asked_otherwise


@pytest.mark.parametrize(("name", "before", "after"), CASES)
def test_a_repair_changes_a_copy_and_only_what_it_names(
    name: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    given = copy.deepcopy(before)

    spoken = spoken_in(before)

    assert apply(name, given, spoken) == after
    assert given == before
    assert apply(name, after, spoken) == after


def planned(name: str, payload: dict[str, Any], message: str = "", **options: Any) -> str | None:
    return plan(
        name, payload, message, **{"spoken": spoken_in(payload), "streamed": True, **options}
    )


@pytest.mark.parametrize("name", sorted(NAMES - {"no_stream"}))
def test_what_would_change_nothing_is_not_tried(name: str) -> None:
    assert planned(name, {"messages": [HI]}) is None


def test_streaming_is_only_turned_off_where_it_is_on_and_the_other_way_round() -> None:
    assert planned("no_stream", {}) == "no_stream"
    assert planned("no_stream", {}, streamed=False) is None
    assert planned("force_stream", {}, streamed=False) == "force_stream"


def test_of_several_answers_only_the_first_could_be_cut() -> None:
    assert planned("cut_stop", {"stop": "a", "n": 1}) == "cut_stop"
    assert planned("cut_stop", {"stop": "a", "n": 2}) is None
    assert (
        planned("cut_stop", {"generationConfig": {"stopSequences": [], "candidateCount": 3}})
        is None
    )


@pytest.mark.parametrize("effort", ["hgih", 3, {}])
def test_an_effort_that_nobody_knows_is_the_callers_fault(effort: Any) -> None:
    assert planned("drop_reasoning_effort", {"reasoning_effort": effort}) is None
    assert planned("drop_reasoning_effort", {"reasoning_effort": "high"}) is not None


@pytest.mark.parametrize(
    ("asked", "message", "most"),
    [
        (100_000, "max_tokens: 100000 > 8192, the most for claude-3-5-sonnet-20241022", 8192),
        (100_000, "max_tokens is too large: 100000. This model supports at most 16384", 16384),
        (9000, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192),
        (9000, "max_tokens must be less than or equal to `8,192`", 8192),
        (9000, "max_tokens is too large", None),
        (0, "max_tokens must be at least 1", None),
        (-5, "max_tokens must be between 1 and 8192", None),
    ],
)  # fmt: skip
def test_the_cap_is_read_from_the_refusal(asked: int, message: str, most: int | None) -> None:
    expected = f"{CLAMP}={most}" if most else None

    assert planned(CLAMP, {"max_tokens": asked}, message) == expected


def test_the_dialects_own_limit_is_capped_where_the_caller_gave_none() -> None:
    message = "max_tokens: 16000 > 4096, which is the maximum allowed number of output tokens"

    found = planned(CLAMP, {"messages": [HI]}, message, spoken=dialect("anthropic-messages"))

    assert found == f"{CLAMP}=4096"
