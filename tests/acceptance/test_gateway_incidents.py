"""The incidents of the gateway, through the process that `orchestrator serve` starts.

B1: a custom endpoint's 402s are load beside healthy traffic, and take nobody along. B3, that a
restart shows both phases and fails loudly, is in tests/orchestrator/cli/test_restart.py.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import attrs
import httpx

from orchestrator.sim import Reply, SimProcess, replies
from tests.orchestrator.cli.entry import configured
from tests.orchestrator.gateway.serving_processes import MESSAGES, start
from tests.waiting import AMPLE

RESERVED = (
    "Insufficient available balance: in use by pending requests. "
    "Please wait for ongoing requests to complete"
)
CUSTOM_ENDPOINT: dict[str, tuple[Reply, str, str]] = {
    "pending": (
        replies.openai_error(402, RESERVED),
        "rate_limit",
        "Running requests hold the rest",
    ),
    "busy": (
        replies.openai_error(402, "daily_limit_busy"),
        "rate_limit",
        "Running requests hold the rest",
    ),
    "exhausted": (
        replies.openai_error(402, "Your balance is exhausted"),
        "billing",
        "Your balance or quota is used up",
    ),
    "malformed": (replies.error(402, b"\xff{not JSON"), "billing", "used up"),
    "reset": (replies.reset(), "connection", "connection"),
}
"""What it answers, the reason that a client is told, and what the hint says."""

ROUNDS = 5


def test_402s_of_a_custom_endpoint_take_no_healthy_request_along(tmp_path: Path) -> None:
    scripts = {name: reply for name, (reply, _, _) in CUSTOM_ENDPOINT.items()}
    with SimProcess({**scripts, "healthy": replies.ok("hello")}) as providers:
        urls = {name: providers.url(name) for name in (*scripts, "healthy")}
        place = configured(tmp_path, urls, ["healthy/m"])
        gateway = start(place)
        try:
            ends = asyncio.run(ask_all(gateway.url))
            # It is the process that it was, and nobody had to start it.
            assert gateway.get("/readyz")["instance"] == gateway.id
            assert gateway.first.poll() is None
        finally:
            gateway.first.terminate()
            gateway.first.wait(AMPLE)
        log = gateway.log.read_text()

    healthy = [end for end in ends if end.name == "healthy"]
    assert [(end.status, end.text) for end in healthy] == [(200, "hello")] * len(healthy)
    for end in ends:
        if end.name != "healthy":
            _, reason, hint = CUSTOM_ENDPOINT[end.name]
            assert end.status >= 400
            assert (end.reason, hint in end.text) == (reason, True), end
            assert end.name in end.text  # who failed
    assert gateway.first.returncode == 0
    assert "Traceback" not in log


@attrs.frozen
class End:
    """What a client got.

    Attributes:
        name: The provider that was asked.
        status: The HTTP status.
        reason: The reason, as the headers say.
        text: The answer, or what the error says.
    """

    name: str
    status: int
    reason: str
    text: str


async def ask_all(url: str) -> list[End]:
    """All at once: each failing provider several times, and as many healthy requests."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=2 * AMPLE) as client:
        names = [*CUSTOM_ENDPOINT, *["healthy"] * len(CUSTOM_ENDPOINT)] * ROUNDS
        return await asyncio.gather(*(ask(client, name) for name in names))


async def ask(client: httpx.AsyncClient, name: str) -> End:
    # Who fails for a moment is asked until the deadline: here soon.
    limit = AMPLE if name == "healthy" else 2
    headers = {"x-orchestrator-route": f"{name}/m", "x-orchestrator-deadline": f"{limit}"}
    got = await client.post("/v1/chat/completions", json={"messages": MESSAGES}, headers=headers)
    body = got.json()
    text = body["error"]["message"] if "error" in body else body["choices"][0]["message"]["content"]
    return End(name, got.status_code, got.headers["x-orchestrator-reason"], text)
