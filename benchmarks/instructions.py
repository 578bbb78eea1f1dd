"""What a call costs in instructions, stage by stage: the same on a busy machine as on an idle one.

    python benchmarks/instructions.py [--write | --check]

Callgrind counts the instructions of one process, in user space, while it goes through each stage
a number of times, and writes its counts down where the process asks for its priority, which
nothing else in it does. Hashes have a fixed seed, the clock stands still, and answers come out of
memory, written and read by our own connections' code. Nothing is counted of the kernel: what a
socket or a file costs in there is told by the other benchmarks, in time.

The counts of an interpreter that is known are in ``instructions.json`` beside this file. With
``--check`` the exit status is 1 where a stage needs more by 3 %. Counts of another interpreter,
or another build of it, are not comparable: that is said, and is no failure. ``--write`` keeps the
counts of this one. Without callgrind (Debian: ``apt-get install valgrind``) the status is 2.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypedDict

import attrs

from orchestrator import Orchestrator
from orchestrator.api.options import read_call
from orchestrator.clock import VirtualClock
from orchestrator.config.loading import loads
from orchestrator.connections.reader import ResponseReader
from orchestrator.connections.transports import Transports
from orchestrator.connections.writer import request_bytes
from orchestrator.execution.call_run import CallRun
from orchestrator.execution.exchange import Exchange
from orchestrator.execution.recorder import Recorder
from orchestrator.health import MemoryStore, Store
from orchestrator.health.session import Release, Succeed, TakeFirst
from orchestrator.health.stores.file import FileStore
from orchestrator.http_messages import OutgoingRequest, ResponseHead
from orchestrator.states import Call, Finish, Send, Started, Succeeded, step

KEPT = Path(__file__).with_name("instructions.json")
MOST_GROWTH = 0.03
WORKER = "--worker"
MARK = "getpriority"
"""The function of the C library that ends a count; see :func:`count`."""
LIBRARIES = ("attrs", "cattrs", "httptools", "msgspec", "transitions")
"""Whose instructions are among those of a call."""

REQUEST = {"messages": [{"role": "user", "content": "hi " * 150}]}
WORDS = 60
TIMES, STREAMS = 50, 6
"""Times that a stage is gone through, after as many that do not count: the interpreter
specialises what is run often, and routes and masks are prepared once."""
CONFIG = """
health = "memory"
{ledger}
[routes]
default = ["bench/model"]
[providers.bench]
base_url = "http://127.0.0.1:1/v1"
credentials = ["benchmark"]
"""
BODY = (
    b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"model","choices":[{"index"'
    b':0,"message":{"role":"assistant","content":"ok"},"finish_reason":"stop"}],"usage":'
    b'{"prompt_tokens":10,"completion_tokens":5,"total_tokens":15}}'
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-request-id: r1\r\n"
    b"content-length: %d\r\n\r\n%s" % (len(BODY), BODY)
)
CHUNK = (
    b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"model",'
    b'"choices":[{"index":0,"delta":%s,"finish_reason":%s}]}\n\n'
)
STREAM_HEAD = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
)
EVENTS = [
    *[CHUNK % (b'{"content":"word "}', b"null")] * WORDS,
    CHUNK % (b"{}", b'"stop"'),
    b"data: [DONE]\n\n",
]


def framed(*events: bytes) -> bytes:
    """One chunk of HTTP that holds ``events``."""
    data = b"".join(events)
    return b"%x\r\n%s\r\n" % (len(data), data)


# An upstream in memory.


class Answered:
    """An answer out of memory, read as our connections read one."""

    head: ResponseHead

    def __init__(self, arrivals: list[bytes]) -> None:
        self._arrivals = iter(arrivals)
        self._reader = ResponseReader()
        while self._reader.head is None:
            self._reader.feed(next(self._arrivals))
        self.head = self._reader.head

    def read(self, seconds: float) -> bytes | None:  # noqa: ARG002 - it never waits
        """See :class:`.OpenAnswer`."""
        while not (piece := self._reader.take()) and piece is not None:
            self._reader.feed(next(self._arrivals))
        return piece

    def close(self) -> None:
        """See :class:`.OpenAnswer`."""


class Memory:
    """A transport that writes each request to nowhere, and answers with the same bytes."""

    def __init__(self, arrivals: list[bytes]) -> None:
        self.arrivals = arrivals

    def open(self, request: OutgoingRequest, seconds: float, connect: float) -> Answered:  # noqa: ARG002
        """See :class:`.Transport`."""
        request_bytes(request)
        return Answered(self.arrivals)


class AnsweredTask(Answered):
    """The same for tasks."""

    async def read(self, seconds: float) -> bytes | None:  # type: ignore[override]
        """See :class:`.AsyncOpenAnswer`."""
        return Answered.read(self, seconds)

    async def aclose(self) -> None:
        """See :class:`.AsyncOpenAnswer`."""


class TaskMemory(Memory):
    """The same for tasks."""

    async def open(  # type: ignore[override]
        self,
        request: OutgoingRequest,
        seconds: float,  # noqa: ARG002
        connect: float,  # noqa: ARG002
    ) -> AnsweredTask:
        """See :class:`.AsyncTransport`."""
        request_bytes(request)
        return AnsweredTask(self.arrivals)


class MemoryTransports(Transports):
    """The transports of an orchestrator, both in memory."""

    def __init__(self, arrivals: list[bytes]) -> None:
        super().__init__()
        self.threads, self.tasks = Memory(arrivals), TaskMemory(arrivals)

    def blocking(self) -> Memory:
        """For threads."""
        return self.threads

    async def asynchronous(self) -> TaskMemory:
        """For tasks."""
        return self.tasks


def upstream(arrivals: list[bytes], store: Store | None = None, ledger: str = "") -> Orchestrator:
    """An orchestrator whose every request is answered by ``arrivals``."""
    config = loads(CONFIG.format(ledger=ledger), {})
    made = Orchestrator(config, clock=VirtualClock(), seed=1, store=store or MemoryStore())
    made._transports = MemoryTransports(arrivals)  # noqa: SLF001 - no option takes one
    return made


# The stages, each made of what it works on; what is counted is the work that comes out.

Work = Callable[[], object]


@attrs.frozen
class Prepared:
    """A call that was made by hand up to its send, for the stages inside one."""

    orchestrator: Orchestrator
    run: CallRun
    command: Send
    started: Started
    exchange: Exchange
    outgoing: OutgoingRequest

    @classmethod
    def make(cls) -> Prepared:
        """As :mod:`orchestrator.execution.flow` makes one."""
        orchestrator = upstream([ANSWER])
        run = orchestrator.begin_call(read_call("run", REQUEST, {})[0])
        run.begin()
        run.open_record()
        taken, standby = run.session.answer(TakeFirst(), 0.0)
        started = Started(0.0, taken, standby)
        run.advance(started)
        command = run.command
        assert isinstance(command, Send)
        exchange = run.begin_attempt(command)
        outgoing = run.encode(exchange, exchange.provider.base_url)
        return cls(orchestrator, run, command, started, exchange, outgoing)

    def answer(self) -> Exchange:
        """The exchange, with nothing of an answer in it."""
        run, exchange = self.run, self.exchange
        wishes = exchange.wishes
        return Exchange(
            self.command, 0.0, exchange.provider, exchange.prepared, wishes, run.recorder.note
        )


def whole(orchestrator: Orchestrator) -> Work:
    """A whole call, by :meth:`.Orchestrator.run`."""

    def work() -> None:
        assert orchestrator.run(REQUEST).text == "ok"

    return work


def streamed(orchestrator: Orchestrator) -> Work:
    """A whole call, by :meth:`.Orchestrator.stream`."""

    def work() -> None:
        with orchestrator.stream(REQUEST) as chunks:
            assert sum(bool(one.text) for one in chunks) == WORDS

    return work


def transported(transport: Memory, request: OutgoingRequest) -> Work:
    """What the connections' own code costs."""

    def work() -> None:
        answer = transport.open(request, 60.0, 60.0)
        while answer.read(60.0) is not None:
            pass
        answer.close()

    return work


