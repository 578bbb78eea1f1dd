"""Every key of the file, with its default and what it means, and the file that ``init`` writes.

This is the one place that says so: the page of the docs is made from it too. The values are read
from the records that hold them, so neither can lie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from orchestrator.config import credentials
from orchestrator.config.config import GatewaySettings, OtelSettings
from orchestrator.dialects import DIALECTS
from orchestrator.provider import Provider
from orchestrator.states.policy import Policy, Timeouts
from orchestrator.vendors import CATALOGUE, EndpointUnknown, Vendor

_POLICY, _TIMEOUTS, _PROVIDER = Policy(), Timeouts(), Provider("NAME")
_GATEWAY, _OTEL = GatewaySettings(), OtelSettings()


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


def _seconds(amount: float | None) -> str:
    return '"auto"' if amount is None else f'"{amount:g}s"'


_KEYS = f"""
health = "file"  # file (shared by this user's processes) | memory | redis://… (by hosts) | env:NAME
ledger = "calls.jsonl"  # no default; every call is appended, as JSON lines
ledger_max = "100MB"  # no default; a ledger that would grow beyond it is renamed to NAME.1, in place of an older one

[policy]
max_attempts = {_POLICY.max_attempts}  # requests sent over the whole call, rotations included
attempts_per_target = {_POLICY.attempts_per_target}  # tries at one target that no rotation preceded
deadline = {_seconds(_POLICY.deadline)}  # until content reaches the caller; connect + total must fit in it
patience = {_seconds(_POLICY.patience)}  # the longest wait, and the slowest failure, worth another try while a fallback stands by
on_interrupted = "{_POLICY.on_interrupted}"  # fail | continue | hold, once content reached the caller
drop = []  # what may be left out where a target cannot take it, such as "n"; "*": any parameter
largest_answer = "{_PROVIDER.largest_answer // 2**20} MiB"  # more of an answer is not read, 1 MiB to 1 GiB, decoded
retry_budget = {_PROVIDER.retry_budget}  # tokens that failed retries at one provider may spend, 14 each; 0: no limit

[policy.on]
content_policy = ["fallback"]  # replaces the moves of a reason: rotate, retry, fallback

[timeouts]
connect = {_seconds(_TIMEOUTS.connect)}  # until the connection stands, with TLS
first_token = {_seconds(_TIMEOUTS.first_token)}  # streamed: until the first content; auto, or a fixed time
idle = {_seconds(_TIMEOUTS.idle)}  # streamed: between chunks
total = {_seconds(_TIMEOUTS.total)}  # unstreamed: the whole answer
stream_total = {_seconds(_TIMEOUTS.stream_total)}  # streamed: from the first content to the end

[providers.NAME]
vendor = "deepseek"  # no default; a known name whose data hold here too, for a second account
dialect = "{_PROVIDER.dialect}"  # {" | ".join(DIALECTS)}; a known name brings its own
base_url = "http://llm.corp/v1"  # needed unless NAME is known
key_header = "api-key"  # no default; the header that carries the key, where the dialect's own does not
credentials = ["env:NAME_API_KEY"]  # also file:PATH, command:PROGRAM …, keyring:SERVICE/NAME; a known name brings its variable
headers = {{}}  # added to what is sent, or replacing it; "" removes one
public_headers = ["X-Team"]  # no default; headers whose values are no secrets, and may be shown
stream = {str(_PROVIDER.stream).lower()}  # false where the endpoint cannot stream; "always": also for whole answers
end = "{_PROVIDER.end}"  # what ends its streams: finish (a finish reason), or mark, where it never sends one
strategy = "{_PROVIDER.strategy}"  # fill_first | round_robin | least_used | random
accounts = "{_PROVIDER.accounts}"  # separate | one, where all keys share one account's limits
proxy = "http://proxy.corp:3128"  # no default; in place of the environment's: http, https, socks5, socks5h, env:NAME, or "" for none
verify = "{_PROVIDER.connection.verify}"  # a PEM file or folder of the authorities to trust, in place of the environment's or the usual ones; false of a server on this machine
http2 = {str(_PROVIDER.connection.http2).lower()}  # asked by HTTP/2 where it speaks it
balance = {_seconds(_PROVIDER.balance_every)}  # how often its vendor is asked how much money is left, where it tells; 0 for never
warn_below = {_PROVIDER.low_balance:g}  # less money than this is a warning, in the account's currency; 0 for none
rules = []  # your own rules, before ours: {{status = 418, contains = "...", reason = "billing"}}

