"""What became of calls is told to those whose they are, and nothing of what was said is kept."""

from __future__ import annotations

import gc
import json
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import Orchestrator, Request
from orchestrator.execution.call_facts import call_facts
from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.call_filter import CallFilter
from orchestrator.gateway.call_store import SHORTEST, CallStore
from orchestrator.ledger import Closed, line
from orchestrator.sim import Reply, replies
from tests.acceptance.world import canary, world
from tests.orchestrator.gateway.played import Asked, Player, asked_calls

ALL = CallFilter(limit=1_000)
KEYS = st.sampled_from((None, "team", "other"))


@pytest.fixture(autouse=True, scope="module")
def _few_to_look_through() -> None:
    """Whatever other tests left is passed over where these collect garbage: 0.5 s each time."""
    gc.collect()
    gc.freeze()


def kept(store: CallStore, player: Player, asked: Asked, key: str | None = None) -> str:
    """The id of a call that was played to its end and is kept."""
    run = player.begun(asked)
    store.begin(run, key)
    run = player.run(run, asked)
    store.add(run)
    return run.recorder.ledger.call


def listed(store: CallStore, wanted: CallFilter = ALL, **who: Any) -> list[str]:
    return [each["call"] for each in json.loads(store.calls(wanted, **who))["calls"]]


def told(store: CallStore, call: str, **who: Any) -> Any:
    text = store.call(call, **who)
    return None if text is None else json.loads(text)


@settings(max_examples=30)
@given(st.lists(asked_calls, min_size=1, max_size=4))
def test_a_call_is_told_as_its_record_says(calls: list[Asked]) -> None:
    player, store = Player(), CallStore(1_000)
    for asked in calls:
        run = player.begun(asked)
        store.begin(run)
        player.run(run, asked)
        store.add(run)
        ledger = run.recorder.ledger
        shown = told(store, ledger.call)

        assert shown["ledger"] == [json.loads(line(entry)) for entry in ledger]
        assert [move["row"] for move in shown["moves"]] == list(ledger.rows)
        assert [each["number"] for each in shown["attempts"]] == [
            each.number for each in ledger.attempts
        ]
        assert isinstance(ledger[-1], Closed)
        assert shown["outcome"] == ledger[-1].outcome
        assert [each["target"] for each in shown["skipped"]] == [
            each.target for each in ledger[-1].skipped
        ]
        (summary,) = [
            each for each in json.loads(store.calls(ALL))["calls"] if each["call"] == ledger.call
        ]
        ours = {name: shown[name] for name in summary if name != "attempts"}
        assert ours == {name: summary[name] for name in ours}


@settings(max_examples=30)
@given(st.lists(st.tuples(KEYS, st.booleans()), max_size=6), KEYS)
def test_a_caller_sees_his_own_calls_and_an_admin_those_of_all(
    owned: list[tuple[str | None, bool]], me: str | None
) -> None:
    player, store, ids = Player(), CallStore(1_000), []
    for key, is_over in owned:
        run = player.begun(Asked())
        store.begin(run, key)
        if is_over:
            player.run(run, Asked())
            store.add(run)
        else:
            run.begin()
            run.open_record()
        ids.append((key, run.recorder.ledger.call))
    mine = {call for key, call in ids if key == me}

    assert set(listed(store, key=me)) == mine
    assert set(listed(store, key=me, is_admin=True)) == {call for _, call in ids}
    assert {call for _, call in ids if store.call(call, key=me) is not None} == mine
    assert all(store.call(call, key=me, is_admin=True) for _, call in ids)
    # Another's is as one that never was.
    assert store.call("never-was", key=me) is None


