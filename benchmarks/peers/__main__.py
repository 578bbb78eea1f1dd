"""One call by several clients, in turn: ``python -m benchmarks.peers [--rounds N] [--json FILE]``.

Each client is a process of its own, and so is the provider, which answers from memory on the
loopback interface; where there are two cores, the provider has the first and the clients the
second. In each round every client makes its calls while the others wait, so that whatever
disturbs the machine disturbs them alike. What counts is the processor's time of the client's
process, all its threads included: the least of the rounds, and the median. Calls a second are of
one core, and only an indication where the machine does something else too.

A client that is not installed is said, and left out: ``pip install --group peers``.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from benchmarks.peers.clients import DISTRIBUTIONS
from benchmarks.peers.upstream import ROOT, running

SECONDS = 0.3
"""How long a client makes calls in one round, about."""
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "RUST_LOG": "off", "NO_COLOR": "1"}
"""What keeps clients from asking hosts of theirs, and from writing logs of each call."""


@attrs.frozen
class Contender:
    """A client, as it is run here.

    Attributes:
        client: Its name in :data:`.CLIENTS`.
        loop: ``asyncio`` or ``uvloop``.
        options: Words for the client.
    """

    client: str
    loop: str = "asyncio"
    options: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name in tables."""
        return " ".join((self.client, *([self.loop] * (self.loop == "uvloop")), *self.options))

    @property
    def version(self) -> str | None:
        """What is installed of it, or ``None``."""
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(DISTRIBUTIONS.get(self.client, self.client))
        return None


@attrs.frozen
class Setting:
    """Under what the clients are compared.

    Attributes:
        name: In tables.
        path: What the provider does; see :mod:`.upstream`.
        in_flight: Calls at once; 0 for calls that block a thread, one after another.
        contenders: Who takes part.
        secured: Whether over TLS.
    """

    name: str
    path: str
    in_flight: Sequence[int]
    contenders: Sequence[Contender]
    secured: bool = False


PEERS = ("httpx", "openai", "litellm", "tensorzero")
PLAIN = [Contender("ours"), *map(Contender, PEERS)]
UVLOOP = [Contender(name, "uvloop") for name in ("ours", "httpx", "tensorzero")]
KEPT = [
    Contender("ours", options=options)
    for options in (("health=file",), ("ledger=file",), ("health=file", "ledger=file"))
]
SETTINGS = (
    Setting("loopback", "ok", (0, 1, 16, 64, 256), [*PLAIN, *UVLOOP, *KEPT]),
    Setting("TLS", "ok", (0, 1, 64), PLAIN, secured=True),
    Setting("upstream of 200 ms", "slow", (1, 64), PLAIN),
)
RIVAL = Setting(
    "beside TensorZero",
    "ok",
    (64,),
    [Contender(name, loop) for loop in ("asyncio", "uvloop") for name in ("ours", "tensorzero")],
)
"""By themselves, and often: it has threads of its own, which get more of a busy machine."""


