"""Incident A5: a dead account is seen before it is hit, and a top-up within a minute."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from orchestrator import sim
from orchestrator.health import BoardRow
from orchestrator.states import Mark
from orchestrator.testing import VirtualClock
from tests.orchestrator.gateway.running import ServedGateway, running_over
from tests.orchestrator.gateway.upstream import Asked, Told, Upstream, upstream
from tests.waiting import eventually

KEY = "made-up-key-0123456789"
ANSWER = {
    "choices": [{"message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 1},
}


@attrs.define
class Account:
    """An account at a vendor that tells its balance, as a test sets it."""

    total: float = 0.0
    refuses: bool = False

    def answer(self, asked: Asked, told: Told) -> None:
        if asked.method == "GET":
            infos = [{"currency": "USD", "total_balance": f"{self.total:.2f}"}]
            said = {"is_available": self.total > 0, "balance_infos": infos}
            told.whole(200, json.dumps(said).encode())
        elif self.total <= 0 or self.refuses:
            told.whole(402, b'{"error": {"message": "Insufficient Balance"}}')
        else:
            told.whole(200, json.dumps(ANSWER).encode(), Content_Type="application/json")


@attrs.define
class World:
    account: Account
    vendor: Upstream
    gateway: ServedGateway
    clock: VirtualClock

    @property
    def row(self) -> BoardRow:
        return self.gateway.gateway.orchestrator.board.snapshot()[0]

    @property
    def bench(self) -> float:
        until = self.row.until
        return 0.0 if self.row.mark is None or until is None else until - self.clock.time()

    def asked(self, method: str) -> int:
        return sum(one.method == method for one in self.vendor.asked)

    def call(self) -> str:
        reply = self.gateway.post()
        assert reply.status_code == 200
        return reply.headers["x-orchestrator-target"]

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and the vendor be asked what is due then."""
        before = self.asked("GET")
        self.clock.advance(seconds)
        # As its next tick would, within a second.
        self.gateway.loop.call_soon_threadsafe(self.gateway.server.balance_watch.look)
        assert eventually(lambda: self.asked("GET") > before)
        known = self.gateway.gateway.orchestrator.balance_questions.known
        assert eventually(lambda: not known()["deepseek"].is_pending)


@pytest.fixture
def world() -> Iterator[World]:
    account, clock = Account(), VirtualClock()
    with contextlib.ExitStack() as stack:
        vendor = stack.enter_context(upstream(account.answer))
        others = stack.enter_context(sim.ScriptedProviders({"other": sim.replies.ok("hello")}))
        entry: dict[str, Any] = {"credentials": [KEY], "proxy": ""}
        said = {
            "health": "memory",
            "providers": {
                "deepseek": {**entry, "base_url": vendor.url},
                "other": {**entry, "base_url": others.url("other")},
            },
            "routes": {"default": ["deepseek/deepseek-v4-pro", "other/m"]},
        }
        gateway = stack.enter_context(running_over(said, clock=clock))
        yield World(account, vendor, gateway, clock)


def test_an_empty_account_gets_no_call_and_a_top_up_is_seen_within_a_minute(world: World) -> None:
    assert eventually(lambda: world.row.mark is Mark.BENCH)
    first = world.bench

    assert world.call() == "other/m"
    degraded = world.gateway.get("/readyz").json()["degraded"]
    assert [(one["provider"], one["mark"]) for one in degraded] == [("deepseek", "bench")]
    assert 'orchestrator_balance{provider="deepseek"} 0.0' in world.gateway.get("/metrics").text
    world.pass_time(30)
    assert world.call() == "other/m"
    assert world.asked("POST") == 0  # the dead account

    world.account.total = 20.0
    world.pass_time(30)
    assert eventually(lambda: world.row.mark is None)
    assert world.call() == "deepseek/deepseek-v4-pro"
    assert 'orchestrator_balance{provider="deepseek"} 20.0' in world.gateway.get("/metrics").text

    # Billed again, whatever the vendor says: the bench is longer, and its word alone ends nothing.
    world.account.refuses = True
    world.clock.advance(1)
    assert world.call() == "other/m"
    assert world.bench == 300.0 > first
    calls = world.asked("POST")
    for _ in range(3):
        world.pass_time(30)
        assert world.call() == "other/m"
    assert world.asked("POST") == calls

    # A top-up ends it at once; billed once more, the doubling has gone on.
    world.account.total = 40.0
    world.pass_time(30)
    assert eventually(lambda: world.row.mark is None)
    assert world.call() == "other/m"
    assert world.asked("POST") == calls + 1
    assert world.bench == 600.0


def test_a_vendor_that_is_asked_slows_no_start_and_no_call() -> None:
    with contextlib.ExitStack() as stack:
        account = Account(total=5.0)
        released = False

        def answer(asked: Asked, told: Told) -> None:
            if asked.method == "GET":
                assert eventually(lambda: released)
            account.answer(asked, told)

        vendor = stack.enter_context(upstream(answer))
        table = {"base_url": vendor.url, "credentials": [KEY], "proxy": ""}
        said = {
            "health": "memory",
            "providers": {"deepseek": table},
            "routes": {"default": ["deepseek/m"]},
        }
        gateway = stack.enter_context(running_over(said))

        assert gateway.get("/readyz").json()["status"] == "ready"
        assert gateway.post().status_code == 200
        assert gateway.gateway.orchestrator.balance_questions.known()["deepseek"].is_pending
        released = True
