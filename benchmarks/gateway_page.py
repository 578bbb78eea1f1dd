"""The part of docs/performance.md that is about the gateway."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from benchmarks.tables import MET, table, under, us

Rows = Mapping[str, Mapping[str, float]]
NAMES = {"ours": "this gateway", "direct": "no gateway"}
GOAL_US = 143
"""Microseconds of the processor for a request: one core makes 7,000 requests of it a second."""
NONE = "–"


def lines(results: Mapping[str, Any]) -> Iterator[str]:
    """What was measured of it, beside its goals and beside other gateways."""
    yield "## The gateway"
    yield ""
    yield (
        "`orchestrator serve` in a process of its own on the second core, the provider and the "
        "client on the first; answers of 600 bytes, requests of as many. It writes its ledger, "
        "keeps its board in a file and counts, unless a row says otherwise. All gateways are up "
        "at once and take turns. What counts is the processor's time of a gateway's processes; "
        "requests a second and latencies are those of a machine that does something else too."
    )
    yield ""
    yield from table(
        ("", "goal", "measured", "met"),
        [(what, goal, found, MET[met]) for what, goal, found, met in _reach(results)],
    )
    yield from _beside(results["gateways"])
    yield from _stages(results["gateway_instructions"])
    yield from _held(results["idle_streams"])
    yield from _soaked(results["gateway_soak"])


def _reach(results: Mapping[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    figures = results["gateways"]["figures"]
    ready = figures["ready"]["ours"]
    found = f"{ready['wall']:,.0f}, the median {ready['wall_median']:,.0f}; {ready['cpu']:,.0f} CPU"
    yield "ready after its start, ms", "≤ 500", found, ready["wall"] <= 500
    mb = figures["memory"]["ours"]["mb"]
    yield "memory under load, MB", "≤ 80", f"{ready['mb']:.0f}, later {mb:.0f}", mb <= 80
    row = figures["requests"]["64"]["ours"]
    found = f"{us(row['cpu'])}, the median {us(row['cpu_median'])}; {row['rate']:,.0f} requests/s"
    is_met = row["cpu"] <= GOAL_US or row["rate"] >= 7000
    yield "64 in flight, µs CPU a request", f"≤ {GOAL_US}, or 7,000 requests/s", found, is_met
    whole, first = figures["whole"], figures["first"]
    added = whole["ours"]["p99"] - whole["direct"]["p99"]
    yield "one in flight, ms that p99 grows", "≤ 2", f"{added:.2f}", added <= 2
    late = first["ours"]["first"] - first["direct"]["first"]
    yield "first chunk later than direct, ms", "≤ 1", f"{late:.2f}", late <= 1
    idle = results["idle_streams"]["figures"]
    found, mb = f"{idle['mb_of_10000']:,.0f}", idle["mb_of_10000"]
    yield "10,000 idle streams, MB", "≤ 400", found, mb <= 400
    soak = results["gateway_soak"]["figures"]["soak"]
    asked = sum(soak["healthy"].values())
    found = f"{soak['healthy_lost']:,} of {asked:,} in {soak['seconds'] / 60:.1f} minutes"
    yield "healthy requests lost among all faults", "0", found, not soak["healthy_lost"]
    found = f"{soak['slope']:+,.0f} ± {soak['slope_error']:,.0f}"
    is_flat = soak["slope"] <= 2 * soak["slope_error"]
    yield "slope of its memory meanwhile, KiB a minute", "0", found, is_flat
    left = soak["descriptors_after"] - soak["descriptors_before"]
    yield "descriptors left after it", "0", f"{max(0, left)}", left <= 0
    again = results["gateway_soak"]["figures"]["restarts"]
    found = f"{again['failed']:,} of {again['requests']:,} in {again['restarts']} restarts"
    is_met = not (again["failed"] or again["failed_restarts"])
    yield "requests that fail in restarts under load", "0", found, is_met
    killed = results["gateway_soak"]["figures"]["kill"]
    found = f"{killed['benches'] if killed['found'] else 0} of {killed['benches']}"
    yield "benches known after `kill -9`", "all", found, killed["found"]


def _beside(part: Mapping[str, Any]) -> Iterator[str]:
    figures = part["figures"]
    told = ", ".join(f"{name} {version}" for name, version in figures["versions"].items())
    yield "### Beside other gateways"
    yield ""
    if told:
        yield f"{told}; each with one worker, without a database, and with its logs off."
        yield ""
    yield "µs CPU a request, the least (the median):"
    yield ""
    requests: Mapping[str, Rows] = figures["requests"]
    yield from table(
        ("", *(f"{at} in flight" for at in requests), "a stream of 62 events"),
        [
            (
                _named(name),
                *(_cell(rows.get(name)) for rows in requests.values()),
                _cell(figures["streams"].get(name)),
            )
            for name in requests["64"]
        ],
    )
    yield from table(
        ("", "requests/s, 64 in flight", "ms in all", "p99", "ms to the first chunk", "p99"),
        [
            (
                _named(name),
                _number(requests["64"].get(name), "rate", ",.0f"),
                *(_number(figures["whole"].get(name), key, ".2f") for key in ("median", "p99")),
                *(
                    _number(figures["first"].get(name), key, ".2f")
                    for key in ("first", "first_p99")
                ),
            )
            for name in ("direct", *requests["64"])
        ],
    )
    yield from table(
        ("", "ready, ms", "the median", "ms CPU", "MB when ready", "MB after the load"),
        [
            (
                _named(name),
                *(_number(row, key, ",.0f") for key in ("wall", "wall_median", "cpu", "mb")),
                _number(figures["memory"].get(name), "mb", ",.0f"),
            )
            for name, row in figures["ready"].items()
        ],
    )
    rescued, rescue = figures["rescued"]["ours"], figures["rescue"]
    yield (
        f"Where the first two of a route are benched, a request at 64 in flight costs "
        f"{_cell(rescued)} µs CPU. The call that finds both of them without money takes "
        f"{rescue['first']:.1f} ms of the clock, others {rescue['usual']:.1f}."
    )
    yield ""
    yield f"{figures['rounds']} rounds of {figures['seconds']:g} s."
    yield from under(part, "python -m benchmarks.gateways --peers FOLDER")


def _stages(part: Mapping[str, Any]) -> Iterator[str]:
    yield "### Instructions of a request by stage"
    yield ""
    yield "Counted as those of a call, with the client and the provider in memory."
    yield ""
    yield from table(("", "instructions"), [(n, f"{one:,}") for n, one in part["figures"].items()])
    yield from under(part, "python -m benchmarks.gateways.instructions")


def _held(part: Mapping[str, Any]) -> Iterator[str]:
    found = part["figures"]
    yield "### Streams that wait"
    yield ""
    yield from table(
        ("streams", "MB before", "MB with them", "KiB each", "µs CPU each", "lost", "left open"),
        [
            (
                f"{found['count']:,}",
                f"{found['mb_before']:.0f}",
                f"{found['mb']:.0f}",
                f"{found['kib_each']:.1f}",
                f"{found['cpu_each']:,}",
                f"{found['count'] - found['kept']:,}",
                f"{max(0, found['descriptors_after'] - found['descriptors_before'])}",
            )
        ],
    )
    yield from under(part, "python -m benchmarks.idle_streams")


def _soaked(part: Mapping[str, Any]) -> Iterator[str]:
    soak, again = part["figures"]["soak"], part["figures"]["restarts"]
    yield "### Soak, and restarts under load"
    yield ""
    bad = sum(soak["trouble"].values())
    yield (
        f"{soak['seconds'] / 60:.1f} minutes with every fault of `orchestrator.sim` at once, and "
        f"{bad:,} times that a client talked nonsense, came with two hundred others, read or wrote "
        f"slowly, or left: memory {soak['mb_first']:.0f} MB at first, {soak['mb_half']:.0f} after "
        f"half of it, {soak['mb_last']:.0f} in the end; {soak['in_flight_after']} calls left over."
    )
    yield ""
    clients = ", ".join(f"{many:,} {kind}" for kind, many in again["by_client"].items())
    yield f"{again['restarts']} restarts, {again['seconds_each']:.1f} s each; requests: {clients}."
    yield ""
    yield from under(part, "python -m benchmarks.gateway_soak")


def _named(name: str) -> str:
    first, *rest = name.split(", ", 1)
    return ", ".join([NAMES.get(first, first), *rest])


def _cell(row: Mapping[str, float] | None) -> str:
    if row is None or "cpu" not in row:
        return NONE
    return f"{us(row['cpu'])} ({us(row['cpu_median'])})"


def _number(row: Mapping[str, float] | None, key: str, how: str) -> str:
    return NONE if row is None or key not in row else format(row[key], how)
