"""``orchestrator serve``: what it says, what it refuses, and what it takes from signals."""

from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import Place, configured
from tests.waiting import AMPLE, eventually

HI = {"messages": [{"role": "user", "content": "hi"}]}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    scripts = {"a": replies.billing_402(), "b": replies.ok("hello")}
    with ScriptedProviders(scripts) as providers:
        urls = {name: providers.url(name) for name in scripts}
        yield configured(tmp_path, urls, ["a/m", "b/m"])


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "203.0.113.7"])
def test_who_may_be_reached_by_others_needs_keys(place: Place, host: str) -> None:
    ended = place.run("serve", "--host", host)

    assert ended.status == 2
    assert "gateway.keys: is missing" in ended.err
    assert "orchestrator key new" in ended.err


def test_a_port_that_is_taken_is_told_with_what_to_do(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = place.run("serve", "--port", str(port))

    assert ended.status == 2
    assert f"cannot listen on 127.0.0.1:{port}" in ended.err
    assert "orchestrator restart" in ended.err


@pytest.mark.parametrize(("host", "port"), [("nowhere.invalid", "0"), ("127.0.0.1", "70000")])
def test_an_address_that_is_none_is_told(place: Place, host: str, port: str) -> None:
    ended = place.run("serve", "--host", host, "--port", port)

    assert ended.status == 2
    assert "Traceback" not in ended.err


def test_keys_that_are_not_there_are_told(place: Place) -> None:
    config = place.home / "orchestrator.toml"
    config.write_text(config.read_text() + '\n[gateway]\nkeys = "keys.json"\n')
    ended = place.run("serve")

    assert ended.status == 2
    assert "keys.json" in ended.err
    assert "orchestrator key new" in ended.err


def test_it_serves_logs_what_befalls_and_ends_when_it_is_told(place: Place) -> None:
    config = place.home / "orchestrator.toml"
    process = place.start("serve", "--port", "0", "--watch", "--log", "json")
    assert process.stderr is not None
    lines: list[str] = []
    try:
        while not (found := re.search(r"ready on (\S+)", "".join(lines))):
            lines.append(process.stderr.readline())
            assert process.poll() is None, lines
        with httpx.Client(base_url=found[1], trust_env=False, timeout=AMPLE) as client:
            answer = client.post("/v1/chat/completions", json=HI)
            before = client.get("/readyz").json()
            status = place.run("status")
            config.write_text(config.read_text().replace("['a/m', 'b/m']", "['b/m']"))
            assert eventually(lambda: client.get("/readyz").json()["config"] != before["config"])
            direct = client.post("/v1/chat/completions", json=HI)
    finally:
        process.send_signal(signal.SIGTERM)
        _, rest = process.communicate(timeout=AMPLE)

    assert answer.headers["x-orchestrator-path"] == "a/m 402 billing; b/m 200"
    assert "x-orchestrator-skipped" not in direct.headers
    assert process.returncode == 0
    log = "".join(lines) + rest
    assert '"level":"WARNING"' in log
    assert "the config was read again" in log
    assert "canary" not in log
    assert f"gateway {found[1]}" in status.out
    assert "serves" in status.out
