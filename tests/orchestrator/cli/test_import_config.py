"""``import``: the config on stdout, what is not in it on stderr, and no key anywhere."""

from __future__ import annotations

import os
import stat
import tomllib
from pathlib import Path

import pytest

from orchestrator.sim import ScriptedProviders, replies
from tests.orchestrator.cli.entry import COLOUR, COLUMNS, Place

LITELLM = """\
model_list:
  - model_name: main
    litellm_params:
      model: deepseek/deepseek-chat
      api_key: sk-canary-4711
      rpm: 60
  - model_name: main
    litellm_params: {model: deepseek/deepseek-chat, api_key: os.environ/SECOND_KEY, rpm: 60}
  - model_name: backup
    litellm_params: {model: groq/llama, rpm: 30}
litellm_settings:
  fallbacks: [{main: [backup]}]
  cache: true
general_settings: {master_key: sk-master-4712, database_url: "postgres://u:p@h/d"}
"""

SAID = """\
lines 6, 8, 10  model_list[0].litellm_params.rpm, model_list[1].litellm_params.rpm, model_list[2].litellm_params.rpm: not carried: nothing here counts what a deployment may take; a 429 of its vendor is waited for or left; limit callers: orchestrator key new NAME --rpm N --tokens-per-day N
line 13  litellm_settings.cache: not carried: answers are not cached here
line 5  model_list[0].litellm_params.api_key: changed: the key is not copied; the config reads DEEPSEEK_API_KEY; set DEEPSEEK_API_KEY to what stands there, or import with --keep-keys
line 14  general_settings.master_key: changed: callers have keys of their own here, stored as hashes; this one opens nothing; make one for each: orchestrator key new NAME (--admin sees all calls)
line 14  general_settings.database_url: not needed: the gateway has no database
config.yaml: carried 10 of 15 settings; 4 not; 1 not needed
to be set before it is used: DEEPSEEK_API_KEY, SECOND_KEY, GROQ_API_KEY
"""  # noqa: E501 - as it is piped


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "config.yaml").write_text(LITELLM)
    return Place(tmp_path)


def test_stdout_is_a_config_and_stderr_says_what_is_not_in_it(place: Place) -> None:
    ended = place.run("import", "litellm", "config.yaml")

    assert ended.status == 0
    assert tomllib.loads(ended.out)["routes"] == {
        "main": ["deepseek/deepseek-chat", "groq/llama"],
        "backup": ["groq/llama"],
        "default": ["deepseek/deepseek-chat", "groq/llama"],
    }
    assert ended.said == SAID.splitlines()
    assert "canary" not in ended.out + ended.err
    assert "sk-master" not in ended.out + ended.err


def test_what_is_written_is_used_by_the_other_commands(place: Place) -> None:
    (place.home / "other").mkdir()
    made = Place(place.home, {"DEEPSEEK_API_KEY": "k1", "SECOND_KEY": "k2", "GROQ_API_KEY": "k3"})
    ended = made.run("import", "litellm", "config.yaml", "-o", "orchestrator.toml")
    checked = made.run("check")
    again = made.run("import", "litellm", "config.yaml", "-o", "orchestrator.toml")

    assert ended.out.startswith("wrote orchestrator.toml\nnext: read it, then `")
    assert "to be set" not in ended.err
    assert stat.S_IMODE((place.home / "orchestrator.toml").stat().st_mode) == 0o600
    assert checked.status == 0
    assert "error" not in checked.out
    assert (again.status, again.said[-1].startswith("error: orchestrator.toml exists")) == (2, True)


def test_what_is_imported_is_asked(place: Place) -> None:
    scripts = {"a": replies.billing_402(), "b": replies.ok("hello")}
    with ScriptedProviders(scripts) as providers:
        deployments = "".join(
            f"- {{model_name: {name}, litellm_params: {{model: openai/m, api_base: '{url}'}}}}\n"
            for name, url in ((name, providers.url(name)) for name in scripts)
        )
        settings = "litellm_settings: {fallbacks: [{a: [b]}]}\n"
        (place.home / "config.yaml").write_text(f"model_list:\n{deployments}{settings}")
        place.run("import", "litellm", "config.yaml", "-o", "orchestrator.toml")
        ended = place.run("run", "--route", "a", "hi")

    assert (ended.status, ended.out) == (0, "hello\n")


