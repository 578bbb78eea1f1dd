"""The text of docs/performance.md and its plots, made of what :mod:`benchmarks.report` kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks import gateway_page
from benchmarks.instructions import Kept
from benchmarks.plots import bars, lines
from benchmarks.tables import MET, table, under, us

Results = Mapping[str, Any]
Rows = Mapping[str, Mapping[str, float]]

HEAD = """\
# Performance

<!-- Written by `python -m benchmarks.report` from benchmarks/results.json; do not edit. -->

What a call costs, beside what it wraps and what else does its work. All servers are on loopback,
so these are costs of the client alone; a model takes a thousand times as long to answer.

**What to believe.** Each figure was taken on a virtual machine of two cores that other work shared
(the load is named under each table; two cores are busy at 2). So what counts is the processor's
time of the client's own process, the least or the median of several rounds, and ratios inside one
run in which all took turns. A busy machine makes each microsecond longer, by up to a half. Calls a
second and milliseconds of the clock are indications. Instructions are exact, and say nothing of the
kernel.
"""
NAMES = {
    "ours": "this library",
    "httpx": "httpx, and its JSON",
    "openai": "openai SDK",
    "litellm": "LiteLLM Router",
    "tensorzero": "TensorZero, embedded",
}


HELD = {
    "ours": "this library",
    "ours, collector off": "this library, collector off",
    "connection": "its connections alone",
    "httpx": "httpx",
}


def files(results: Results, counts: Mapping[str, Kept]) -> dict[str, str]:
    """Each file below docs/, by name."""
    page = _Page(results, counts)
    return {
        "performance.md": "\n".join(page.lines()),
        "plots/in_flight.svg": page.in_flight_plot(),
        "plots/peers.svg": page.peers_plot(),
        "plots/waiting.svg": page.waiting_plot(),
    }


def _named(contender: str) -> str:
    client, *rest = contender.split(" ")
    words = [
        one.replace("health=file", "board in a file").replace("ledger=file", "ledger in a file")
        for one in rest
    ]
    return ", ".join([NAMES[client], *words])


class _Page:
    """What the page says."""

    def __init__(self, results: Results, counts: Mapping[str, Kept]) -> None:
        self._results = results
        self._counts = counts
        self._calls: Mapping[str, Mapping[str, Rows]] = results["calls"]["figures"]["tables"]

    def _figures(self, part: str) -> Any:
        return self._results[part]["figures"]

    def _under(self, part: str, command: str) -> Iterator[str]:
        yield from under(self._results[part], command)

    def lines(self) -> Iterator[str]:
        """The page."""
        yield HEAD
        circumstances = self._results["calls"]["under"]
        versions = {**circumstances["versions"], **self._figures("calls")["versions"]}
        versions["this library"] = versions.pop("ours")
        told = ", ".join(f"{name} {found}" for name, found in sorted(versions.items()))
        yield f"Machine: {circumstances['machine']}. {circumstances['python']}; {told}."
        yield ""
        yield "## Reach"
        yield ""
        yield from table(
            ("", "goal", "measured", "met"),
            [(what, goal, found, MET[met]) for what, goal, found, met in self._reach()],
        )
        yield from self._compared()
        yield from self._added()
        yield from self._stages()
        yield from self._streams()
        yield from self._failures()
        yield from self._growth()
        yield from gateway_page.lines(self._results)
        yield from self._again()

    # The goals.

    def _reach(self) -> Iterator[tuple[str, str, str, bool]]:
        added = self._figures("added")
        over = max(one["added"] for one in added.values())
        each = "; ".join(f"{name} {us(one['added'])}" for name, one in added.items())
        yield "added to the same connections, µs CPU", "≤ 60", each, over <= 60
        over = max(
            one["stages"]["run"] - one["stages"]["transport alone"] for one in self._counts.values()
        )
        yield "the same, instructions", "≤ 250,000", f"{over:,}", over <= 250_000
        loopback = self._calls["loopback"]
        one = [loopback[at]["ours"]["cpu"] / loopback[at]["httpx"]["cpu"] for at in ("0", "1")]
        found = f"{one[0]:.2f} × blocking, {one[1]:.2f} × in tasks"
        yield "one at a time, CPU beside httpx", "≤ 1.0 ×", found, max(one) <= 1
        many = loopback["64"]
        ratio = many["httpx"]["cpu"] / many["ours"]["cpu"]
        yield (
            "64 in flight, httpx's CPU beside ours",
            "≥ 5 ×, aim 10 ×",
            f"{ratio:.1f} ×",
            ratio >= 5,
        )
        near = self._figures("rival")["tables"]["beside TensorZero"]["64"]
        ratios = [
            (
                near[f"tensorzero{loop}"]["cpu"] / near[f"ours{loop}"]["cpu"],
                near[f"ours{loop}"]["calls_a_second"] / near[f"tensorzero{loop}"]["calls_a_second"],
            )
            for loop in ("", " uvloop")
        ]
        found = "; ".join(
            f"{loop}: {cpu:.2f} × by CPU, {rate:.2f} × by calls/s"
            for loop, (cpu, rate) in zip(("asyncio", "uvloop"), ratios, strict=True)
        )
        met = max(min(pair) for pair in ratios) >= 1.5
        yield "64 in flight, TensorZero beside ours", "≥ 1.5 × by both", found, met
        board = many["ours health=file"]["cpu"] - many["ours"]["cpu"]
        yield "the board in a file, µs CPU more", "≤ 10", f"{board:+.0f}", board <= 10
        ledger = many["ours ledger=file"]["cpu"] - many["ours"]["cpu"]
        yield "the ledger in a file, µs CPU more", "≤ 15", f"{ledger:+.0f}", ledger <= 15
        chunks = self._figures("chunks")
        most = max(one["call"] for name, one in chunks.items() if name.startswith("many"))
        each = max(one["call"] - one["plain"] for name, one in chunks.items() if "each" in name)
        found = f"{most:.1f} where many come in a read; one by itself adds {each:.0f}"
        yield "a chunk of a stream, µs CPU", "≤ 6", found, most <= 6
        late = max(one["added"] for one in self._figures("first_chunk").values()) / 1000
        yield "first chunk later than direct, ms", "< 1", f"{late:.2f}", late < 1
        held = self._figures("waiting")["ours"]
        kib = [one["kib"] for one in held.values()]
        found = ", ".join(f"{one:.1f}" for one in kib)
        yield "a waiting stream of 1,000 and of 10,000, KiB", "≤ 20", found, max(kib) <= 20
        cost = [one["cpu"] for one in held.values()]
        found = f"{us(cost[0])} and {us(cost[-1])} µs"
        yield "setting one up", "flat", found, cost[-1] <= 1.25 * cost[0]
        failed = [
            one for name, one in self._figures("failover").items() if "no failure" not in name
        ]
        slowest, asked = max(one["wall"] for one in failed), max(one["first"] for one in failed)
        later = max(one["later"] for one in failed)
        found = f"{slowest:.1f} ms; {asked}, then {later}"
        goal = "< 5 ms; asked once, then never"
        yield "402 or quota 429 to the fallback's answer", goal, found, slowest < 5 and later == 0
        many_keys = max(many / one for one, many in self._figures("keys")["memory"].values())
        yield "1 → 1,000 keys with a mark", "≤ 2 ×", f"{many_keys:.1f} ×", many_keys <= 2
        spent, memory = self._figures("import")["import orchestrator.api.client"]
        found = f"{spent:.0f} ms CPU, {memory:.0f} MB"
        yield (
            "import of all that a call needs",
            "≤ 200 ms, ≤ 45 MB",
            found,
            spent <= 200 and memory <= 45,
        )

    # The tables.

    def _compared(self) -> Iterator[str]:
        yield "## Beside other clients"
        yield ""
        yield (
            "The same call, the same answer of 0.3 kB, each client a process of its own on the "
            "second core, the provider on the first. httpx is the plain client, which only posts "
            "and reads JSON; the others do more, as this library does."
        )
        yield ""
        yield "![CPU a call by calls in flight](plots/in_flight.svg)"
        yield ""
        yield "![CPU a call with 64 in flight](plots/peers.svg)"
        yield ""
        for setting, tables in self._calls.items():
            yield f"### {setting[0].upper()}{setting[1:]}, µs CPU a call: the least (the median)"
            yield ""
            order = list(tables)
            head = ["", *(f"{at} in flight" if at != "0" else "blocking" for at in order)]
            contenders = dict.fromkeys(name for rows in tables.values() for name in rows)
            yield from table(
                head,
                [
                    [_named(name), *(self._cell(tables[at].get(name)) for at in order)]
                    for name in contenders
                ],
            )
        yield "### Calls a second of one core, the median"
        yield ""
        loopback = self._calls["loopback"]
        yield from table(
            ["", *(f"{at} in flight" if at != "0" else "blocking" for at in loopback)],
            [
                [
                    _named(name),
                    *(
                        f"{rows[name]['calls_a_second']:,.0f}" if name in rows else "–"
                        for rows in loopback.values()
                    ),
                ]
                for name in loopback["64"]
            ],
        )
        yield "### Beside TensorZero alone, 64 in flight, nine rounds"
        yield ""
        rival = self._figures("rival")["tables"]["beside TensorZero"]["64"]
        yield from table(
            ("", "µs CPU", "calls/s, the median"),
            [
                (_named(name), self._cell(row), f"{row['calls_a_second']:,.0f}")
                for name, row in rival.items()
            ],
        )
        yield from self._under("rival", "python -m benchmarks.peers --only beside --rounds 9")
        yield "### Ready to call, and memory by then"
        yield ""
        ready: Mapping[str, tuple[float, float]] = self._figures("calls")["ready"]
        yield from table(
            ("", "ms CPU", "MiB"),
            [
                (_named(name), f"{1000 * cpu:.0f}", f"{memory:.0f}")
                for name, (cpu, memory) in ready.items()
                if " " not in name
            ],
        )
        yield from self._under("calls", "python -m benchmarks.peers")

    @staticmethod
    def _cell(row: Mapping[str, float] | None) -> str:
        return "–" if row is None else f"{us(row['cpu'])} ({us(row['cpu_median'])})"

    def _added(self) -> Iterator[str]:
        yield "## What a call adds to its connections"
        yield ""
        yield from table(
            ("", "connections alone, µs CPU", "call", "added, the median"),
            [
                (name, us(one["plain"]), us(one["call"]), us(one["added"]))
                for name, one in self._figures("added").items()
            ],
        )
        yield (
            "Out of memory there is neither a socket nor a kernel, and the caches stay warm: what "
            "is added there is the work, and what is added over sockets the work after each wait."
        )
        yield ""
        yield from self._under("added", "python benchmarks/call_speed.py")

    def _stages(self) -> Iterator[str]:
        yield "## Instructions by stage"
        yield ""
        yield (
            "Counted by callgrind in user space, answers out of memory, the code of the "
            "connections included. CI refuses a stage that grew by more than 3 % on an "
            "interpreter whose counts are kept."
        )
        yield ""
        stages = dict.fromkeys(name for one in self._counts.values() for name in one["stages"])
        yield from table(
            ("", *self._counts),
            [
                [name, *(f"{one['stages'].get(name, 0):,}" for one in self._counts.values())]
                for name in stages
            ],
        )
        yield "`python benchmarks/instructions.py`, kept by `--write`"
        yield ""

    def _streams(self) -> Iterator[str]:
        yield "## Streams"
        yield ""
        said = {
            "many": "many in a read",
            "each": "each by itself, with a turn of the loop",
        }
        yield from table(
            ("µs CPU a chunk", "connection alone", "call"),
            [
                (f"`{way}`, {said[kind]}", us(one["plain"]), us(one["call"]))
                for (kind, way), one in (
                    (name.split(" "), one) for name, one in self._figures("chunks").items()
                )
            ],
        )
        yield from self._under("chunks", "python benchmarks/stream_speed.py")
        yield from table(
            (
                "µs until the first content, the median",
                "connection alone",
                "call",
                "added",
                "httpx",
            ),
            [
                (f"`{name}`", *(us(one[key]) for key in ("plain", "call", "added", "httpx")))
                for name, one in self._figures("first_chunk").items()
            ],
        )
        yield from self._under("first_chunk", "python benchmarks/first_token.py")
        yield "![Memory of a stream that waits](plots/waiting.svg)"
        yield ""
        yield from table(
            ("streams that wait", "at once", "KiB each", "µs CPU to set one up"),
            [
                (HELD[name], f"{int(count):,}", f"{one['kib']:.1f}", us(one["cpu"]))
                for name, counts in self._figures("waiting").items()
                for count, one in counts.items()
            ],
        )
        yield (
            "What grows with their number is Python's cyclic collector, which goes through all "
            "that is held again and again; a higher `gc.set_threshold` spares most of it."
        )
        yield ""
        yield from self._under("waiting", "python -m benchmarks.waiting_streams")

    def _failures(self) -> Iterator[str]:
        yield "## A provider without money"
        yield ""
        yield from table(
            (
                "first call of an orchestrator",
                "ms, the median",
                "the least",
                "ms CPU",
                "asked by it",
                "by 20 later",
            ),
            [
                (
                    name,
                    *(f"{one[key]:.2f}" for key in ("wall", "least", "cpu")),
                    str(one["first"]),
                    str(one["later"]),
                )
                for name, one in self._figures("failover").items()
            ],
        )
        yield from self._under("failover", "python -m benchmarks.failover_speed")

    def _growth(self) -> Iterator[str]:
        yield "## Many keys"
        yield ""
        yield "What a call with one failure asks of the board, in microseconds of the clock."
        yield ""
        yield from table(
            ("board", "keys that are out", "of 1 key a target", "of 1,000", "ratio"),
            [
                (store, f"{int(out):,}", us(one), us(many), f"{many / one:.1f} ×")
                for store, rows in self._figures("keys").items()
                for out, (one, many) in rows.items()
            ],
        )
        yield from self._under("keys", "python benchmarks/health_speed.py")
        yield "## Import"
        yield ""
        yield from table(
            ("", "ms CPU", "MB"),
            [
                (f"`{code}`", f"{spent:.0f}", f"{memory:.1f}")
                for code, (spent, memory) in self._figures("import").items()
            ],
        )
        yield from self._under("import", "python benchmarks/import_speed.py")

    def _again(self) -> Iterator[str]:
        yield "## Again"
        yield ""
        yield "<!-- not run: it measures for an hour -->"
        yield "```console"
        yield "$ python -m venv peers && peers/bin/pip install --upgrade pip  # 25.1 knows groups"
        yield "$ peers/bin/pip install --editable . --group peers"
        for name, package in (("litellm", "'litellm[proxy]'"), ("tensorzero", "tensorzero")):
            home = f"gateway-peers/{name}"
            yield f"$ python -m venv {home} && {home}/bin/pip install {package}"
        yield "$ npm install --prefix gateway-peers/portkey @portkey-ai/gateway"
        yield "$ peers/bin/python -m benchmarks.report --measure"
        yield "$ make instructions"
        yield "```"
        yield ""
        yield (
            "Not measured: HTTP/2, proxies, other systems than Linux, other processors; a provider "
            "that is not on the same machine."
        )
        yield ""

    # The plots.

    def in_flight_plot(self) -> str:
        """CPU a call, by calls in flight."""
        loopback = {at: rows for at, rows in self._calls["loopback"].items() if at != "0"}
        chosen = ("ours", "httpx", "tensorzero", "openai", "litellm")
        series = {
            NAMES[name]: {
                int(at): rows[name]["cpu"] for at, rows in loopback.items() if name in rows
            }
            for name in chosen
        }
        title = "CPU a call on asyncio's loop, over loopback"
        return lines(
            title,
            "calls in flight",
            "µs CPU a call, the least",
            {n: s for n, s in series.items() if s},
        )

    def peers_plot(self) -> str:
        """CPU a call at 64 in flight."""
        rows = self._calls["loopback"]["64"]
        found = sorted((one["cpu"], name) for name, one in rows.items())
        drawn = [(_named(name), cpu, 0 if name.startswith("ours") else 2) for cpu, name in found]
        return bars("64 calls in flight, over loopback", "µs CPU a call", drawn)

    def waiting_plot(self) -> str:
        """Memory of a waiting stream."""
        drawn = [
            (f"{HELD[name]}, {int(count):,} at once", one["kib"], 0 if name == "ours" else 2)
            for name, counts in self._figures("waiting").items()
            for count, one in counts.items()
            if "collector" not in name
        ]
        return bars("A stream that waits for its next chunk", "KiB of memory each", drawn)
