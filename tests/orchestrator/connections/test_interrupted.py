"""An interrupt, or a call made by a signal handler, leaves nothing shared half done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.orchestrator.connections.raw_server import Peer, in_chunks, of_length, raw_server
from tests.waiting import AMPLE

ROOT = Path(__file__).parents[3]


def says_back(peer: Peer) -> None:
    """Answers each call with what it said, whole or as a stream; leaves now and then."""
    turn = 0
    while asked := peer.request():
        payload = json.loads(asked.partition(b"\r\n\r\n")[2])
        text = f"to {payload['messages'][0]['content']}"
        if payload.get("stream"):
            first, second = (
                {"choices": [{"index": 0, "delta": {"content": text}}]},
                {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
            )
            events = [f"data: {json.dumps(each)}\n\n".encode() for each in (first, second)]
            answer = in_chunks(*events, b"data: [DONE]\n\n")
            answer = answer.replace(b"\r\n", b"\r\ncontent-type: text/event-stream\r\n", 1)
        else:
            choice = {"message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
            body = json.dumps({"choices": [choice]}).encode()
            answer = of_length(body, content_type="application/json")
        half = len(answer) // 2
        peer.send(answer[:half], answer[half:])
        turn += 1
        if turn % 50 == 0:
            return


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-X", "dev", "-W", "error", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=4 * AMPLE,
    )


def test_interrupts_at_ever_new_places() -> None:
    with raw_server(says_back) as server:
        done = python(
            "-m", "tests.orchestrator.connections.interrupting", str(server.port), "300", "4", "1"
        )

    assert done.stderr == ""
    found = json.loads(done.stdout)
    assert (found["wrong"], found["open"]) == ([], 0)
    assert found["hits"] > 10


IN_A_HANDLER = """
import json, signal, sys, time
from orchestrator import Orchestrator
from orchestrator.config.loading import loads
from tests.orchestrator.connections.interrupting import CONFIG, ask
orchestrator = Orchestrator(loads(CONFIG.format(port=sys.argv[1]), {}))
inner = []
def handler(*_):
    signal.setitimer(signal.ITIMER_REAL, 0)
    number = 1000 + len(inner)
    inner.append(ask(orchestrator, number) == f"to {number}")
signal.signal(signal.SIGALRM, handler)
outer = []
for number in range(200):
    signal.setitimer(signal.ITIMER_REAL, 1e-5 + number % 20 * 1e-4)
    outer.append(ask(orchestrator, number) == f"to {number}")
signal.setitimer(signal.ITIMER_REAL, 0)
orchestrator.close()
sys.stdout.write(json.dumps([all(outer), all(inner), len(inner) > 10]))
"""


def test_a_signal_handler_may_call_while_a_call_runs() -> None:
    with raw_server(says_back) as server:
        done = python("-c", IN_A_HANDLER, str(server.port))

    assert (done.stderr, done.stdout) == ("", "[true, true, true]")
