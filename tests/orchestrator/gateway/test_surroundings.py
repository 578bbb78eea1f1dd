"""What a gateway is told of its surroundings, by real processes in them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import attrs
import msgspec
import pytest

from orchestrator.gateway.surroundings import TERMINAL, Surroundings, read_surroundings

READS = """
import attrs, msgspec
from orchestrator.gateway.surroundings import read_surroundings
print(msgspec.json.encode(attrs.asdict(read_surroundings())).decode())
"""


def read_in_a_process(folder: Path, **variables: str) -> Surroundings:
    own = {name: value for name, value in os.environ.items() if name != "INVOCATION_ID"}
    with (folder / "gateway.log").open("w") as log:
        done = subprocess.run(
            [sys.executable, "-c", READS],
            env=own | variables, stdout=subprocess.PIPE, stderr=log, check=True,
        )  # fmt: skip
    return msgspec.json.decode(done.stdout, type=Surroundings)


def test_the_log_is_where_stderr_goes(tmp_path: Path) -> None:
    assert read_in_a_process(tmp_path) == Surroundings(log=str(tmp_path / "gateway.log"))


def test_a_pipe_is_no_file_to_look_into() -> None:
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, check=True)

    assert msgspec.json.decode(done.stdout, type=Surroundings).log == TERMINAL


def test_supervisord_takes_an_exit_for_the_end(tmp_path: Path) -> None:
    found = read_in_a_process(tmp_path, SUPERVISOR_PROCESS_NAME="llm")

    assert (found.supervisor, found.instead) == ("supervisord", "`supervisorctl restart llm`")


def test_a_shell_that_inherits_a_units_variable_is_in_no_unit() -> None:
    found = read_surroundings({"INVOCATION_ID": "0123"})

    assert attrs.evolve(found, log="") == Surroundings(log="")


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc here")
@pytest.mark.skipif(
    subprocess.run(["unshare", "-rfp", "true"], check=False, capture_output=True).returncode != 0,
    reason="no process ids of one's own can be had here",
)
def test_the_first_process_of_a_container_says_so() -> None:
    done = subprocess.run(
        ["unshare", "-rfp", sys.executable, "-c", READS], capture_output=True, check=True
    )
    found = msgspec.json.decode(done.stdout, type=Surroundings)

    assert found.supervisor == "the container, of which it is PID 1"
    assert "docker restart" in found.instead
