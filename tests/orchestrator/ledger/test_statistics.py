"""What many calls came to: summed line by line, it is what the calls themselves say."""

from __future__ import annotations

import json
import tracemalloc
from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.dialects import Usage
from orchestrator.lab.simulation import ScriptPlayer, Simulation, parse
from orchestrator.lab.simulation.workloads import figures_of
from orchestrator.ledger import BrokenLedger, Recording, read_ledger
from orchestrator.ledger.figures import Statistics
from orchestrator.ledger.statistics import statistics
from orchestrator.sim import Reply, replies
from tests.acceptance.world import outcome, run, world
from tests.orchestrator.lab.simulation.incidents import FOLDER as INCIDENTS
from tests.orchestrator.lab.simulation.incidents import config, of

SCRIPTS = ("ok", "402, ok", "429(retry_after=400), ok", "stall, cut, ok", "503*16", "401*9")


def written(folder: Path, scripts: list[str], gap: float = 60.0) -> Path:
    """A ledger of one call after the other, each against a script of its own."""
    path = folder / "calls.jsonl"
    with path.open("wb") as file:
        for number, script in enumerate(scripts):
            with Simulation(of(config()), ScriptPlayer(parse(script))) as simulation:
                simulation.clock.advance(number * gap)
                file.writelines(simulation.call().ledger.lines())
    return path


def ends(calls: tuple[Recording, ...]) -> Counter[str]:
    """What became of calls, as `replay` counts it."""
    found: Counter[str] = Counter()
    for call in calls:
        first = call.opened.route[0].name
        counted = figures_of(0.0, call.attempts, first, answered=call.answered, seconds=0.0)
        end = "answered_at_once" if counted.first_try else "rescued" if counted.rescued else "lost"
        found[end] += 1
    return found


def held(found: Statistics, calls: tuple[Recording, ...]) -> None:
    """The sums are those of ``calls``."""
    sent = [attempt for call in calls for attempt in call.attempts]
    assert found.total.calls == len(calls) == sum(each.calls for each in found.days.values())
    for name, number in ends(calls).items():
        assert getattr(found.total, name) == number
    assert sum(found.rescues.values()) == found.total.rescued
    assert sum(found.losses.values()) == found.total.lost
    targets = {name: sums.attempts for name, sums in found.targets.items()}
    assert targets == Counter(each.target for each in sent)
    assert found.attempts.seconds == pytest.approx(sum(each.seconds for each in sent))


@pytest.mark.parametrize("path", sorted(INCIDENTS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_the_sums_of_the_incidents_are_those_of_their_calls(path: Path) -> None:
    held(statistics([path]), read_ledger(path))


@settings(max_examples=20)
@given(st.lists(st.sampled_from(SCRIPTS), min_size=1, max_size=6))
def test_whatever_calls_met_the_sums_are_theirs(scripts: list[str]) -> None:
    with TemporaryDirectory() as folder:
        path = written(Path(folder), scripts)
        held(statistics([path]), read_ledger(path))


def tokens(prompt: int, completion: int) -> dict[str, int]:
    total = prompt + completion
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": total}


def test_the_reason_of_a_rescue_is_that_of_the_first_choice(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    scripts = {"a": replies.billing_402(), "b": replies.ok()}
    with world(scripts, extra=f'ledger = "{path}"') as (_, orchestrator):
        for _ in range(3):  # the second and the third pass it over
            run(orchestrator)

    assert statistics([path]).rescues == {"billing": 3}


def test_tokens_count_whatever_came_of_them_and_waste_is_told(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    cut = {"choices": [{"index": 0, "delta": {"content": "half"}}], "usage": tokens(41, 7)}
    scripts = {
        "a": Reply(events=(json.dumps(cut),)),
        "b": replies.ok(usage=tokens(10, 5)),
    }
    extra = f'ledger = "{path}"\n[policy]\nattempts_per_target = 1\non_interrupted = "hold"'
    with world(scripts, extra=extra) as (_, orchestrator), orchestrator.stream("hi") as chunks:
        assert "".join(chunk.text for chunk in chunks) == "ok"

    found = statistics([path])
    first, second = (found.targets[f"{name}/model-of-{name}"] for name in "ab")
    assert (first.attempts, first.answered, first.wasted_tokens) == (1, 0, 48)
    assert (first.prompt_tokens, first.completion_tokens) == (41, 7)
    assert (second.answered, second.wasted_tokens, second.prompt_tokens) == (1, 0, 10)


def test_lines_of_before_there_was_a_usage_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, ["402, ok"])
    lines = [json.loads(line) for line in path.read_bytes().splitlines()]
    for line in lines:
        for name in ("usage", "billed", "format", "pools", "streamed"):
            line.pop(name, None)
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines), "utf-8")

    found = statistics([path])
    assert (found.total.rescued, found.attempts.attempts) == (1, 2)
    assert (found.attempts.answered, found.attempts.uncounted) == (1, 0)


def test_who_leaves_has_lost_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, ["ok"])
    text = path.read_text("utf-8")
    closed = json.loads(text.splitlines()[-1])
    closed |= {"outcome": "fail_terminal", "reason": "cancelled", "stopped_by": "cancelled"}
    path.write_text("".join(text.splitlines(keepends=True)[:-1]) + json.dumps(closed) + "\n")

    assert (statistics([path]).total.left, statistics([path]).total.lost) == (1, 0)