@settings(max_examples=30)
@given(length=st.integers(0, 40), is_over=st.booleans())
def test_a_call_is_found_by_the_beginning_of_its_id_that_the_log_tells(
    *, length: int, is_over: bool
) -> None:
    player, store = Player(), CallStore(10)
    kept(store, player, Asked(), "other")
    run = player.begun(Asked())
    store.begin(run, "team")
    if is_over:
        player.run(run, Asked())
        store.add(run)
    else:
        run.begin()
        run.open_record()
    call = run.recorder.ledger.call
    begun = call[:length]

    if len(begun) < SHORTEST:
        assert store.call(begun, key="team") is None
    else:
        assert told(store, begun, key="team")["call"] == call
        assert store.call(begun, key="other") is None
        assert told(store, begun, is_admin=True)["call"] == call


def test_a_beginning_that_several_calls_share_finds_none_of_them() -> None:
    player, store = Player(), CallStore(40)
    ids: list[str] = []
    for key in ("team", "team", "other"):
        run = player.begun(Asked())
        store.begin(run, key)
        run.begin()
        run.open_record()
        run.recorder.ledger.call = f"12345678{len(ids)}"
        ids.append(run.recorder.ledger.call)

    assert store.call("12345678", key="team") is None
    assert told(store, "12345678", key="other")["call"] == ids[2]
    assert told(store, ids[0], key="team")["call"] == ids[0]


@settings(max_examples=30)
@given(
    st.lists(asked_calls, min_size=1, max_size=6),
    st.sampled_from((None, "default", "deepseek/v4")),
    st.sampled_from((None, "succeed", "fail_terminal")),
    st.sampled_from((None, "billing", "rate_limit", "cancelled")),
    st.sampled_from((None, "deepseek/v4", "corp/llama")),
    st.integers(1, 4),
)
def test_a_list_holds_the_newest_calls_that_the_filter_takes(
    calls: list[Asked],
    route: str | None,
    outcome: str | None,
    reason: str | None,
    target: str | None,
    limit: int,
) -> None:
    player, store = Player(), CallStore(1_000)
    shown = [told(store, kept(store, player, asked)) for asked in calls]
    wanted = CallFilter(route, outcome, reason, target, limit=limit)

    def takes(call: Any) -> bool:
        failures = {each["reason"] for each in call["attempts"]} | {call["reason"], call["rescued"]}
        asked = {each["target"] for each in call["attempts"]} | {call["target"]}
        return (
            route in (None, call["route"])
            and outcome in (None, call["outcome"])
            and (reason is None or reason in failures)
            and (target is None or target in asked)
        )

    newest = [call["call"] for call in reversed(shown) if takes(call)]
    assert listed(store, wanted) == newest[:limit]


def test_since_and_key_are_filters_too() -> None:
    player, store = Player(), CallStore(1_000)
    old = kept(store, player, Asked(), "a")
    player.clock.advance(100.0)
    began = player.clock.time()
    new = kept(store, player, Asked(), "b")

    assert listed(store, CallFilter(since=began), is_admin=True) == [new]
    assert listed(store, CallFilter(key="a"), is_admin=True) == [old]
    assert listed(store, CallFilter(key="a"), key="b") == []


@given(st.integers(0, 4), st.integers(0, 8))
@settings(max_examples=20)
def test_only_the_newest_are_kept(most: int, number: int) -> None:
    player, store = Player(), CallStore(most)
    ids = [kept(store, player, Asked()) for _ in range(number)]

    assert listed(store) == ids[::-1][:most]


def test_another_number_holds_from_the_next_end_on() -> None:
    player, store = Player(), CallStore(5)
    for _ in range(5):
        kept(store, player, Asked())
    store.calls_kept = 2
    newest = kept(store, player, Asked())

    assert len(listed(store)) == 2
    assert listed(store)[0] == newest


