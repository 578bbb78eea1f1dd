"""Which of several addresses is chosen, and how seldom anybody is asked."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import attrs
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.vendors.reachability import (
    ANSWER_SECONDS,
    BLOCKED,
    Reachability,
    reachable,
)

BOTH = ("https://gateway", "https://workspace")


@attrs.define
class Network:
    """What can be reached, and who asked."""

    open: set[str]
    asked: list[str] = attrs.field(factory=list)
    now: float = 0.0

    def probe(self, base_url: str) -> bool:
        self.asked.append(base_url)
        return base_url in self.open

    def reachability(self) -> Reachability:
        return Reachability(self.probe, lambda: self.now)


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_the_first_that_can_be_reached_is_chosen_else_the_last(reach: list[bool]) -> None:
    names = [f"https://host-{number}" for number in range(len(reach))]
    network = Network({name for name, is_open in zip(names, reach, strict=True) if is_open})
    choice = network.reachability()

    chosen = choice.choose(names)

    assert chosen == next((name for name in names if name in network.open), names[-1])
    assert names[-1] not in network.asked
    assert choice.is_known(names)


def test_an_answer_is_asked_for_once_and_again_after_its_time() -> None:
    network = Network(set())
    choice = network.reachability()

    assert not choice.is_known(BOTH)
    assert [choice.choose(BOTH) for _ in range(3)] == [BOTH[1]] * 3
    assert network.asked == [BOTH[0]]

    network.open.add(BOTH[0])
    network.now += ANSWER_SECONDS
    assert not choice.is_known(BOTH)
    assert choice.choose(BOTH) == BOTH[0]
    assert len(network.asked) == 2


def test_of_calls_that_begin_together_one_asks() -> None:
    network = Network({BOTH[0]})

    def slowly(base_url: str) -> bool:
        time.sleep(0.02)
        return network.probe(base_url)

    choice = Reachability(slowly)
    with ThreadPoolExecutor(8) as threads:
        chosen = set(threads.map(lambda _: choice.choose(BOTH), range(8)))

    assert chosen == {BOTH[0]}
    assert network.asked == [BOTH[0]]


def test_no_address_is_no_choice() -> None:
    with pytest.raises(ValueError, match="no address"):
        Network(set()).reachability().choose(())


@pytest.mark.parametrize("status", [200, 401, 404, 405, 500, *BLOCKED])
def test_any_answer_of_the_service_itself_is_reachable(status: int) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status)

    assert reachable("https://gateway/openai/v1", httpx.MockTransport(answer)) is (
        status not in BLOCKED
    )
    assert [(one.method, str(one.url)) for one in seen] == [("GET", "https://gateway/openai/v1")]
    assert "authorization" not in seen[0].headers


@pytest.fixture
def closed() -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_a_refused_connection_is_not_reachable(closed: str) -> None:
    with httpx.HTTPTransport() as transport:
        assert not reachable(closed, transport)
