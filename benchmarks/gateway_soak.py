"""What becomes of healthy calls, of memory and of descriptors while everything goes wrong at once.

    python -m benchmarks.gateway_soak [--minutes N] [--restarts N] [--quick] [--check] [--seen]

Three runs, each against a gateway in a process of its own, with its board and its ledger in files:

* **soak**: providers fail in every way that :mod:`orchestrator.sim.replies` knows, clients send
  what is no request, come by the hundred, read and write slowly, and leave in every state. Beside
  them healthy clients ask a healthy provider; none of theirs may be lost. Told is the slope of the
  process's memory over the second half, with its error, and what is left open in the end.
* **restarts**: kept, fresh and streaming clients ask without a pause while ``orchestrator
  restart`` runs again and again. None of their requests may fail.
* **kill**: ``kill -9`` in mid-load; the next process must find every bench.

With ``--seen`` the gateway of the soak is looked at in every way meanwhile (see
:mod:`.gateways.watching`): metrics are scraped, the inspector's events held open, balances asked
for, traces exported (``--no-collector``: to nobody). And a fourth run, **cost**, compares gateways
in turn, which are looked at in no way, in one, and in all: of the processor, a request may take a
tenth more.

With ``--check`` the exit status is 1 where one of these does not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import attrs

from benchmarks.gateways.__main__ import Extent, Rounds, load
from benchmarks.gateways.contenders import KEY, Ask, Running, configured, serving
from benchmarks.gateways.load import Asking, connected
from benchmarks.gateways.served import free_port, resident
from benchmarks.gateways.trouble import FAULTS, MISCHIEF, TEXT, Trouble
from benchmarks.gateways.watching import KINDS, Watchers, Watching, watchers
from benchmarks.idle_streams import PATIENCE, settled
from benchmarks.peers.upstream import ROOT, WORDS, allow_files, new_loop, running
from orchestrator.gateway.instance import find_instances
from orchestrator.health.board import HealthBoard
from orchestrator.health.stores.file import FileStore
from orchestrator.sim import SimProcess, replies

CONFIG = """\
health = "file"
ledger = "calls.jsonl"
ledger_max = "20 MiB"
[policy]
patience = "1s"
[timeouts]
first_token = "60s"
[gateway]
drain = "20s"
{providers}
[routes]
up = ["up/m"]
{routes}
"""
SHORT = 'timeouts = { first_token = "1s", idle = "1s", total = "2s" }'
"""Of those that fail: a hang is found out soon, and a busy machine harms nobody who is well."""
AT_ONCE = 16
"""Connections that ask at once, where it is compared what that costs."""
TRACED = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
"""Of clients whose every call is traced: of others that are answered at once, few are."""
MOST_COST = 1.1
"""Of the processor, how much a request may take of a gateway that is looked at in every way."""
PARTS = 30
"""Into which the second half is cut; the memory of each is its mean."""


# Clients that are well.


@attrs.define
class Callers:
    """Clients that ask without a pause, and whose every request must be answered.

    Attributes:
        asked: Requests, by the kind of client.
        lost: What went wrong.
        over: Set when they are to end.
        is_right: Whether an answer says what was to be said.
    """

    is_right: Callable[[bytes], bool]
    asked: Counter[str] = attrs.field(factory=Counter)
    lost: list[str] = attrs.field(factory=list)
    over: asyncio.Event = attrs.field(factory=asyncio.Event)

    async def run(self, kind: str, ask: Ask, pause: float = 0.0) -> None:
        """One client: ``kept`` and ``stream`` keep their connection, ``fresh`` takes a new one."""
        made: Asking | None = None
        while not self.over.is_set():
            self.asked[kind] += 1
            try:
                if made is None:
                    made = await connected(ask.words, streams=kind == "stream")
                await asyncio.wait_for(made.ask(), 60)
            except (OSError, TimeoutError) as error:
                self.lost.append(f"{kind}: {error!r}")
                made = None
                continue
            answer = made.answer
            if not answer.startswith(b"HTTP/1.1 200") or not self.is_right(answer):
                self.lost.append(f"{kind}: {answer[:300]!r}…{answer[-120:]!r}")
            if kind == "fresh" or b"\r\nconnection: close" in answer.lower() or made.is_closed:
                made.transport.close()
                made = None
            await asyncio.sleep(pause)
        if made is not None:
            made.transport.close()


def says_text(answer: bytes) -> bool:
    """Whether it is the healthy provider's, whole."""
    if b"text/event-stream" not in answer:
        return TEXT.encode() in answer
    said = "".join(_contents(answer))
    return said == TEXT and b"data: [DONE]" in answer