[targets."NAME/MODEL"]
context = 8192  # no default; the context window in tokens, unknown fits
overrides = {{}}  # fields that replace those of the request here
timeouts = {{}}  # limits that replace those of [timeouts]
reasoning = true  # no default; whether the model thinks before it speaks, if its name does not say so

[gateway]
keys = "keys.json"  # no default; the callers' keys, hashed, as `orchestrator key new` writes them
drain = {_seconds(_GATEWAY.drain)}  # what calls in flight may take once the gateway is to stop
max_body = "{_GATEWAY.max_body // 2**20} MiB"  # a larger request is refused, 1 MiB to 1 GiB
max_in_flight = {_GATEWAY.max_in_flight}  # calls at once; more are told at once when to come again
cors = []  # the origins whose pages may use it from a browser, such as "https://chat.corp"
calls_kept = {_GATEWAY.calls_kept}  # finished calls that /v1/calls tells of

[otel]
traces = {str(_OTEL.traces).lower()}  # false: no spans, though the application uses OpenTelemetry
propagate = {str(_OTEL.propagate).lower()}  # true: providers are sent the trace's id (traceparent); or a list of those that are
clean_ratio = {_OTEL.clean_ratio:g}  # of the gateway's calls that the first attempt answered, how many are traced: from 0 to 1 for all
"""  # noqa: E501 - one line a key, as in the file


def _defaults() -> Iterator[Default]:
    table = ""
    for line in filter(None, _KEYS.splitlines()):
        if line.startswith("["):
            table = line[1:-1]
        else:
            pair, _, meaning = line.partition("  # ")
            key, _, value = pair.partition(" = ")
            yield Default(table, key, value, meaning)


DEFAULTS = tuple(_defaults())
"""Every key that a config may hold, in the order of the file."""


def commented(table: str) -> str:
    """The keys of ``table`` as TOML comments, one a line: value, then meaning."""
    rows = [(f"# {one.key} = {one.value}", one.meaning) for one in DEFAULTS if one.table == table]
    width = max((len(left) for left, _ in rows), default=0)
    return "\n".join(f"{left:<{width}}  # {meaning}" for left, meaning in rows)


# The file that ``orchestrator init`` writes: the keys found, and every default as a comment.

_HEAD = """\
# Written by `orchestrator init`. Lines that begin with "#" show the defaults.
# Keys stay where they are: "env:NAME" names a variable and is no secret.
"""


def starter(environ: Mapping[str, str]) -> str:
    """The text of a commented ``orchestrator.toml`` for the keys in ``environ``.

    It holds no secret and loads as it is. Without any key it names a local server.
    """
    found = _found(environ)
    targets = [f"{name}/{CATALOGUE[name].starter}" for name in found or _local()]
    parts = [
        _HEAD + commented(""),
        *(f"[{table}]\n{commented(table)}" for table in ("policy", "policy.on", "timeouts")),
        *(_provider(CATALOGUE[name], entries) for name, entries in found.items()),
        _custom(),
        _routes(targets),
    ]
    return "\n\n".join(parts) + "\n"


def _found(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The hosted providers that have a key, with their entries; local ones need none.

    One without a model to start from (it is retired), or of which the environment does not say
    where it is, is left out.
    """
    entries = {
        name: credentials.implied(entry.keys, environ)
        for name, entry in CATALOGUE.items()
        if entry.starter and not entry.keyless and _is_located(entry, environ)
    }
    return {name: listed for name, listed in entries.items() if listed}


def _local() -> list[str]:
    """The server on the user's own machine that is named where no key was found."""
    return [one.name for one in CATALOGUE.values() if one.keyless and one.starter][:1]


def _is_located(entry: Vendor, environ: Mapping[str, str]) -> bool:
    try:
        return bool(entry.endpoint(environ).base_urls)
    except (EndpointUnknown, ValueError):
        return False


def _provider(entry: Vendor, entries: Sequence[str]) -> str:
    listed = ", ".join(f'"{one}"' for one in entries)
    return f"[providers.{entry.name}]  # {entry.documentation}\ncredentials = [{listed}]"


def _custom() -> str:
    tables = ("providers.NAME", 'targets."NAME/MODEL"', "gateway", "otel")
    return "\n\n".join(f"# [{table}]\n{commented(table)}" for table in tables)


def _routes(targets: Sequence[str]) -> str:
    listed = "".join(f'    "{target}",\n' for target in targets)
    head = "# Asked in this order; change it, and the models, to what you want."
    return f"{head}\n[routes]\ndefault = [\n{listed}]"
