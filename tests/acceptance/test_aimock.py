"""A thousand calls over aimock, an upstream by others that drops, garbles, throttles and hangs up.

Beside each chaotic target stands a calm one, so every call has an answer to come to: its own.
What the upstream did is read from its journal, and each attempt must have seen just that.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import attrs
import httpx
import pytest

from orchestrator import CallFailed, Orchestrator
from orchestrator.config.loading import loads
from tests.slow import nightly, slow
from tests.waiting import eventually

ROOT = Path(__file__).parents[2]
CLI = ROOT / "build/aimock/node_modules/@copilotkit/aimock/dist/cli.js"

BASES = {
    "openai-chat": "/v1",
    "openai-responses": "/v1",
    "anthropic-messages": "/v1",
    "gemini": "/v1beta",
}

SEEN = {
    None: None,
    "drop": "server_error",
    "malformed": "invalid_response",
    "rateLimit": "rate_limit",
    "disconnect": "connection",
}
"""What is to be made of each fault of its journal. A *drop* is a 500."""

# Each is drawn where none before it struck: 0.15 of all requests for each, in their order there.
CHAOS = (
    "--chaos-drop=0.15",
    "--chaos-malformed=0.176",
    "--chaos-ratelimit=0.214",
    "--chaos-disconnect=0.273",
)

CALLS = 500
"""In threads, and as many in tasks."""

AT_ONCE = 32

KEYS = 60
"""In each pool. A 429 asks for a second, in which a few keys of a pool meet one each."""

# Nobody is silent here: whoever is slow is so because the machine is busy, and is waited for.
LIMITS = """
    health = "memory"
    [timeouts]
    connect = "60s"
    first_token = "60s"
    idle = "60s"
"""


@attrs.frozen
class Call:
    """One of the calls, each with a text of its own and a target that no mark has met."""

    number: int

    @property
    def dialect(self) -> str:
        return list(BASES)[self.number % len(BASES)]

    @property
    def streamed(self) -> bool:
        return self.number // len(BASES) % 2 == 1

    @property
    def question(self) -> str:
        return f"What is the answer to question {self.number}?"

    @property
    def request(self) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": self.question}]}

    @property
    def text(self) -> str:
        return f"To question {self.number}: {self.number * self.number}, “told” in a few\npieces ✓."

    @property
    def route(self) -> str:
        """Its route, and the model of both targets there."""
        return f"call-{self.number}"


@attrs.frozen
class Got:
    """What a call came to: its text and attempts, or its failure in words."""

    text: str
    reasons: Sequence[str | None]
    """Of its attempts at the chaotic target, in order."""


def got(text: str, attempts: Sequence[Any]) -> Got:
    return Got(text, [one.reason for one in attempts if one.provider.startswith("chaos")])


def in_threads(orchestrator: Orchestrator, calls: Sequence[Call]) -> list[Got]:
    def ask(call: Call) -> Got:
        try:
            if call.streamed:
                with orchestrator.stream(call.request, route=call.route) as chunks:
                    text = "".join(chunk.text for chunk in chunks)
                return got(text, chunks.response.attempts)
            response = orchestrator.run(call.request, route=call.route)
            return got(response.text, response.attempts)
        except CallFailed as failed:
            return got(f"{call.route}: {failed}", failed.attempts)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask, calls))


def in_tasks(orchestrator: Orchestrator, calls: Sequence[Call]) -> list[Got]:
    async def ask(call: Call) -> Got:
        try:
            if call.streamed:
                async with orchestrator.astream(call.request, route=call.route) as chunks:
                    text = "".join([chunk.text async for chunk in chunks])
                return got(text, chunks.response.attempts)
            response = await orchestrator.arun(call.request, route=call.route)
            return got(response.text, response.attempts)
        except CallFailed as failed:
            return got(f"{call.route}: {failed}", failed.attempts)

    async def main() -> list[Got]:
        turns = asyncio.Semaphore(AT_ONCE)

        async def in_turn(call: Call) -> Got:
            async with turns:
                return await ask(call)

        found = await asyncio.gather(*map(in_turn, calls))
        await orchestrator.aclose()
        return found

    return asyncio.run(main())


@pytest.fixture(name="fixtures", scope="module")
def written_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every question with its answer, for aimock; without aimock, nothing here is checked."""
    installed = subprocess.run(
        ["bash", str(ROOT / "scripts/install_aimock.sh")],
        capture_output=True,
        text=True,
        check=False,
    )
    if installed.returncode:
        pytest.skip(f"NOT CHECKED by aimock: {installed.stderr.strip()}")
    known = [
        {"match": {"userMessage": call.question}, "response": {"content": call.text}}
        for call in map(Call, range(2 * CALLS))
    ]
    path = tmp_path_factory.mktemp("aimock") / "fixtures.json"
    path.write_text(json.dumps({"fixtures": known}))
    return path