def test_a_call_in_flight_is_told_as_far_as_it_went() -> None:
    player, store, seen = Player(), CallStore(1_000), []
    asked = Asked("402, ok")

    def look(run: CallRun) -> None:
        seen.append(told(store, run.recorder.ledger.call))
        assert listed(store, CallFilter(outcome="running")) == [run.recorder.ledger.call]

    run = player.begun(asked)
    store.begin(run)
    player.run(run, asked, look)
    store.add(run)

    assert {each["outcome"] for each in seen} == {"running"}
    assert [each["state"] for each in seen if each["state"] != "attempt"]
    assert seen[-1]["attempts"][0]["reason"] == "billing"
    assert told(store, run.recorder.ledger.call)["outcome"] == "succeed"


def test_a_call_that_never_began_is_forgotten() -> None:
    player, store = Player(), CallStore(1_000)
    run = player.begun(Asked())
    store.begin(run)

    assert listed(store) == []
    store.add(run)
    assert listed(store) == []


def streamed(store: CallStore, orchestrator: Orchestrator, size: int = 10) -> CallRun:
    """A call over a socket, whose prompt is of ``size`` characters."""
    prompt = {"messages": [{"role": "user", "content": "prompt-" + "x" * size}]}
    run, events = orchestrator.stream_events(Request(prompt, stream=True))
    store.begin(run)
    for event in events:
        list(event)
    store.add(run, call_facts(run))
    return run


def test_neither_what_was_said_nor_a_secret_is_told() -> None:
    refused = Reply(402, '{"error": {"message": "no money on {credential}"}}')
    scripts = {"a": refused, "b": replies.ok("an-answer-that-nobody-keeps")}
    store = CallStore(1_000)
    with world(scripts) as (_, orchestrator):
        call = streamed(store, orchestrator).recorder.ledger.call
    text = (store.call(call) or b"").decode() + store.calls(ALL).decode()

    assert '"reason":"billing"' in text
    assert not [
        one for one in (canary("a", 1), canary("b", 1), "prompt-", "answer-") if one in text
    ]


def test_the_provider_s_id_of_a_request_is_kept_and_no_other_header() -> None:
    many = {f"x-{number}": "h" * 1_000 for number in range(40)}
    reply = attrs.evolve(replies.ok(), headers={"X-Request-Id": "req-1", **many})
    store = CallStore(1_000)
    with world({"a": reply}) as (_, orchestrator):
        streamed(store, orchestrator)
        grown = memory_of(lambda: several(30, store, orchestrator))
    (attempt,) = json.loads(store.call(listed(store)[0]) or b"")["attempts"]

    assert attempt["request_id"] == "req-1"
    assert grown / 30 < 20_000


def several(number: int, store: CallStore, orchestrator: Orchestrator) -> None:
    for _ in range(number):
        streamed(store, orchestrator)


def memory_of(work: Callable[[], object]) -> int:
    """The bytes that ``work`` leaves behind, beside what it returns."""
    gc.collect()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        return tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@settings(max_examples=20)
@given(asked_calls)
def test_nothing_that_holds_a_request_or_an_answer_is_kept(asked: Asked) -> None:
    player, store = Player(), CallStore(1_000)
    run = player.begun(asked)
    store.begin(run)
    player.run(run, asked)
    store.add(run)
    parts = (run, run.request, run.exchange, run.response, run.delivery, run.requests)
    lost = [weakref.ref(part) for part in parts if part is not None]
    call = run.recorder.ledger.call
    del run, parts
    gc.collect()

    assert [reference() for reference in lost] == [None] * len(lost)
    assert store.call(call)


def test_what_calls_of_a_mebibyte_leave_is_small() -> None:
    player, store, number = Player(), CallStore(1_000), 100
    asked = Asked("402, cut, ok", stream=True)

    def work() -> None:
        for _ in range(number):
            payload = {"messages": [{"role": "user", "content": "x" * 2**20}]}
            run = player.orchestrator.begin_call(Request(payload, stream=True))
            store.begin(run)
            player.run(run, asked)
            store.add(run)

    work()
    store = CallStore(1_000)

    assert memory_of(work) / number < 20_000
    assert len(listed(store)) == number
