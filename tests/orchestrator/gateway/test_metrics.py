"""What is counted is what the calls' entries say, and no name of a client's grows the labels."""

from __future__ import annotations

import shutil
import subprocess
import tracemalloc
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from orchestrator import sim
from orchestrator.execution.call_facts import CallFacts, call_facts
from orchestrator.gateway.metrics import MOST_NAMES, Metrics
from orchestrator.ledger import Attempt, Closed, Ledger, Recording, recorded_call
from orchestrator.states import TABLE, Mark, Reason, State, Streaming
from tests.orchestrator.gateway.played import Asked, Player, asked_calls
from tests.orchestrator.gateway.running import HI, running
from tests.orchestrator.lab.simulation.incidents import config, of

PROMTOOL = shutil.which("promtool")

Labels = frozenset[tuple[str, str]]
Samples = dict[str, dict[Labels, float]]

FAMILIES = {
    "orchestrator_calls": "counter",
    "orchestrator_attempts": "counter",
    "orchestrator_rescues": "counter",
    "orchestrator_transitions": "counter",
    "orchestrator_time_to_rescue_seconds": "histogram",
    "orchestrator_time_to_first_chunk_seconds": "histogram",
    "orchestrator_overhead_seconds": "histogram",
    "orchestrator_benched": "gauge",
    "orchestrator_probes": "counter",
    "orchestrator_tokens": "counter",
    "orchestrator_balance": "gauge",
    "orchestrator_retry_tokens": "gauge",
    "orchestrator_retries_refused": "counter",
    "orchestrator_in_flight": "gauge",
    "orchestrator_board_shared": "gauge",
    "orchestrator_nested_retries": "counter",
    "orchestrator_audit_calls": "counter",
}
HISTOGRAMS = [name for name, kind in FAMILIES.items() if kind == "histogram"]


def metrics_of(player: Player) -> Metrics:
    return Metrics(player.config, player.orchestrator.board, lambda: 0)


def read(metrics: Metrics) -> Samples:
    """What is written, as Prometheus reads it."""
    text, _ = metrics.exposition()
    found: Samples = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            assert frozenset(sample.labels.items()) not in found.get(sample.name, {})
            found.setdefault(sample.name, {})[frozenset(sample.labels.items())] = sample.value
    return found


def counted(samples: Samples, name: str, *labels: str) -> Counter[tuple[str, ...]]:
    """The numbers of a family that are not 0, by the values of ``labels``."""
    found: Counter[tuple[str, ...]] = Counter()
    for values, number in samples.get(name, {}).items():
        if number:
            found[tuple(dict(values)[label] for label in labels)] += int(number)
    return found


def route_label(asked: Asked) -> str:
    return {None: "default", "deepseek/invented-by-a-client": "other"}.get(
        asked.route, asked.route or ""
    )


def model_label(attempt: Attempt) -> str:
    return "other" if attempt.model == "invented-by-a-client" else attempt.model


def tokens(attempts: Iterable[Attempt]) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for each in attempts:
        if each.usage is not None:
            kinds = {
                "prompt": each.usage.prompt_tokens,
                "completion": each.usage.completion_tokens,
                "cached": each.usage.cached_tokens,
                "reasoning": each.usage.reasoning_tokens,
            }
            for kind, number in kinds.items():
                found[each.provider, model_label(each), kind, each.billed.value] += number
    return +found


def closed(ledger: Ledger) -> Closed:
    assert isinstance(ledger[-1], Closed)
    return ledger[-1]


@settings(max_examples=40)
@given(st.lists(asked_calls, min_size=1, max_size=5), st.data())
def test_the_numbers_are_those_of_the_entries(calls: list[Asked], data: st.DataObject) -> None:
    player = Player()
    metrics = metrics_of(player)
    ledgers = []
    for asked in calls:
        player.clock.advance(data.draw(st.sampled_from((0.0, 400.0))))
        run = player.play(asked)
        metrics.finished(call_facts(run))
        ledgers.append(run.recorder.ledger)
    samples = read(metrics)
    attempts = [attempt for ledger in ledgers for attempt in ledger.attempts]
    ends = [closed(ledger) for ledger in ledgers]

    labels = ("route", "outcome", "stopped_by")
    assert counted(samples, "orchestrator_calls_total", *labels) == Counter(
        (route_label(asked), end.outcome, str(end.stopped_by or "none"))
        for asked, end in zip(calls, ends, strict=True)
    )
    assert counted(
        samples, "orchestrator_attempts_total", "provider", "model", "reason"
    ) == Counter(
        (each.provider, model_label(each), str(each.reason or "none")) for each in attempts
    )
    assert counted(samples, "orchestrator_transitions_total", "row") == Counter(
        (row,) for ledger in ledgers for row in ledger.rows
    )
    assert counted(samples, "orchestrator_probes_total", "result").total() == sum(
        each.probe for each in attempts
    )
    kinds = ("provider", "model", "kind", "billed")
    assert counted(samples, "orchestrator_tokens_total", *kinds) == tokens(attempts)


