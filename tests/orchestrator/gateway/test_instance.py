"""Files of running gateways: found while their process lives, and for its user alone."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.gateway.instance import (
    Instance,
    InstanceFile,
    InstanceWatch,
    NotRunning,
    RunningInstance,
    SeveralRunning,
    choose_instance,
    find_instances,
    new_instance,
)
from orchestrator.secrets import Secret
from tests.waiting import eventually

HOLDS = """
import sys, time
from pathlib import Path
from orchestrator.gateway.instance import InstanceFile, new_instance
file = InstanceFile.write(new_instance("127.0.0.1", 8400, None, time.time()), Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def another_process(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has an instance and its file in ``folder``."""
    words = [sys.executable, "-c", HOLDS, str(folder)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, text=True, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_an_instance_is_found_until_it_is_closed(tmp_path: Path) -> None:
    instance = new_instance("127.0.0.1", 8400, tmp_path / "a.toml", 5.0)
    with InstanceFile.write(instance, tmp_path) as file:
        (found,) = find_instances(tmp_path)
        assert found == RunningInstance(instance, file.token, file.path)
        assert (instance.pid, instance.started) == (os.getpid(), 5.0)
        assert stat.S_IMODE(file.path.stat().st_mode) == 0o600

    assert find_instances(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_each_start_has_its_own_id_and_token(tmp_path: Path) -> None:
    instances = [new_instance("h", port, None, 0.0) for port in range(20)]
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(InstanceFile.write(one, tmp_path)) for one in instances]
        assert len({one.id for one in instances}) == 20
        assert len({one.token.reveal() for one in files}) == 20


def test_the_token_is_shown_nowhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with InstanceFile.write(new_instance("h", 1, None, 0.0), tmp_path) as file:
        (found,) = find_instances(tmp_path)
        token = file.token.reveal()
        shown = f"{file!r} {found!r} {attrs.asdict(found)!r} {vars(file)!r} {caplog.text}"

    assert len(token) >= 32
    assert token not in shown


def test_a_file_is_dead_when_its_process_is_whatever_has_its_id_now(tmp_path: Path) -> None:
    with another_process(tmp_path) as process:
        (found,) = find_instances(tmp_path)
        assert found.instance.pid == process.pid
        with InstanceWatch(found) as watch:
            assert not watch.has_ended
            process.send_signal(signal.SIGKILL)
            assert eventually(lambda: watch.has_ended)

    # The id is alive again: that of this very process.
    words = json.loads(found.path.read_text())
    words["instance"]["pid"] = os.getpid()
    found.path.write_text(json.dumps(words))
    assert find_instances(tmp_path) == ()
    assert list(tmp_path.iterdir()) == []


def test_the_end_is_seen_after_the_file_was_removed(tmp_path: Path) -> None:
    file = InstanceFile.write(new_instance("h", 1, None, 0.0), tmp_path)
    (found,) = find_instances(tmp_path)
    with InstanceWatch(found) as watch:
        file.remove()
        assert find_instances(tmp_path) == ()
        assert not watch.has_ended
        file.close()
        assert eventually(lambda: watch.has_ended)
    with InstanceWatch(found) as watch:
        assert watch.has_ended


def test_a_newer_programs_file_is_read_as_far_as_it_is_known(tmp_path: Path) -> None:
    with InstanceFile.write(new_instance("h", 1, None, 0.0), tmp_path) as file:
        (before,) = find_instances(tmp_path)
        words = json.loads(file.path.read_text())
        words["instance"]["colour"] = words["colour"] = "red"
        del words["instance"]["log"]
        words["format"] = 2
        file.path.write_text(json.dumps(words))
        (found,) = find_instances(tmp_path)

    assert found.instance.id == before.instance.id


@pytest.mark.parametrize("text", ["", "[]", "{", '{"instance": {"id": 5}, "token": "canary.t"}'])
def test_a_file_that_cannot_be_read_is_named_and_passed_over(
    text: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with InstanceFile.write(new_instance("h", 1, None, 0.0), tmp_path) as file:
        file.path.write_text(text)
        assert find_instances(tmp_path) == ()

    assert str(file.path) in caplog.text
    assert "canary" not in caplog.text


def test_a_folder_that_is_not_there_holds_none(tmp_path: Path) -> None:
    assert find_instances(tmp_path / "no") == ()


names = st.text("abc.:%/ é", min_size=1, max_size=12)


@given(
    hosts=st.lists(st.tuples(names, st.integers(1, 3)), max_size=6, unique=True),
    port=st.none() | st.integers(1, 4),
)
def test_one_is_chosen_where_one_is_meant(hosts: list[tuple[str, int]], port: int | None) -> None:
    found = [running(host, number, "/a.toml", 9.0) for host, number in hosts]
    meant = [one for one in found if port in (None, one.instance.port)]

    if len(meant) == 1:
        assert choose_instance(found, port=port) == meant[0]
    elif meant:
        with pytest.raises(SeveralRunning, match=f"^{len(meant)} gateways run"):
            choose_instance(found, port=port)
    else:
        with pytest.raises(NotRunning, match="no gateway runs"):
            choose_instance(found, port=port)


def running(host: str, port: int, config: str, started: float) -> RunningInstance:
    instance = Instance(f"{host}-{started}", 1, started, host, port, config)
    return RunningInstance(instance, Secret("canary.t"), Path("x"))


def test_of_two_at_one_address_the_newer_is_meant() -> None:
    new, old = running("h", 1, "/a.toml", 2.0), running("h", 1, "/a.toml", 1.0)

    assert choose_instance([new, old]) is new


def test_a_config_names_one_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = running("h", 1, str(tmp_path / "a.toml"), 1.0)
    other = running("h", 2, str(tmp_path / "b.toml"), 1.0)

    assert choose_instance([mine, other], config=Path("a.toml")) is mine
    with pytest.raises(NotRunning) as raised:
        choose_instance([mine, other], config=Path("c.toml"))
    assert str(raised.value) == (
        f"no gateway runs with the config c.toml; running: port 1 ({tmp_path}/a.toml), "
        f"port 2 ({tmp_path}/b.toml)"
    )


@given(host=names)
def test_any_host_makes_a_name_of_a_file(
    host: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("gateways")
    with InstanceFile.write(new_instance(host, 1, None, 0.0), folder):
        (found,) = find_instances(folder)
    shutil.rmtree(folder)

    assert found.instance.host == host
    assert found.path.parent == folder
