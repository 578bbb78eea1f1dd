"""The shared store where its server is away, slow, emptied, wrong, or on another clock."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from orchestrator.health import HealthBoard, Store
from orchestrator.health.records import Changes, MarkKind, MarkScope, Record, key
from orchestrator.health.session import Release, Report, TakeFirst
from orchestrator.health.stores.redis_script import RECORDS
from orchestrator.health.stores.redis_store import RedisStore
from orchestrator.states.facts import Mark, Target
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.stores.servers import StoreServer, free_port, running_server
from tests.orchestrator.health.world import POOLS, A, B, World, benched, error
from tests.waiting import eventually

ROOT = Path(__file__).parents[4]
PASSWORD = "hunter2-hunter2"
COUNTER = key(MarkKind.RETRY_BUDGET, MarkScope.PROVIDER, "acme", "e")


@pytest.fixture
def server() -> Iterator[StoreServer]:
    """One of the test's own: what it does to it must not meet others."""
    server = StoreServer().start()
    yield server
    server.kill()


@pytest.fixture
def shared_server() -> StoreServer:
    server = running_server()
    server.ask("FLUSHALL")
    return server


_open: list[Store] = []


@pytest.fixture(autouse=True)
def _close_all() -> Iterator[None]:
    """Close what a test has opened: who is left would tell an emptied server what it knows."""
    yield
    while _open:
        _open.pop().close()


def world_at(url: str) -> World:
    # Longer than usual, so that a busy machine is no slow server.
    world = World(store=RedisStore(url, server_time=False, wait_seconds=0.3))
    _open.append(world.store)
    return world


def opened(server: StoreServer) -> World:
    world = world_at(server.url)
    world.marked()  # it has read the marks
    return world


def levels(caplog: pytest.LogCaptureFixture) -> list[int]:
    return [one.levelno for one in caplog.records if "shared health board" in one.getMessage()]


class Spending:
    """A step's outcome that leaves a budget of retries with so much spent."""

    def __init__(self, spent: int) -> None:
        record = Record(None, 0.0, 0.0, 0.0, 0.0, spent=spent, budget=500)
        self.changes: Changes = {COUNTER: record}


@attrs.frozen
class Seen:
    spent: int
    changes: Changes = attrs.field(factory=dict)


def mark(world: World, *names: str) -> None:
    for name in names:
        world.failed_call(Target("acme", name), Reason.FORBIDDEN)


def models(world: World) -> set[str]:
    return {row.model or "" for row in world.marked()}


def test_a_frozen_store_fails_no_call_and_learns_of_all_marks_when_it_goes_on(
    server: StoreServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "orchestrator")
    world, other = opened(server), opened(server)
    server.freeze()
    mark(world, "one", "two")
    mark(other, "three")
    assert models(world) == {"one", "two"}
    assert eventually(lambda: bool(world.store.trouble and other.store.trouble))
    mark(world, "four")

    server.thaw()

    assert eventually(lambda: models(world) == models(other) == {"one", "two", "three", "four"})
    assert eventually(lambda: world.store.trouble == other.store.trouble == "")
    assert eventually(lambda: sorted(levels(caplog)) == [logging.INFO] * 2 + [logging.WARNING] * 2)


def test_a_store_that_was_killed_and_comes_back_empty_is_told_what_is_known(
    server: StoreServer,
) -> None:
    world, other = opened(server), opened(server)
    mark(world, "one")
    assert eventually(lambda: models(other) == {"one"})
    server.kill()
    mark(world, "two")
    mark(other, "three")

    server.start()

    assert eventually(lambda: models(world) == models(other) == {"one", "two", "three"})
    late = opened(server)
    assert models(late) == {"one", "two", "three"}


def test_a_store_that_is_emptied_is_told_what_is_known(shared_server: StoreServer) -> None:
    world = opened(shared_server)
    mark(world, "one")

    shared_server.ask("FLUSHALL")

    assert eventually(lambda: shared_server.ask("HLEN", RECORDS) == 1)
    assert models(opened(shared_server)) == {"one"}


def test_of_two_marks_made_apart_the_later_due_stands(server: StoreServer) -> None:
    world, other = opened(server), opened(server)
    server.freeze()
    world.failed_call(A, error(Reason.BILLING, retry_after=7200))
    other.failed_call(A, error(Reason.BILLING, retry_after=600))

    server.thaw()

    def due(one: World) -> float | None:
        return one.entry("acme").expected

    assert eventually(lambda: due(world) == due(other) == world.now + 7200)


