"""One folder and its record are all that a new dialect takes: calls run through it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import pytest

import orchestrator
from orchestrator import CallFailed, Orchestrator, Request
from orchestrator.config.loading import loads
from orchestrator.dialects import DIALECTS, register, unregister
from tests.made_up_dialect import NAME

CONFIG = """
health = "memory"
policy.on_interrupted = "continue"
routes.default = ["first/m", "second/m"]
providers.first = {{ dialect = "made-up", base_url = "{url}/first", credentials = ["key-1"] }}
providers.second = {{ dialect = "made-up", base_url = "{url}/second", credentials = ["key-2"] }}
"""
HI = {"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}]}
BITS = ["He", "llo", " there"]
END = {"why": "end", "words": [3, 4]}
POOR = (402, {"error": {"message": "Insufficient balance"}})


class Speaker(BaseHTTPRequestHandler):
    """A provider that speaks the dialect; the first word of a path names it."""

    server: Speakers

    def do_POST(self) -> None:
        name, _, method = self.path.strip("/").partition("/")
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.received.append((name, method, self.headers["x-say-key"], body))
        answer = self.server.answers.get(name)
        if isinstance(answer, tuple):
            self._send(answer[0], json.dumps(answer[1]).encode())
        elif body.get("flow"):
            events: list[Any] = [*({"bit": bit} for bit in answer or BITS), END]
            said = events[:1] if answer else events  # those with words of their own break off
            self._send(200, b"".join(b"data: %s\n\n" % json.dumps(one).encode() for one in said))
        else:
            self._send(200, json.dumps({"line": "".join(BITS), **END}).encode())

    def _send(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Speakers(ThreadingHTTPServer):
    """Providers on one loopback port, by name with what they answer instead of the usual."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Speaker)
        self.answers: dict[str, Any] = {}
        self.received: list[tuple[str, str, str, Any]] = []


@pytest.fixture
def speakers() -> Iterator[Speakers]:
    register(NAME, "tests.made_up_dialect:RECORD")
    with Speakers() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
            unregister(NAME)
    assert NAME not in DIALECTS


@pytest.fixture
def orc(speakers: Speakers) -> Iterator[Orchestrator]:
    url = f"http://127.0.0.1:{speakers.server_address[1]}"
    with Orchestrator(loads(CONFIG.format(url=url), {})) as made:
        yield made


def test_a_whole_answer(speakers: Speakers, orc: Orchestrator) -> None:
    response = orc.run(HI)

    assert (response.text, response.finish_reason) == ("Hello there", "stop")
    assert response.usage.total_tokens == 7
    assert response.to_dict()["choices"][0]["message"]["content"] == "Hello there"
    lines = [["me", "Be brief."], ["me", "hi"]]
    assert speakers.received == [("first", "say", "Key key-1", {"lines": lines, "who": "m"})]


def test_a_streamed_answer(orc: Orchestrator) -> None:
    with orc.stream(HI) as chunks:
        assert [chunk.text for chunk in chunks if chunk.text] == BITS
        assert chunks.response.usage.total_tokens == 7


def test_a_failure_is_classified_and_falls_back(speakers: Speakers, orc: Orchestrator) -> None:
    speakers.answers["first"] = POOR

    response = orc.run(HI)

    assert [str(attempt.reason) for attempt in response.attempts] == ["billing", "None"]
    assert response.provider == "second"


def test_a_stream_that_broke_is_gone_on_with(speakers: Speakers, orc: Orchestrator) -> None:
    speakers.answers["first"] = ["A word that is told, "]

    with orc.stream(Request({"lines": [["me", "hi"]]}, dialect=NAME)) as chunks:
        text = "".join(chunk.text for chunk in chunks)

    assert text == "A word that is told, Hello there"
    *_, (_, _, _, body) = speakers.received
    assert body["lines"][:2] == [["me", "hi"], ["you", "A word that is told, "]]
    assert body["lines"][2][0] == "me"


def test_what_it_cannot_say_passes_it_over(orc: Orchestrator) -> None:
    tool = {"type": "function", "function": {"name": "f"}}

    with pytest.raises(CallFailed, match="made-up cannot express tools"):
        orc.run({**HI, "tools": [tool]})


def test_its_clients_are_served(speakers: Speakers, orc: Orchestrator) -> None:
    with httpx.Client(transport=orchestrator.transport(orc)) as client:
        said = {"lines": [["me", "hi"]]}
        answered = client.post("http://any.where/say", json=said)
        speakers.answers = {"first": POOR, "second": POOR}
        refused = client.post("http://any.where/say", json=said)

    assert answered.json() == {"line": "Hello there", **END}
    assert (refused.status_code, refused.json()["error"]["code"]) == (402, "billing")
