"""Which of several addresses is asked, in whose time, and how seldom anybody looks."""

from __future__ import annotations

import asyncio
import time

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator import Orchestrator, Response
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.execution.addresses import ANSWER_SECONDS, BLOCKED, Addresses, is_service, probe
from orchestrator.http_messages import DEFAULT_OPTIONS, ResponseHead

BOTH = ("https://gateway", "https://workspace")
ENVIRON = {
    "DATABRICKS_HOST": "https://workspace.test",
    "DATABRICKS_WORKSPACE_ID": "7",
    "DATABRICKS_TOKEN": "dapi-1",
}
ROUTE = """
health = "memory"
[providers.databricks]
credentials = ["env:DATABRICKS_TOKEN"]
[providers.b]
base_url = "http://b.test/v1"
credentials = ["key-b"]
[routes]
default = ["databricks/m", "b/m"]
"""
WHOLE = {"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]}


@given(st.lists(st.sampled_from([True, False, None]), min_size=1, max_size=5))
def test_the_first_that_was_reached_is_chosen_else_the_last(found: list[bool | None]) -> None:
    addresses, names = Addresses(lambda: 0.0), [f"https://host-{n}" for n in range(len(found))]
    for name, answer in zip(names, found, strict=True):
        if answer is not None:
            addresses.remember(name, is_reachable=answer)

    known = [name for name, answer in zip(names, found, strict=True) if answer]
    assert addresses.chosen(names) == (known[0] if known else names[-1])


def test_an_answer_holds_for_its_time() -> None:
    now = 0.0
    addresses = Addresses(lambda: now)
    assert addresses.is_reachable(BOTH[0]) is None

    addresses.remember(BOTH[0], is_reachable=False)
    assert addresses.is_reachable(BOTH[0]) is False

    now = ANSWER_SECONDS
    assert addresses.is_reachable(BOTH[0]) is None


@pytest.mark.parametrize("status", [200, 401, 404, 405, 500, *BLOCKED])
def test_any_answer_of_the_service_itself_is_reachable(status: int) -> None:
    assert is_service(ResponseHead(status)) is (status not in BLOCKED)


def test_a_probe_sends_no_credential() -> None:
    request = probe("https://gateway/openai/v1", DEFAULT_OPTIONS)

    assert (request.method, str(request.url)) == ("GET", "https://gateway/openai/v1")
    assert request.headers == {}


# A call of a provider with two addresses.


@attrs.define
class Network:
    """A workspace with a gateway in front of it, and another provider."""

    gateway: int | Exception | float
    clock: VirtualClock = attrs.field(factory=VirtualClock)
    seen: list[str] = attrs.field(factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(f"{request.method} {request.url.host}")
        if request.url.host in ("b.test", "workspace.test"):
            return httpx.Response(200, json=WHOLE)
        if isinstance(self.gateway, Exception):
            raise self.gateway
        if isinstance(self.gateway, float):
            self.clock.advance(min(self.gateway, request.extensions["timeout"]["read"]))
            raise httpx.ReadTimeout("silence")
        return httpx.Response(self.gateway, json=WHOLE)

    def call(self, **options: float) -> Response:
        transport = httpx.MockTransport(self)
        config = loads(ROUTE, ENVIRON)
        with Orchestrator(config, transport=transport, clock=self.clock) as orchestrator:
            response = orchestrator.run("hi", **options)  # type: ignore[arg-type]
            orchestrator.run("hi")
            return response


@pytest.mark.parametrize("gateway", [403, httpx.ConnectError("refused"), RuntimeError("foreign")])
def test_a_blocked_address_is_left_for_the_next_and_nobody_asks_again(
    gateway: int | Exception,
) -> None:
    network = Network(gateway)
    response = network.call()

    first, *others = network.seen
    assert first.startswith("GET ")
    assert others == ["POST workspace.test"] * 2
    assert len(response.attempts) == 1


def test_one_that_answers_is_asked() -> None:
    network = Network(200)
    network.call()

    assert [one.split()[0] for one in network.seen] == ["GET", "POST", "POST"]
    assert len({one.split()[1] for one in network.seen}) == 1


def test_a_probe_takes_its_time_from_the_attempt() -> None:
    network = Network(60.0)
    response = network.call(timeout=1.0)

    # Half of what the attempt may take, which is half of the deadline.
    assert response.attempts[0].seconds == pytest.approx(0.25)
    # Who had so little time has not found out anything.
    assert [one.split()[0] for one in network.seen] == ["GET", "POST", "GET", "POST"]


def test_a_silent_address_costs_no_task_its_fallback() -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.url.host == "b.test":
                return httpx.Response(200, json=WHOLE)
            await asyncio.Event().wait()
            raise AssertionError

    async def main() -> Response:
        config = loads(ROUTE, ENVIRON)
        async with Orchestrator(config, async_transport=Silent()) as orchestrator:
            return await orchestrator.arun("hi", timeout=0.4)

    began = time.monotonic()
    response = asyncio.run(main())

    assert response.provider == "b"
    assert [one.reason for one in response.attempts] == ["timeout", None]
    assert time.monotonic() - began < 5  # not the probe's own 3 s and more on a busy machine
