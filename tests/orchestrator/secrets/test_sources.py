"""Where secrets are read from: real files, real commands, a real keyring backend."""

from __future__ import annotations

import gc
import os
import shlex
import sys
import threading
import time
from pathlib import Path

import pytest

from orchestrator.secrets import Secret
from orchestrator.secrets.sources import (
    CommandSource,
    FileSource,
    KeyringSource,
    MissingSecret,
    UnusableSecret,
)
from tests.slow import slow
from tests.waiting import AMPLE

QUIET = "sk-quiet-0123456789"


def command(script: str, folder: Path = Path(), *arguments: str) -> CommandSource:
    return CommandSource(Secret(shlex.join([sys.executable, "-c", script, *arguments])), folder)


def test_a_file_holds_the_secret_and_tells_when_it_changed(tmp_path: Path) -> None:
    file = tmp_path / "key"
    source = FileSource(file, "file:key")
    assert source.version() is None
    with pytest.raises(MissingSecret, match=r"^file:key cannot be read"):
        source.read()

    file.write_text(f"{QUIET}\n")
    before = source.version()
    assert source.read().reveal() == QUIET
    assert source.version() == before

    # Replaced in one step, as who rotates a token does it; of the same size.
    (tmp_path / "new").write_text(f"{QUIET[::-1]}\n")
    (tmp_path / "new").replace(file)
    assert source.version() != before
    assert source.read().reveal() == QUIET[::-1]


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", b"\xff\xfe", b"x" * 70_000])
def test_what_is_no_key_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(UnusableSecret, match=r"^file:key") as refused:
        FileSource(tmp_path / "key", "file:key").read()

    assert "words" not in str(refused.value)


def test_a_command_prints_the_secret_without_a_shell_in_the_configs_folder(tmp_path: Path) -> None:
    (tmp_path / "here").write_text(QUIET)
    source = command("import sys; print(open('here').read() + sys.argv[1])", tmp_path, "$HOME;x")

    assert source.read().reveal() == f"{QUIET}$HOME;x"
    assert source.shown == f"command:{Path(sys.executable).name}"


def test_a_command_that_fails_says_why_and_shows_no_key(tmp_path: Path) -> None:
    source = command(f"import sys; print('{QUIET}'); sys.exit('no session for {QUIET}')", tmp_path)

    with pytest.raises(MissingSecret) as missing:
        source.read()

    assert "ended with status 1: no session for ***" in str(missing.value)
    assert QUIET not in f"{missing.value} {missing.value.fix} {source!r}"


@pytest.mark.parametrize(
    ("line", "error", "why"),
    [
        ("", UnusableSecret, "no program"),
        ('"unfinished', UnusableSecret, "cannot be split"),
        ("no-such-program-anywhere --token", MissingSecret, "command:no-such-program-anywhere"),
        ("a\0b", MissingSecret, "cannot be run"),
    ],
)
def test_what_is_no_command_is_told(line: str, error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        CommandSource(Secret(line), Path()).read()


def test_a_command_that_hangs_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    # The child holds the pipes open, as what a shell script starts does.
    script = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "open('child', 'w').write(str(child.pid))\n"
        "time.sleep(60)"
    )
    began = time.monotonic()

    with pytest.raises(MissingSecret, match=r"did not end within 1 s"):
        command(script, tmp_path).read(1.0)

    assert time.monotonic() - began < 20
    child = int((tmp_path / "child").read_text())
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            break
        stat = Path(f"/proc/{child}/stat")
        if stat.exists() and " Z " in stat.read_text():  # nobody waits for it here
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child of the command lives on")


@pytest.mark.parametrize("where", ["stdout", "stderr"])
def test_a_command_that_prints_for_ever_is_ended_and_little_of_it_kept(where: str) -> None:
    with pytest.raises(MissingSecret, match=r"prints more than a key|did not end"):
        command(f"import sys\nwhile True: sys.{where}.write('x' * 4096)").read(1.0)


def test_a_command_that_leaves_something_behind_has_printed_all_the_same(tmp_path: Path) -> None:
    # In a group of its own it is not ended with the command, and holds the pipes open.
    script = (
        "import subprocess, sys\n"
        "child = ['-c', 'import time; time.sleep(30)']\n"
        "subprocess.Popen([sys.executable, *child], start_new_session=True)\n"
        "print('token-of-this-hour')"
    )
    began = time.monotonic()

    assert command(script, tmp_path).read(10.0).reveal() == "token-of-this-hour"
    assert time.monotonic() - began < 10


@slow("waits for a child that lives for 3 s; the test before leaves one behind too")
def test_a_pipe_that_is_held_open_is_closed_when_it_is_let_go() -> None:
    script = (
        "import subprocess, sys\n"
        "child = ['-c', 'import time; time.sleep(3)']\n"
        "subprocess.Popen([sys.executable, *child], start_new_session=True)\n"
        "print('token-of-this-hour')"
    )
    before = set(threading.enumerate())

    assert command(script).read(10.0).reveal() == "token-of-this-hour"

    for thread in set(threading.enumerate()) - before:
        thread.join(AMPLE)
        assert not thread.is_alive()
    gc.collect()  # a file that nobody closed is told here, as an error of this test


def test_the_machines_own_keyring() -> None:
    keyring = pytest.importorskip("keyring", reason="KEYRING NOT TESTED: it is not installed")
    if keyring.get_keyring().priority < 1:
        pytest.skip("KEYRING NOT TESTED: this machine has no backend that keeps anything")
    name = f"orchestrator-test-{os.getpid()}"
    keyring.set_password(name, "me", QUIET)
    try:
        assert KeyringSource(name, "me").read().reveal() == QUIET
    finally:
        keyring.delete_password(name, "me")
    with pytest.raises(MissingSecret, match=f"no entry {name}/me"):
        KeyringSource(name, "me").read()