def _contents(answer: bytes) -> Iterator[str]:
    for line in answer.split(b"\n"):
        if line.startswith(b"data: {"):
            for choice in json.loads(line[6:])["choices"]:
                yield choice["delta"].get("content") or ""


def says_words(answer: bytes) -> bool:
    """Whether it is the benchmarks' provider's, whole."""
    if b"text/event-stream" not in answer:
        return answer.rstrip().endswith(b"}")
    return answer.count(b'"word ') == WORDS and b"data: [DONE]" in answer


# The runs.


def soak(
    seconds: float, patience: float = PATIENCE, watching: Watching | None = None
) -> dict[str, Any]:
    """All faults at once, for so long.

    Args:
        seconds: How long.
        patience: How long connections may be kept after it.
        watching: Who looks at the gateway meanwhile.
    """
    scripts = {"up": replies.ok(TEXT), **FAULTS}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, SimProcess(scripts) as sim:
        file = Path(folder) / "orchestrator.toml"
        text = soaked_config({name: sim.url(name) for name in scripts})
        file.write_text(text + (watching.config if watching else ""))
        environment = watching.environment if watching else {}
        with serving(file, environment=environment) as gateway, _watched(watching, gateway):
            pid = gateway.process.pid
            asks = [gateway.ask(route) for route in ("up", "r_broke")]
            load(asks, 0.1)  # opens what is opened once for all
            if watching is not None:
                watching.wait()  # their connections are none that a fault left behind
            before = settled(pid)
            with asyncio.Runner(loop_factory=new_loop()) as runner:
                store = FileStore(next(Path(folder).rglob("*.sqlite3")))
                found = runner.run(_soaked(gateway, HealthBoard((), store), seconds))
            found["descriptors_before"] = before
            found["descriptors_after"] = settled(pid, before, patience)
            found["in_flight_after"] = _in_flight(gateway)
            log = file.with_name("gateway.log").read_text()
            found["tracebacks"] = log.count("Traceback")
            if watching is not None:
                found["seen"] = dict(watching.seen)
            if found["tracebacks"]:
                print(log[log.index("Traceback") - 200 :][:4000])
            return found


def _watched(
    watching: Watching | None, gateway: Running
) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext() if watching is None else watching.watch(gateway.process.url)


def cost(looks: Watchers, rounds: int, seconds: float) -> dict[str, Any]:
    """What it costs to be looked at: gateways in turn, so many rounds of so many seconds.

    One that nobody looks at, one for each way of looking, and one for all of them at once.
    """
    ways = {"bare": (), **{kind: (kind,) for kind in KINDS}, "all": KINDS}
    extent, found = Extent(rounds=rounds, seconds=seconds), {name: Rounds() for name in ways}
    with contextlib.ExitStack() as stack:
        upstream = stack.enter_context(running())
        gateways: dict[str, Running] = {}
        for name, kinds in ways.items():
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmark-"))
            file, watching = configured(Path(folder), upstream), looks.of(name, kinds)
            file.write_text(file.read_text() + watching.config)
            gateway = stack.enter_context(serving(file, environment=watching.environment))
            stack.enter_context(watching.watch(gateway.process.url))
            load([attrs.evolve(gateway.ask("long"), headers=TRACED)], 1.0)
            watching.wait()
            gateways[name] = gateway
        for at in range(rounds):
            # Each once from the front and once from the back: a machine that gets busier as it
            # goes on disturbs none of them more.
            for name in list(gateways)[:: -1 if at % 2 else 1]:
                found[name].take(gateways[name], "long", extent, AT_ONCE)
    ratios = {name: _ratios(found["bare"].cpu, each.cpu) for name, each in found.items()}
    return {
        "us_bare": round(median(found["bare"].cpu), 1),
        **{f"ratio_{name}": round(median(ratios[name]), 3) for name in KINDS},
        "ratio": round(median(ratios["all"]), 3),
        "ratios": [round(each, 3) for each in sorted(ratios["all"])],
        "failures": sum(each.failures for each in found.values()),
        "seen": dict(looks.seen["all"]),
    }


def _ratios(bare: Sequence[float], other: Sequence[float]) -> list[float]:
    return [after / before for before, after in zip(bare, other, strict=True)]


def soaked_config(urls: dict[str, str]) -> str:
    """A route to the healthy provider, and two to each that fails: by itself, and with it."""
    providers = (
        f'[providers.{name}]\nbase_url = "{url}"\ncredentials = ["{KEY}-{name}"]'
        for name, url in urls.items()
    )
    targets = (f'[targets."{name}/m"]\n{SHORT}' for name in FAULTS)
    routes = (f'f_{name} = ["{name}/m"]\nr_{name} = ["{name}/m", "up/m"]' for name in FAULTS)
    return CONFIG.format(providers="\n".join((*providers, *targets)), routes="\n".join(routes))


