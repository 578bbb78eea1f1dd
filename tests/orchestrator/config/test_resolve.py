"""From a file's text to a config: what is documented loads, what is wrong is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from attrs import fields
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import ConfigError
from orchestrator.config.config import Config
from orchestrator.config.loading import loads
from orchestrator.config.schema import Document, ProviderTable, TargetTable
from orchestrator.pooling import Strategy
from orchestrator.secrets import Secret
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import DEFAULT_MOVES, Move, Reason

DOCUMENTED = """
health = "file"
ledger = "calls.jsonl"
[policy]
max_attempts = 16
attempts_per_target = 3
deadline = "300s"
patience = "10s"
on_interrupted = "fail"
[policy.on]
content_policy = ["fallback"]
[timeouts]
connect = "5s"
first_token = "auto"
idle = "30s"
total = "120s"
stream_total = "600s"
[providers.deepseek]
credentials = ["env:DEEPSEEK_API_KEY", "env:DEEPSEEK_API_KEY_2"]
[providers.corp]
dialect = "openai-chat"
base_url = "http://llm.corp/v1"
credentials = ["env:CORP_KEY"]
headers = { User-Agent = "curl/8.7.1" }
stream = false
[[providers.corp.rules]]
status = 418
contains = "wallet is empty"
reason = "billing"
[targets."corp/llama"]
context = 8192
overrides = { temperature = 0 }
timeouts = { total = "300s" }
[routes]
default = ["deepseek/deepseek-v4-pro", "openrouter/openai/gpt-oss-120b:free", "corp/llama"]
"""
KEYS = {
    "DEEPSEEK_API_KEY": "sk-one",
    "DEEPSEEK_API_KEY_2": "sk-two",
    "CORP_KEY": "sk-three",
    "OPENROUTER_API_KEY": "sk-four",
    "OPENROUTER_API_KEY_2": "sk-five",
}
ROUTE = '[routes]\ndefault = ["ollama/llama3.2"]\n'


def problems(text: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """What is wrong with a config, by path."""
    with pytest.raises(ConfigError) as refused:
        loads(text, environ or {})
    return {one.where: one.what for one in refused.value.problems}


@pytest.fixture(scope="module")
def documented() -> Config:
    return loads(DOCUMENTED, KEYS)


def test_the_documented_sample_loads_without_a_warning(documented: Config) -> None:
    assert documented.warnings == ()
    assert [target.name for target in documented.route()] == [
        "deepseek/deepseek-v4-pro",
        "openrouter/openai/gpt-oss-120b:free",
        "corp/llama",
    ]


def test_the_documented_sample_means_what_it_says(documented: Config) -> None:
    policy, timeouts = documented.policy, documented.timeouts

    assert (documented.health, documented.ledger) == ("file", Path("calls.jsonl"))
    assert (policy.max_attempts, policy.attempts_per_target) == (16, 3)
    assert (policy.deadline, policy.patience) == (300, 10)
    assert policy.on_interrupted is OnInterrupted.FAIL
    assert policy.on == {**DEFAULT_MOVES, Reason.CONTENT_POLICY: frozenset({Move.FALLBACK})}
    assert (timeouts.connect, timeouts.first_token, timeouts.idle) == (5, None, 30)
    assert (timeouts.total, timeouts.stream_total) == (120, 600)


def test_the_documented_providers_are_as_documented(documented: Config) -> None:
    deepseek, corp = documented.providers["deepseek"], documented.providers["corp"]

    assert deepseek.base_url == "https://api.deepseek.com"
    assert [one.label for one in deepseek.credentials] == ["key#1", "key#2"]
    assert deepseek.documentation.startswith("https://")
    assert corp.headers == {"User-Agent": "curl/8.7.1"}
    assert (corp.stream, deepseek.stream) == (False, True)
    assert [rule.reason for rule in corp.rules] == [Reason.BILLING]
    assert documented.targets["corp/llama"].overrides == {"temperature": 0}
    assert documented.route()[2].timeouts.total == 300
    assert documented.route()[2].context == 8192


def test_a_known_provider_in_a_route_is_implied_with_all_its_keys(documented: Config) -> None:
    implied = documented.providers["openrouter"]

    assert [one.source for one in implied.credentials] == [
        "env:OPENROUTER_API_KEY",
        "env:OPENROUTER_API_KEY_2",
    ]


def test_defaults_are_those_of_the_records() -> None:
    config = loads(ROUTE, {})

    assert (config.policy, config.timeouts) == (Config().policy, Config().timeouts)
    assert (config.health, config.ledger) == ("file", None)


def test_a_local_provider_is_keyless_until_its_variable_is_set() -> None:
    plain = loads(ROUTE, {}).providers["ollama"]
    keyed = loads(ROUTE, {"OLLAMA_API_KEY": "quiet"}).providers["ollama"]

    assert plain.keyless
    assert [one.label for one in plain.credentials] == ["anonymous"]
    assert not keyed.keyless
    assert [one.source for one in keyed.credentials] == ["env:OLLAMA_API_KEY"]


def test_a_custom_provider_without_credentials_is_keyless() -> None:
    text = '[providers.me]\nbase_url = "http://localhost:1/v1/"\nstrategy = "round_robin"\n'
    provider = loads(text + '[routes]\ndefault = ["me/m"]', {}).providers["me"]

    assert provider.keyless
    assert provider.base_url == "http://localhost:1/v1"
    assert provider.strategy is Strategy.ROUND_ROBIN


def test_a_known_provider_may_be_moved() -> None:
    text = '[providers.deepseek]\nbase_url = "http://relay.corp"\n'
    provider = loads(text + '[routes]\ndefault = ["deepseek/x"]', KEYS).providers["deepseek"]

    assert provider.base_url == "http://relay.corp"
    assert len(provider.credentials) == 2


def test_a_missing_key_is_a_warning_and_a_passed_over_target() -> None:
    config = loads('[routes]\ndefault = ["groq/a", "ollama/b"]\nfast = ["groq/a"]', {})

    assert [target.name for target in config.route()] == ["ollama/b"]
    assert config.route("fast") == ()
    (warning,) = config.warnings
    assert str(warning) == (
        "providers.groq.credentials: the environment variable GROQ_API_KEY is not set: "
        "passed over in routes default, fast"
    )
    assert config.passed_over == {"default": ("groq/a",), "fast": ("groq/a",)}
    assert config.providers["groq"].missing == ("the environment variable GROQ_API_KEY is not set",)


def test_several_missing_keys_of_one_provider_are_one_warning() -> None:
    text = """
