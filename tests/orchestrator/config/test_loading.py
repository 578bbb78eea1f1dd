"""Where a config is found, and what is said of one that cannot be read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from platformdirs.macos import MacOS
from platformdirs.unix import Unix

from orchestrator.config import ConfigError
from orchestrator.config.loading import APP, find, load, loads
from orchestrator.health import stores
from orchestrator.lab.simulation.loading import load as simulated

GOOD = '[routes]\ndefault = ["ollama/llama3.2"]\n'


def write(folder: Path, text: str = GOOD) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "orchestrator.toml"
    file.write_text(text, "utf-8")
    return file


def test_the_first_place_that_names_a_file_counts(tmp_path: Path) -> None:
    folders = (tmp_path / "work", tmp_path / "user")
    environ = {"ORCHESTRATOR_CONFIG": str(tmp_path / "named.toml")}

    assert find(None, {}, folders) is None
    users = write(folders[1])
    assert find(None, {}, folders) == users
    works = write(folders[0])
    assert find(None, {}, folders) == works
    assert find(None, environ, folders) == tmp_path / "named.toml"
    assert find("given.toml", environ, folders) == Path("given.toml")


def test_a_file_is_loaded_and_remembered(tmp_path: Path) -> None:
    file = write(tmp_path, 'ledger = "calls.jsonl"\n' + GOOD)
    config = load(file, {})

    assert config.path == file
    assert config.ledger == tmp_path / "calls.jsonl"
    assert [target.name for target in config.route()] == ["ollama/llama3.2"]
    assert load(None, {"ORCHESTRATOR_CONFIG": str(file)}) == config


def test_a_named_file_that_is_not_there_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file; `orchestrator init` writes one"):
        load(tmp_path / "gone.toml", {})


def test_a_folder_is_no_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: "):
        load(tmp_path, {})


def test_what_is_no_text_is_told(tmp_path: Path) -> None:
    file = tmp_path / "orchestrator.toml"
    file.write_bytes(b"health = \xff")

    with pytest.raises(ConfigError, match=r"not UTF-8 text \(at byte 9\)"):
        load(file, {})


@pytest.mark.parametrize(
    ("text", "where", "placed"),
    [
        ("a = [1,\n b", "at line 2, column 2", "some.toml:2"),
        ('a = "x', "at end of document", "some.toml"),
        ("a = 1\na = 2\n", "at line 2, column", "some.toml:2"),
    ],
)
def test_a_syntax_error_has_its_line_and_column(text: str, where: str, placed: str) -> None:
    with pytest.raises(ConfigError, match=where) as refused:
        loads(text, {}, "some.toml")

    assert str(refused.value).startswith(f"{placed}: not TOML: ")


def test_nesting_without_end_is_an_error_like_any_other() -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        loads("a = " + "[" * 100_000, {})


def test_a_byte_order_mark_does_no_harm() -> None:
    assert loads("\ufeff" + GOOD, {}).route()


def test_an_error_survives_a_pickle() -> None:
    with pytest.raises(ConfigError) as refused:
        loads("helth = 1\n" + GOOD, {})
    again = pickle.loads(pickle.dumps(refused.value))

    assert str(again) == str(refused.value)
    assert again.problems == refused.value.problems


def test_where_nothing_is_sent_no_command_is_run_and_no_file_read(tmp_path: Path) -> None:
    """A config under review may name any command: to simulate it must not run one."""
    text = (
        '[providers.corp]\nbase_url = "http://llm.corp/v1"\n'
        'credentials = ["command:touch ran", "file:gone", "keyring:no/body"]\n'
        '[routes]\ndefault = ["corp/m"]\n'
    )
    (tmp_path / "orchestrator.toml").write_text(text)

    config = load(tmp_path / "orchestrator.toml", {}, reads=False)

    assert [one.label for one in config.providers["corp"].credentials] == [
        "key#1",
        "key#2",
        "key#3",
    ]
    assert len(simulated(tmp_path / "orchestrator.toml", {}).config.route()) == 1
    assert not (tmp_path / "ran").exists()
    assert config.warnings == ()


@pytest.mark.parametrize("system", [Unix, MacOS])
def test_the_page_says_where_files_lie(system: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text("utf-8")
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)

    for path in (system(APP).user_config_dir, system(stores.APP).user_state_dir):
        assert f"`{path.replace(str(Path.home()), '~')}`" in page


def test_a_number_that_python_does_not_read_is_no_fault() -> None:
    with pytest.raises(ConfigError, match="not TOML: a number is too long"):
        loads(GOOD + "[policy]\nmax_attempts = " + "9" * 5_000, {})