def test_keys_are_copied_into_a_file_alone(place: Place) -> None:
    options = ("--keep-keys", "-o", "o.toml", "--json")
    ended = place.run("import", "litellm", "config.yaml", *options)
    text = (place.home / "o.toml").read_text()

    assert "sk-canary-4711" in text
    assert "It holds keys that stood in that file" in text
    assert "canary" not in ended.out + ended.err
    assert (ended.json["config"], ended.json["path"], ended.json["left"]) == (None, "o.toml", 4)


def test_standard_input_is_read_and_a_terminal_gets_short_lines(place: Place) -> None:
    text = "model: {provider: openrouter, default: a/b}\nterminal: {x: 1}\n"
    ended = place.run("import", "hermes", "-", stdin=text)
    shown = place.run_on_terminal("import", "litellm", "config.yaml")

    assert tomllib.loads(ended.out)["routes"] == {"default": ["openrouter/a/b"]}
    assert ended.said[0] == (
        "line 2  terminal: not needed: it is Hermes' own affair, and stays in its file"
    )
    assert "`orchestrator import hermes standard input`" in ended.out
    lines = COLOUR.sub("", shown.out).splitlines()
    assert all(len(line) <= COLUMNS for line in lines if not line.startswith("#"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: !!python/object/apply:os.system [id]", "config.yaml:1: the tag !!python/object/apply"),
        ("model_list: []", "config.yaml names nobody who can be asked here"),
        ("- a", "config.yaml:1: it holds a list"),
        ("x: \x00", "config.yaml: not YAML"),
    ],
)
def test_what_cannot_be_read_ends_with_a_line_and_status_2(
    text: str, words: str, place: Place
) -> None:
    (place.home / "config.yaml").write_text(text)
    ended = place.run("import", "litellm", "config.yaml")

    assert (ended.status, ended.out) == (2, "")
    assert ended.said[-1].startswith(f"error: {words}")


def test_a_file_that_is_not_there_and_another_tool_are_named(place: Place) -> None:
    gone, other = place.run("import", "litellm", "no.yaml"), place.run("import", "x", "config.yaml")

    assert (gone.status, gone.said) == (2, ["error: no.yaml: No such file or directory"])
    assert other.status == 2
    assert "litellm" in other.said[0]


def test_a_file_without_end_is_not_read_to_it(place: Place) -> None:
    ended = place.run("import", "litellm", "/dev/zero")

    assert ended.status == 2
    assert ended.said == ["error: /dev/zero: it is larger than 1,048,576 bytes, which no config is"]


@pytest.mark.parametrize("source", ["config.yaml", "./config.yaml", "link.yaml"])
def test_the_file_that_is_read_is_not_written_over(source: str, place: Place) -> None:
    (place.home / "link.yaml").symlink_to("config.yaml")
    ended = place.run("import", "litellm", source, "-o", "config.yaml", "--force")

    assert ended.status == 2
    assert ended.said == ["error: config.yaml: it is the file that is read; name another"]
    assert (place.home / "config.yaml").read_text() == LITELLM


def test_what_is_no_file_is_neither_waited_for_nor_closed_to_others(place: Place) -> None:
    pipe = place.home / "pipe"
    os.mkfifo(pipe, 0o644)
    pipe.chmod(0o644)
    ended = place.run("import", "litellm", "config.yaml", "-o", "pipe", "--force")

    assert ended.status == 2
    assert ended.said[-1] == "error: pipe: it is no plain file; leave out --force and name another"
    assert stat.S_IMODE(pipe.stat().st_mode) == 0o644


def test_an_option_that_there_is_not_is_no_file(place: Place) -> None:
    ended = place.run("import", "litellm", "--out")

    assert (ended.status, ended.out) == (2, "")
    assert "--out" in ended.said[0]


def test_without_the_extra_it_says_how_to_install_it(place: Place, tmp_path: Path) -> None:
    (tmp_path / "yaml.py").write_text("raise ModuleNotFoundError('no', name='yaml')\n")
    bare = Place(place.home, {"PYTHONPATH": f"{tmp_path}:{place.environment()['PYTHONPATH']}"})
    ended = bare.run_process("import", "litellm", "config.yaml")

    assert ended.status == 2
    assert ended.said[0].startswith("error: reading YAML needs an extra: ")
    assert ".[yaml]'" in ended.said[0]
