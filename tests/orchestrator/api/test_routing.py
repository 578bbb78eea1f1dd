"""Routes that a call brings, and known providers that need no config but a key."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from orchestrator import ConfigError, NoTarget, Orchestrator, RequestError, UnknownRoute
from orchestrator.api.routing import MOST_ROUTES
from orchestrator.health import MemoryStore
from orchestrator.sim import replies
from tests.acceptance.world import HI, Call, arun, counts, failure, run, world

both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])

GOOD = {
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    ]
}


class Vendors(httpx.MockTransport):
    """Every vendor of the world: each answers by its host, or well."""

    def __init__(self, bodies: Mapping[str, tuple[int, Any]] | None = None) -> None:
        super().__init__(self._answer)
        self._bodies = bodies or {}
        self.asked: list[tuple[str, str]] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.url.host, request.headers.get("authorization", "")))
        status, body = self._bodies.get(request.url.host, (200, GOOD))
        return httpx.Response(status, json=body)


def bare(vendors: Vendors, **options: Any) -> Orchestrator:
    return Orchestrator(transport=vendors, async_transport=vendors, store=MemoryStore(), **options)


@both
def test_a_call_may_list_its_targets(call: Call) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("b"), "c": replies.ok("c")}
    with world(scripts, route=["c/m", "a/m", "b/m"]) as (providers, orchestrator):
        response = call(orchestrator, route=["a/one", "b/two"])

        assert [each.target for each in response.attempts] == ["a/one", "b/two"]
        assert counts(providers, *"abc") == (1, 1, 0)


@both
def test_a_list_may_name_routes_and_asks_each_target_once(call: Call) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.error(500), "c": replies.ok("c")}
    with world(scripts, route=["a/m", "b/m"]) as (_, orchestrator):
        response = call(orchestrator, route=["default", "a/m", "c/m"])

        opened = response.ledger[0]
        assert [target.name for target in opened.route] == ["a/m", "b/m", "c/m"]


@both
def test_a_name_in_a_list_that_is_unknown_is_refused(call: Call) -> None:
    with world({"a": replies.ok()}) as (providers, orchestrator):
        with pytest.raises(UnknownRoute, match="aa/m"):
            call(orchestrator, route=["a/m", "aa/m"])

        assert counts(providers, "a") == (0,)


@both
def test_keys_in_the_environment_are_enough(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPSEEK_API_KEY", "canary.d.Q7x")
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    vendors = Vendors({"api.deepseek.com": (402, {"error": {"message": "Insufficient Balance"}})})
    with bare(vendors) as orchestrator:
        names = ["deepseek/deepseek-v4-pro", "openai/gpt-5-mini"]
        response = call(orchestrator, route=names)
        again = call(orchestrator, route=names)

    assert [str(each.reason) for each in response.attempts] == ["billing", "None"]
    assert [each.target for each in again.skipped] == ["deepseek/deepseek-v4-pro"]
    assert vendors.asked == [
        ("api.deepseek.com", "Bearer canary.d.Q7x"),
        ("api.openai.com", "Bearer canary.o.Q7x"),
        ("api.openai.com", "Bearer canary.o.Q7x"),
    ]


def test_a_known_provider_stands_beside_those_of_a_config(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    vendors = Vendors({"a.test": (402, {"error": {"message": "no money"}})})
    with bare(
        vendors,
        providers={"a": {"base_url": "http://a.test/v1", "credentials": ["key"]}},
        routes={"default": ["a/m"]},
    ) as orchestrator:
        response = orchestrator.run(HI, route=["default", "openai/gpt-5-mini"])

        assert response.provider == "openai"
        assert "openai" not in orchestrator.config.providers


def test_what_an_admitted_provider_echoes_is_masked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    vendors = Vendors({"api.openai.com": (400, {"error": {"message": "what is canary.o.Q7x?"}})})
    with bare(vendors) as orchestrator:
        failed = failure(run, orchestrator, route="openai/gpt-5-mini")

    assert "canary" not in f"{failed} {failed.error} {list(failed.ledger)}"


@both
def test_a_missing_key_is_a_target_passed_over(
    call: Call, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    with bare(Vendors()) as orchestrator:
        response = call(orchestrator, route=["deepseek/m", "openai/m"])

        assert [(each.target, each.reason) for each in response.skipped] == [("deepseek/m", "auth")]
        assert "DEEPSEEK_API_KEY" in response.skipped[0].message
        call(orchestrator, route=["openai/m", "deepseek/m"])
    (said,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert "DEEPSEEK_API_KEY is not set" in said.getMessage()


@both
def test_a_key_that_is_set_later_is_seen(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with bare(Vendors()) as orchestrator:
        with pytest.raises(NoTarget, match="OPENAI_API_KEY"):
            call(orchestrator, route="openai/m")
        monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")

        assert call(orchestrator, route="openai/m").text == "hi"


@both
def test_where_nothing_says_whom_to_ask_both_ways_are_named(call: Call) -> None:
    with bare(Vendors()) as orchestrator, pytest.raises(ConfigError) as refused:
        call(orchestrator)

    assert "orchestrator init" in str(refused.value)
    assert "route=[" in str(refused.value)


def test_an_unknown_provider_has_the_nearest_known_one() -> None:
    with bare(Vendors()) as orchestrator, pytest.raises(UnknownRoute, match="openai/m"):
        orchestrator.run(HI, route="opnai/m")


def test_many_threads_that_name_a_provider_first_admit_it_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    vendors = Vendors()
    with bare(vendors) as orchestrator:
        threads = [
            threading.Thread(target=orchestrator.run, args=(HI,), kwargs={"route": "openai/m"})
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert vendors.asked == [("api.openai.com", "Bearer canary.o.Q7x")] * 8


def test_routes_that_are_made_up_are_not_kept_for_ever() -> None:
    with world({"a": replies.ok()}) as (_, orchestrator):
        for number in range(MOST_ROUTES + 8):
            orchestrator.targets(f"a/{number}")

        kept = orchestrator.targets("a/kept")
        assert orchestrator.targets("a/kept") is kept


def test_the_targets_of_a_list_can_be_asked_for() -> None:
    with world({"a": replies.ok()}) as (_, orchestrator):
        assert [target.name for target in orchestrator.targets(["a/one", "default"])] == [
            "a/one",
            "a/model-of-a",
        ]


def test_a_route_with_a_target_that_has_no_key_is_prepared_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DEEPSEEK_API_KEY", raising=False)
    with bare(Vendors()) as orchestrator:
        route = orchestrator.targets(["deepseek/m", "ollama/m"])

        assert orchestrator.targets(["deepseek/m", "ollama/m"]) is route


@both
def test_a_provider_is_admitted_for_vectors_too(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = {"data": [{"index": 0, "embedding": [0.5]}]}
    vendors = Vendors({"api.openai.com": (200, vectors), "openrouter.ai": (200, vectors)})
    monkeypatch.setenv("OPENAI_API_KEY", "canary.o.Q7x")
    monkeypatch.setenv("OPENROUTER_API_KEY", "canary.r.Q7x")
    with bare(vendors) as orchestrator:
        for name in ("openai/one", "openrouter/openai/one"):
            embed = orchestrator.embed if call is run else _embedded(orchestrator)
            assert embed("hi", route=name).vectors == ((0.5,),)


def _embedded(orchestrator: Orchestrator) -> Any:
    return lambda text, **options: asyncio.run(orchestrator.aembed(text, **options))


POOR = {
    "providers": {
        "poor": {"base_url": "http://poor.test/v1", "credentials": ["key"]},
        "rich": {"base_url": "http://rich.test/v1", "credentials": ["env:RICH_KEY"]},
    },
    "routes": {"default": ["poor/m", "rich/m"]},
}


@both
def test_a_fallback_whose_key_is_missing_is_told_of_before_it_is_needed(
    call: Call, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("RICH_KEY", raising=False)
    broke = Vendors({"poor.test": (402, {"error": {"message": "Insufficient Balance"}})})
    with bare(Vendors(), **POOR) as orchestrator:
        (passed_over,) = call(orchestrator).skipped
    with bare(broke, **POOR) as orchestrator:
        failed = failure(call, orchestrator)

    (warning, _) = [each.message for each in caplog.records if "RICH_KEY" in each.message]
    assert "passed over in route default" in warning
    assert (passed_over.target, passed_over.reason) == ("rich/m", "auth")
    assert "rich/m skipped: auth (the environment variable RICH_KEY is not set)" in str(failed)


def test_what_was_passed_over_is_a_sentence() -> None:
    with bare(Vendors({"poor.test": (402, {})}), **POOR) as orchestrator:
        failed = failure(run, orchestrator, route=["rich/m", "poor/m"])

        assert str(failed.skipped[0]).startswith("rich/m skipped: auth (the environment variable")


@pytest.mark.parametrize("name", ["", "a"])
def test_a_name_that_is_no_target_is_refused_with_one(name: str) -> None:
    with world({"a": replies.ok()}) as (_, orchestrator):
        words = "near: a/model-of-a" if name else "route is empty"
        with pytest.raises((UnknownRoute, RequestError), match=words):
            orchestrator.run(HI, route=name)
