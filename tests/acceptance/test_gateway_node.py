"""The official clients for node, whose parsers of streams are others than Python's, at a gateway.

One process of node asks all of it, and prints what it got.
"""

from __future__ import annotations

import itertools
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from orchestrator.sim import replies
from orchestrator.sim.operations import vector
from orchestrator.sim.script import AnyScript
from tests.acceptance.served import Served, served
from tests.acceptance.spoken import ASKED, CALL, DIALECTS, SAID, TEXT, answers, streamed
from tests.acceptance.test_sdks import BEFORE_THE_END
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "build/node_sdks"
SCRIPT = Path(__file__).parent / "node/clients.mjs"

CLIENTS = ("openai-chat", "openai-responses", "anthropic-messages")
CROSSINGS = list(itertools.product(CLIENTS, DIALECTS, [False, True], [False, True]))
ENDED = {
    "openai-chat": ("stop", "tool_calls"),
    "openai-responses": ("completed", "completed"),
    "anthropic-messages": ("end_turn", "tool_use"),
}

FAULTS: Mapping[str, tuple[AnyScript, int]] = {
    "broke": (replies.billing_402(), 402),
    "throttled": (replies.rate_limited(3600), 429),
    "locked": (replies.bad_key(), 401),
    "failing": (replies.server_error(), 500),
    "refusing": (replies.context_overflow(), 400),
}
CLASSES = {
    400: ("BadRequestError",),
    401: ("AuthenticationError",),
    402: ("APIError", "PaymentRequiredError"),  # which only one of them has
    429: ("RateLimitError",),
    500: ("InternalServerError",),
}


def name_of(dialect: str, *, stream: bool, tool: bool) -> str:
    """The provider that speaks so."""
    return f"{dialect}-{'stream' if stream else 'whole'}-{'tool' if tool else 'text'}"


def scripts() -> dict[str, tuple[str, AnyScript]]:
    """A provider for every way to answer, and for every way not to."""
    found: dict[str, tuple[str, AnyScript]] = {
        name_of(dialect, stream=stream, tool=tool): (
            dialect,
            answers(dialect, stream=stream, tool=tool),
        )
        for dialect, stream, tool in itertools.product(DIALECTS, [False, True], [False, True])
    }
    found |= {
        f"torn-{dialect}": (dialect, streamed(dialect, until=BEFORE_THE_END[dialect]))
        for dialect in DIALECTS
    }
    found |= {name: ("openai-chat", script) for name, (script, _) in FAULTS.items()}
    found["plain"] = ("openai-chat", replies.ok("plain"))
    found["counting"] = ("anthropic-messages", replies.ok())
    found["endless"] = ("openai-chat", replies.ok("word " * 20_000, pace=0.05))
    return found


@pytest.fixture(scope="module")
def gateway() -> Iterator[Served]:
    """A gateway over all of them; without node's clients, nothing here is checked."""
    installed = subprocess.run(
        ["bash", str(ROOT / "scripts/install_node_sdks.sh")],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"NOT CHECKED by the clients for node: {installed.stderr.strip()}")
    with served(
        scripts(),
        routes={"default": ["plain/m"], "rescued": ["broke/m", "plain/m"]},
        policy={"attempts_per_target": 1},
    ) as gateway:
        yield gateway


def ask(gateway: Served, asks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What the clients got for ``asks``, in order."""
    ran = subprocess.run(
        ["node", str(SCRIPT), str(FOLDER), gateway.url],
        input=json.dumps(asks),
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return list(json.loads(ran.stdout))


def test_every_client_gets_the_answer_of_every_dialect_whole_and_streamed(gateway: Served) -> None:
    asks = [
        {
            "client": client,
            "model": f"{name_of(dialect, stream=stream, tool=tool)}/m",
            "stream": stream,
            "tool": tool,
        }
        for client, dialect, stream, tool in CROSSINGS
    ]
    for one, got in zip(asks, ask(gateway, asks), strict=True):
        tool = bool(one["tool"])
        expected: dict[str, Any] = {
            "text": "" if tool else TEXT,
            "calls": [[CALL[1], CALL[2]]] if tool else [],
            "usage": [ASKED, SAID],
            "ended": ENDED[str(one["client"])][tool],
        }
        if one["stream"]:
            expected["said"] = expected["text"]
        assert got == expected, one


def test_a_failed_call_raises_the_class_of_its_cause_and_is_asked_once(gateway: Served) -> None:
    asks = [
        # Each of a model of its own: nobody waits for a circuit that another has opened.
        {"client": client, "model": f"{name}/m-of-{client}-{stream}", "stream": stream}
        for client, name, stream in itertools.product(CLIENTS, FAULTS, [False, True])
    ]
    before = len(gateway.requests)
    for one, got in zip(asks, ask(gateway, asks), strict=True):
        name = str(one["model"]).partition("/")[0]
        status = FAULTS[name][1]
        assert got["status"] == status, (one, got)
        assert got["error"] in CLASSES[status], (one, got)
        assert name in got["words"]
    assert len(gateway.requests) - before == len(asks), "the clients' own retries have gone on"


def test_a_402_is_rescued_and_an_unknown_model_told(gateway: Served) -> None:
    asks = [
        {"client": client, "model": model, "stream": stream}
        for client, stream, model in itertools.product(CLIENTS, [False, True], ["rescued", "nope"])
    ]
    for one, got in zip(asks, ask(gateway, asks), strict=True):
        if one["model"] == "rescued":
            assert got.get("text") == "plain", (one, got)
        else:
            assert (got["status"], got["error"]) == (404, "NotFoundError")
            assert "routes: default, rescued" in got["words"]


def test_a_stream_that_breaks_after_content_raises(gateway: Served) -> None:
    asks = [
        {"client": client, "model": f"torn-{dialect}/m", "stream": True}
        for client, dialect in itertools.product(CLIENTS, DIALECTS)
    ]
    for one, got in zip(asks, ask(gateway, asks), strict=True):
        assert "error" in got, (one, got)
        assert f"the stream of {one['model']} broke" in got["words"], (one, got)


def test_a_client_that_aborts_ends_its_call(gateway: Served) -> None:
    asks = [{"client": one, "model": "endless/m", "stream": True, "leave": True} for one in CLIENTS]
    found = [got["error"] for got in ask(gateway, asks)]

    assert found == ["APIUserAbortError"] * len(CLIENTS)
    assert eventually(lambda: gateway.running.gateway.in_flight == 0)


def test_what_is_no_answer_of_a_model_is_served_too(gateway: Served) -> None:
    asks = [
        {"client": "embeddings", "model": "plain/m"},
        {"client": "count", "model": "counting/m"},
        {"client": "models", "of": "openai"},
        {"client": "models", "of": "anthropic"},
    ]
    vectors, counted, *listed = ask(gateway, asks)

    assert vectors == {"vectors": [vector("m", "one"), vector("m", "two")]}
    assert counted["tokens"] > 0
    for one in listed:
        assert one["names"] == ["default", "rescued", "plain/m", "broke/m"]
        assert one["one"] == "default"
