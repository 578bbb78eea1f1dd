"""``restart``: a new process in the place of the old one, told as it happens."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.orchestrator.cli.entry import Ended, Place, configured
from tests.orchestrator.gateway.tiny_processes import Started, started
from tests.waiting import AMPLE, eventually, with_time_enough


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Started]:
    with started(tmp_path) as found:
        yield found


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def during_a_stream(gateway: Started, seconds: float) -> tuple[threading.Thread, list[str]]:
    """A stream that is under way, and who answered it in the end, if it was not cut."""
    answered: list[str] = []

    def read() -> None:
        with contextlib.suppress(http.client.IncompleteRead):
            answered.append(gateway.ask(f"/?{seconds}"))

    stream = threading.Thread(target=read)
    stream.start()
    return stream, answered


def test_both_phases_are_told(gateway: Started, place: Place) -> None:
    old = gateway.now.instance
    stream, answered = during_a_stream(gateway, 3)
    assert eventually(lambda: status_of(gateway)["in_flight"] == 1)
    ended = place.run("restart")
    stream.join()
    new = gateway.now.instance

    assert ended.status == 0, ended
    assert ended.out == f"restarted 127.0.0.1:{old.port}: instance {old.id} → {new.id}\n"
    assert [line.split(" in ")[0] for line in ended.said] == [
        f"restarting gateway {old.id} (127.0.0.1:{old.port}, process {old.pid})",
        f"start: new process {new.pid} ready",
        "drain: 1 call left, 1 stream among them",
        "drain: done",
    ]
    assert answered == [old.id]
    assert gateway.ask() == new.id
    assert gateway.first.wait(30) == 0


def status_of(gateway: Started) -> dict[str, int]:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port)
    token = gateway.now.token.reveal()
    connection.request("GET", "/control/status", headers={"authorization": f"Bearer {token}"})
    found: dict[str, int] = json.loads(connection.getresponse().read())
    connection.close()
    return found


def test_a_program_gets_one_object(gateway: Started, place: Place) -> None:
    old = gateway.now.instance
    ended = place.run("restart", "--json")
    new = gateway.now.instance

    assert (ended.status, ended.err) == (0, "")
    assert {name: ended.json[name] for name in ("before", "instance", "pid")} == {
        "before": old.id, "instance": new.id, "pid": new.pid,
    }  # fmt: skip


def test_a_person_watches_one_line(gateway: Started, place: Place) -> None:
    stream, _ = during_a_stream(gateway, 3)
    assert eventually(lambda: status_of(gateway)["in_flight"] == 1)
    terminal = place.on_terminal("restart")
    terminal.see(r"drain: 1 call left, 1 stream among them, \d.\d s …")
    ended = terminal.ended()
    stream.join()

    assert ended.status == 0
    assert "…" not in ended.out  # what moved is gone
    assert "restarted 127.0.0.1" in ended.out

    gateway.how.write_text("slow")
    terminal = place.on_terminal("restart", "--limit", "2s")
    terminal.see(r"start: 1.\d s …")
    assert terminal.ended().status == 1


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("wrong", "the new process ended with status 2: gateway.toml:1: this config is wrong"),
        ("dies", "the new process ended with status 3, before it was ready"),
        ("slow", "the new process was not ready within 2 s and was killed"),
    ],
)
def test_where_the_new_one_does_not_come_up_the_old_one_goes_on(
    how: str, why: str, gateway: Started, place: Place
) -> None:
    old = gateway.now.instance
    gateway.how.write_text(how)
    ended = place.run("restart", "--limit", "2s" if how == "slow" else "80s")

    assert (ended.status, ended.out) == (1, "")
    assert ended.said[1:] == [
        f"failed: start: {why}",
        f"the old process {old.pid} goes on (instance {old.id})",
        f"where to look: {gateway.log}",
    ]
    assert gateway.ask() == old.id

    gateway.how.write_text("good")
    assert place.run("restart").status == 0
    assert gateway.ask() != old.id


def test_of_two_at_once_one_says_that_it_has_begun_nothing(gateway: Started, place: Place) -> None:
    gateway.how.write_text("slow")
    first = place.start("restart", "--limit", "4s")
    assert first.stderr is not None
    first.stderr.readline()
    second = place.run("restart", "--limit", "4s").said[1:]
    said = [first.communicate(timeout=2 * AMPLE)[1].splitlines(), second]

    assert [
        "failed: nothing was begun: the gateway is being restarted already",
        "how it stands: orchestrator status",
    ] in said
    assert any("was not ready within 4 s" in line for lines in said for line in lines)


def test_calls_that_are_cut_off_are_a_failure(gateway: Started, place: Place) -> None:
    gateway.how.write_text("good 0.5")
    assert place.run("restart").status == 0
    stream, _ = during_a_stream(gateway, 60)
    assert eventually(lambda: status_of(gateway)["in_flight"] == 1)
    ended = place.run("restart", "--json")
    stream.join()

    assert ended.status == 1
    assert "drain: 1 call of the old process cut off at the limit" in ended.json["error"]["message"]
    assert f"the new process {gateway.now.instance.pid} serves" in ended.json["error"]["message"]


def test_a_drain_that_lasts_too_long_is_a_failure(gateway: Started, place: Place) -> None:
    def restarted(limit: float) -> tuple[float, Ended, list[str]]:
        stream, answered = during_a_stream(gateway, 4 * limit)
        assert eventually(lambda: status_of(gateway)["in_flight"] == 1)
        ended = place.run("restart", "--limit", f"{limit}s")
        stream.join()
        return limit, ended, answered

    old = gateway.now.instance.id
    # The start is limited too, and must not be what takes too long.
    limit, ended, answered = with_time_enough(
        restarted, lambda found: "failed: start:" not in found[1].err
    )

    assert ended.status == 1
    assert f"failed: drain: it took longer than {limit} s" in ended.err
    assert f"the new process {gateway.now.instance.pid} serves" in ended.err
    assert answered == [old]  # it went on all the same


def test_where_no_gateway_runs_the_way_to_start_one_is_said(place: Place) -> None:
    ended = place.run("restart", "--port", "8400")

    assert (ended.status, ended.out) == (1, "")
    assert ended.said == [
        "failed: no gateway runs on port 8400", "start it: orchestrator serve --port 8400",
    ]  # fmt: skip


def test_a_unit_that_is_installed_is_named(place: Place) -> None:
    place = configured(place.home, {"a": "http://a.invalid"}, ["a/m"])
    assert place.run("service", "install", "--name", "llm").status == 0
    ended = place.run("restart", "--json")

    assert ended.status == 1
    assert ended.json["error"]["message"].endswith(
        "or its unit: systemctl --user start llm.service"
    )


def test_a_gateway_that_was_killed_does_not_run(gateway: Started, place: Place) -> None:
    os.kill(gateway.now.instance.pid, signal.SIGKILL)
    gateway.first.wait()

    assert "no gateway runs" in place.run("restart").err


def test_a_gateway_that_hangs_is_told(gateway: Started, place: Place) -> None:
    os.kill(gateway.now.instance.pid, signal.SIGSTOP)
    try:
        ended = place.run("restart", "--limit", "2s")
    finally:
        os.kill(gateway.now.instance.pid, signal.SIGCONT)

    assert ended.status == 1
    assert "failed: start: it said nothing for 2 s" in ended.err


def test_several_gateways_are_told_apart_by_their_port(
    gateway: Started, place: Place, tmp_path: Path
) -> None:
    (tmp_path / "b").mkdir()
    with started(tmp_path / "b", state=tmp_path / "state"):
        first, second = (one.instance for one in gateway.instances)
        ended = place.run("restart")
        assert ended.status == 1
        assert "2 gateways run" in ended.err
        assert "name one with --port" in ended.err

        assert place.run("restart", "--port", str(second.port)).status == 0
        ids = {one.instance.id for one in gateway.instances}
        assert first.id in ids
        assert second.id not in ids


def test_in_a_container_it_is_refused(place: Place, tmp_path: Path) -> None:
    variables = {"SUPERVISOR_PROCESS_NAME": "llm"}
    with started(tmp_path, variables=variables) as gateway:
        ended = place.run("restart")

        assert (ended.status, ended.out) == (1, "")
        assert ended.said == [
            f"failed: the exit of {gateway.now.instance} would end supervisord",
            "do: `supervisorctl restart llm`",
        ]
        assert gateway.first.poll() is None