def machine(prepared: Prepared) -> Work:
    """Made, and stepped twice."""
    route, policy = prepared.run.call.route, prepared.run.call.policy

    def work() -> None:
        call = step(Call(route, policy), prepared.started).call
        assert isinstance(step(call, Succeeded(0.8)).command, Finish)

    return work


def board(prepared: Prepared) -> Work:
    """A take, a success and the release."""
    made, route = prepared.orchestrator.board, prepared.run.call.route
    first, release = TakeFirst(), Release()

    def work() -> None:
        # As a pump asks: it waits where the store must be asked, which is not here.
        session = made.session(route, 1_800_000_000.0)
        arrival = session.begin(first, 0.0)
        assert isinstance(arrival, tuple)
        taken = arrival[0]
        assert taken is not None
        session.begin(Succeed(taken.target, taken.credential), 0.8)
        session.begin(release, 0.8)

    return work


def encoded(prepared: Prepared) -> Work:
    """The request in the words of the dialect, signed."""
    url = prepared.exchange.provider.base_url
    return lambda: prepared.run.encode(prepared.exchange, url)


def decoded(prepared: Prepared) -> Work:
    """The answer, from its head and bytes to what it amounts to."""
    head = Answered([ANSWER]).head

    def work() -> None:
        exchange = prepared.answer()
        exchange.receive(head)
        exchange.feed(BODY)
        assert exchange.outcome() is not None

    return work


