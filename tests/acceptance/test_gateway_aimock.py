"""A gateway, as its users start it, over aimock: every call is answered, or told what befell it."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx

from tests.acceptance.test_aimock import CHAOS, Call, aimock, config_over, written_fixtures
from tests.acceptance.test_official_shapes import ASKED, events_of
from tests.orchestrator.cli.entry import Place
from tests.slow import nightly, slow
from tests.waiting import AMPLE, eventually

__all__ = ["written_fixtures"]

AT_ONCE = 24
CAUSES = {"server_error", "invalid_response", "rate_limit", "connection", "stream_interrupted"}
"""What the chaos looks like to whoever calls."""


@attrs.frozen
class Answered:
    """What came of a call: the status, the headers, and the whole body."""

    status: int
    headers: Mapping[str, str]
    text: str


@contextmanager
def serving(config: str, home: Path) -> Iterator[tuple[str, list[str]]]:
    """The address of a gateway in a process of its own, and what it has said when it is over."""
    (home / "orchestrator.toml").write_text(config)
    process = Place(home).start("serve", "--port", "0")
    stderr, said = process.stderr, list[str]()
    assert stderr is not None
    # What nobody reads would hold up the gateway, once its pipe is full.
    reader = threading.Thread(target=lambda: said.extend(stderr))
    reader.start()
    try:
        assert eventually(lambda: "ready on" in "".join(said)), said
        found = re.search(r"ready on (\S+)", "".join(said))
        assert found is not None
        yield found[1], said
    finally:
        with process:  # whose pipes it closes
            process.terminate()
            process.wait(AMPLE)
            reader.join(AMPLE)
    assert process.returncode == 0, said


def ask(url: str, calls: Sequence[Call]) -> list[Answered]:
    """What came of ``calls``, many of them at once."""

    async def one(client: httpx.AsyncClient, call: Call, turns: asyncio.Semaphore) -> Answered:
        path, body = request(call)
        async with turns:
            answer = await client.post(path, json=body)
        return Answered(answer.status_code, answer.headers, answer.text)

    async def main() -> list[Answered]:
        turns = asyncio.Semaphore(AT_ONCE)
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=3 * AMPLE) as client:
            return await asyncio.gather(*(one(client, call, turns) for call in calls))

    return asyncio.run(main())


def request(call: Call) -> tuple[str, dict[str, Any]]:
    """Where it goes, and what it says, in the words of its dialect."""
    path, _ = ASKED[call.dialect]
    messages = [{"role": "user", "content": call.question}]
    said: dict[str, dict[str, Any]] = {
        "openai-chat": {"messages": messages},
        "openai-responses": {"input": call.question},
        "anthropic-messages": {"messages": messages, "max_tokens": 100},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": call.question}]}]},
    }
    body = said[call.dialect]
    if call.dialect == "gemini":
        method = "streamGenerateContent?alt=sse" if call.streamed else "generateContent"
        return path.replace("default:generateContent", f"{call.route}:{method}"), body
    return path, {"model": call.route, "stream": call.streamed, **body}


def text_of(call: Call, answered: Answered) -> str:
    """What the model said."""
    if not call.streamed:
        body = httpx.Response(200, text=answered.text).json()
        return _text(call.dialect, body)
    return "".join(_delta(call.dialect, event) for event in events_of(answered.text))


def _text(dialect: str, body: Any) -> str:
    match dialect:
        case "openai-chat":
            return str(body["choices"][0]["message"]["content"])
        case "openai-responses":
            return "".join(part["text"] for item in body["output"] for part in item["content"])
        case "anthropic-messages":
            return "".join(block["text"] for block in body["content"])
    return "".join(part["text"] for part in body["candidates"][0]["content"]["parts"])


def _delta(dialect: str, event: Any) -> str:
    match dialect:
        case "openai-chat":
            return "".join(choice["delta"].get("content") or "" for choice in event["choices"])
        case "openai-responses":
            return event["delta"] if event["type"] == "response.output_text.delta" else ""
        case "anthropic-messages":
            return event["delta"].get("text", "") if event["type"] == "content_block_delta" else ""
    parts = (each["content"].get("parts", ()) for each in event.get("candidates", ()))
    return "".join(part.get("text", "") for some in parts for part in some)


@slow("some hundred calls; test_gateway_contained.py has faults of our own")
def test_no_call_is_lost_to_chaos_beside_a_calm_target(fixtures: Path, tmp_path: Path) -> None:
    calls = [Call(number) for number in range(320)]
    with aimock(fixtures, *CHAOS) as chaos, aimock(fixtures) as calm:
        config = config_over({"chaos": chaos, "calm": calm}, calls)
        with serving(config, tmp_path) as (url, said):
            found = ask(url, calls)

    ends = dict(zip(calls, found, strict=True))
    assert {call: one for call, one in ends.items() if one.status != 200} == {}
    for call, one in ends.items():
        assert text_of(call, one) == call.text, one
    assert any(one.headers["x-orchestrator-attempts"] != "1" for one in found)
    assert_calm(said)


@nightly("some hundred calls; the test above has a calm target beside them")
def test_where_there_is_chaos_alone_each_call_is_answered_or_told_its_cause(
    fixtures: Path, tmp_path: Path
) -> None:
    calls = [Call(number) for number in range(320)]
    with aimock(fixtures, *CHAOS) as chaos:
        config = config_over({"chaos": chaos}, calls)
        config += "\n[policy]\nattempts_per_target = 1\nmax_attempts = 1\n"
        with serving(config, tmp_path) as (url, said):
            found = ask(url, calls)

    reasons = {one.headers["x-orchestrator-reason"] for one in found if one.status != 200}
    assert reasons <= CAUSES
    assert len(reasons) > 1
    for call, one in zip(calls, found, strict=True):
        if one.status == 200:
            assert text_of(call, one) == call.text, one
        else:
            assert f"chaos-{call.dialect}" in one.text, one
            assert one.headers["x-orchestrator-target"] == f"chaos-{call.dialect}/{call.route}"
            assert one.headers["x-should-retry"] == "false"
    assert_calm(said)


def assert_calm(said: Sequence[str]) -> None:
    """Nothing but what befell calls was said, and no fault of the gateway's own."""
    text = "\n".join(said)
    assert "Traceback" not in text
    assert "fault of the gateway's own" not in text
    assert "ASGI" not in text