@settings(max_examples=30)
@given(st.lists(asked_calls, min_size=1, max_size=5))
def test_rescues_and_times_are_those_of_the_entries(calls: list[Asked]) -> None:
    player = Player()
    metrics = metrics_of(player)
    recordings = []
    for asked in calls:
        run = player.play(asked)
        metrics.finished(call_facts(run), before=0.25)
        recordings.append(recorded_call(run.recorder.ledger))
    samples = read(metrics)
    rescued = [call for call in recordings if is_rescue(call)]
    chunks = [
        next(move.facts.at for move in call.transitions if isinstance(move.facts, Streaming))
        for call in recordings
        if any(isinstance(move.facts, Streaming) for move in call.transitions)
    ]

    assert counted(samples, "orchestrator_rescues_total", "reason") == Counter(
        (why(call),) for call in rescued
    )
    held(samples, "orchestrator_time_to_rescue_seconds", [c.attempts[-1].started for c in rescued])
    held(samples, "orchestrator_time_to_first_chunk_seconds", chunks)
    held(samples, "orchestrator_overhead_seconds", [0.25] * len(calls))


def is_rescue(call: Recording) -> bool:
    if not call.answered:
        return False
    first = call.opened.route[0].name
    return len(call.attempts) != 1 or call.attempts[0].target != first


def why(call: Recording) -> str:
    assert call.closed is not None
    reasons = [attempt.reason.value for attempt in call.attempts if attempt.reason]
    return next(iter([*reasons, *(skipped.reason for skipped in call.closed.skipped)]), "unknown")


def held(samples: Samples, name: str, seconds: list[float]) -> None:
    """A histogram of ``seconds``."""
    assert samples[f"{name}_count"][frozenset()] == len(seconds)
    assert samples[f"{name}_sum"][frozenset()] == pytest.approx(sum(seconds), abs=1e-6)
    for labels, number in samples[f"{name}_bucket"].items():
        bound = float(dict(labels)["le"])
        # What is measured in virtual time may lie on a bound, and a rounding beside it.
        assert sum(each <= bound - 1e-6 for each in seconds) <= number
        assert number <= sum(each <= bound + 1e-6 for each in seconds)


def test_every_family_is_there_before_the_first_call() -> None:
    metrics = metrics_of(Player())
    text, kind = metrics.exposition()
    families = {each.name: each for each in text_string_to_metric_families(text.decode())}

    assert kind.startswith("text/plain")
    assert {
        name: each.type for name, each in families.items() if "orchestrator" in name
    } == FAMILIES
    assert all(families[name].documentation for name in FAMILIES)
    assert "python_info" in families
    samples = read(metrics)
    assert samples["orchestrator_in_flight"][frozenset()] == 0
    assert samples["orchestrator_board_shared"][frozenset()] == 1
    assert samples["orchestrator_nested_retries_total"][frozenset()] == 0
    for name in HISTOGRAMS:
        assert samples[f"{name}_count"][frozenset()] == 0


def test_every_family_is_in_the_docs() -> None:
    page = Path(__file__).parents[3] / "docs" / "metrics.md"
    text = page.read_text("utf-8")
    ends = {"counter": "_total"}

    for name, kind in FAMILIES.items():
        assert f"`{name}{ends.get(kind, '')}" in text


@pytest.mark.skipif(PROMTOOL is None, reason="NOT CHECKED by promtool: it is not installed here")
def test_prometheus_own_tool_has_nothing_to_say_of_a_gateway_that_served() -> None:
    assert PROMTOOL is not None
    scripts = {"broke": sim.replies.billing_402(), "up": sim.replies.ok("hello")}
    with running(scripts) as gateway:
        gateway.post()
        gateway.post(json={**HI, "stream": True}, headers={"x-stainless-retry-count": "1"})
        text = gateway.get("/metrics").text
    told = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )

    assert 'orchestrator_rescues_total{reason="billing"} 2.0' in text
    assert (told.returncode, told.stdout, told.stderr) == (0, "", "")


def test_what_labels_may_be_begins_at_zero() -> None:
    samples = read(metrics_of(Player()))
    full = set(samples.pop("orchestrator_retry_tokens").values())
    assert set(samples.pop("orchestrator_board_shared").values()) == {1.0}
    numbers = [value for name, each in samples.items() for value in each.values() if "orch" in name]

    def values(name: str, label: str) -> set[str]:
        return {dict(labels)[label] for labels in samples[name]}

    assert (set(numbers), full) == ({0.0}, {500.0})
    assert values("orchestrator_transitions_total", "row") == {row.name for row in TABLE}
    assert values("orchestrator_rescues_total", "reason") == {each.value for each in Reason}
    reasons = {"none", *(each.value for each in Reason)}
    assert values("orchestrator_attempts_total", "reason") == reasons
    assert values("orchestrator_calls_total", "route") == {"default", "other"}
    assert values("orchestrator_benched", "mark") == {each.value for each in Mark}
    assert values("orchestrator_probes_total", "result") == {"answered", "failed", "abandoned"}


