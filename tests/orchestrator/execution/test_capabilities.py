"""A target that cannot express the request is passed over, with the reason, unless it may drop."""

from __future__ import annotations

import logging
from typing import Any

import attrs
import pytest

from orchestrator.api.request import Request
from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.dialects import Operation
from orchestrator.execution.capabilities import FitnessLog, partition_by_capability

SAID: dict[str, Any] = {"messages": [{"role": "user", "content": "word " * 400}], "n": 2}
SOUND = {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}}
SPOKEN: dict[str, Any] = {"messages": [{"role": "user", "content": [SOUND]}]}


def config(more: str = "", first: str = "") -> Config:
    return loads(
        f"""
        {first}
        [providers.chat]
        base_url = "http://chat.test/v1"
        credentials = ["k-one"]
        [providers.messages]
        base_url = "http://messages.test/v1"
        dialect = "anthropic-messages"
        credentials = ["k-two"]
        {more}
        [routes]
        default = ["messages/m", "chat/c"]
        """,
        {},
    )


def names(found: Config, request: Request) -> tuple[list[str], list[str]]:
    fit, unfit = partition_by_capability(found.route(), request, found)
    return [target.name for target in fit], [each.target for each in unfit]


def test_what_another_dialect_cannot_express_is_not_lost_in_silence() -> None:
    found = config()

    _, (skipped,) = partition_by_capability(found.route(), Request(SAID), found)

    assert (skipped.target, skipped.reason, skipped.mark) == ("messages/m", "bad_request", "unfit")
    assert "anthropic-messages cannot express n; " in skipped.message


def test_the_message_names_the_parts_and_what_would_leave_them_out() -> None:
    found = config()
    search = {"type": "web_search"}

    _, (skipped,) = partition_by_capability(
        found.route(), Request({**SPOKEN, "tools": [search]}), found
    )

    assert skipped.message == (
        "anthropic-messages cannot express messages[0].content[0] input_audio, "
        'tools[0] web_search; [policy] drop = ["audio", "web_search"] would leave that out'
    )


@pytest.mark.parametrize("drop", ['["n"]', '["*"]'])
def test_the_policy_may_allow_to_drop_it(drop: str) -> None:
    assert names(config(first=f"[policy]\ndrop = {drop}"), Request(SAID)) == (
        ["messages/m", "chat/c"],
        [],
    )


@pytest.mark.parametrize(
    ("drop", "fit"),
    [
        ('["*"]', ["chat/c"]),
        ('["input_audio"]', ["messages/m", "chat/c"]),
        ('["messages.input_audio"]', ["messages/m", "chat/c"]),
        ('["audio"]', ["messages/m", "chat/c"]),
    ],
)
def test_what_somebody_said_is_dropped_by_its_name_alone(drop: str, fit: list[str]) -> None:
    assert names(config(first=f"[policy]\ndrop = {drop}"), Request(SPOKEN))[0] == fit


@pytest.mark.parametrize(
    "fields",
    [
        {"seed": 7},
        {"user": "u", "store": True, "metadata": {"k": "v"}},
        {"service_tier": "flex", "prompt_cache_key": "k", "safety_identifier": "s"},
        {"n": 1, "stop": ["a", "b", "c", "d", "e", "f"]},
        {"response_format": {"type": "json_object"}},
    ],
)
def test_best_efforts_and_what_is_done_here_pass_nobody_over(fields: dict[str, Any]) -> None:
    asked = Request({"messages": [{"role": "user", "content": "hi"}], **fields})

    assert names(config(), asked) == (["messages/m", "chat/c"], [])


@pytest.mark.parametrize("field", ["logprobs", "logit_bias"])
def test_what_changes_the_answer_passes_over(field: str) -> None:
    asked = Request({"messages": [{"role": "user", "content": "hi"}], field: {"5": 1}})

    assert names(config(), asked) == (["chat/c"], ["messages/m"])


def test_nothing_is_lost_at_a_target_of_the_same_dialect() -> None:
    asked = Request({"messages": [{"role": "user", "content": "hi"}], "logit_bias": {"5": 1}})

    assert names(config(), asked) == (["chat/c"], ["messages/m"])


def test_a_context_that_is_surely_too_small_is_passed_over() -> None:
    small = config('[targets."messages/m"]\ncontext = 100')
    large = config('[targets."messages/m"]\ncontext = 1000')
    asked = Request({"messages": SAID["messages"]})

    assert names(small, asked) == (["chat/c"], ["messages/m"])
    assert names(large, asked) == (["messages/m", "chat/c"], [])