async def _soaked(gateway: Running, board: HealthBoard, seconds: float) -> dict[str, Any]:
    callers = Callers(says_text)
    trouble = Trouble(gateway, random.Random(1))
    ask, pid = gateway.ask("up"), gateway.process.pid
    kinds = {"kept": 4, "fresh": 2, "stream": 4}
    well = [callers.run(kind, ask, 0.02) for kind, many in kinds.items() for _ in range(many)]
    ill = [
        trouble.repeat(work, pause) for work, (many, pause) in MISCHIEF.items() for _ in range(many)
    ]
    tasks = [asyncio.ensure_future(each) for each in (*well, *ill)]
    began, samples = time.monotonic(), []
    while (at := time.monotonic() - began) < seconds:
        samples.append((at, resident(pid) / 1024))
        # Without it each fault would be met once: who fails is benched.
        board.reset()
        await asyncio.sleep(0.25)
    callers.over.set()
    trouble.over.set()
    await asyncio.gather(*tasks)
    slope, error = slope_of([one for one in samples if one[0] > seconds / 2])
    return {
        "seconds": round(seconds),
        "healthy": dict(callers.asked),
        "lost": callers.lost[:20],
        "healthy_lost": len(callers.lost),
        "trouble": dict(trouble.done),
        "answered": dict(trouble.answered),
        "mb_first": round(samples[0][1] / 1024, 1),
        "mb_half": round(samples[len(samples) // 2][1] / 1024, 1),
        "mb_last": round(samples[-1][1] / 1024, 1),
        "slope": round(60 * slope, 2),
        "slope_error": round(60 * error, 2),
    }


def slope_of(samples: list[tuple[float, float]]) -> tuple[float, float]:
    """The slope of the line nearest to ``samples``, and its standard error.

    Of means of parts: two looks at a process that follow one another are not independent.
    """
    size = max(1, len(samples) // PARTS)
    parts = [samples[at : at + size] for at in range(0, len(samples) - size + 1, size)]
    points = [tuple(sum(each) / len(part) for each in zip(*part, strict=True)) for part in parts]
    if len(points) < 3:
        return 0.0, float("inf")
    mean = [sum(each) / len(points) for each in zip(*points, strict=True)]
    spread = sum((x - mean[0]) ** 2 for x, _ in points)
    slope = sum((x - mean[0]) * (y - mean[1]) for x, y in points) / spread
    rest = sum((y - mean[1] - slope * (x - mean[0])) ** 2 for x, y in points)
    return slope, (rest / (len(points) - 2) / spread) ** 0.5


def restarts(times: int, least: int) -> dict[str, Any]:
    """So many restarts under load, and at least so many requests."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, running() as upstream:
        file = configured(Path(folder), upstream)
        try:
            with serving(file) as gateway, asyncio.Runner(loop_factory=new_loop()) as runner:
                return runner.run(_restarted(gateway, Path(folder), times, least))
        finally:
            for one in _instances(Path(folder)):
                os.kill(one.instance.pid, signal.SIGTERM)
                _wait_for(lambda: not _instances(Path(folder)), 30)


async def _restarted(gateway: Running, folder: Path, times: int, least: int) -> dict[str, Any]:
    callers, seconds, statuses = Callers(says_words), [], []
    routes = {"kept": ("long", 8), "fresh": ("long", 4), "stream": ("dribble", 8)}
    tasks = [
        asyncio.ensure_future(callers.run(kind, gateway.ask(route)))
        for kind, (route, many) in routes.items()
        for _ in range(many)
    ]
    port, identities = gateway.process.url.rpartition(":")[2], {_instance_id(folder)}
    for at in range(1, times + 1):
        began = time.monotonic()
        statuses.append(await asyncio.to_thread(_restart, folder, port))
        seconds.append(time.monotonic() - began)
        identities.add(_instance_id(folder))
        while callers.asked.total() < least * at / times and not callers.lost:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    callers.over.set()
    await asyncio.gather(*tasks)
    return {
        "restarts": times,
        "failed_restarts": sum(one != 0 for one in statuses),
        "instances": len(identities),
        "requests": callers.asked.total(),
        "by_client": dict(callers.asked),
        "failed": len(callers.lost),
        "lost": callers.lost[:20],
        "seconds_each": round(sum(seconds) / len(seconds), 2),
    }


def _restart(folder: Path, port: str) -> int:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator", "restart", "--port", port],
        cwd=ROOT, env={**os.environ, "XDG_STATE_HOME": str(folder)}, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ).returncode  # fmt: skip


def _instances(folder: Path) -> Any:
    return find_instances(folder / "llm-request-orchestrator/gateways")


def _instance_id(folder: Path) -> str:
    return str(_instances(folder)[0].instance.id)


def kill() -> dict[str, Any]:
    """``kill -9`` in mid-load, and what the next process knows of benches."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder, running() as upstream:
        file, port = configured(Path(folder), upstream), free_port()
        with serving(file, port) as gateway, asyncio.Runner(loop_factory=new_loop()) as runner:
            before, asked = runner.run(_killed(gateway))
        with serving(file, port) as gateway:
            after = _get(gateway, "/readyz")["degraded"]
    return {"benches": len(before), "found": after == before, "requests": asked}


async def _killed(gateway: Running) -> tuple[Any, int]:
    callers = Callers(lambda _: True)
    tasks = [
        asyncio.ensure_future(callers.run(kind, gateway.ask(route)))
        for kind, route in (("kept", "rescued"), ("stream", "dribble"))
        for _ in range(8)
    ]
    while callers.asked["kept"] < 200:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    known = (await asyncio.to_thread(_get, gateway, "/readyz"))["degraded"]
    os.kill(gateway.process.pid, signal.SIGKILL)
    callers.over.set()
    await asyncio.gather(*tasks)
    return known, callers.asked.total()


def _get(gateway: Running, path: str) -> Any:
    with urllib.request.urlopen(gateway.process.url + path, timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def _in_flight(gateway: Running) -> int:
    def count() -> int:
        with urllib.request.urlopen(f"{gateway.process.url}/metrics", timeout=60) as answer:  # noqa: S310
            lines = answer.read().decode().splitlines()
        [found] = [one for one in lines if one.startswith("orchestrator_in_flight ")]
        return int(float(found.rpartition(" ")[2]))

    _wait_for(lambda: not count(), 60)
    return count()


def _wait_for(is_so: Callable[[], bool], seconds: float) -> None:
    ends_at = time.monotonic() + seconds
    while not is_so() and time.monotonic() < ends_at:
        time.sleep(0.1)


def is_met(found: dict[str, Any]) -> bool:
    """Whether nothing was lost and nothing left; of the slope, whether zero is within its error.

    To be looked at must cost no more than :data:`MOST_COST`.
    """
    soaked, again, killed = found["soak"], found["restarts"], found["kill"]
    is_flat = soaked["slope"] <= max(3 * soaked["slope_error"], 100.0)
    is_clean = soaked["descriptors_after"] <= soaked["descriptors_before"]
    is_whole = not (soaked["healthy_lost"] or soaked["in_flight_after"])
    is_seamless = not (again["failed"] or again["failed_restarts"])
    is_cheap = found.get("cost", {"ratio": 0.0})["ratio"] <= MOST_COST
    return is_flat and is_clean and is_whole and is_seamless and bool(killed["found"]) and is_cheap


def measure(
    minutes: float, times: int, least: int, looks: Watchers | None = None
) -> dict[str, Any]:
    """All of them, printed as they come."""
    allow_files()
    runs: dict[str, Callable[[], dict[str, Any]]] = {
        "soak": lambda: soak(60 * minutes, watching=looks.of("soak") if looks else None),
        "restarts": lambda: restarts(times, least),
        "kill": kill,
    }
    if looks is not None:
        runs["cost"] = lambda: cost(looks, *((10, 4.0) if minutes >= 1 else (4, 1.5)))
    found = {}
    for name, work in runs.items():
        print(f"\n{name}", flush=True)
        found[name] = work()
        for key, value in found[name].items():
            print(f"  {key:<20}{value}", flush=True)
    return found


def main() -> int:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--restarts", type=int, default=20)
    parser.add_argument("--quick", action="store_true", help="20 seconds, and 3 restarts")
    parser.add_argument("--check", action="store_true", help="exit 1 where something was lost")
    parser.add_argument("--seen", action="store_true", help="look at the gateway in every way")
    parser.add_argument("--no-collector", action="store_true", help="its traces go to nobody")
    options = parser.parse_args()
    minutes, times, least = (
        (1 / 3, 3, 1000) if options.quick else (options.minutes, options.restarts, 20_000)
    )
    if options.seen:
        with watchers(is_collector_up=not options.no_collector) as looks:
            found = measure(minutes, times, least, looks)
    else:
        found = measure(minutes, times, least)
    return int(options.check and not is_met(found))


if __name__ == "__main__":
    sys.exit(main())
