"""Questions for a balance, on real sockets: what is sent, what comes, and that nothing breaks."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator import Orchestrator
from orchestrator.clock import SystemClock
from orchestrator.connections.sockets import SocketTransport
from orchestrator.execution import blocking
from orchestrator.execution.balances import BalanceLimits, BalanceQuestions
from orchestrator.execution.blocking import BlockingConnection
from orchestrator.execution.call_log import FIELDS
from orchestrator.health import AccountBalance, MemoryStore, Money
from orchestrator.health.stores.file import FileStore
from orchestrator.states import Mark
from orchestrator.testing import VirtualClock
from tests.orchestrator.gateway.upstream import Asked, Told, Upstream, upstream
from tests.waiting import AMPLE

KEY = "made-up-key-of-the-account-0123456789"


def deepseek(total: str = "12.34", *, available: bool = True) -> bytes:
    infos = [{"currency": "USD", "total_balance": total}]
    return json.dumps({"is_available": available, "balance_infos": infos}).encode()


def telling(*bodies: bytes, status: int = 200) -> Callable[[Asked, Told], None]:
    """Answers with ``bodies`` one after the other; the last of them for good."""
    left = list(bodies)

    def answer(_: Asked, told: Told) -> None:
        told.whole(status, left.pop(0) if left[1:] else left[0])

    return answer


def over(at: Upstream | str, name: str = "deepseek", **more: Any) -> Orchestrator:
    url = at if isinstance(at, str) else at.url
    options = {key: more.pop(key) for key in ("clock", "store") if key in more}
    options.setdefault("store", MemoryStore())
    table = {"base_url": url, "credentials": [KEY], "proxy": "", **more}
    return Orchestrator(providers={name: table}, routes={"default": [f"{name}/m"]}, **options)


def row(orchestrator: Orchestrator) -> Any:
    return orchestrator.board.snapshot()[0]


def ask(orchestrator: Orchestrator, way: str) -> AccountBalance:
    if way == "threads":
        found = orchestrator.balances()
    else:

        async def asked() -> Any:
            try:
                return await orchestrator.abalances()
            finally:
                await orchestrator.aclose()

        found = asyncio.run(asked())
    (known,) = found.values()
    return known


@pytest.fixture(params=["threads", "tasks"])
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_one_get_at_the_origin_with_key_and_headers_of_calls(way: str) -> None:
    with (
        upstream(telling(deepseek())) as vendor,
        over(vendor, headers={"User-Agent": "curl/8.7.1", "X-Team": "blue-team-of-corp"}) as orc,
    ):
        known = ask(orc, way)

        (asked,) = vendor.asked
        assert (asked.method, asked.target, asked.body) == ("GET", "/user/balance", b"")
        assert asked.headers["authorization"] == f"Bearer {KEY}"
        assert asked.headers["user-agent"] == "curl/8.7.1"
        assert asked.headers["x-team"] == "blue-team-of-corp"
        assert known.said is not None
        assert known.said.amounts == (Money(12.34, "USD"),)
        assert known.said.usable is True
        assert row(orc).mark is None


def test_the_key_goes_as_the_page_has_it_whatever_the_dialect_of_calls() -> None:
    with (
        upstream(telling(deepseek())) as vendor,
        over(vendor, dialect="anthropic-messages") as orc,
    ):
        orc.balances()

        assert vendor.asked[0].headers["authorization"] == f"Bearer {KEY}"
        assert "x-api-key" not in vendor.asked[0].headers


def test_an_empty_account_is_benched_in_its_vendors_figures(
    way: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "orchestrator")
    bodies = (deepseek("0.00", available=False), deepseek("25.00"))
    clock = VirtualClock()
    with upstream(telling(*bodies)) as vendor, over(vendor, clock=clock) as orc:
        ask(orc, way)

        assert row(orc).mark is Mark.BENCH
        assert row(orc).error.rule == "deepseek.balance"
        assert row(orc).error.message == "the vendor calls the account empty: 0.00 USD left"
        clock.advance(30)
        ask(orc, way)
        assert row(orc).mark is None

    warned = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    told = [one.getMessage() for one in caplog.records if one.levelno == logging.INFO]
    assert any(one.startswith("deepseek is benched: its vendor calls") for one in warned)
    assert any(one.endswith("top up at https://platform.deepseek.com/top_up.") for one in warned)
    assert any(one.startswith("deepseek is back after 30 s: its vendor says") for one in told)
    fields = [vars(one)[FIELDS] for one in caplog.records]
    assert [(one["provider"], one["mark"], one["change"]) for one in fields] == [
        ("deepseek", "bench", "made"),
        ("deepseek", "bench", "lifted"),
    ]
    assert KEY not in caplog.text


def test_a_person_is_warned_once_that_money_runs_low(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock()
    totals = ("9.00", "4.50", "4.00", "9.00", "3.00")
    with upstream(telling(*map(deepseek, totals))) as vendor, over(vendor, clock=clock) as orc:
        for _ in totals:
            orc.balances()
            clock.advance(300)

    assert [one.getMessage() for one in caplog.records] == [
        "the money of deepseek runs low: it has 4.50 USD left, below 5 (warn_below)",
        "the money of deepseek runs low: it has 3.00 USD left, below 5 (warn_below)",
    ]


def html(_: Asked, told: Told) -> None:
    told.whole(200, b"<html>402 Payment Required</html>", Content_Type="text/html")


def hang_up(_: Asked, told: Told) -> None:
    told.hang_up()


def torn(_: Asked, told: Told) -> None:
    told.begin()
    told.piece(b'{"is_available": fal')
    told.hang_up()


def redirect(_: Asked, told: Told) -> None:
    told.empty(302, Location="/user/balance", Content_Length="0")


def flood(asked: Asked, told: Told) -> None:  # noqa: ARG001 - whatever is asked
    told.begin()
    for _ in range(1024):
        told.piece(b" " * 65_536)


def packed(_: Asked, told: Told) -> None:
    told.whole(200, deepseek("0.00", available=False), Content_Encoding="br")


FAILING = [
    (html, "no JSON"),
    (telling(b'{"is_available": "no"}'), "nothing of a balance"),
    (telling(b"[]"), "nothing of a balance"),
    (telling(deepseek("0.00", available=False), status=401), "refused the key with HTTP 401"),
    (telling(deepseek("0.00", available=False), status=403), "refused the key with HTTP 403"),
    (telling(deepseek("0.00", available=False), status=404), "answered HTTP 404"),
    (telling(deepseek("0.00", available=False), status=402), "answered HTTP 402"),
    (telling(b"", status=500), "answered HTTP 500"),
    (redirect, "HTTP 302, a redirect, which is not followed"),
    (hang_up, "cannot be asked"),
    (torn, "cannot be asked"),
    (flood, "larger than 65,536 bytes"),
    (packed, "cannot be asked"),
]


@pytest.mark.parametrize(("answer", "why"), FAILING)
def test_a_question_that_fails_marks_nothing_and_says_why(
    answer: Callable[[Asked, Told], None], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "orchestrator")
    clock = VirtualClock()
    with upstream(answer) as vendor, over(vendor, clock=clock) as orc:
        for _ in range(3):
            orc.balances()
            clock.advance(3600)
        (known,) = orc.balance_questions.known().values()

        assert row(orc).mark is None
        assert known.said is None
        assert why in known.trouble
        assert known.failures == 3
        # What is told is told once, and in our own words.
        assert [one.levelno for one in caplog.records] == [logging.INFO]
        assert len(vendor.asked) == 3  # none of them is tried again


def test_nobody_at_the_address_marks_nothing() -> None:
    with upstream(html) as gone:
        url = gone.url
    with over(url) as orc:
        (known,) = orc.balances().values()

        assert known.trouble == "it cannot be asked (ConnectError)"
        assert row(orc).mark is None


@pytest.mark.parametrize("pace", [None, 0.02])
def test_a_stall_and_a_slow_drip_end_at_the_limit(pace: float | None) -> None:
    done = False

    def answer(_: Asked, told: Told) -> None:
        told.begin()
        while not done:
            time.sleep(pace or 0.02)
            if pace is not None:
                told.piece(b" ")

    with upstream(answer) as vendor, over(vendor) as orc:
        questions = BalanceQuestions(orc.runtime, BalanceLimits(total=0.3))
        connection = BlockingConnection(SocketTransport(), SystemClock())
        blocking.run(questions.ask(orc.config.providers["deepseek"]), connection)
        done = True

        assert questions.known()["deepseek"].trouble == "no answer came within 0.3 s"


def test_who_is_cancelled_while_it_asks_leaves_nothing_behind() -> None:
    clock, begun, done = VirtualClock(), threading.Event(), threading.Event()

    def answer(_: Asked, told: Told) -> None:
        begun.set()
        done.wait(AMPLE)
        told.whole(200, deepseek())

    async def cancelled(orc: Orchestrator) -> None:
        task = asyncio.create_task(orc.abalances())
        await asyncio.to_thread(begun.wait, AMPLE)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await orc.aclose()

    with upstream(answer) as vendor, over(vendor, clock=clock) as orc:
        asyncio.run(cancelled(orc))
        done.set()
        assert orc.balances()["deepseek"].is_pending
        clock.advance(30)
        assert orc.balances()["deepseek"].said is not None
        assert len(vendor.asked) == 2


def test_a_failing_endpoint_is_asked_again_after_pauses_that_double() -> None:
    clock = VirtualClock()
    with upstream(html) as vendor, over(vendor, clock=clock) as orc:
        orc.balances()
        for pause in (60, 120, 240, 480, 960, 1920, 3600, 3600):
            clock.advance(pause - 1)
            before = len(vendor.asked)
            orc.balances()
            assert len(vendor.asked) == before
            clock.advance(1)
            orc.balances()
            assert len(vendor.asked) == before + 1


def test_what_wants_another_kind_of_key_says_so_and_the_next_one_is_asked() -> None:
    def answer(asked: Asked, told: Told) -> None:
        if asked.target == "/api/v1/credits":
            told.whole(403, b'{"error": {"message": "Only management keys"}}')
        else:
            told.whole(200, b'{"data": {"limit": 10, "limit_remaining": 0.25}}')

    with upstream(answer) as vendor, over(vendor, "openrouter") as orc:
        (known,) = orc.balances().values()

        assert known.said is not None
        assert known.said.wants == "a management key"
        assert known.said.of_key
        assert known.said.amounts == (Money(0.25, "USD"),)
        assert [one.target for one in vendor.asked] == ["/api/v1/credits", "/api/v1/key"]
        assert row(orc).mark is None


def test_two_processes_over_one_file_ask_once_an_interval(tmp_path: Path) -> None:
    clock = VirtualClock()
    stores = [FileStore(tmp_path / "health.sqlite3") for _ in range(2)]
    with (
        upstream(telling(deepseek())) as vendor,
        over(vendor, clock=clock, store=stores[0]) as first,
        over(vendor, clock=clock, store=stores[1]) as second,
    ):
        for number in range(1, 4):
            found = [orc.balances()["deepseek"] for orc in (first, second, first)]
            assert len(vendor.asked) == number
            assert len({one.said for one in found}) == 1
            clock.advance(300)


@pytest.mark.parametrize(
    ("name", "more"), [("deepseek", {"balance": 0}), ("corp", {}), ("openai", {})]
)
def test_who_is_not_to_be_asked_is_not(name: str, more: dict[str, Any]) -> None:
    with upstream(telling(deepseek())) as vendor, over(vendor, name, **more) as orc:
        assert orc.balances() == {}
        assert not orc.balance_questions.is_due
        assert vendor.asked == []


def test_some_can_be_asked_alone() -> None:
    with upstream(telling(deepseek())) as vendor, over(vendor) as orc:
        assert orc.balances(["somebody-else"]) == {}
        assert list(orc.balances(["deepseek"])) == ["deepseek"]
        assert len(vendor.asked) == 1
