"""What a caller hands in ends in that call: nothing is sent, and nobody else pays for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from orchestrator import Orchestrator, Request, RequestError, Response
from orchestrator.health import MemoryStore
from orchestrator.sim import replies
from tests.acceptance.world import HI, counts, world

Ask = Callable[..., Any]


def streamed(orchestrator: Orchestrator, request: Any, **options: Any) -> Response:
    with orchestrator.stream(request, **options) as chunks:
        list(chunks)
        return chunks.response


def in_a_task(orchestrator: Orchestrator, request: Any, **options: Any) -> Response:
    async def main() -> Response:
        return await orchestrator.arun(request, **options)

    return asyncio.run(main())


def streamed_in_a_task(orchestrator: Orchestrator, request: Any, **options: Any) -> Response:
    async def main() -> Response:
        async with orchestrator.astream(request, **options) as chunks:
            async for _ in chunks:
                pass
            return chunks.response

    return asyncio.run(main())


every_way = pytest.mark.parametrize(
    "ask",
    [Orchestrator.run, streamed, in_a_task, streamed_in_a_task],
    ids=["run", "stream", "arun", "astream"],
)

HANDED_IN: dict[str, Any] = {
    "a line break": lambda: Request(HI, headers={"x-trace": "a\nb"}),
    "a name": lambda: Request(HI, headers={"x trace": "a"}),
    "a frame": lambda: Request(HI, headers={"Transfer-Encoding": "chunked"}),
    "a key": lambda: Request(HI, headers={"X-Api-Key": "mine"}),
    "bytes": lambda: {"messages": [{"role": "user", "content": b"hi"}]},
    "nan": lambda: HI | {"temperature": float("nan")},
    "a key of a mapping": lambda: HI | {"metadata": {5: 1}},
}


@every_way
@pytest.mark.parametrize("handed_in", HANDED_IN.values(), ids=HANDED_IN)
def test_what_cannot_be_sent_is_refused_and_the_next_call_is_answered(
    ask: Ask, handed_in: Callable[[], Any]
) -> None:
    with world({"a": replies.ok("well")}) as (providers, orchestrator):
        with pytest.raises(RequestError):
            ask(orchestrator, handed_in())
        assert counts(providers, "a") == (0,)
        assert ask(orchestrator, HI).text == "well"
        assert {entry.mark for entry in orchestrator.board.snapshot()} == {None}
        assert counts(providers, "a") == (1,)


def test_another_orchestrator_over_the_same_board_is_left_alone() -> None:
    store = MemoryStore()
    with (
        world({"a": replies.ok()}, store=store) as (_, mine),
        world({"a": replies.ok("well")}, store=store) as (_, theirs),
    ):
        for handed_in in HANDED_IN.values():
            with pytest.raises(RequestError):
                mine.run(handed_in())
        assert theirs.run(HI).text == "well"


@every_way
def test_a_header_of_the_callers_own_is_sent_beside_ours(ask: Ask) -> None:
    request = Request(HI, headers={"X-Trace": " näh ", "x-empty": ""})
    with world({"a": replies.ok()}) as (providers, orchestrator):
        ask(orchestrator, request)
        (received,) = providers.received("a")

    assert received.headers["x-trace"] == "näh"
    assert received.headers["authorization"].startswith("Bearer ")


@every_way
def test_the_header_that_carries_a_key_is_refused_by_its_own_name(ask: Ask) -> None:
    corp = """
        [providers.corp]
        base_url = "http://corp.invalid"
        key_header = "X-Corp-Pass"
        credentials = ["canary.corp"]
    """
    request = Request(HI, headers={"x-corp-PASS": "mine"})
    with (
        world({"a": replies.ok()}, extra=corp) as (_, orchestrator),
        pytest.raises(RequestError, match="carries the key of a provider"),
    ):
        ask(orchestrator, request, route="corp/m")


@every_way
def test_a_text_is_asked(ask: Ask) -> None:
    with world({"a": replies.ok("hello")}) as (providers, orchestrator):
        assert ask(orchestrator, "hi").text == "hello"
        (received,) = providers.received("a")

    assert received.body["messages"] == [{"role": "user", "content": "hi"}]


@every_way
def test_any_metadata_is_written_and_costs_no_call(ask: Ask) -> None:
    deep: dict[str, Any] = {}
    here = deep
    for _ in range(3_000):
        here["a"] = here = {}
    with world({"a": replies.ok()}) as (_, orchestrator):
        ledger = ask(orchestrator, HI, metadata=[deep, object, b"x"]).ledger

    assert [ledger[0].kind, ledger[-1].kind] == ["opened", "closed"]
    assert ledger[0].metadata[1:] == ["<class 'object'>", "b'x'"]
    assert b"".join(ledger.lines()).count(b'"kind":"opened"') == 1
