"""Vectors through the front door: one model alone, by the machine of every call."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import orchestrator
from orchestrator import (
    BadRequest,
    BillingExhausted,
    CallFailed,
    Embeddings,
    NoTarget,
    Orchestrator,
    RequestError,
    UnknownRoute,
)
from orchestrator.api.embeddings import EmbedOptions
from orchestrator.ledger import Opened, line, read_entries
from orchestrator.sim import Reply, ScriptedProviders, SimProcess, replies
from orchestrator.sim.operations import vector
from orchestrator.states import Reason, step
from tests.acceptance.world import HI, counts, environment, text_of, world
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]

E3 = "text-embedding-3-small"
ROUTE = [f"broke/{E3}", f"spare/openai/{E3}"]


def aembed(inner: Orchestrator, texts: Any, **options: Any) -> Embeddings:
    async def main() -> Embeddings:
        return await inner.aembed(texts, **options)

    return asyncio.run(main())


each_way = pytest.mark.parametrize("embed", [Orchestrator.embed, aembed])


@each_way
def test_a_402_leads_to_the_same_model_elsewhere(embed: Any) -> None:
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    with world(scripts, route=ROUTE) as (providers, inner):
        found = embed(inner, ["a b", "c"], metadata={"job": 1})
        again = embed(inner, "a b")
        sent = [received.body for received in providers.received("spare")]

    assert found.vectors == tuple(tuple(vector(f"openai/{E3}", text)) for text in ("a b", "c"))
    assert (found.provider, found.model, found.credential) == ("spare", f"openai/{E3}", "key#1")
    assert [attempt.reason for attempt in found.attempts] == [Reason.BILLING, None]
    assert (found.usage.prompt_tokens, found.usage.total_tokens) == (3, 3)
    assert found.raw["object"] == "list"
    assert sent[0] == {"model": f"openai/{E3}", "input": ["a b", "c"]}
    # The dead account is not asked again.
    assert again.vectors == found.vectors[:1]
    assert ([each.target for each in again.skipped], len(again.attempts)) == (ROUTE[:1], 1)


@each_way
def test_a_throttled_key_is_left_for_the_next(embed: Any) -> None:
    scripts = {"only": [replies.rate_limited(), replies.ok()]}
    with world(scripts, route=[f"only/{E3}"], keys={"only": 2}) as (_, inner):
        found = embed(inner, "a")

    assert [attempt.credential for attempt in found.attempts] == ["key#1", "key#2"]
    assert found.attempts[0].reason is Reason.RATE_LIMIT


def test_another_model_is_never_asked_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    route = [f"broke/{E3}", "other/text-embedding-3-large", f"spare/openai/{E3.upper()}"]
    scripts = {"broke": replies.billing_402(), "other": replies.ok(), "spare": replies.ok()}
    with (
        world(scripts, route=route) as (providers, inner),
        caplog.at_level(logging.WARNING, logger="orchestrator"),
    ):
        found = inner.embed("a")
        inner.embed("b")
        assert counts(providers, "other") == (0,)

    assert found.provider == "spare"
    (skipped,) = found.skipped
    assert (skipped.target, skipped.mark) == (route[1], "unfit")
    assert skipped.message == (
        f"text-embedding-3-large is another model than {E3}, the first of the route: its vectors "
        "lie in another space"
    )
    warned = [one.getMessage() for one in caplog.records if "another space" in one.getMessage()]
    assert len(warned) == 1


def test_the_first_model_of_a_route_counts_also_where_its_key_is_missing() -> None:
    """Else the same index would be made on one model here, and on another one there."""
    with ScriptedProviders({"spare": replies.ok()}) as providers:
        config = {
            "health": "memory",
            "routes": {"default": [f"nokey/{E3}", "spare/large", f"spare/{E3}"]},
            "providers": {
                "nokey": {"base_url": "http://nokey.test/v1", "credentials": ["env:NO_SUCH_KEY"]},
                "spare": {"base_url": providers.url("spare"), "credentials": ["k"]},
            },
        }
        with Orchestrator.from_dict(config) as inner:
            found = inner.embed("a")
            config["routes"] = {"default": [f"nokey/{E3}", "spare/large"]}
        with Orchestrator.from_dict(config) as inner, pytest.raises(NoTarget) as failed:
            inner.embed("a")

    assert found.model == E3
    assert [each.target for each in failed.value.skipped] == ["spare/large", f"nokey/{E3}"]


def test_a_dialect_without_embeddings_is_passed_over() -> None:
    extra = 'providers.claude = { dialect = "anthropic-messages", base_url = "http://c.test", '
    extra += 'credentials = ["k"] }'
    route = [f"claude/{E3}", f"spare/{E3}"]
    with world({"spare": replies.ok()}, route=route, extra=extra) as (_, inner):
        found = inner.embed("a")
        with pytest.raises(NoTarget, match="anthropic-messages has no embeddings"):
            inner.embed("a", route=f"claude/{E3}")

    assert [each.message for each in found.skipped] == ["anthropic-messages has no embeddings"]


def test_a_target_of_gemini_is_asked_in_its_own_words() -> None:
    with ScriptedProviders({"broke": replies.billing_402(), "google": replies.ok()}) as providers:
        config = {
            "health": "memory",
            "routes": {"default": ["broke/google/g-1", "google/g-1"]},
            "providers": {
                "broke": {"base_url": providers.url("broke"), "credentials": ["k"]},
                "google": {
                    "base_url": providers.url("google"),
                    "dialect": "gemini",
                    "credentials": ["k"],
                },
            },
        }
        with Orchestrator.from_dict(config) as inner:
            found = inner.embed({"input": ["a", "b"], "dimensions": 2, "user": "u"})
        (received,) = providers.received("google")

    assert received.path == "/v1/models/g-1:batchEmbedContents"
    assert found.vectors == tuple(tuple(vector("g-1", text, 2)) for text in "ab")
    assert found.attempts[-1].notes == ("left out, for it asks for best effort only: user",)
    assert "embeddings" in found.raw


WRONG: dict[str, Reply] = {
    "html": replies.html_page(200),
    "no data": Reply(body={"object": "list"}),
    "a chat": replies.stream('{"choices":[{"delta":{"content":"hi"}}]}', "[DONE]"),
    "one vector": Reply(body={"data": [{"index": 0, "embedding": [1.0]}]}),
    "numbers that are none": Reply(body={"data": [{"embedding": [None]}, {"embedding": [1.0]}]}),
}


@pytest.mark.parametrize("kind", WRONG)
def test_an_answer_without_the_vectors_that_were_asked_for_is_none(kind: str) -> None:
    route, extra = [f"bad/{E3}", f"spare/{E3}"], "policy.on.invalid_response = ['fallback']"
    scripts = {"bad": WRONG[kind], "spare": replies.ok()}
    with world(scripts, route=route, extra=extra) as (_, inner):
        found = inner.embed(["a", "b"])

    assert [attempt.reason for attempt in found.attempts] == [Reason.INVALID_RESPONSE, None]
    assert found.provider == "spare"


def test_vectors_of_another_size_than_asked_for_are_no_answer() -> None:
    small = Reply(body={"data": [{"embedding": [1.0, 2.0]}]})
    with world({"only": small}, route=[f"only/{E3}"]) as (_, inner):
        assert inner.embed("a").vectors == ((1.0, 2.0),)
        with pytest.raises(CallFailed, match="not of the size that was asked for"):
            inner.embed({"input": "a", "dimensions": 3}, timeout=1.0)


def test_a_failure_is_that_of_any_call_and_nothing_is_repaired() -> None:
    refused = replies.openai_error(400, "Unsupported parameter: 'dimensions'", code="unsupported")
    scripts = {"broke": replies.billing_402(), "picky": refused}
    with world(scripts) as (providers, inner):
        with pytest.raises(BillingExhausted, match="billing exhausted on broke"):
            inner.embed("a", route="broke/m")
        with pytest.raises(BadRequest, match="dimensions"):
            inner.embed({"input": "a", "dimensions": 3}, route="picky/m")
        assert counts(providers, "picky") == (1,)


BASE64 = {
    "vllm": "base64 encoding is not currently supported",  # its words of 2024
    "together": "Unrecognized request arguments supplied: encoding_format",
}


@pytest.mark.parametrize("vendor", BASE64)
def test_a_form_that_is_refused_is_left_out_from_then_on(vendor: str) -> None:
    script = [replies.openai_error(400, BASE64[vendor]), replies.ok()]
    asked = {"input": "a", "encoding_format": "base64", "dimensions": 4}
    with world({"only": script}, route=[f"only/{E3}"]) as (providers, inner):
        found, again = inner.embed(asked), inner.embed(asked)
        sent = [received.body for received in providers.received("only")]

    assert found.vectors == again.vectors == (tuple(vector(E3, "a", 4)),)
    assert [attempt.next for attempt in found.attempts] == ["repair", "succeed"]
    assert found.attempts[1].notes == ("repaired: without encoding_format",)
    assert ["encoding_format" in body for body in sent] == [True, False, False]
    assert all(body["dimensions"] == 4 for body in sent)


def test_what_a_target_fails_at_when_it_embeds_is_no_mark_for_its_answers() -> None:
    """A chat model makes no vectors; who asks it for some must not bench it for everybody."""
    script = [replies.model_not_found("chat"), replies.ok()]
    with world({"only": script}, route=["only/chat"]) as (_, inner):
        with pytest.raises(CallFailed):
            inner.embed("a")
        answered = inner.run(HI)
        marked = [row for row in inner.board.snapshot() if row.mark is not None]

    assert len(answered.attempts) == 1
    assert [(row.provider, row.model) for row in marked] == [("only", "chat (embed)")]


def test_an_account_without_money_is_known_to_answers_too() -> None:
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    with world(scripts, route=["broke/m", "spare/m"]) as (providers, inner):
        inner.embed("a")
        answered = inner.run(HI)
        assert counts(providers, "broke") == (1,)

    assert [each.target for each in answered.skipped] == ["broke/m"]


def test_a_provider_that_always_streams_is_asked_for_vectors_in_one_piece() -> None:
    with ScriptedProviders({"only": replies.ok()}) as providers:
        config = {
            "health": "memory",
            "routes": {"default": ["only/m"]},
            "providers": {
                "only": {
                    "base_url": providers.url("only"),
                    "credentials": ["k"],
                    "stream": "always",
                }
            },
        }
        with Orchestrator.from_dict(config) as inner:
            found = inner.embed("a")
        (received,) = providers.received("only")

    assert "stream" not in received.body
    assert received.headers["accept"] == "application/json"
    assert len(found.vectors) == 1


def test_the_record_tells_what_was_asked_for_and_replays() -> None:
    seen: list[Any] = []
    scripts = {"broke": replies.billing_402(), "spare": replies.ok()}
    with world(scripts, route=ROUTE) as (_, inner):
        found = inner.embed("a", observe=seen.append)

    opened = next(read_entries(map(line, seen)))
    assert isinstance(opened, Opened)
    assert opened.operation == "embed"
    assert tuple(seen) == tuple(found.ledger)
    call = opened.begin()
    for move in found.ledger.transitions:
        moved = step(call, move.facts)
        assert (moved.row, moved.command) == (move.row, move.command)
        call = moved.call


def test_the_answer_as_openai_writes_it() -> None:
    with world({"only": replies.ok()}, route=[f"only/{E3}"]) as (_, inner):
        found = inner.embed({"input": ["a"], "encoding_format": "base64", "dimensions": 2})

    assert isinstance(found.raw["data"][0]["embedding"], str)
    assert found.to_dict() == {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": vector(E3, "a", 2)}],
        "model": E3,
        "usage": {"prompt_tokens": 1, "total_tokens": 1},
    }


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (3, "input is of type int; allowed: a text, a list of texts, or a mapping"),
        (None, "input is missing"),
        ([1, 2], r"input\[0\] is of type int; allowed: a text \(tokens go in a mapping"),
        ([], "'input' is an empty list"),
        ("", "'input' is an empty text"),
        ({"messages": []}, "'input' is missing"),
        ({"input": [b"a"]}, "bytes"),
    ],
)
def test_what_is_no_text_is_refused_where_it_is_handed_in(texts: Any, words: str) -> None:
    with world({"only": replies.ok()}) as (providers, inner):
        with pytest.raises(RequestError, match=words):
            inner.embed(texts)
        assert counts(providers, "only") == (0,)


def test_options_are_checked_like_those_of_any_call() -> None:
    with world({"only": replies.ok()}) as (_, inner):
        with pytest.raises(TypeError, match=r"embed\(\) got an unexpected .*'timeuot'; did you"):
            inner.embed("a", timeuot=1)  # type: ignore[call-arg]
        with pytest.raises(TypeError, match=r"aembed\(\) got an unexpected"):
            aembed(inner, "a", require_complete=True)
        with pytest.raises(UnknownRoute, match="only/m"):
            inner.embed("a", route="onyl/m")
        with pytest.raises(RequestError, match="observe is of type int"):
            inner.embed("a", observe=3)  # type: ignore[arg-type]


def run_task(inner: Orchestrator, request: Any) -> Any:
    return asyncio.run(inner.arun(request))


@pytest.mark.parametrize(
    "call", [Orchestrator.run, run_task, Orchestrator.stream, Orchestrator.astream]
)
def test_what_brings_no_answer_of_a_model_is_refused_by_the_methods_that_give_one(
    call: Any,
) -> None:
    embed = orchestrator.Request({"input": "a"}, operation=orchestrator.Operation.EMBED)
    count = orchestrator.Request(
        HI, dialect="anthropic-messages", operation=orchestrator.Operation.COUNT_TOKENS
    )
    with world({"only": replies.ok()}) as (providers, inner):
        with pytest.raises(RequestError, match=r"operation is embed, .* by embed and aembed"):
            call(inner, embed)
        with pytest.raises(RequestError, match=r"operation is count_tokens, .*transport"):
            call(inner, count)
        assert counts(providers, "only") == (0,)


@each_way
def test_vectors_do_not_come_in_chunks(embed: Any) -> None:
    with world({"only": replies.ok()}) as (providers, inner):
        with pytest.raises(RequestError, match="'stream' is true, but embeddings have no stream"):
            embed(inner, {"input": "a", "stream": True})
        assert embed(inner, {"input": "a", "stream": False}).vectors
        assert counts(providers, "only") == (1,)


def test_what_is_found_may_be_kept_in_a_set() -> None:
    with world({"only": replies.ok()}) as (_, inner):
        found, answered = inner.embed("a"), inner.run(HI)

    assert len({found, found, answered, answered}) == 2


@pytest.mark.parametrize("body", [{"object": "list"}, {"data": []}])
def test_an_answer_without_vectors_is_told_of_in_words_that_fit(body: Any) -> None:
    with world({"only": Reply(body=body)}) as (_, inner), pytest.raises(CallFailed) as failed:
        inner.embed("a")

    assert "neither a choice nor a vector" in str(failed.value)


def test_vectors_whose_numbers_contradict_each_other_are_none() -> None:
    data = [{"index": 0, "embedding": [1.0]}, {"index": 2, "embedding": [2.0]}]
    scripts = {"bad": Reply(body={"data": data}), "spare": replies.ok()}
    extra = "policy.on.invalid_response = ['fallback']"
    with world(scripts, route=[f"bad/{E3}", f"spare/{E3}"], extra=extra) as (_, inner):
        found = inner.embed(["a", "b"])

    assert [attempt.reason for attempt in found.attempts] == [Reason.INVALID_RESPONSE, None]


def test_an_operation_that_a_dialect_does_not_have_is_refused() -> None:
    with pytest.raises(RequestError, match="embed, which anthropic-messages does not have"):
        orchestrator.Request(
            {"input": "a"}, dialect="anthropic-messages", operation=orchestrator.Operation.EMBED
        )


DEFAULT = """
import asyncio
import orchestrator
whole, suspended = orchestrator.embed("a"), asyncio.run(orchestrator.aembed(["a"]))
assert whole.vectors == suspended.vectors
print(len(whole.vectors), whole.model)
"""


def test_the_default_config_embeds_too(tmp_path: Path) -> None:
    with SimProcess({"only": replies.ok()}) as providers:
        text = text_of({"only": providers.url("only")}, [f"only/{E3}"])
        (tmp_path / "orchestrator.toml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", DEFAULT],
            cwd=tmp_path,
            env=os.environ | environment(["only"]) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
            timeout=2 * AMPLE,
        )

    assert (done.stdout, done.stderr) == (f"1 {E3}\n", "")


@pytest.mark.parametrize("name", ["embed", "aembed"])
def test_help_names_every_option(name: str) -> None:
    for function in (getattr(orchestrator, name), getattr(Orchestrator, name)):
        kinds = {one.name: one for one in inspect.signature(function).parameters.values()}
        assert kinds["options"].annotation == "Unpack[EmbedOptions]"
    for function in (getattr(orchestrator, name), Orchestrator.embed):
        text = inspect.getdoc(function) or ""
        assert [one for one in EmbedOptions.__annotations__ if f"    {one}: " not in text] == []


def test_targets_may_be_named_in_code_and_the_first_names_the_model() -> None:
    scripts = {"broke": replies.billing_402(), "other": replies.ok(), "spare": replies.ok()}
    route = [f"broke/{E3}", "other/large", f"spare/{E3}"]
    with world(scripts, route=["other/large"]) as (_, inner):
        found = inner.embed("a", route=route)

    assert found.provider == "spare"
    assert [each.target for each in found.skipped] == ["other/large"]


def test_a_route_among_the_names_stands_for_its_targets() -> None:
    with world({"one": replies.ok(), "two": replies.ok()}, route=[f"one/{E3}"]) as (_, inner):
        found = inner.embed("a", route=["default", "two/other"])

    assert (found.model, [each.target for each in found.skipped]) == (E3, ["two/other"])