@contextmanager
def aimock(fixtures: Path, *options: str) -> Iterator[str]:
    """The address of an aimock that answers from ``fixtures``."""
    command = ["node", str(CLI), "--port=0", f"--fixtures={fixtures}", "--strict"]
    command += ["--journal-max=0", *options]

    def address() -> str:
        return Path(log.name).read_text().partition("listening on ")[2].partition("\n")[0]

    with (
        NamedTemporaryFile(dir=fixtures.parent) as log,
        subprocess.Popen(command, stdout=log) as server,
    ):
        try:
            assert eventually(lambda: address() != ""), "aimock does not begin to listen"
            yield address()
        finally:
            server.terminate()


def config_over(urls: Mapping[str, str], calls: Sequence[Call]) -> str:
    """A config in which each call has a route of its own, that asks each address in order."""
    keys = [f"key-{number}" for number in range(KEYS)]
    lines = [LIMITS, "[routes]"]
    for call in calls:
        targets = [f"{name}-{call.dialect}/{call.route}" for name in urls]
        lines += [f"{call.route} = {targets}"]
    for name, url in urls.items():
        for dialect, base in BASES.items():
            lines += [f"[providers.{name}-{dialect}]", f'dialect = "{dialect}"']
            lines += [f'base_url = "{url}{base}"', f"credentials = {keys}"]
    return "\n".join(lines)


def struck(url: str) -> dict[str, list[str | None]]:
    """What was done to each request, in order, by its model."""
    found: defaultdict[str, list[str | None]] = defaultdict(list)
    for entry in httpx.get(f"{url}/__aimock/journal", timeout=60).json():
        found[entry["body"]["model"]].append(entry["response"].get("chaosAction"))
    return found


def without_losses(reasons: Sequence[str | None]) -> list[str | None]:
    """Without lost connections: a server may also close one between two requests."""
    return [reason for reason in reasons if reason != "connection"]


@slow("a thousand calls; tests/acceptance/test_load.py makes some beside faults of our own")
@pytest.mark.parametrize(
    ("ask", "first"),
    [
        pytest.param(in_threads, 0, id="threads"),
        pytest.param(in_tasks, CALLS, id="tasks", marks=nightly("the same, by tasks")),
    ],
)
def test_no_call_is_lost_to_chaos_beside_a_calm_target(
    fixtures: Path, ask: Callable[[Orchestrator, Sequence[Call]], list[Got]], first: int
) -> None:
    calls = [Call(number) for number in range(first, first + CALLS)]
    with aimock(fixtures, *CHAOS) as chaos, aimock(fixtures) as calm:
        config = config_over({"chaos": chaos, "calm": calm}, calls)
        with Orchestrator(loads(config, {})) as orchestrator:
            found = ask(orchestrator, calls)
        journal = struck(chaos)

    ends = dict(zip(calls, found, strict=True))
    assert {call: one.text for call, one in ends.items() if one.text != call.text} == {}
    # No call was spared by what another met: each has a target of its own, and a key.
    assert set(journal) == {call.route for call in calls}
    strikes: Counter[tuple[str, bool, str | None]] = Counter()
    for call, one in ends.items():
        done = [SEEN[fault] for fault in journal[call.route]]
        assert without_losses(one.reasons) == without_losses(done), call
        assert one.reasons.count("connection") >= done.count("connection"), call
        strikes.update((call.dialect, call.streamed, reason) for reason in done)
    assert set(strikes) == set(product(BASES, (False, True), SEEN.values())), strikes