def test_open_metrics_are_written_where_they_are_asked_for() -> None:
    player = Player()
    metrics = metrics_of(player)
    metrics.finished(call_facts(player.play(Asked("402, ok", stream=True))))
    text, kind = metrics.exposition("application/openmetrics-text; version=1.0.0")
    read_again: Any = openmetrics_families  # it has no types
    names = {family.name for family in read_again(text.decode())}

    assert kind.startswith("application/openmetrics-text")
    assert names >= set(FAMILIES)


def test_what_is_benched_is_read_when_it_is_asked_for() -> None:
    player = Player()
    metrics = metrics_of(player)
    labels = frozenset({("provider", "deepseek"), ("mark", "bench")})
    before = read(metrics)["orchestrator_benched"][labels]
    player.play(Asked("402@deepseek, ok"))

    assert (before, read(metrics)["orchestrator_benched"][labels]) == (0.0, 1.0)


def test_a_probe_is_counted_by_what_came_of_it() -> None:
    player = Player()
    metrics = metrics_of(player)
    for script in ("402@deepseek, ok", "402@deepseek, ok", "ok"):
        metrics.finished(call_facts(player.play(Asked(script))))
        player.clock.advance(4_000.0)
    found = counted(read(metrics), "orchestrator_probes_total", "result")

    assert found == {("failed",): 1, ("answered",): 1}


def facts(route: str, target: str) -> CallFacts:
    """A call that asked for names of a client's own."""
    played = call_facts(Player().play(Asked()))
    played.route = route
    provider, _, model = target.partition("/")
    attempt = played.attempts[0]
    told = {name: getattr(attempt, name) for name in attempt.__struct_fields__}
    told |= {"target": target, "provider": provider, "model": model}
    played.attempts = [type(attempt)(**told)]
    return played


@settings(max_examples=20)
@given(st.lists(st.text(min_size=1), min_size=1), st.sampled_from(("deepseek", "who/ever")))
def test_names_that_no_config_has_make_no_labels(names: list[str], provider: str) -> None:
    metrics = metrics_of(Player())
    metrics.finished(facts("seen", f"{provider}/once"))
    first = {name: len(each) for name, each in read(metrics).items()}
    for name in names:
        metrics.finished(facts(f"no-{name}", f"{provider}/no-{name}"))
    samples = read(metrics)

    assert {name: len(each) for name, each in samples.items()} == first
    routes = counted(samples, "orchestrator_calls_total", "route")
    assert routes == {("other",): 1 + len(names)}


def test_a_config_that_is_read_anew_brings_its_names_up_to_a_bound() -> None:
    player = Player()
    metrics = metrics_of(player)
    other = of(config(route=("corp/new-model",)))
    metrics.use(other, player.orchestrator.board)
    metrics.finished(facts("default", "corp/new-model"))
    metrics.finished(facts("default", "deepseek/v4"))  # a call keeps the config it began with
    found = counted(read(metrics), "orchestrator_attempts_total", "provider", "model")
    assert found == {("corp", "new-model"): 1, ("deepseek", "v4"): 1}

    for start in range(0, MOST_NAMES + 1_000, 500):
        names = tuple(f"corp/m{number}" for number in range(start, start + 500))
        metrics.use(of(config(route=names)), player.orchestrator.board)
    labels = {dict(each)["model"] for each in read(metrics)["orchestrator_attempts_total"]}

    assert len(labels) <= MOST_NAMES


def test_a_nested_retry_is_counted() -> None:
    metrics = metrics_of(Player())
    metrics.note_nested_retry()

    assert read(metrics)["orchestrator_nested_retries_total"][frozenset()] == 1


def test_it_may_be_read_in_a_thread_while_calls_end() -> None:
    player = Player()
    metrics = metrics_of(player)
    ended = [call_facts(player.play(Asked("402, ok"))) for _ in range(3)]
    with ThreadPoolExecutor(2) as threads:
        reads = [threads.submit(read, metrics) for _ in range(20)]
        for _ in range(2_000):
            metrics.finished(ended[0])
        totals = [each.result() for each in reads]

    assert len(totals) == 20
    assert counted(read(metrics), "orchestrator_calls_total", "outcome") == {
        (State.SUCCEED.value,): 2_000
    }


def test_memory_does_not_grow_with_calls() -> None:
    player = Player()
    metrics = metrics_of(player)
    ended = call_facts(player.play(Asked("402, ok")))
    metrics.finished(ended)
    tracemalloc.start()
    try:
        for _ in range(5_000):
            metrics.finished(ended)
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert grown < 20_000