def recorded(prepared: Prepared) -> Work:
    """The ledger of a call that nobody observes."""
    run, head = prepared.run, Answered([ANSWER]).head
    began = Call(run.call.route, run.call.policy)
    first = step(began, prepared.started)
    event = Succeeded(0.8)
    second = step(first.call, event)
    pools, masker = run.runtime.pools, run.runtime.masker

    def work() -> None:
        recorder = Recorder("0" * 32, ())
        recorder.record_opened(began, 1_800_000_000.0, run.request, pools)
        recorder.record_transition(began, prepared.started, first)
        recorder.begin_attempt(prepared.command, 0.0)
        recorder.record_head(head, masker)
        recorder.end_attempt(0.8)
        recorder.record_transition(first.call, event, second)
        recorder.record_closed(second.call, 0.8, ())

    return work


def stages(folder: Path) -> Iterator[tuple[str, int, Work]]:
    """Each stage's name, how often it is gone through, and its work."""
    prepared = Prepared.make()
    marks, ledger = folder / "health.sqlite3", folder / "calls.jsonl"
    yield "run", TIMES, whole(upstream([ANSWER]))
    yield "run, health in a file", TIMES, whole(upstream([ANSWER], FileStore(marks)))
    yield "run, ledger in a file", TIMES, whole(upstream([ANSWER], ledger=f'ledger = "{ledger}"'))
    yield "transport alone", TIMES, transported(Memory([ANSWER]), prepared.outgoing)
    yield "request", TIMES, lambda: read_call("run", REQUEST, {})
    yield "machine, two steps", TIMES, machine(prepared)
    yield "board, three touches", TIMES, board(prepared)
    yield "encode", TIMES, encoded(prepared)
    yield "decode", TIMES, decoded(prepared)
    yield "ledger", TIMES, recorded(prepared)
    one_read = [STREAM_HEAD, framed(*EVENTS) + b"0\r\n\r\n"]
    many_reads = [STREAM_HEAD, *map(framed, EVENTS), b"0\r\n\r\n"]
    for name, arrivals in (("one read", one_read), ("62 reads", many_reads)):
        yield f"stream of 60 chunks in {name}", STREAMS, streamed(upstream(arrivals))
        transport = transported(Memory(arrivals), prepared.outgoing)
        yield f"its transport alone, {name}", STREAMS, transport


# What runs under callgrind.


def repeat(work: Work, times: int) -> None:
    """Go through a stage; caches are filled, and rubbish collected, before it counts."""
    for _ in range(times):
        work()
    gc.collect()
    os.getpriority(os.PRIO_PROCESS, 0)
    for _ in range(times):
        work()
    os.getpriority(os.PRIO_PROCESS, 0)


