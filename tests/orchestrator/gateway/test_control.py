"""Control requests: the token's holder learns all, anybody else nothing."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.clock import VirtualClock
from orchestrator.gateway.control import (
    RESTART,
    STATUS,
    Control,
    ControlAnswer,
    GatewayStatus,
    RestartProgress,
)
from orchestrator.gateway.handover import HandoverFailed, Successor
from orchestrator.gateway.instance import Instance
from orchestrator.health import AccountBalance
from orchestrator.secrets import Secret

TOKEN = "canary.token.of.this.test"
OWN = {"authorization": f"Bearer {TOKEN}"}


def ended_process() -> subprocess.Popen[bytes]:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as process:
        return process


@attrs.define
class StillGateway:
    """A gateway that starts and drains when it is told to."""

    instance: Instance = attrs.field(factory=lambda: Instance("a1", 7, 5.0, "127.0.0.1", 8400))
    config_hash: str = "c0ffee"
    keys_file: str = "/a/keys.json"
    balances: dict[str, AccountBalance] = attrs.field(factory=dict)
    audited: dict[str, int] | None = None
    in_flight: int = 3
    streams: int = 2
    draining: bool = False
    cut: int = 0
    refuses: str = ""
    limits: list[float] = attrs.field(factory=list)
    started: asyncio.Event = attrs.field(factory=asyncio.Event)
    drained: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def start_successor(self, limit: float) -> Successor:
        self.limits.append(limit)
        await self.started.wait()
        if self.refuses:
            raise HandoverFailed(self.refuses)
        return Successor("b2", 8, 0.4, ended_process())

    async def drain(self) -> int:
        self.draining = True
        await self.drained.wait()
        self.in_flight = self.streams = 0
        return self.cut


def controlled(gateway: StillGateway) -> Control:
    return Control(gateway, Secret(TOKEN), VirtualClock(time=65.0))


async def body_of(answer: ControlAnswer) -> Any:
    return msgspec.json.decode(b"".join([part async for part in answer.body]))


def asked(
    method: str, target: str, headers: Mapping[str, str], gateway: StillGateway | None = None
) -> tuple[ControlAnswer, Any]:
    async def main() -> tuple[ControlAnswer, Any]:
        answer = controlled(gateway or StillGateway()).answer(method, target, headers)
        return answer, await body_of(answer)

    return asyncio.run(main())


def test_the_status_says_what_the_gateway_does() -> None:
    answer, body = asked("GET", STATUS, OWN)
    status = msgspec.convert(body, GatewayStatus)

    assert answer.status == 200
    assert status == GatewayStatus(
        StillGateway().instance, 65.0, "c0ffee", 3, 2, draining=False, keys_file="/a/keys.json"
    )
    assert status.uptime == 60.0


@given(
    given_header=st.one_of(
        st.none(),
        st.text(max_size=60),
        st.text(max_size=40).map(lambda text: f"Bearer {text}"),
        st.sampled_from([TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]),
    ),
    target=st.sampled_from([STATUS, RESTART, "/control/", "/control/keys"]),
    method=st.sampled_from(["GET", "POST"]),
)
def test_without_the_token_all_requests_are_answered_alike(
    given_header: str | None, target: str, method: str
) -> None:
    gateway = StillGateway()
    headers = {} if given_header is None else {"authorization": given_header}
    answer, body = asked(method, target, headers, gateway)
    other, other_body = asked("GET", STATUS, {})

    assert (answer.status, answer.headers, body) == (401, other.headers, other_body)
    assert gateway.limits == []


@pytest.mark.parametrize(
    ("method", "target", "status", "words"),
    [
        ("GET", "/control/", 404, "allowed: /control/status, /control/restart"),
        ("POST", STATUS, 405, "found POST; allowed: GET"),
        ("GET", RESTART, 405, "found GET; allowed: POST"),
        ("POST", f"{RESTART}?limit=soon", 400, "limit: found 'limit=soon'"),
        ("POST", f"{RESTART}?limit=0", 400, "allowed: seconds above 0"),
        ("POST", f"{RESTART}?limit=nan", 400, "allowed: seconds above 0"),
    ],
)
def test_a_wrong_request_is_told_what_is_allowed(
    method: str, target: str, status: int, words: str
) -> None:
    answer, body = asked(method, target, OWN)

    assert answer.status == status
    assert words in body["error"]["message"]


def test_a_restart_tells_both_phases() -> None:
    gateway = StillGateway(cut=1)

    async def main() -> list[RestartProgress]:
        control = controlled(gateway)
        lines = control.answer("POST", f"{RESTART}?limit=90", OWN).body
        seen = [msgspec.json.decode(await anext(lines), type=RestartProgress)]
        gateway.started.set()
        async for line in lines:
            seen.append(msgspec.json.decode(line, type=RestartProgress))
            if seen[-1].event == "draining":
                gateway.drained.set()
        await control.finished()
        return seen

    seen = asyncio.run(main())

    assert gateway.limits == [90.0]
    events = list(dict.fromkeys(one.event for one in seen))
    assert events == ["starting", "ready", "draining", "drained"]
    assert [one for one in seen if one.event == "ready"] == [
        RestartProgress("ready", 0.4, instance="b2", pid=8)
    ]
    assert RestartProgress("draining", in_flight=3, streams=2) in seen
    assert seen[-1] == RestartProgress("drained", cut=1)


def test_a_restart_that_fails_may_be_tried_again() -> None:
    gateway = StillGateway(refuses="the new process ended with status 2")
    gateway.started.set()

    async def main() -> list[list[RestartProgress]]:
        control = controlled(gateway)
        found = []
        for _ in range(2):
            body = control.answer("POST", RESTART, OWN).body
            found.append([msgspec.json.decode(one, type=RestartProgress) async for one in body])
        return found

    for seen in asyncio.run(main()):
        assert seen[-1] == RestartProgress("failed", message="the new process ended with status 2")
    assert gateway.limits == [30.0, 30.0]
    assert not gateway.draining


def test_one_restart_at_a_time() -> None:
    gateway = StillGateway()

    async def main() -> tuple[int, Any]:
        control = controlled(gateway)
        first = control.answer("POST", RESTART, OWN)
        second = control.answer("POST", RESTART, OWN)
        gateway.started.set()
        gateway.drained.set()
        async for _ in first.body:
            pass
        return second.status, await body_of(second)

    status, body = asyncio.run(main())

    assert status == 409
    assert body["error"]["message"] == "the gateway is being restarted already"


@pytest.mark.parametrize(
    ("gateway", "words"),
    [
        (StillGateway(draining=True), "the gateway is being stopped already"),
        (
            StillGateway(instance=Instance("a", 1, 0, "h", 1, supervisor="tini", instead="do x")),
            "its exit would end the service: tini; do x",
        ),
    ],
)
def test_what_cannot_be_restarted_says_so(gateway: StillGateway, words: str) -> None:
    answer, body = asked("POST", RESTART, OWN, gateway)

    assert (answer.status, body["error"]["message"]) == (409, words)


def test_a_restart_goes_on_where_its_reader_leaves() -> None:
    gateway = StillGateway()

    async def main() -> None:
        control = controlled(gateway)
        lines = control.answer("POST", RESTART, OWN).body
        await anext(lines)
        await lines.aclose()  # type: ignore[attr-defined]
        gateway.started.set()
        gateway.drained.set()
        await control.finished()

    asyncio.run(main())

    assert gateway.draining
