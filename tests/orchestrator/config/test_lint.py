"""What ``orchestrator check`` finds, and that it finds nothing in a sound config."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config.line_numbers import with_lines
from orchestrator.config.lint import Level, enough, lint, shares, shortages
from orchestrator.config.loading import load, loads
from orchestrator.states import (
    Call,
    Policy,
    Send,
    Standby,
    Started,
    Switched,
    Taken,
    Target,
    Timeouts,
    step,
)
from orchestrator.states.error import Error
from orchestrator.states.events import Diagnosed, Event, Failed
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
            "providers.groq.credentials",
            "is not set: passed over in route default",
        ),
        ('[routes]\ndefault=["ollama/a", "ollama/a"]', "routes.default[1]", "stands earlier"),
        (
            '[routes]\ndefault=["ollama/a", "ollama/b"]',
            "routes.default",
            "ollama down ends every call",
        ),
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
        (
            '[policy]\nretry_budget=13\n[routes]\ndefault=["ollama/a"]',
            "policy.retry_budget",
            "13 tokens pay for no retry but after a rate limit: one costs 14",
        ),
        (
            '[policy]\nretry_budget=1\n[routes]\ndefault=["ollama/a"]',
            "policy.retry_budget",
            "1 tokens pay for no retry at all: one costs 14",
        ),
    ],
)
def test_what_is_doubtful_is_found(text: str, where: str, what: str) -> None:
    assert what in findings(text)[where]


def test_a_provider_whose_address_the_environment_lacks_is_looked_over() -> None:
    text = '[providers.databricks]\n[routes]\ndefault = ["databricks/m", "ollama/small"]'

    assert "providers.databricks" in " ".join(findings(text))


def test_what_is_said_of_tls_where_none_is_spoken_is_found(tmp_path: Path) -> None:
    (tmp_path / "corp.pem").write_bytes(trustme.CA().cert_pem.bytes())
    text = SOUND.replace("credentials", 'verify = "corp.pem"\nhttp2 = true\ncredentials', 1)
    file = tmp_path / "orchestrator.toml"

    def found(text: str) -> list[tuple[str, str, int | None]]:
        file.write_text(text)
        config = load(file, KEYS)
        return [(one.where, one.what, one.line) for one in with_lines(text, lint(config))]

    what = "has no effect: http://llm.corp is asked without TLS"
    assert found(text) == [
        ("providers.corp.verify", what, 4),
        ("providers.corp.http2", what, 5),
    ]
    assert found(text.replace("http://", "https://")) == []
    # A proxy may speak TLS, and is trusted by the same certificates.
    proxied = text.replace("http2 = true", 'proxy = "https://proxy.corp"')
    assert found(proxied) == []


def test_a_deadline_that_silence_uses_up_is_found() -> None:
    (finding,) = lint(loads(f'[policy.on]\ntimeout = ["retry"]\n{SOUND}', KEYS))

    assert (
        "corp/big silent uses up the deadline of 300 s: ollama/small is never asked" in finding.what
    )
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


def test_a_fallback_of_another_model_is_found_where_vectors_are_made() -> None:
    route = ["corp/text-embedding-3-small", "ollama/x/text-Embedding-3-small", "ollama/bge-m3"]
    found = lint(loads(SOUND.replace('["corp/big", "ollama/small"]', str(route)), KEYS))

    (finding,) = (one for one in found if "embeddings" in one.what)
    assert finding.where == "routes.default"
    assert finding.what == (
        "ollama/bge-m3 is never asked for embeddings: its model is another than "
        "text-embedding-3-small"
    )


def test_errors_come_first() -> None:
    text = '[providers.vllm]\n[routes]\ndefault=["ollama/a"]\nb=["groq/x"]'
    levels = [one.level for one in lint(loads(text, {}))]

    assert levels[0] is Level.ERROR
    assert Level.ERROR not in levels[1:]


def test_one_account_under_two_names_is_found() -> None:
    text = SOUND + '[providers.again]\nbase_url = "http://llm.corp/v1"\ncredentials = ["env:B"]\n'

    assert "corp and again are one account" in findings(text, KEYS)["providers.again"]


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


# What a route's deadline leaves each target.

limits = st.builds(
    Timeouts,
    first_token=st.none() | st.floats(1, 60),
    total=st.floats(1, 200),
)
routes = st.lists(
    st.builds(
        Target,
        st.sampled_from("abcdefgh"),
        st.just("m"),
        reasoning=st.booleans(),
        stream=st.sampled_from((None, True, False)),
        timeouts=limits,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda target: target.name,
)
policies = st.builds(Policy, deadline=st.floats(5, 900))
SILENCE = Error(Reason.TIMEOUT, "timeout.total")


def sent(route: tuple[Target, ...], policy: Policy) -> Iterator[tuple[Send, float]]:
    """Every send of a call in which nobody answers, and how long it is waited for."""
    call, at = Call(route, policy), 0.0
    event: Event = Started(at, Taken(route[0], "key#1"), Standby((), route))
    for target in route:
        moved = step(call, event)
        assert isinstance(moved.command, Send)
        seconds = limit(moved.command, target)
        yield moved.command, seconds
        at += seconds
        rest = tuple(one for one in route if one.name not in moved.call.asked)
        call = step(moved.call, Failed(at, waited=seconds)).call
        call = step(call, Diagnosed(at, SILENCE, Standby((), rest))).call
        if not rest:
            return
        event = Switched(at, Taken(rest[0], "key#1"), Standby((), rest))


def limit(send: Send, target: Target) -> float:
    whole = not target.stream
    return send.timeouts.total if whole else send.timeouts.first_token or 0.0


@given(routes, policies)
def test_a_share_is_the_limit_that_the_machine_gives(route: list[Target], policy: Policy) -> None:
    told, given = tuple(shares(route, policy)), tuple(sent(tuple(route), policy))

    assert [share.target for share in told] == [send.target for send, _ in given]
    assert [share.seconds for share in told] == pytest.approx([seconds for _, seconds in given])


@given(routes, policies)
def test_what_is_enough_is_enough_and_ten_seconds_less_are_not(
    route: list[Target], policy: Policy
) -> None:
    deadline = enough(route, policy)

    assert shortages(route, attrs.evolve(policy, deadline=float(deadline))) == ()
    if deadline > 10:
        assert shortages(route, attrs.evolve(policy, deadline=deadline - 10.0))


@pytest.mark.parametrize(("provider", "is_warned"), [("openai", True), ("ollama", False)])
def test_limits_of_a_passthrough_that_leads_nowhere_are_warned_of(
    *, provider: str, is_warned: bool
) -> None:
    text = f"""
    [targets."{provider}/passthrough"]
    timeouts = {{ first_token = "120s" }}

    [routes]
    default = ["ollama/m"]
    """
    where = f'targets."{provider}/passthrough"'
    found = [one for one in lint(loads(text, {})) if one.where == where]

    assert [one.level for one in found] == ([Level.WARNING] if is_warned else [])
    assert all("passed through" in one.what and one.fix for one in found)


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ('base_url = "http://llm.corp/v1"\nwarn_below = 5', "nothing says how much money is left"),
        ('vendor = "deepseek"\nwarn_below = 5\nbalance = 0', "its vendor is never asked"),
        ('vendor = "deepseek"\nwarn_below = 5', None),
        ('vendor = "deepseek"\nbalance = 0', None),
        ('base_url = "http://llm.corp/v1"', None),
    ],
)
def test_a_warning_of_money_that_nobody_tells_of_is_none(table: str, what: str | None) -> None:
    text = f'[providers.corp]\ncredentials = ["env:A"]\n{table}\n[routes]\ndefault = ["corp/m"]'

    found = findings(text, KEYS).get("providers.corp.warn_below")

    assert found is None if what is None else found is not None and what in found