def test_what_is_given_back_as_the_server_hangs_is_not_given_back_twice(
    server: StoreServer,
) -> None:
    store = opened(server).store
    store.update(lambda _: Spending(42))
    server.freeze()
    store.update(lambda _: Spending(28))  # nobody waits for that: it is sent soon
    assert eventually(lambda: store.trouble != "")

    server.thaw()  # now it reads what it was sent, and that nobody waits for its answer

    assert eventually(lambda: store.trouble == "")
    store.close()  # all that waits is written
    assert opened(server).store.update(lambda marks: Seen(marks[COUNTER].spent)).spent == 28


def test_where_no_thread_can_be_started_the_process_is_on_its_own(server: StoreServer) -> None:
    world = world_at(server.url)
    usual = threading.stack_size(2**46)
    try:
        benched(world)
        trouble = world.store.trouble
        world.board.close()
    finally:
        threading.stack_size(usual)

    assert "can't start new thread" in trouble
    assert [row.provider for row in world.marked()] == ["acme"]
    assert eventually(lambda: server.ask("HLEN", RECORDS) == 1)


def test_a_process_that_finds_no_store_is_on_its_own(caplog: pytest.LogCaptureFixture) -> None:
    world = world_at(f"redis://someone:{PASSWORD}@127.0.0.1:{free_port()}/0")

    benched(world)

    assert [row.provider for row in world.marked()] == ["acme"]
    assert eventually(lambda: "refused" in world.store.trouble)
    assert eventually(lambda: levels(caplog) == [logging.WARNING])
    assert PASSWORD not in caplog.text + repr(world.store) + world.store.trouble


class NoStore(socketserver.StreamRequestHandler):
    """What an HTTP server says to whoever does not speak HTTP."""

    def handle(self) -> None:
        self.rfile.readline()
        self.wfile.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")


@pytest.fixture
def web_port() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), NoStore) as web:
        web.daemon_threads = True
        threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01}).start()
        yield web.server_address[1]
        web.shutdown()


def test_what_is_no_store_is_told(web_port: int) -> None:
    is_told(f"redis://127.0.0.1:{web_port}/0", "does not speak the Redis protocol")


def is_told(url: str, words: str) -> None:
    """Whether calls go on at ``url``, with the cause in these words."""
    world = world_at(url)
    benched(world)
    assert [row.provider for row in world.marked()] == ["acme"]
    assert eventually(lambda: words in world.store.trouble), world.store.trouble
    assert PASSWORD not in world.store.trouble


def user(server: StoreServer, *rules: str) -> str:
    """The URL of a user with these rights."""
    server.ask("ACL", "SETUSER", "poor", "reset", "on", f">{PASSWORD}", *rules)
    return server.url.replace("://", f"://poor:{PASSWORD}@")


@pytest.mark.parametrize("missing", ["-evalsha", "-zadd", "-hgetall"])
def test_a_user_who_may_not_do_enough_is_told(shared_server: StoreServer, missing: str) -> None:
    is_told(user(shared_server, "~*", "&*", "+@all", missing), "has the ACL line")


def test_a_wrong_password_is_told(shared_server: StoreServer) -> None:
    url = user(shared_server, "~*", "&*", "+@all").replace(PASSWORD, f"{PASSWORD}-old")

    is_told(url, "refuses the user or the password")


def test_a_database_that_is_not_there_is_told(shared_server: StoreServer) -> None:
    is_told(f"{shared_server.url}9999", "no database of that number")


def test_a_replica_is_told(server: StoreServer) -> None:
    server.ask("REPLICAOF", "127.0.0.1", "1")

    is_told(server.url, "it is a replica")


def test_a_store_without_memory_is_told_and_used_again_once_it_has_some(
    server: StoreServer,
) -> None:
    world = opened(server)
    server.ask("CONFIG", "SET", "maxmemory", "1")
    mark(world, "one")
    assert eventually(lambda: "no memory left" in world.store.trouble)

    server.ask("CONFIG", "SET", "maxmemory", "0")

    assert eventually(lambda: world.store.trouble == "")
    assert eventually(lambda: server.ask("HLEN", RECORDS) == 1)