async def repeat_in_loop(orchestrator: Orchestrator, times: int) -> None:
    """The same of :meth:`.Orchestrator.arun`."""
    for _ in range(times):
        await orchestrator.arun(REQUEST)
    gc.collect()
    os.getpriority(os.PRIO_PROCESS, 0)
    for _ in range(times):
        assert (await orchestrator.arun(REQUEST)).text == "ok"
    os.getpriority(os.PRIO_PROCESS, 0)


def work_through() -> None:
    """Go through every stage, and print the name and the number of times of each."""
    gc.disable()  # when it comes depends on what was imported
    done: list[tuple[str, int]] = []
    with tempfile.TemporaryDirectory() as folder:
        for name, times, work in stages(Path(folder)):
            repeat(work, times)
            done.append((name, times))
        asyncio.run(repeat_in_loop(upstream([ANSWER]), TIMES))
        done.append(("arun", TIMES))
    print(json.dumps(done))


# Counting.


def count() -> dict[str, int]:
    """Instructions of each stage, once through it."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "counts"
        done = subprocess.run(
            [
                *("valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"),
                *(f"--dump-before={MARK}", "--quiet", sys.executable, "-P", __file__, WORKER),
            ],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=600,
            cwd=Path(__file__).parents[1],
            env={"PYTHONHASHSEED": "0", "PYTHONPATH": ".", "PATH": os.environ["PATH"]},
        )
        names: list[tuple[str, int]] = json.loads(done.stdout.splitlines()[-1])
        # Each mark ends a part: what went before a stage, then the stage.
        parts = [totalled(out.with_name(f"counts.{2 * at + 2}")) for at in range(len(names))]
    return {name: part // times for (name, times), part in zip(names, parts, strict=True)}


def totalled(part: Path) -> int:
    """The instructions of one part of callgrind's output."""
    found = re.search(r"^summary: (\d+)", part.read_text(), re.MULTILINE)
    assert found is not None, part
    return int(found[1])


def interpreter() -> str:
    """What counts hold for: another compiler makes other instructions of the same source."""
    name, compiler = platform.python_implementation(), platform.python_compiler()
    return f"{name} {platform.python_version()}, {compiler}, {platform.machine()}"


class Kept(TypedDict):
    """What is kept of one interpreter: the counts, and what they were made with."""

    stages: dict[str, int]
    libraries: dict[str, str]


def kept() -> dict[str, Kept]:
    """What is kept, by interpreter."""
    return json.loads(KEPT.read_text()) if KEPT.exists() else {}


def report(counts: dict[str, int], before: dict[str, int]) -> list[str]:
    """Print the table; the stages that need more than they may."""
    print(f"{interpreter()}\n{'instructions':<36}{'now':>12}{'kept':>12}{'':>9}")
    grown = []
    for name, now in counts.items():
        was = before.get(name)
        change = f"{100 * (now / was - 1):+.1f} %" if was else "new"
        print(f"{name:<36}{now:>12,}{was or 0:>12,}{change:>9}")
        if was and now > was * (1 + MOST_GROWTH):
            grown.append(name)
    print(f"{'run, over its transport':<36}{counts['run'] - counts['transport alone']:>12,}")
    return grown


def main() -> int:
    """Count, print, and say by the exit status whether the limits hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--write", action="store_true", help="keep the counts of this interpreter")
    what.add_argument("--check", action="store_true", help="exit 1 where a stage grew by 3 %%")
    what.add_argument(WORKER, action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work_through()
        return 0
    if shutil.which("valgrind") is None:
        print("no instructions were counted: valgrind is not installed", file=sys.stderr)
        return 2
    counts, all_kept = count(), kept()
    before = all_kept[interpreter()]["stages"] if interpreter() in all_kept else {}
    grown = report(counts, before)
    if options.write:
        all_kept[interpreter()] = Kept(
            stages=counts, libraries={name: version(name) for name in LIBRARIES}
        )
        KEPT.write_text(json.dumps(all_kept, indent=2) + "\n")
    elif not before:
        print("!! NOT COMPARED: no counts are kept of this interpreter.", file=sys.stderr)
    elif grown:
        print(f"more than 3 % above what is kept: {', '.join(grown)}", file=sys.stderr)
    return int(options.check and bool(grown))


if __name__ == "__main__":
    sys.exit(main())
