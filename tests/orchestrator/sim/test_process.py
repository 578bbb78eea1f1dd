"""Scripted providers in a process of their own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from orchestrator import Orchestrator
from orchestrator.sim import AnyScript, ClosedPort, ScriptError, SimProcess, replies
from tests.waiting import AMPLE, eventually

REQUEST = {"model": "m-1", "messages": []}


def post(url: str) -> httpx.Response:
    headers = {"Authorization": "Bearer sk-1"}
    return httpx.post(
        f"{url}/chat/completions", json=REQUEST, headers=headers, trust_env=False, timeout=AMPLE
    )


def test_it_answers_tells_what_it_received_and_takes_a_new_script() -> None:
    scripts: dict[str, AnyScript] = {
        "a": [replies.billing_402(), replies.closed()],
        "b": replies.ok("b"),
    }
    with SimProcess(scripts) as providers:
        statuses = [post(providers.url("a")).status_code]
        with pytest.raises(httpx.RemoteProtocolError):
            post(providers.url("a"))
        providers.set("a", replies.ok())
        statuses.append(post(providers.url("a")).status_code)
        received = providers.received("a")

        assert providers.received("b") == ()
        # The other process learns a moment later that a client has gone.
        assert eventually(lambda: providers.connections == 0)

    assert statuses == [402, 200]
    assert [one.number for one in received] == [1, 2, 3]
    assert (received[0].credential, received[0].body) == ("sk-1", REQUEST)


def test_unknown_names_are_errors_here_too() -> None:
    with SimProcess({"deepseek": replies.ok()}) as providers:
        for method in (providers.url, providers.received):
            with pytest.raises(ScriptError, match="did you mean deepseek"):
                method("deepsek")
        with pytest.raises(ScriptError, match="allowed: deepseek"):
            providers.set("b", replies.ok())


def test_it_dies_with_its_parent() -> None:
    program = (
        "import os, sys\n"
        "from orchestrator.sim import SimProcess, replies\n"
        "providers = SimProcess({'a': replies.ok()}).__enter__()\n"
        "print(providers.url('a'), flush=True)\n"
        "os._exit(9)\n"
    )
    parent = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        check=False,
        text=True,
    )
    assert parent.returncode == 9

    def is_gone() -> bool:
        try:
            post(parent.stdout.strip())
        except httpx.NetworkError:
            return True
        return False

    assert eventually(is_gone), "the providers outlived their parent"


def run(*arguments: str, sent: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "orchestrator.sim", *arguments],
        input=sent,
        capture_output=True,
        cwd=Path(__file__).parents[3],
        check=False,
        text=True,
    )


def test_a_script_file_is_served_until_standard_input_ends(tmp_path: Path) -> None:
    file = tmp_path / "script.json"
    file.write_text(json.dumps({"a": {"status": 402}}))

    done = run("--script", str(file))

    assert done.returncode == 0
    assert done.stdout.strip().isdigit()
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"a": [{"stauts": 402}]}', "did you mean status?"),
        ("{", "Expecting property name"),
        ('{"a/b": []}', "cannot name a provider"),
    ],
)
def test_a_script_that_cannot_be_used_is_one_clear_line(text: str, words: str) -> None:
    done = run("--script", "-", sent=text)

    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_missing_file_is_one_clear_line() -> None:
    done = run("--script", "nowhere.json")

    assert done.returncode == 2
    assert done.stderr == "error: cannot read nowhere.json: No such file or directory\n"


def test_on_a_terminal_it_tells_the_address_of_each_provider() -> None:
    ours, theirs = os.openpty()
    scripts = json.dumps({"a": [{"status": 402}], "b": {"status": 200}})
    command = [sys.executable, "-m", "orchestrator.sim", "--script", "-"]
    root = Path(__file__).parents[3]
    with (
        open(ours, encoding="utf-8") as terminal,  # noqa: PTH123 - a descriptor
        subprocess.Popen(
            command, cwd=root, stdin=subprocess.PIPE, stdout=theirs, text=True
        ) as program,
    ):
        os.close(theirs)
        assert program.stdin is not None
        program.stdin.write(f"{scripts}\n")
        program.stdin.flush()
        told = dict(terminal.readline().split() for _ in range(2))
        statuses = [post(told[name]).status_code for name in ("a", "b")]
        program.stdin.close()

    assert statuses == [402, 200]
    assert told["a"].endswith("/a/v1")


def test_the_process_loads_no_http_client() -> None:
    # The package's own __init__ is left out: this is about the room alone.
    program = (
        "import sys; sys.modules['orchestrator'] = type(sys)('orchestrator');"
        "sys.modules['orchestrator'].__path__ = ['orchestrator'];"
        "import orchestrator.sim; print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        cwd=Path(__file__).parents[3],
        check=True,
        text=True,
    ).stdout.split()

    assert not {"httpx", "cattrs", "msgspec", "rich", "transitions"} & set(loaded)


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with ClosedPort() as closed:
        port = httpx.URL(closed.url).port
        done = run("--script", "-", "--port", str(port), sent='{"a": []}\n')

    assert done.returncode == 2
    assert done.stderr == f"error: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("port", ["-1", "70000"])
def test_a_port_that_is_none_is_one_clear_line(port: str) -> None:
    done = run("--script", "-", "--port", port, sent='{"a": []}\n')

    assert done.returncode == 2
    assert "allowed is 0 to 65535" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_page_keeps_providers_up_for_the_command_line(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "sim.md").read_text("utf-8")
    written = dict(re.findall(r"```(json|toml)\n(.*?)```", page, re.DOTALL))
    (tmp_path / "providers.json").write_text(written["json"], "utf-8")
    command = [sys.executable, "-m", "orchestrator.sim", "--script", "providers.json"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as program:
        assert program.stdin is not None
        assert program.stdout is not None
        port = program.stdout.readline().strip()
        config = tmp_path / "orchestrator.toml"
        config.write_text(written["toml"].replace(":8402/", f":{port}/"), "utf-8")
        with Orchestrator.from_file(config) as orchestrator:
            response = orchestrator.run("hi")
        program.stdin.close()

    assert [attempt.status for attempt in response.attempts] == [402, 200]
    assert program.returncode == 0
