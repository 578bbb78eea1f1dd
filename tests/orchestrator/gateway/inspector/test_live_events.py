"""Whoever watches is told what happens to calls, and no call waits for it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.call_store import CallStore, KeptCall
from orchestrator.gateway.inspector.live_events import (
    MOST_EVENTS,
    MOST_OF_A_KEY,
    MOST_READERS,
    MOST_WAITING,
    EventFeed,
    FeedReader,
    GatewaySign,
)
from orchestrator.gateway.key_file import GatewayKey, KeyFile
from orchestrator.ledger import Attempt, Ledger, Opened, Transition
from orchestrator.ledger.record import parts_of
from orchestrator.sim import Reply, replies
from tests.orchestrator.gateway.inspector.watching import (
    EVENTS,
    Event,
    events_in,
    hanging_call,
    until_over,
    watching,
)
from tests.orchestrator.gateway.played import Asked, Player, asked_calls
from tests.orchestrator.gateway.running import running
from tests.waiting import AMPLE

RESCUED = {"a": replies.billing_402(), "b": replies.ok("hello")}


# Over a socket.


def test_a_rescued_call_is_told_as_its_record_has_it() -> None:
    with running(RESCUED) as served, watching(served) as events:
        hello = next(events)
        answer = served.post()
        told = until_over(events)
        call = served.get(f"/v1/calls/{answer.headers['x-orchestrator-call-id']}").json()

    assert (hello["kind"], hello["calls"], hello["edges"]) == ("hello", [], {})
    assert {event["call"] for event in told} == {call["call"]}
    begun, *others, over = told
    assert begun == {"kind": "begun", **{n: call[n] for n in ("call", "time", "route", "key")}}
    moves = [event for event in others if event["kind"] == "moved"]
    assert [(one["from"], one["row"], one["to"]) for one in moves] == [
        (one["state"], one["row"], one["to"]) for one in call["moves"]
    ]
    attempts = [event for event in others if event["kind"] == "attempt"]
    assert [{**one, "kind": None} for one in attempts] == [
        {**one, "kind": None, "call": call["call"]} for one in call["attempts"]
    ]
    billed = next(one for one in moves if one["row"] == "billing_fallback")
    assert (billed["target"], billed["reason"], billed["rule"]) == (
        *("a/m", "billing", attempts[0]["rule"]),
    )
    assert over["summary"]["outcome"] == "succeed"
    assert over["summary"]["rescued"] == "billing"


def test_a_call_that_began_before_anybody_watched_is_told_of() -> None:
    with (
        running({"up": replies.hang()}) as served,
        hanging_call(served) as caller,
        watching(served) as events,
    ):
        (call,) = next(events)["calls"]
        caller.close()  # it leaves
        told = until_over(events)

    assert (call["outcome"], call["state"]) == ("running", "attempt")
    assert {event["call"] for event in told} == {call["call"]}
    assert [event["row"] for event in told if event["kind"] == "moved"] == ["attempt_cancelled"]
    assert told[-1]["summary"]["stopped_by"] == "cancelled"


def test_a_key_sees_its_own_calls_alone(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    mine, other = file.add(GatewayKey("mine")), file.add(GatewayKey("other"))
    boss = file.add(GatewayKey("boss", admin=True))
    with running(gateway={"keys": str(file.path)}) as served:
        with watching(served, mine) as events, watching(served, boss) as all_events:
            assert next(events)["admin"] is False
            assert next(all_events)["admin"] is True
            for key in (other, mine):
                served.post(headers={"authorization": f"Bearer {key}"})
            told = until_over(events)
            everything = until_over(all_events) + until_over(all_events)
        with watching(served, mine) as events:
            hello = next(events)

    assert [event["key"] for event in told if event["kind"] == "begun"] == ["mine"]
    assert [each["key"] for each in hello["calls"]] == ["mine"]
    assert hello["edges"] == {"ready>attempt": 1, "attempt>succeed": 1}
    begun = [event["key"] for event in everything if event["kind"] == "begun"]
    assert begun == ["other", "mine"]


def test_a_key_that_is_removed_watches_no_longer(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "keys.json")
    key = file.add(GatewayKey("mine"))
    with running(gateway={"keys": str(file.path)}) as served:
        served.gateway.feed.ping = 0.05
        with watching(served, key) as events:
            next(events)
            file.remove("mine")

            assert list(events) == []  # the stream has ended


def test_a_drain_ends_the_streams_and_waits_for_none() -> None:
    with running(gateway={"drain": "1h"}) as served, watching(served) as events:
        next(events)
        assert served.server.streams == 0

        left = served.call(served.server.drain())

        assert (left, list(events)) == (0, [])
        assert served.gateway.feed.readers == set()


def test_there_is_a_limit_to_those_who_watch() -> None:
    with running() as served, contextlib.ExitStack() as pages:
        watched = [pages.enter_context(watching(served)) for _ in range(MOST_READERS)]
        assert [next(events)["kind"] for events in watched] == ["hello"] * MOST_READERS
        refused = served.get(EVENTS)

    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "5"


def test_keys_of_others_leave_room_for_who_is_on_call() -> None:
    async def watch() -> list[bool]:
        feed = EventFeed(CallStore(1), lambda: GatewaySign("i", "c", "v", 0.0))

        def has_room(key: str, *, is_admin: bool) -> bool:
            return feed.reader(key, is_admin=is_admin, is_welcome=lambda: True) is not None

        room = [has_room("one", is_admin=False) for _ in range(MOST_OF_A_KEY + 1)]
        room += [has_room(f"key {number}", is_admin=False) for number in range(MOST_OF_A_KEY + 1)]
        room += [has_room("admin", is_admin=True) for _ in range(MOST_READERS // 2 + 1)]
        for reader in tuple(feed.readers):
            feed.remove(reader)
        return room

    keys = [True] * MOST_OF_A_KEY + [False]
    assert asyncio.run(watch()) == [*keys, *keys, *[True] * (MOST_READERS // 2), False]


def test_a_provider_that_repeats_its_key_shows_it_nowhere() -> None:
    key = "made-up-key-0123456789"  # what `running` gives each provider
    refused = Reply(status=402, body={"error": {"message": f"no money on {key}"}})
    with running({"a": refused, "b": replies.ok()}) as served, watching(served) as events:
        hello = next(events)
        call = served.post().headers["x-orchestrator-call-id"]
        told = [hello, *until_over(events)]
        shown = [
            json.dumps(told),
            served.get("/inspector/edges?from=attempt&to=classify").text,
            served.get("/inspector/board").text,
            served.post("/inspector/replay", {"call": call, "policy": ""}).text,
        ]

    assert all(key not in each for each in shown)
    assert all("no money on" in each for each in shown)


# Without one.


class Watch:
    """A feed over a store, and one reader, within a loop."""

    def __init__(self, **options: Any) -> None:
        self.store = CallStore(1_000)
        sign = GatewaySign("one", "digest", "1", 0.0)
        self.feed = EventFeed(self.store, lambda: sign, **{"pace": 3600.0, **options})

    def reader(self) -> FeedReader:
        made = self.feed.reader(None, is_admin=True, is_welcome=lambda: True)
        assert made is not None
        return made


def within_a_loop(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(AMPLE):
            await work()

    asyncio.run(limited())


def events_of(data: bytes) -> list[Event]:
    return list(events_in(iter(data.decode().splitlines())))


async def told(stream: AsyncIterator[bytes]) -> list[Event]:
    """The next events."""
    return events_of(await anext(stream))


def expected(ledger: Ledger) -> list[tuple[str, Any]]:
    """What the record of a call is told as."""
    found: list[tuple[str, Any]] = []
    for entry in ledger:
        match entry:
            case Opened():
                found.append(("begun", entry.time))
            case Transition():
                found.append(("moved", entry.row))
            case Attempt():
                found.append(("attempt", entry.number))
            case _:
                found.append(("over", ledger.call))
    return found


def as_expected(event: Event) -> tuple[str, Any]:
    kind = event["kind"]
    name = {"begun": "time", "moved": "row", "attempt": "number", "over": "call"}[kind]
    return kind, event[name]


@settings(max_examples=25)
@given(asked_calls, st.integers(0, 6))
def test_hello_and_what_follows_are_the_record(asked: Asked, before: int) -> None:
    """Whenever somebody begins to watch: nothing is told twice, and nothing is lost."""

    async def work() -> None:
        player, watch = Player(), Watch()
        hellos: list[Event] = []
        looks = iter(range(before))
        run = player.begun(asked)
        watch.store.begin(run)

        def look(_: object = None) -> None:
            if next(looks, None) is None and not hellos:
                hellos.extend(events_of(watch.feed.hello(watch.reader())()))
            watch.feed.look()

        player.run(run, asked, look)
        watch.store.add(run)
        if not hellos:
            return  # it was over before
        look()
        (reader,) = watch.feed.readers
        events = [as_expected(one) for one in events_of(reader.taken())]
        whole = expected(run.recorder.ledger)
        known = sum(hellos[0]["edges"].values())

        assert whole[len(whole) - len(events) :] == events
        assert [one for one in events if one[0] == "moved"] == [
            one for one in whole if one[0] == "moved"
        ][known:]

    within_a_loop(work)


def test_nothing_is_put_together_while_nobody_watches() -> None:
    async def work() -> None:
        player, watch = Player(), Watch()
        await watch.reader().aclose()
        run = player.begun(Asked("402, ok"))
        watch.store.begin(run)
        deferred: list[bool] = []

        def look(run: CallRun) -> None:
            # Before its end, when who watches over these tests reads it.
            parts = parts_of(run.recorder.ledger)
            deferred.extend(type(part) is tuple for part in parts)

        player.run(run, Asked("402, ok"), look)
        watch.store.add(run)

        assert watch.store.on_end is None
        assert len(deferred) > 9
        assert all(deferred)

    within_a_loop(work)


def kept_call() -> KeptCall:
    player, store = Player(), CallStore(1)
    run = player.begun(Asked("402, ok"))
    store.begin(run)
    player.run(run, Asked("402, ok"))
    store.add(run)
    return next(store.newest(is_admin=True))


def test_a_reader_that_does_not_read_grows_nothing_and_is_told_so() -> None:
    async def work() -> None:
        watch, kept = Watch(again=0.0), kept_call()
        reader = watch.reader()
        stream = reader.__aiter__()
        await told(stream)
        for _ in range(MOST_WAITING // 1_000):
            assert watch.store.on_end is not None
            watch.store.on_end(kept)
            watch.feed.look()
            assert reader.size <= MOST_WAITING
        events = await told(stream)
        (hello,) = await told(stream)

        assert events[-1]["kind"] == "behind"
        number = (len(kept.ledger)) * (MOST_WAITING // 1_000)
        assert len(events) - 1 + events[-1]["missed"] == number
        assert hello["kind"] == "hello"

    within_a_loop(work)


def test_a_busy_gateway_is_told_of_as_far_as_one_look_may_take() -> None:
    async def work() -> None:
        watch, kept = Watch(), kept_call()
        reader = watch.reader()
        stream = reader.__aiter__()
        await told(stream)
        calls = 10 * MOST_EVENTS
        for _ in range(calls):
            assert watch.store.on_end is not None
            watch.store.on_end(kept)
        watch.feed.look()
        events = await told(stream)

        assert len(events) <= MOST_EVENTS + 1
        assert len(events) - 1 + events[-1]["missed"] == calls * len(kept.ledger)

    within_a_loop(work)


def test_silence_is_said() -> None:
    async def work() -> None:
        watch = Watch(ping=0.01)
        stream = watch.reader().__aiter__()
        await told(stream)

        assert await anext(stream) == b": ping\n\n"

    within_a_loop(work)


def test_a_page_that_is_welcome_no_longer_is_told_nothing_more() -> None:
    async def work() -> None:
        watch = Watch(ping=0.01)
        reader = watch.feed.reader(None, is_admin=True, is_welcome=lambda: False)
        assert reader is not None
        stream = reader.__aiter__()
        await told(stream)

        assert [part async for part in stream] == []

    within_a_loop(work)


def test_a_move_is_told_with_what_it_is_about() -> None:
    async def work() -> None:
        watch, kept = Watch(), kept_call()
        reader = watch.reader()
        stream = reader.__aiter__()
        await told(stream)
        assert watch.store.on_end is not None
        watch.store.on_end(kept)
        watch.feed.look()
        moves = [one for one in await told(stream) if one["kind"] == "moved"]

        assert [(one["to"], one["reason"]) for one in moves] == [
            ("attempt", None),
            ("classify", "billing"),
            ("eager_fallback", "billing"),
            ("attempt", "billing"),
            ("succeed", None),
        ]
        assert len({one["target"] for one in moves}) == 2

    within_a_loop(work)