def test_a_call_that_breaks_off_has_no_end(tmp_path: Path) -> None:
    path = written(tmp_path, ["ok", "ok"])
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))

    total = statistics([path]).total
    assert (total.calls, total.answered_at_once, total.unfinished) == (2, 1, 1)


def test_a_call_in_two_files_is_one_and_one_that_began_before_is_none(tmp_path: Path) -> None:
    path = written(tmp_path, ["ok", "402, ok"])
    lines = path.read_bytes().splitlines(keepends=True)
    old = path.with_name("calls.jsonl.1")
    old.write_bytes(b"".join(lines[:-3]))
    path.write_bytes(b"".join(lines[-3:]))

    both, late = statistics([old, path]), statistics([path])
    assert (both.total.rescued, both.total.answered_at_once, both.cut_off) == (1, 1, 0)
    assert both.files == (str(old), str(path))
    assert (late.total.calls, late.cut_off) == (0, 1)


def test_calls_since_an_instant_are_found_in_a_large_file_by_halving(tmp_path: Path) -> None:
    one = written(tmp_path, ["402, ok"]).read_bytes()
    call = json.loads(one.splitlines()[0])
    path, began = tmp_path / "large.ledger", 1_800_000_000.0
    with path.open("wb") as file:
        for number in range(600):
            text = one.replace(call["call"].encode(), f"{number:032x}".encode())
            time = f'"time":{call["time"]}'.encode()
            assert time in text
            file.write(text.replace(time, f'"time":{began + 900 * number}'.encode()))
    assert path.stat().st_size > 3 * 2**20

    for number in (0, 1, 299, 599, 600):
        found = statistics([path], since=began + 900 * number)
        assert (found.total.calls, found.total.rescued) == (600 - number, 600 - number)
        assert found.cut_off == 0


def test_a_file_is_never_in_memory(tmp_path: Path) -> None:
    one, path = written(tmp_path, ["402, ok"]).read_bytes(), tmp_path / "large.ledger"
    with path.open("wb") as file:
        for _ in range(2000):
            file.write(one)
    tracemalloc.start()
    statistics([path])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert path.stat().st_size > 10 * 2**20
    assert most < 2**20


def test_what_was_read_is_told_as_it_is_read(tmp_path: Path) -> None:
    one, path = written(tmp_path, ["402, ok"]).read_bytes(), tmp_path / "large.ledger"
    path.write_bytes(one * 4000)
    told: list[int] = []
    statistics([path], progress=told.append)

    assert len(told) >= 2
    assert 0 <= path.stat().st_size - sum(told) < 2**23


def priced(provider: str, model: str, usage: Usage, when: datetime) -> Decimal | None:
    assert when.tzinfo is not None
    assert model
    return Decimal(usage.prompt_tokens) / 1000 if provider == "b" else None


def test_money_is_by_target_and_day_and_what_has_no_price_is_named(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    scripts: dict[str, Any] = {
        "a": [replies.ok(), replies.billing_402()],
        "b": replies.ok(usage=tokens(500, 1)),
    }
    with world(scripts, extra=f'ledger = "{path}"') as (_, orchestrator):
        for _ in range(3):
            outcome(run, orchestrator)

    found = statistics([path], price=priced)
    first, second = (found.targets[f"{name}/model-of-{name}"] for name in "ab")
    assert (first.money, first.unpriced, first.attempts) == (Decimal(0), 1, 2)
    assert (second.money, second.unpriced) == (Decimal(1), 0)
    (day,) = found.days
    assert found.attempts_on(day).money == found.attempts.money == Decimal(1)
    assert found.is_priced
    assert not statistics([path]).is_priced


LATER = (
    b'{"kind": "closed", "format": 99, "call": "x", "outcome": "succeed", "reason": null, '
    b'"stopped_by": null, "attempts": 1}\n'
)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"no json\n", "line 1"),
        (b'{"kind": "other"}\n', "Invalid value 'other'"),
        (b'{"kind": "opened"}\n', "missing required field"),
        (b"[]\n", "Expected `object`, got `array`"),
        (b'{"kind":"opened","call":"x","route":[],"time":1e300}\n', "<= 253370764800.0"),
        (b'{"kind":"opened","call":"x","route":[],"time":-1e18}\n', ">= 0"),
        (LATER, "format is 99; this version reads up to 1"),
    ],
)  # fmt: skip
def test_what_is_no_line_of_a_ledger_is_named(line: bytes, why: str, tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_bytes(line)

    with pytest.raises(BrokenLedger) as raised:
        statistics([path])
    assert str(path) in str(raised.value)
    assert why in str(raised.value)


def test_torn_lines_and_empty_ones_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path, ["ok"])
    whole = path.read_bytes()
    torn = b'{"kind": "attempt", "ca'
    path.write_bytes(torn + b"\n\n" + whole + torn)

    assert statistics([path]).total.answered_at_once == 1


def test_days_without_a_call_are_days_too(tmp_path: Path) -> None:
    path = written(tmp_path, ["ok", "ok"], gap=3 * 86_400)

    found = statistics([path])
    assert [counts.calls for _, counts in found.every_day()] == [1, 0, 0, 1]
    assert found.since is not None
    assert found.until is not None
    assert datetime.fromtimestamp(found.since, UTC) < datetime.fromtimestamp(found.until, UTC)