def test_the_log_says_each_kind_of_loss_once(caplog: pytest.LogCaptureFixture) -> None:
    found, log = config(), FitnessLog()
    later = {"messages": [{"role": "user", "content": "hi"}, *SPOKEN["messages"]]}
    with caplog.at_level(logging.WARNING, "orchestrator"):
        for asked in (SPOKEN, SPOKEN, later, SAID, SAID):
            log.tell(partition_by_capability(found.route(), Request(asked), found)[1])

    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert said[0].startswith(
        "messages/m could not take over: anthropic-messages cannot express "
        "messages[0].content[0] input_audio"
    )
    assert "cannot express n;" in said[1]


def test_a_target_that_is_too_small_is_no_news(caplog: pytest.LogCaptureFixture) -> None:
    small = config('[targets."messages/m"]\ncontext = 100')
    with caplog.at_level(logging.WARNING, "orchestrator"):
        FitnessLog().tell(
            partition_by_capability(small.route(), Request({"messages": SAID["messages"]}), small)[
                1
            ]
        )

    assert caplog.records == []


# What is asked for besides answers.

GOOGLE = """
[providers.google]
base_url = "http://google.test/v1beta"
dialect = "gemini"
credentials = ["k-three"]
"""


def embedding(**more: Any) -> Request:
    return Request({"input": "a", **more}, operation=Operation.EMBED)


def partition(
    found: Config, request: Request, *route: str
) -> tuple[list[str], dict[str, tuple[str, str]]]:
    fit, unfit = partition_by_capability(
        tuple(map(found.target, route)), attrs.evolve(request, route=list(route)), found
    )
    assert {each.mark for each in unfit} <= {"unfit"}
    told = {each.target: (str(each.reason), each.message) for each in unfit}
    return [target.name for target in fit], told


def test_models_are_the_same_where_the_last_part_of_their_names_is() -> None:
    fit, told = partition(config(), embedding(), "chat/BAAI/bge-M3", "chat/x", "chat/bge-m3")

    assert fit == ["chat/BAAI/bge-M3", "chat/bge-m3"]
    reason, message = told["chat/x"]
    assert reason == "bad_request"
    assert message.startswith("x is another model than bge-m3, the first of the route: its vectors")


def test_what_a_dialect_cannot_be_asked_of_vectors_is_named_and_may_be_dropped() -> None:
    asked = embedding(input_type="query", user="u")
    refused = partition(config(GOOGLE), asked, "google/m", "chat/m")
    dropped = partition(config(GOOGLE, 'policy.drop = ["input_type"]'), asked, "google/m")

    assert refused[0] == ["chat/m"]
    assert refused[1]["google/m"][1].startswith("gemini cannot express input_type; [policy] drop")
    assert dropped == (["google/m"], {})


@pytest.mark.parametrize("drop", ["", 'policy.drop = ["input", "*"]'])
@pytest.mark.parametrize("tokens", [[1, 2], [[1, 2], [3]]])
def test_tokens_are_never_dropped_nor_is_it_said_that_they_could_be(drop: str, tokens: Any) -> None:
    asked = embedding(input=tokens, input_type="query")

    fit, told = partition(config(GOOGLE, drop), asked, "google/m")

    assert fit == []
    assert "an input that is no text" in told["google/m"][1]
    assert "drop" not in told["google/m"][1]


def test_the_length_of_texts_passes_nobody_over() -> None:
    """A context is that of each text, and nobody here knows how many tokens one has."""
    found = config('[targets."chat/m"]\ncontext = 10')

    assert partition(found, embedding(input=["word " * 100]), "chat/m") == (["chat/m"], {})


def test_a_count_is_of_the_first_model_that_can_count_and_no_warning() -> None:
    request = Request(
        {"messages": [{"role": "user", "content": "a"}]},
        dialect="anthropic-messages",
        operation=Operation.COUNT_TOKENS,
    )
    route = ("chat/gpt", "messages/claude-a", "messages/claude-b", "messages/x/claude-a")

    fit, told = partition(config(), request, *route)

    assert fit == ["messages/claude-a", "messages/x/claude-a"]
    # Reasons that the log passes over: clients ask before every call, and go on without.
    assert told == {
        "chat/gpt": (
            "model_not_found",
            "openai-chat cannot count the tokens of a request in anthropic-messages",
        ),
        "messages/claude-b": (
            "model_not_found",
            "claude-b counts in another way than claude-a, the first model that can count",
        ),
    }
