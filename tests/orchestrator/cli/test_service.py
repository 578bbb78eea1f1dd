"""``service``: a unit that systemd takes, with no key in it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.units import MARK, Unit
from tests.orchestrator.cli.entry import CANARY, Place, configured


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return configured(tmp_path, {"a": "http://a.invalid"}, ["a/m"])


def unit_of(place: Place, name: str = "orchestrator") -> Path:
    return place.home / "config" / "systemd" / "user" / f"{name}.service"


def test_the_unit_starts_this_program_with_this_config(place: Place) -> None:
    ended = place.run("service", "install", "--port", "8500", "--host", "0.0.0.0")
    text = unit_of(place).read_text()
    config = place.home / "orchestrator.toml"

    assert ended.status == 0
    assert ended.out == f"wrote {unit_of(place)}\n"
    assert (
        f"ExecStart={sys.executable} -P -m orchestrator serve --config {config} "
        "--host 0.0.0.0 --port 8500\n"
    ) in text
    assert f"Environment=XDG_STATE_HOME={place.home}/state\n" in text
    assert f"EnvironmentFile=-{place.home}/config/orchestrator/environment\n" in text
    assert [line.strip() for line in ended.said[-3:]] == [
        "systemctl --user daemon-reload",
        "systemctl --user enable --now orchestrator.service",
        "loginctl enable-linger   # it also runs while you are not logged in",
    ]


def test_systemd_waits_longer_than_the_drain(place: Place) -> None:
    config = place.home / "orchestrator.toml"
    config.write_text(config.read_text() + '\n[gateway]\ndrain = "5m"\n')
    place.run("service", "install")

    assert "TimeoutStopSec=330\n" in unit_of(place).read_text()


def test_no_key_is_written_into_it(place: Place) -> None:
    place.run("service", "install")

    assert os.environ.get("A_KEY") is None
    assert place.variables["A_KEY"] == CANARY.format("a")
    assert "canary" not in unit_of(place).read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")
@pytest.mark.parametrize("folder", ["plain", "with a blank", "100% of $HOME"])
def test_systemd_takes_it(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    place = configured(tmp_path / folder, {"a": "http://a.invalid"}, ["a/m"])
    place.run("service", "install", "--name", "llm-gateway")
    # A manager's own folder: it reads the unit as a user's manager does.
    own = {**os.environ, "HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    words = ["systemd-analyze", "verify", "--user", str(unit_of(place, "llm-gateway"))]
    done = subprocess.run(words, capture_output=True, check=False, text=True, env=own)

    assert (done.returncode, done.stderr) == (0, "")


def test_printing_it_writes_nothing(place: Place) -> None:
    printed = place.run("service", "install", "--print").out

    assert not unit_of(place).exists()
    place.run("service", "install")
    assert unit_of(place).read_text() == printed
    assert place.run("service", "show").out == printed


def test_a_file_that_differs_is_left_as_it_is_unless_forced(place: Place) -> None:
    place.run("service", "install")
    assert place.run("service", "install").out == f"{unit_of(place)} is as it should be\n"

    unit_of(place).write_text("[Service]\n")
    ended = place.run("service", "install")
    assert (ended.status, ended.out) == (2, "")
    assert "exists and differs; it is left as it is: --force" in ended.err
    assert unit_of(place).read_text() == "[Service]\n"

    assert place.run("service", "install", "--force").status == 0
    assert unit_of(place).read_text().startswith(MARK)


def test_uninstall_removes_what_install_and_enable_made(place: Place) -> None:
    place.run("service", "install")
    link = unit_of(place).parent / "default.target.wants" / "orchestrator.service"
    link.parent.mkdir()
    link.symlink_to(unit_of(place))
    ended = place.run("service", "uninstall")

    assert ended.out == f"removed {unit_of(place)}\n"
    assert not unit_of(place).exists()
    assert not link.is_symlink()


@pytest.mark.parametrize("action", ["uninstall", "show"])
def test_a_unit_that_is_not_there_is_told_with_those_that_are(action: str, place: Place) -> None:
    bare = place.run("service", action)
    place.run("service", "install", "--name", "llm")
    near = place.run("service", action, "--name", "lllm")

    path = unit_of(place)
    assert bare.err == f"error: there is no unit orchestrator ({path}); none is installed\n"
    assert bare.status == near.status == 2
    assert "there is no unit lllm (did you mean 'llm'?)" in near.err
    assert near.err.endswith("; installed: llm\n")


def test_its_comments_fit_into_a_terminal(place: Place) -> None:
    place.run("service", "install")
    lines = unit_of(place).read_text().splitlines()

    assert all(len(line) <= 80 for line in lines if line.startswith("#"))


def test_a_unit_of_somebody_else_is_not_removed(place: Place) -> None:
    unit_of(place).parent.mkdir(parents=True)
    unit_of(place).write_text("[Service]\n")

    assert place.run("service", "uninstall").status == 2
    assert unit_of(place).exists()
    assert place.run("service", "uninstall", "--force").status == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("show --host ::1", "--host has no effect on `service show`"),
        ("show --force", "--force has no effect on `service show`"),
        ("uninstall --print", "--print has no effect on `service uninstall`"),
        ("install --name a/b", "--name: found 'a/b'; allowed: letters, digits"),
        ("install --config no.toml", "no.toml: "),
        ("start", "install"),
    ],
)
def test_what_would_have_no_effect_is_refused(words: str, told: str, place: Place) -> None:
    ended = place.run("service", *words.split())

    assert (ended.status, ended.out) == (2, "")
    assert told in ended.err


WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\S+)')
ESCAPES = {"\\n": "\n", "\\t": "\t", "\\r": "\r", '\\"': '"', "\\\\": "\\"}


def words_of(line: str) -> list[str]:
    """A command line, read as systemd.service(5) and systemd.syntax(7) say."""
    found: list[str] = []
    for quoted, plain in WORD.findall(line):
        text = re.sub(r"\\.", lambda match: ESCAPES[match[0]], quoted) if quoted else plain
        text = text.replace("%%", "%")
        found.append(text.replace("$$", "$") if found else text)
    return found


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1), min_size=1)
)
def test_any_path_comes_through(command: list[str]) -> None:
    text = Unit(command, "h:1", Path("/e")).text()
    (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)

    assert words_of(line) == command
