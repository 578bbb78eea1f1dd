"""Every key of the file with its default and what it means: the one place that says so.

The values are read from the records that hold them, so this page cannot lie; the
commented file that ``orchestrator init`` writes is made from it.
"""

from __future__ import annotations

import attrs

from orchestrator.config.records import Provider, TargetSettings
from orchestrator.states.policy import Policy, Timeouts

_POLICY, _TIMEOUTS = Policy(), Timeouts()
_PROVIDER, _TARGET = attrs.fields_dict(Provider), attrs.fields_dict(TargetSettings)


@attrs.frozen
class Default:
    """One key of the file.

    Attributes:
        table: The table it stands in, empty for the top of the file.
        key: Its name.
        value: Its default as TOML, or an example where it has no default.
        meaning: What it decides, in one sentence.
    """

    table: str
    key: str
    value: str
    meaning: str


def _duration(amount: float | None) -> str:
    return '"auto"' if amount is None else f'"{amount:g}s"'


def _truth(value: object) -> str:
    return "true" if value else "false"


DEFAULTS = (
    Default("", "health", '"file"', "file (shared by this user's processes) | memory"),
    Default("", "ledger", '"calls.jsonl"', "no default; every call is appended, as JSON lines"),
    Default(
        "policy",
        "max_attempts",
        str(_POLICY.max_attempts),
        "requests sent over the whole call, rotations included",
    ),
    Default(
        "policy",
        "attempts_per_target",
        str(_POLICY.attempts_per_target),
        "tries at one target that no rotation preceded",
    ),
    Default(
        "policy",
        "deadline",
        _duration(_POLICY.deadline),
        "until content reaches the caller; connect + total must fit in it",
    ),
    Default(
        "policy",
        "patience",
        _duration(_POLICY.patience),
        "the longest wait, and the slowest failure, worth another try while a fallback stands by",
    ),
    Default(
        "policy",
        "on_interrupted",
        f'"{_POLICY.on_interrupted}"',
        "fail | continue | hold, once content reached the caller",
    ),
    Default(
        "policy",
        "drop",
        "[]",
        'what may be left out where a target cannot take it, such as "n"; "*": any parameter',
    ),
    Default(
        "policy.on",
        "content_policy",
        '["fallback"]',
        "replaces the moves of a reason: rotate, retry, fallback",
    ),
    Default(
        "timeouts", "connect", _duration(_TIMEOUTS.connect), "until the connection stands, with TLS"
    ),
    Default(
        "timeouts",
        "first_token",
        _duration(_TIMEOUTS.first_token),
        "streamed: until the first content; auto, or a fixed time",
    ),
    Default("timeouts", "idle", _duration(_TIMEOUTS.idle), "streamed: between chunks"),
    Default("timeouts", "total", _duration(_TIMEOUTS.total), "unstreamed: the whole answer"),
    Default(
        "timeouts",
        "stream_total",
        _duration(_TIMEOUTS.stream_total),
        "streamed: from the first content to the end",
    ),
    Default(
        "providers.NAME",
        "vendor",
        '"deepseek"',
        "no default; a known name whose data hold here too, for a second account",
    ),
    Default(
        "providers.NAME",
        "dialect",
        f'"{_PROVIDER["dialect"].default}"',
        "how the endpoint is spoken to; a known name brings its own",
    ),
    Default(
        "providers.NAME",
        "base_url",
        '"http://llm.corp/v1"',
        "needed unless NAME is known",
    ),
    Default(
        "providers.NAME",
        "key_header",
        '"api-key"',
        "no default; the header that carries the key, where the dialect's own does not",
    ),
    Default(
        "providers.NAME",
        "credentials",
        '["env:NAME_API_KEY"]',
        "also file:PATH, command:PROGRAM …, keyring:SERVICE/NAME; a known name brings its variable",
    ),
    Default(
        "providers.NAME",
        "headers",
        "{}",
        'added to what is sent, or replacing it; "" removes one',
    ),
    Default(
        "providers.NAME",
        "public_headers",
        '["X-Team"]',
        "no default; headers whose values are no secrets, and may be shown",
    ),
    Default(
        "providers.NAME",
        "stream",
        _truth(_PROVIDER["stream"].default),
        'false where the endpoint cannot stream; "always": also for whole answers',
    ),
    Default(
        "providers.NAME",
        "end",
        f'"{_PROVIDER["end"].default}"',
        "what ends its streams: finish (a finish reason), or mark, where it never sends one",
    ),
    Default(
        "providers.NAME",
        "strategy",
        f'"{_PROVIDER["strategy"].default}"',
        "fill_first | round_robin | least_used | random",
    ),
    Default(
        "providers.NAME",
        "accounts",
        f'"{_PROVIDER["accounts"].default}"',
        "separate | one, where all keys share one account's limits",
    ),
    Default(
        "providers.NAME",
        "rules",
        "[]",
        'your own rules, before ours: {status = 418, contains = "...", reason = "billing"}',
    ),
    Default(
        'targets."NAME/MODEL"',
        "context",
        "8192",
        "no default; the context window in tokens, unknown fits",
    ),
    Default(
        'targets."NAME/MODEL"',
        "overrides",
        "{}",
        "fields that replace those of the request here",
    ),
    Default('targets."NAME/MODEL"', "timeouts", "{}", "limits that replace those of [timeouts]"),
    Default(
        'targets."NAME/MODEL"',
        "reasoning",
        "true",
        "no default; whether the model thinks before it speaks, if its name does not say so",
    ),
)
"""Every key that a config may hold, in the order of the file."""


def commented(table: str) -> str:
    """The keys of ``table`` as TOML comments, one a line: value, then meaning."""
    rows = [(f"# {one.key} = {one.value}", one.meaning) for one in DEFAULTS if one.table == table]
    width = max((len(left) for left, _ in rows), default=0)
    return "\n".join(f"{left:<{width}}  # {meaning}" for left, meaning in rows)