def test_the_acl_line_of_the_docs_is_all_that_is_needed(shared_server: StoreServer) -> None:
    page = (ROOT / "docs" / "fleet.md").read_text("utf-8")
    (rules,) = re.findall(r"^ACL SETUSER orchestrator on >\S+ (.+)$", page, re.MULTILINE)
    url = user(shared_server, *rules.split())
    world, other = world_at(url), world_at(url)
    other.marked()

    benched(world)

    assert eventually(lambda: [row.provider for row in other.marked()] == ["acme"])
    assert world.store.trouble == other.store.trouble == ""


def test_who_may_not_listen_asks(
    shared_server: StoreServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = user(shared_server, "~*", "resetchannels", "+@all")
    world, other = world_at(url), world_at(url)
    other.marked()

    benched(world)

    assert eventually(lambda: [row.provider for row in other.marked()] == ["acme"])
    assert eventually(lambda: "tells this process of no changes" in caplog.text)
    assert other.store.trouble == ""


def test_a_lost_channel_is_opened_again(shared_server: StoreServer) -> None:
    world, other = opened(shared_server), opened(shared_server)
    assert eventually(lambda: shared_server.ask("PUBSUB", "NUMPAT") == 0)
    shared_server.ask("CLIENT", "KILL", "TYPE", "pubsub")

    mark(world, "one")

    assert eventually(lambda: models(other) == {"one"})


class Host:
    """A host whose wall clock is off by so many seconds."""

    def __init__(self, server: StoreServer, skew: float) -> None:
        self.skew = skew
        self.board = HealthBoard(POOLS, RedisStore(server.url, wait_seconds=5.0), self.wall)
        _open.append(self.board.store)

    def wall(self) -> float:
        return time.time() + self.skew

    def fail(self, target: Target) -> None:
        session = self.board.session([target], self.wall())
        session.answer(TakeFirst(), 0.0)
        session.answer(Report(target, "k1", error(Reason.BILLING)), 0.0)
        session.answer(Release(), 0.0)

    def left(self) -> list[float]:
        """Seconds until each bench ends, as this host sees it."""
        now, rows = self.board.now(), self.board.snapshot()
        return [row.until - now for row in rows if row.mark is Mark.BENCH and row.until]


@pytest.mark.parametrize("skew", [3600.0, -3600.0])
def test_a_bench_lasts_as_long_on_hosts_whose_clocks_are_an_hour_apart(
    shared_server: StoreServer, skew: float
) -> None:
    host, other = Host(shared_server, skew), Host(shared_server, 0.0)
    host.fail(A)  # before the server has told its time
    host.fail(B)

    assert eventually(lambda: len(other.left()) == 2)
    assert all(240 < seconds < 301 for seconds in host.left() + other.left())


@pytest.mark.parametrize("skew", [3600.0, -3600.0])
def test_a_bench_of_a_host_that_had_nobody_to_tell_it_the_time_lasts_as_long(
    server: StoreServer, skew: float
) -> None:
    server.kill()
    host = Host(server, skew)
    host.fail(A)
    server.start()

    other = Host(server, 0.0)
    assert eventually(lambda: len(other.left()) == 1)
    assert all(240 < seconds < 301 for seconds in host.left() + other.left())


def test_a_clock_that_is_set_while_a_call_runs_moves_no_bench(shared_server: StoreServer) -> None:
    host = Host(shared_server, 0.0)
    host.fail(B)
    session = host.board.session([A], host.wall())
    session.answer(TakeFirst(), 0.0)

    # As after a host slept for an hour: what passed of it the call's own clock has not seen.
    session.answer(Report(A, "k1", error(Reason.BILLING)), -3600.0)

    assert all(240 < seconds < 301 for seconds in host.left())


def test_an_event_loop_goes_on_while_a_task_waits_for_the_store(server: StoreServer) -> None:
    world = world_at(server.url)
    world.marked()
    server.freeze()

    async def turns_until_answered() -> int:
        session = world.board.session([A], world.now)
        session.answer(TakeFirst(), 0.0)
        asked = asyncio.ensure_future(session.aanswer(Report(A, "k1", error(Reason.BILLING)), 0.0))
        turns = 0
        while not asked.done():
            turns += 1
            await asyncio.sleep(0)
        return turns

    assert asyncio.run(turns_until_answered()) > 3
    server.thaw()


def test_who_looks_at_a_server_that_accepts_and_says_nothing_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        store = RedisStore(f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        HealthBoard((), store).snapshot()

        trouble = store.trouble
        store.close()

    assert trouble
