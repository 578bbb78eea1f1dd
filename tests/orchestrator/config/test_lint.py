"""What ``orchestrator check`` finds, and that it finds nothing in a sound config."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from orchestrator.config import Level, lint, load, loads
from orchestrator.states.reasons import Reason

SOUND = """
[providers.corp]
base_url = "http://llm.corp/v1"
credentials = ["env:A", "env:B"]
[routes]
default = ["corp/big", "ollama/small"]
"""
KEYS = {"A": "sk-one", "B": "sk-two"}


def findings(text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    return {one.where: one.what for one in lint(loads(text, environ or {}))}


def test_what_to_do_is_said_where_it_helps_and_only_there() -> None:
    text = """
        [providers.corp]
        base_url = "http://llm.corp/v1"
        credentials = ["env:A", "env:GONE", "env:A", "file:gone"]
        [routes]
        default = ["groq/x", "corp/a", "ollama/b", "corp/a"]
    """
    fixes = {one.where: one.fix for one in lint(loads(text, KEYS))}

    assert fixes == {
        "providers.corp.credentials[1]": "set it, or take the entry out",
        "providers.corp.credentials[2]": "list each key once",
        "providers.corp.credentials[3]": "put the key there, or take the entry out",
        "providers.groq.credentials": "set it, or leave the provider out",
        "providers.groq": "",
        "routes.default[3]": "take it out here",
    }


@pytest.mark.parametrize(
    ("ledger", "why"),
    [
        ("gone/calls.jsonl", "there is no folder"),
        ("folder", "it is a folder"),
        ("file/calls.jsonl", "there is no folder"),
        ("locked.jsonl", "you may not write it"),
        ("shut/calls.jsonl", "you may not write in"),
        ("calls.jsonl", ""),
        ("folder/calls.jsonl", ""),
        ("file", ""),
    ],
)
def test_a_ledger_that_cannot_be_written_is_an_error(ledger: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "shut").mkdir(mode=0o500)
    (tmp_path / "file").touch()
    (tmp_path / "locked.jsonl").touch(mode=0o400)
    file = tmp_path / "orchestrator.toml"
    file.write_text(f'ledger = "{ledger}"\n[routes]\ndefault = ["ollama/m"]')
    # Who may do everything is told of nothing.
    allowed = "may not" in why and os.geteuid() == 0
    found = [one for one in lint(load(file)) if one.where == "ledger"]

    assert [one.level for one in found] == ([Level.ERROR] if why and not allowed else [])
    assert all(why in one.what and one.fix for one in found)
    assert not (tmp_path / "calls.jsonl").exists()


def test_a_sound_config_has_no_findings() -> None:
    assert lint(loads(SOUND, KEYS)) == ()


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ('[routes]\ndefault=["ollama/a"]\nb=["groq/x"]', "routes.b", "no target is left"),
        (
            '[routes]\ndefault=["ollama/a", "groq/x"]',
            "providers.groq",
            "passed over in route default",
        ),
        ('[routes]\ndefault=["ollama/a", "groq/x"]', "providers.groq.credentials", "is not set"),
        ('[routes]\ndefault=["ollama/a", "ollama/a"]', "routes.default[1]", "stands earlier"),
        ('[routes]\ndefault=["ollama/a", "ollama/b"]', "routes.default", "billed by ollama"),
        ('[providers.vllm]\n[routes]\ndefault=["ollama/a"]', "providers.vllm", "no route"),
        ('[targets."ollama/b"]\n[routes]\ndefault=["ollama/a"]', 'targets."ollama/b"', "no route"),
        (
            '[policy]\nmax_attempts=1\n[routes]\ndefault=["ollama/a", "vllm/b"]',
            "routes.default",
            "2 targets, but only 1 attempts",
        ),
        (
            '[policy]\ndeadline=126\n[routes]\ndefault=["ollama/a", "vllm/b", "lmstudio/c"]',
            "routes.default",
            "3 targets share 126 s: where none answers, vllm/b has 31.5 s, but an answer may need",
        ),
        (
            '[targets."ollama/a".timeouts]\ntotal="1h"\n[routes]\ndefault=["ollama/a"]',
            "routes.default",
            "3605 s for an attempt",
        ),
    ],
)
def test_what_is_doubtful_is_found(text: str, where: str, what: str) -> None:
    assert what in findings(text)[where]


def test_a_deadline_that_silence_uses_up_is_found() -> None:
    (finding,) = lint(loads(f'[policy.on]\ntimeout = ["retry"]\n{SOUND}', KEYS))

    assert "where corp/big says nothing, it uses up the deadline of 300 s" in finding.what
    assert finding.fix == "list fallback for timeout in [policy.on]"


@pytest.mark.parametrize(
    ("deadline", "fix"),
    [
        ("200s", 'write deadline = "360s" in [policy], or stream = "always" at the providers'),
        ("126s", 'write deadline = "360s" in [policy], or stream = "always" at the providers'),
        ("40s", 'write deadline = "120s" in [policy], or shorten the route'),
    ],
)
def test_what_gives_each_target_its_time_is_said_and_helps(deadline: str, fix: str) -> None:
    limits = '[timeouts]\ntotal = "30s"' if deadline == "40s" else ""
    text = f'{limits}\n[routes]\ndefault=["ollama/a", "vllm/b", "lmstudio/c", "llamacpp/d"]'
    (finding,) = lint(loads(f'[policy]\ndeadline = "{deadline}"\n{text}', KEYS))

    assert finding.fix == fix
    assert lint(loads(f'[policy]\ndeadline = "360s"\n{text}', KEYS)) == ()


def test_a_policy_without_any_fallback_makes_later_targets_unreachable() -> None:
    none = "".join(f"{reason} = []\n" for reason in Reason)
    (finding,) = lint(loads(f"[policy.on]\n{none}{SOUND}", KEYS))

    assert finding.level is Level.ERROR
    assert "ollama/small is never reached" in finding.what


def test_errors_come_first() -> None:
    text = '[providers.vllm]\n[routes]\ndefault=["ollama/a"]\nb=["groq/x"]'
    levels = [one.level for one in lint(loads(text, {}))]

    assert levels[0] is Level.ERROR
    assert Level.ERROR not in levels[1:]


def test_one_account_under_two_names_is_found() -> None:
    text = SOUND + '[providers.again]\nbase_url = "http://llm.corp/v1"\ncredentials = ["env:B"]\n'

    assert "also a credential of corp" in findings(text, KEYS)["providers.again"]


@pytest.mark.parametrize(("mode", "found"), [(0o644, True), (0o600, False)])
def test_a_secret_that_everybody_can_read_is_found(
    tmp_path: Path, mode: int, *, found: bool
) -> None:
    (tmp_path / "key").write_text("sk-filed")
    (tmp_path / "key").chmod(mode)
    file = tmp_path / "orchestrator.toml"
    file.write_text(SOUND.replace('"env:A", "env:B"', '"sk-literal", "sk-other", "file:key"'))
    file.chmod(mode)
    whats = [one.what for one in lint(load(file, {}))]

    # Each file once, with all the keys in it.
    assert [what.partition(", which holds ")[2] for what in whats] == (
        ["key#1 of corp, key#2 of corp", "key#3 of corp"] if found else []
    )
    assert not [what for what in whats if "sk-" in what]


def test_a_rule_behind_one_that_takes_all_is_found() -> None:
    head, _, routes = SOUND.partition("[routes]")
    written = '[[providers.corp.rules]]\nstatus = 418\nreason = "billing"\n' * 2
    found = findings(f"{head}{written}[routes]{routes}", KEYS)

    assert list(found) == ["providers.corp.rules[1]"]
    assert "corp.rules[0] comes first" in found["providers.corp.rules[1]"]