@attrs.define
class Worker:
    """A contender that runs."""

    contender: Contender
    process: subprocess.Popen[str]
    ready: tuple[float, float]

    @classmethod
    def begin(cls, contender: Contender, url: str, environment: dict[str, str]) -> Worker | None:
        """Start one; ``None`` where it does not come up."""
        words = ("-m", "benchmarks.peers.worker", contender.client, url, contender.loop)
        process = subprocess.Popen(
            [sys.executable, *words, *contender.options],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            text=True, env={**os.environ, **QUIET, **environment},
        )  # fmt: skip
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.wait()
            return None
        cpu, memory = map(float, line.split())
        return cls(contender, process, (cpu, memory))

    def measure(self, calls: int, in_flight: int) -> tuple[float, float] | None:
        """Seconds a call of the processor and of the clock; ``None`` where it failed."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(f"{calls} {in_flight}\n")
            self.process.stdin.flush()
            cpu, wall = map(float, self.process.stdout.readline().split())
        except (BrokenPipeError, ValueError):
            return None
        return cpu / calls, wall / calls

    def end(self) -> None:
        """Stop it."""
        self.process.kill()
        self.process.communicate()


def calls_for(seconds: float, in_flight: int) -> int:
    """How many calls fill a round, where one takes ``seconds``; a multiple of those at once."""
    at_once = max(1, in_flight)
    return at_once * max(2 if in_flight > 1 else 8, min(4000, round(SECONDS / seconds)) // at_once)


def compare(workers: list[Worker], in_flight: int, rounds: int) -> dict[str, dict[str, float]]:
    """By contender: microseconds of the processor, the least and the median, and calls a second."""
    found: dict[str, list[tuple[float, float]]] = {}
    calls: dict[str, int] = {}
    for worker in list(workers):
        name = worker.contender.name
        tried = worker.measure(2 * max(1, in_flight), in_flight)
        tried = tried and worker.measure(2 * max(1, in_flight), in_flight)
        if tried is None:
            print(f"!! LEFT OUT: {name} does not answer at {in_flight} in flight")
            workers.remove(worker)
            continue
        calls[name], found[name] = calls_for(tried[1], in_flight), []
    for _ in range(rounds):
        for worker in workers:
            measured = worker.measure(calls[worker.contender.name], in_flight)
            if measured is not None:
                found[worker.contender.name].append(measured)
    return {name: summary(pairs) for name, pairs in found.items() if pairs}


def summary(pairs: list[tuple[float, float]]) -> dict[str, float]:
    """What is told of the rounds of one client."""
    cpu, wall = [1e6 * one for one, _ in pairs], [one for _, one in pairs]
    return {
        "cpu": round(min(cpu), 1),
        "cpu_median": round(statistics.median(cpu), 1),
        "calls_a_second": round(1 / statistics.median(wall), 1),
        "most_calls_a_second": round(1 / min(wall), 1),
    }


def tell(setting: Setting, in_flight: int, found: dict[str, dict[str, float]]) -> None:
    """Print a table."""
    how = f"{in_flight} in flight" if in_flight else "blocking, one after another"
    print(f"\n{setting.name}, {how}")
    print(f"{'':<34}{'µs CPU':>10}{'median':>10}{'× ours':>8}{'calls/s':>10}")
    least = found.get("ours", {}).get("cpu", float("nan"))
    for name, row in found.items():
        ratio = row["cpu"] / least
        print(
            f"{name:<34}{row['cpu']:>10.0f}{row['cpu_median']:>10.0f}{ratio:>8.2f}"
            f"{row['calls_a_second']:>10.0f}"
        )


@contextlib.contextmanager
def provider(*, secured: bool) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a provider, and the environment that trusts it."""
    if not secured:
        with running() as url:
            yield url, {}
        return
    import trustme

    with tempfile.TemporaryDirectory() as folder:
        authority, trusted = trustme.CA(), Path(folder) / "authority.pem"
        authority.cert_pem.write_to_path(trusted)
        chain = Path(folder) / "server.pem"
        authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(chain)
        with running(chain) as url:
            yield url, {"SSL_CERT_FILE": str(trusted)}


def measure(rounds: int, settings: Sequence[Setting] = SETTINGS) -> dict[str, object]:
    """All tables, printed as they come: by setting, calls in flight, and contender."""
    tables: dict[str, dict[int, dict[str, dict[str, float]]]] = {}
    versions: dict[str, str] = {}
    ready: dict[str, tuple[float, float]] = {}
    for setting in settings:
        with provider(secured=setting.secured) as (url, environment):
            workers = []
            for contender in setting.contenders:
                if (version := contender.version) is None:
                    print(f"!! LEFT OUT: {contender.client} is not installed")
                    continue
                worker = Worker.begin(contender, f"{url}/{setting.path}", environment)
                if worker is None:
                    print(f"!! LEFT OUT: {contender.name} does not come up")
                    continue
                workers.append(worker)
                versions[contender.client] = version
                ready.setdefault(contender.name, worker.ready)
            rows = tables[setting.name] = {}
            try:
                for in_flight in setting.in_flight:
                    # A call that blocks a thread has nothing to do with a loop.
                    some = [one for one in workers if in_flight or one.contender.loop == "asyncio"]
                    rows[in_flight] = compare(some, in_flight, rounds)
                    tell(setting, in_flight, rows[in_flight])
            finally:
                for worker in workers:
                    worker.end()
    return {"versions": versions, "ready": ready, "tables": tables}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", help="the one setting to measure: by the beginning of its name")
    parser.add_argument("--json", type=Path, help="write what was found into this file too")
    options = parser.parse_args()
    chosen = [one for one in (*SETTINGS, RIVAL) if one.name.startswith(options.only or "")]
    found = measure(options.rounds, chosen)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