[providers.corp]
base_url = "http://llm.corp/v1"
credentials = ["env:A", "env:B"]
[routes]
default = ["ollama/m", "corp/m"]
"""
    (warning,) = loads(text, {}).warnings
    (left,) = loads(text.replace('"env:A"', '"env:A", "k"'), {}).warnings

    assert (warning.where, warning.line) == ("providers.corp.credentials", 4)
    assert warning.what == (
        "the environment variables A, B are not set: passed over in route default"
    )
    assert left.what == "the environment variables A, B are not set"


def test_without_any_credential_no_target_is_left() -> None:
    found = problems('[routes]\ndefault = ["groq/a", "openai/b"]')

    assert list(found) == [""]
    assert "GROQ_API_KEY is not set" in found[""]
    assert "OPENAI_API_KEY is not set" in found[""]


def test_a_target_twice_in_a_route_is_asked_once() -> None:
    config = loads('[routes]\ndefault = ["ollama/a", "ollama/b", "ollama/a"]', {})

    assert [target.name for target in config.route()] == ["ollama/a", "ollama/b"]
    assert "'ollama/a' stands earlier" in config.warnings[0].what


def test_without_a_default_route_each_request_must_name_one() -> None:
    config = loads('[routes]\nfast = ["ollama/a"]', {})

    assert "each request must name" in config.warnings[0].what
    assert loads("[providers.ollama]", {}).route("ollama/x")[0].model == "x"


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("helth = 1", "helth", "did you mean 'health'"),
        ('health = "redis"', "health", "found 'redis'; allowed: file, memory"),
        ('health = "fil"', "health", "did you mean 'file'"),
        ('health = "reddis://u:hunter2@h/0"', "health", "did you mean redis://"),
        ('health = "redis://u:hunter2@h:0/0"', "health", "'redis://h:0/0', whose port is none"),
        ('health = "redis:/u:hunter2@h/0"', "health", "found 'h/0'; allowed: file"),
        ('health = "env:BOARD_URL"', "health", "the environment variable BOARD_URL is not set"),
        ("health = 3", "health", "found a number, 3"),
        ('ledger = " "', "ledger", "is empty"),
        ("policy = 3", "policy", "allowed: a table"),
        ("[policy]\nmax_atempts = 3", "policy.max_atempts", "did you mean 'max_attempts'"),
        ("[policy]\nmax_retries = 3", "policy.max_retries", "did you mean 'attempts_per_target'"),
        ("[policy]\nmax_attempts = 0", "policy.max_attempts", "1 or more"),
        ('[policy]\ndeadline = "3 days"', "policy.deadline", "allowed: a duration"),
        ('[policy]\ndeadline = "124s"', "policy.deadline", "at least timeouts.connect + "),
        ('[policy]\non_interrupted = "hope"', "policy.on_interrupted", "allowed: fail, "),
        ("[policy.on]\nbiling = []", "policy.on.biling", "did you mean 'billing'"),
        ('[policy.on]\nauth = "rotate"', "policy.on.auth", "allowed: a list"),
        ('[policy.on]\nauth = ["rotat"]', "policy.on.auth", "did you mean 'rotate'"),
        ('[policy.on]\nbilling = ["retry"]', "policy.on.billing", "has no money"),
        ('[policy.on]\nbilling = ["fallback", "rotate"]', "policy.on.billing", "has no money"),
        ("[timeouts]\nidle = 0", "timeouts.idle", "above 0"),
        ("[providers.corp]", "providers.corp.base_url", "is missing"),
        ("[providers.deepsek]", "providers.deepsek.base_url", "did you mean 'deepseek'"),
        ('[providers."a/b"]\nbase_url = "http://x"', "providers.a/b", "letters, digits"),
        ('[providers.groq]\ndialect = "openai"', "providers.groq.dialect", "'openai-chat'"),
        ('[providers.groq]\napi_key = "x"', "providers.groq.api_key", "'credentials'"),
        ('[providers.groq]\ncredentials = "x"', "providers.groq.credentials", "a list"),
        ('[providers.groq]\nstream = "no"', "providers.groq.stream", 'true, false, "always"'),
        ("[providers.groq.headers]\nX = 1", "providers.groq.headers", "a text on one line"),
        ("[providers]\ngroq = 3", "providers.groq", "allowed: a table"),
        ("[targets.x]\ncontext = 1", 'targets."x"', "provider/model"),
        ('[targets."depseek/x"]', 'targets."depseek/x"', "did you mean 'deepseek'"),
        ('[targets."groq/x"]\ncontext = "8k"', 'targets."groq/x".context', "whole number"),
        ('[targets."groq/x".timeouts]\nidel = 1', 'targets."groq/x".timeouts.idel', "'idle'"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_path(text: str, where: str, what: str) -> None:
    head, tables = (text, "") if "[" not in text.partition("\n")[0] else ("", text)
    found = problems(f"{head}\n{ROUTE}{tables}")

    assert list(found) == [where]
    assert what in found[where]


@pytest.mark.parametrize(
    ("routes", "where", "what"),
    [
        ('default = ["depseek/x"]', "routes.default[0]", "did you mean 'deepseek'"),
        ('default = ["deepseek"]', "routes.default[0]", '"provider/model"'),
        ('default = ["deepseek/"]', "routes.default[0]", '"provider/model"'),
        ('default = "deepseek/x"', "routes.default", "allowed: a list such as ['deepseek/x']"),
        ("default = [3]", "routes.default[0]", "allowed: a text"),
        ("default = []", "routes.default", "is empty"),
        ('"a/b" = ["ollama/x"]', "routes.a/b", "holds no '/'"),
        ("", "routes", "there is none"),
    ],
)
def test_a_mistake_in_a_route_is_told_with_its_path(routes: str, where: str, what: str) -> None:
    found = problems(f"[routes]\n{routes}")

    assert list(found) == [where]
    assert what in found[where]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = problems(
        'helth = 1\n[policy]\ndeadline = "x"\n[providers.a]\nstream = 1\ncredentials = ["evn:A"]\n'
        '[providers.b]\n[targets."c/d"]\n[routes]\ndefault = ["e/f", "a/g"]\n',
        {"ORCHESTRATOR_HEADERS_A": "no colon"},
    )

    assert set(found) == {
        "helth",
        "policy.deadline",
        "providers.a.stream",
        "providers.a.credentials[0]",
        "providers.b.base_url",
        'targets."c/d"',
        "routes.default[0]",
        "ORCHESTRATOR_HEADERS_A",
    }


@pytest.mark.parametrize(
    ("rule", "what"),
    [
        ('status = 418\nreason = "biling"', "did you mean 'billing'"),
        ('reason = "billing"', "no condition"),
        ("status = 418", "reason is missing"),
        ('stauts = 418\nreason = "billing"', "did you mean 'status'"),
        ('status = "x"\nreason = "billing"', "HTTP status"),
        ('status = 418\nreason = "rate_limit"\nretry_after = "soon"', "allowed: a duration"),
        ('status = []\nreason = "billing"', "says nothing"),
        ('status = {}\nreason = "billing"', "says nothing"),
        ('status = 418\ncontains = ""\nreason = "billing"', "says nothing"),
        ("status = 418\nreason = {}", "says nothing"),
        ("status = 418\nreason = 3", "reason 3"),
    ],
)
def test_a_rule_that_is_wrong_is_told_with_its_index(rule: str, what: str) -> None:
    found = problems(f"[providers.ollama]\n[[providers.ollama.rules]]\n{rule}\n{ROUTE}")

    assert list(found) == ["providers.ollama.rules[0]"]
    assert what in found["providers.ollama.rules[0]"]


def test_a_rule_may_name_its_wait_like_any_duration() -> None:
    rule = '[[providers.ollama.rules]]\nstatus = 418\nreason = "rate_limit"\nretry_after = "2m"\n'
    (made,) = loads(f"[providers.ollama]\n{rule}{ROUTE}", {}).providers["ollama"].rules

    assert made.retry_after == 120


def test_no_error_shows_a_secret() -> None:
    quiet = "sk-quiet-0123456789"
    with pytest.raises(ConfigError) as refused:
        loads(
            f'api_key = "{quiet}"\nhealth = "{quiet}"\n[providers.a]\napi_key = "{quiet}"\n'
            f'base_url = "http://x?key={quiet}"\ncredentials = ["{quiet} ", "{quiet} x"]\n'
            f'headers = {{ Authorization = "Bearer {quiet}\\n" }}\nstream = "{quiet}"\n'
            f'[providers.b]\ncredentials = "{quiet}"\n[routes]\ndefault = ["{quiet}"]\n',
            {},
        )

    assert len(refused.value.problems) > 6
    assert "quiet" not in str(refused.value)
    assert "quiet" not in repr(refused.value)


toml_names = st.sampled_from(
    [
        field.name
        for kind in (Document, Policy, ProviderTable, TargetTable)
        for field in fields(kind)
    ]
    + ["default", "deepseek", "corp", "ollama/x"]
)
toml_scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6)


def toml(value: Any) -> str:
    """A value as TOML writes it inline."""
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{name}" = {toml(one)}' for name, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return '"' + "".join(f"\\U{ord(letter):08X}" for letter in value) + '"'
    return {None: "1979-05-27", True: "true", False: "false"}.get(value, str(value))


@given(
    st.dictionaries(
        toml_names,
        st.recursive(
            toml_scalars,
            lambda inner: (
                st.lists(inner, max_size=2) | st.dictionaries(toml_names, inner, max_size=3)
            ),
            max_leaves=8,
        ),
        max_size=4,
    )
)
def test_any_toml_is_a_config_or_a_config_error(table: dict[str, Any]) -> None:
    text = "\n".join(f'"{name}" = {toml(value)}' for name, value in table.items())
    made = config_or_error(text)

    if isinstance(made, ConfigError):
        assert made.problems
        assert str(made).startswith("<text>:")
    else:
        assert any(provider.credentials for provider in made.providers.values())


def config_or_error(text: str) -> Config | ConfigError:
    try:
        return loads(text, {})
    except ConfigError as error:
        return error


@pytest.mark.parametrize(
    ("base_url", "vendor", "limits_by_model"),
    [
        ("https://api.openai.com/v1", "openai", True),
        ("https://api.deepseek.com/beta", "deepseek", False),
        ("http://llm.corp/v1", "second", False),
    ],
)
def test_a_second_account_is_known_by_its_address(
    base_url: str, vendor: str, *, limits_by_model: bool
) -> None:
    config = loads(
        f'[providers.second]\nbase_url = "{base_url}"\ncredentials = ["k-second"]\n'
        '[routes]\ndefault = ["second/model"]\n',
        {},
    )

    second = config.providers["second"]
    assert (second.vendor, second.limits_by_model) == (vendor, limits_by_model)


@pytest.mark.parametrize("value", ["nan", "inf", "2026-11-29", "[{ a = 1979-05-27T07:32:00Z }]"])
def test_overrides_that_json_cannot_say_are_refused_with_their_place(value: str) -> None:
    text = f'targets."corp/m".overrides = {{ temperature = {value} }}'
    with pytest.raises(ConfigError, match=r"temperature.*JSON cannot say; allowed:") as raised:
        loads(text, {})

    assert any(one.where.startswith('targets."corp/m"') for one in raised.value.problems)


@pytest.mark.parametrize(
    ("written", "read"), [('"100MB"', 10**8), ('"1 GiB"', 2**30), ("5000000", 5_000_000)]
)
def test_the_most_that_a_ledger_may_hold(written: str, read: int) -> None:
    top = f'ledger = "calls.jsonl"\nledger_max = {written}\n[routes]\ndefault = ["ollama/m"]'
    assert loads(top, {}).ledger_max == read


def test_a_ledger_that_may_hold_too_little_is_refused_with_what_is_allowed() -> None:
    with pytest.raises(ConfigError, match=r"ledger_max: found '10KB'; allowed: .*1 MB to 1000 GB"):
        loads('ledger = "x"\nledger_max = "10KB"\n[routes]\ndefault = ["ollama/m"]', {})


def test_a_limit_without_a_ledger_is_warned_of() -> None:
    config = loads('ledger_max = "100MB"\n[routes]\ndefault = ["ollama/m"]', {})
    assert [str(one.where) for one in config.warnings] == ["ledger_max"]


OLLAMA = '[routes]\ndefault = ["ollama/m"]\n[otel]\n'


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", set()),
        ("propagate = true", {"ollama", "x"}),
        ('propagate = ["ollama"]', {"ollama"}),
    ],
)
def test_who_is_told_of_a_trace(written: str, told: set[str]) -> None:
    settings = loads(OLLAMA + written, {}).otel

    assert settings.traces
    assert {name for name in ("ollama", "x") if settings.tells(name)} == told


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ('propagate = ["olama"]', r"otel.propagate\[0\]: found 'olama'.*mean 'ollama'.*configured"),
        ("propagate = [1]", "otel.propagate: found .*allowed: true, false, or a list"),
        ('propagate = "yes"', "otel.propagate: found 'yes'; allowed: true, false, or a list"),
        ("clean_ratio = 5", "otel.clean_ratio: found a number, 5; allowed: a number from 0 to 1"),
        ("clean_ratio = nan", "otel.clean_ratio: found a number, nan; allowed: a number from 0"),
        ("clean_ratio = true", "otel.clean_ratio: found a boolean, True; allowed: a number"),
        ('traces = "no"', "otel.traces: found 'no'; allowed: true or false"),
        ("trace = true", r"otel.trace: unknown key .did you mean 'traces'"),
    ],
)
def test_what_traces_may_not_be_is_said_with_what_they_may(written: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        loads(OLLAMA + written, {})


@pytest.mark.parametrize(
    ("written", "environ"),
    [
        ("rediss://user:hunter2@host/0", {}),
        ("env:BOARD_URL", {"BOARD_URL": "rediss://user:hunter2@host/0"}),
    ],
)
def test_the_url_of_a_shared_board_is_kept_as_a_secret(
    written: str, environ: dict[str, str]
) -> None:
    text = f'health = "{written}"\n[providers.a]\nbase_url = "http://127.0.0.1:1/v1"\n'

    config = loads(f'{text}[routes]\ndefault = ["a/m"]\n', environ)

    assert isinstance(config.health, Secret)
    assert config.health.reveal() == "rediss://user:hunter2@host/0"
    assert "hunter2" not in repr(config)
