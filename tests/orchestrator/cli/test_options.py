"""Every option of every command has an effect, or is refused where it would have none.

A way is one thing that a command can do. Of each way, each option of its command is listed:
with what the option brings that is not there without it, or with the words that refuse it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs
import pytest

from orchestrator.cli.app import COMMANDS, build_app
from orchestrator.cli.screen import Screen
from orchestrator.sim import Completion, Reply, ScriptedProviders, replies
from tests.orchestrator.cli.entry import Place, configured


@attrs.frozen
class Refused:
    """The option is refused, with these words, before anything is done."""

    words: str


@attrs.frozen
class Written:
    """The option makes this file."""

    file: str


@attrs.frozen
class Streamed:
    """The provider is asked for a stream with the option, and not without it."""


Effect = str | Refused | Written | Streamed
"""A text is a pattern of what is printed with the option, and not without it."""

ONE = r'"calls": \['
CONFIG = (("--config", "other.toml"), r"other\.toml")

WAYS: Mapping[tuple[str, ...], tuple[tuple[tuple[str, ...], Effect], ...]] = {
    ("demo",): ((("--keep", "kept"), Written("kept/calls.jsonl")), (("--json",), r'"ok": true')),
    ("init",): (
        (("--output", "new.toml"), Written("new.toml")),
        (("--force",), r"wrote orchestrator\.toml"),
    ),
    ("init", "--force"): ((("--json",), r'"path"'),),
    ("import", "litellm", "other.yaml"): (
        (("--output", "new.toml"), Written("new.toml")),
        (("--force",), Refused("--force needs --output FILE")),
        (("--keep-keys",), Refused("--keep-keys needs --output FILE")),
        (("--json",), r'"carried": 3'),
    ),
    ("import", "litellm", "other.yaml", "--output", "orchestrator.toml"): (
        (("--force",), r"wrote orchestrator\.toml"),
    ),
    ("import", "litellm", "other.yaml", "--output", "orchestrator.toml", "--force"): (
        (("--keep-keys",), r"other\.yaml: carried 3 of 3 settings\n"),
        (("--json",), r'"config": null'),
    ),
    ("run", "hi"): (
        (("--file", "request.json"), Refused("both a prompt and --file")),
        (("--route", "b/n"), r"attempt 1/3 b/n"),
        (("--timeout", "soon"), Refused("--timeout")),
        (("--stream",), Streamed()),  # and --no-stream on a terminal: see test_live
        (("--require-complete",), r"output_truncated"),
        CONFIG,
        (("--json",), r'"choices"'),
        (("--explain",), r"curl -sS"),
        (("--quiet",), r"\A(?s:.*)"),
    ),
    ("run", "--json", "hi"): (
        (("--stream",), Refused("leave --stream out")),
        (("--explain",), r'"moves"'),
    ),
    ("check",): (
        (("--live",), r"2 of 2 targets answered"),
        (("--timeout", "5"), Refused("--timeout is for --live")),
        (("--request", "request.json"), r"takes   a/m"),
        (("--dialect", "gemini"), Refused("--dialect is for --request")),
        CONFIG,
        (("--json",), r'"findings"'),
    ),
    ("check", "--live"): ((("--timeout", "7"), r"at most 7"),),
    ("check", "--request", "request.json"): (
        (("--dialect", "nonsense"), Refused("--dialect: found 'nonsense'")),
    ),
    ("classify", "--status", "402"): (
        (("--file", "answer.txt"), r"Insufficient"),
        (("--body", "no money"), r"no money"),
        (("--provider", "a"), r"a/m key#1"),
        (("--dialect", "nonsense"), Refused("--dialect: found 'nonsense'")),
        (("--exception", "httpx.ReadTimeout"), Refused("--exception is what came in place")),
        CONFIG,
        (("--json",), r'"reason"'),
    ),
    ("classify", "--body", "x"): ((("--status", "429"), r"rate_limit"),),
    ("classify", "--status", "429"): ((("--header", "Retry-After: 77"), r"77 s"),),
    ("classify", "--exception", "httpx.ReadTimeout"): (
        (("--file", "answer.txt"), Refused("and --file is of an answer")),
        (("--status", "402"), Refused("and --status is of an answer")),
        (("--header", "Retry-After: 77"), Refused("and --header is of an answer")),
        (("--body", "x"), Refused("and --body is of an answer")),
        (("--provider", "a"), r"a/m key#1"),
    ),
    ("status",): (
        (("--provider", "c"), Refused("no provider 'c'")),
        (("--reset",), r"forgot 0 marks"),
        CONFIG,
        (("--json",), r'"entries"'),
    ),
    ("batch", "in.jsonl", "--dry-run"): ((("--output", "out.jsonl"), r"would be asked"),),
    ("batch", "in.jsonl", "-o", "out.jsonl", "--dry-run"): (
        (("--route", "nobody/m"), Refused("nobody/m")),
        (("--concurrency", "0"), Refused("--concurrency is '0'")),
        (("--max-cost", "much"), Refused("--max-cost is 'much'")),
        (("--timeout", "soon"), Refused("--timeout")),
        (("--database", "nowhere"), Refused("--database is no address")),
        CONFIG,
        (("--json",), r'"event":"dry_run"'),
        (("--quiet",), r"\A(?s:.*)"),
    ),
    ("batch", "work", "--database", "postgresql://127.0.0.1:9/x"): (
        (("--dry-run",), Refused("--dry-run is said where")),
        (("--retry-failed",), Refused("--retry-failed is said where")),
    ),
    ("audit", "calls.jsonl"): (
        (("--since", "2999-01-01"), r"\n0 calls|\A0 calls"),
        (("--config", "other.toml"), Refused("--config names whose ledger is read")),
        (("--json",), r'"holds": true'),
    ),
    ("audit", "calls.jsonl", "--json"): ((("--verbose",), Refused("--verbose is for people")),),
    ("audit", "spoiled.log"): ((("--verbose",), r"the record: .* attempts is 7"),),
    ("stats", "calls.jsonl"): (
        (("--since", "2999-01-01"), r"no call began in that time"),
        (("--plot",), r"█ answered at once"),
        CONFIG,
        (("--json",), r'"rescues"'),
    ),
    ("stats", "calls.jsonl", "--plot"): (
        (("day.svg",), Written("day.svg")),
        (("--json",), Refused("draw with --plot FILE.svg")),
    ),
    ("key", "new", "ci", "--keys", "keys.json", "--json"): (
        (("--routes", "a,,b"), Refused("--routes: found ''")),
        (("--rpm", "0"), Refused("--rpm: found 0")),
        (("--concurrency", "0"), Refused("--concurrency: found 0")),
        (("--tokens-per-day", "0"), Refused("--tokens-per-day: found 0")),
        (("--expires", "soon"), Refused("--expires: found 'soon'")),
        (("--config", "other.toml"), Refused("both --keys and --config")),
    ),
    ("key", "list", "--json"): (
        (("--keys", "keys.json"), Refused("there is no such file")),
        (("--config", "other.toml"), Refused("other.toml names no key file")),
        (("--routes", "a"), Refused("--routes is for `key new`")),
        (("--rpm", "1"), Refused("--rpm is for `key new`")),
        (("--concurrency", "1"), Refused("--concurrency is for `key new`")),
        (("--tokens-per-day", "1"), Refused("--tokens-per-day is for `key new`")),
        (("--expires", "1d"), Refused("--expires is for `key new`")),
        (("--admin",), Refused("--admin is for `key new`")),
    ),
    ("verify",): (
        (("--faults", "none"), r"no failure"),
        (("--time", "1ms"), r"NOT FINISHED"),
        (("--no-single-points",), r"EXCEEDED"),
    ),
    ("verify", "--faults", "none"): (
        (("--route", "short"), r"on 1 route:"),
        (("--max-attempts", "1"), r"EXCEEDED"),
        (("--max-seconds", "1"), r"EXCEEDED"),
        (("--ledger", "worst.jsonl"), Written("worst.jsonl")),
        (("--repairs", "12"), Refused("--repairs is 12")),
        (("--verbose",), r"Not told apart"),
        (("--memory", "1MB", "--search"), r"1 MB are full"),
        (("--search",), r"searched in"),
        CONFIG,
        (("--json",), r'"routes"'),
    ),
    ("verify", "--json"): ((("--verbose",), Refused("--verbose is for people")),),
    ("diagram",): (
        (("--format", "dot"), r"digraph"),
        (("--config", "other.toml"), r"other\.toml"),
        (("--route", "short"), r"route short"),
        (("--call", "calls.jsonl"), r"calls\.jsonl"),
        (("--id", "x"), Refused("--id names a call of a ledger")),
        (("--heat", "calls.jsonl"), r"calls\.jsonl"),
        (("--compare", "other.toml"), r"from other\.toml"),
        (("--output", "machine.mmd"), Written("machine.mmd")),
        (("--picture", "arrivals"), r"\A(?s:.*)"),
        (("--state", "retri"), Refused("--state: ")),
    ),
    ("diagram", "--call", "calls.jsonl", "--format", "table"): (
        (("--config", "other.toml"), Refused("--config and --call are given")),
        (("--route", "short"), Refused("--route and --call are given")),
        (("--id", "nobody"), Refused("nobody")),
        (("--heat", "calls.jsonl"), Refused("--call and --heat are given")),
        (("--compare", "other.toml"), Refused("--call and --compare are given")),
        (("--picture", "classify"), Refused("--picture is of a drawing")),
        (("--state", "retry"), r"waited_send"),
    ),
    ("diagram", "--heat", "calls.jsonl", "--format", "table"): (
        (("--config", "other.toml"), Refused("--config and --heat are given")),
        (("--compare", "other.toml"), Refused("--heat and --compare are given")),
        (("--id", "x"), Refused("--id names a call of a ledger")),
        (("--picture", "classify"), r"\A(?s:.*)"),
    ),
    ("simulate", "429, ok", "--json"): (
        CONFIG,
        (("--route", "short"), r"\A(?s:.*)"),
        (("--seed", "5"), r"\A(?s:.*)"),
        (("--calls", "3"), r"\A(?s:.*)"),
        (("--every", "5s"), Refused("--every is the time between calls")),
        (("--timeout", "0.1"), r'"deadline"'),
        (("--stream",), r'"streamed": true'),
        (("--request", "none.json"), Refused("none.json: No such file")),
        (("--id", "x"), Refused("--id names a call of a ledger")),
        (("--random", "2"), Refused("a script, or --random N; not both")),
        (("--mix", "keys"), Refused("--mix is for --random N")),
        (("--picture", "day.svg"), Refused("--picture is for --random N")),
        (("--keep-ledger", "kept.jsonl"), Written("kept.jsonl")),
    ),
    ("simulate", "calls.jsonl", "--json"): (
        CONFIG,
        (("--route", "b/n"), r'"b/n"'),
        (("--seed", "5"), r"\A(?s:.*)"),
        (("--calls", "3"), Refused("a ledger is played once")),
        (("--every", "5s"), Refused("--every is the time between calls")),
        (("--timeout", "0.1"), r'"deadline"'),
        (("--stream",), r'"streamed": true'),
        (("--request", "answer.txt"), Refused("answer.txt is not JSON")),
        (("--id", "nobody"), Refused("no call nobody begins there")),
        (("--random", "2"), Refused("a script, or --random N; not both")),
        (("--mix", "keys"), Refused("--mix is for --random N")),
        (("--picture", "day.svg"), Refused("--picture is for --random N")),
        (("--keep-ledger", "again.jsonl"), Written("again.jsonl")),
    ),
    ("simulate", "--random", "40", "--json"): (
        CONFIG,
        (("--route", "b/n"), r'"b": 4'),
        (("--seed", "5"), r'"seed": 5'),
        (("--calls", "3"), Refused("--calls is for a script")),
        (("--every", "5s"), Refused("--every is for a script")),
        (("--timeout", "0.01"), r'"lost": 40'),
        (("--stream",), r"\A(?s:.*)"),
        (("--request", "request.json"), Refused("--request is for a script")),
        (("--id", "x"), Refused("--id is for a script")),
        (("--mix", "keys"), r'"keys"'),
        (("--picture", "day.svg"), Written("day.svg")),
        (("--keep-ledger", "day.jsonl"), Written("day.jsonl")),
    ),
    ("simulate", "429, ok"): ((("--json",), ONE),),
    ("replay", "calls.jsonl"): (
        CONFIG,
        (("--route", "b/n"), r"change: route"),
        (("--assume", "perhaps"), Refused("perhaps")),
        (("--max-lost", "-1"), Refused("--max-lost: found -1")),
        (("--verbose",), r"\n┃ call"),
        (("--json",), ONE),
    ),
    ("replay", "calls.jsonl", "--json"): ((("--verbose",), Refused("--verbose is for people")),),
    # It would serve for ever; what --watch does is shown where a gateway runs.
    ("serve", "--watch", "--audit", "--host", "203.0.113.7"): (
        (("--workers", "2"), Refused("--workers 2: allowed is 1")),
        (("--port", "x"), Refused("--port")),
        (("--log", "xml"), Refused("--log")),
        CONFIG,
    ),
    ("restart",): (
        (("--port", "8400"), r"orchestrator serve --port 8400"),
        (("--limit", "soon"), Refused("--limit")),
        CONFIG,
        (("--json",), r'"type": "restart"'),
    ),
    ("service", "install"): (
        (("--config", "other.toml"), Refused("exists and differs")),
        (("--host", "::1"), Refused("exists and differs")),
        (("--port", "8500"), Refused("exists and differs")),
        (("--name", "llm"), Written("config/systemd/user/llm.service")),
        (("--print",), r"\[Service\]"),
        (("--force",), r"is as it should be"),
    ),
}

ALL_OF_THEM = "simulate"
"""The command that does three things: each of its ways lists all of its options."""


@attrs.frozen
class Scene:
    """A folder with two configs over two providers, a ledger, a request and an answer."""

    place: Place
    providers: ScriptedProviders

    def printed(self, *words: str) -> tuple[int, str]:
        """The status of a command, and all that it prints."""
        ended = self.place.run(*words)
        return ended.status, ended.out + ended.err


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    truncated = Reply(completion=Completion(text="hello", finish_reason="length"))
    scripts = {"a": truncated, "b": replies.ok("hello")}
    with ScriptedProviders(scripts) as providers:
        urls = {name: providers.url(name) for name in scripts}
        place = configured(
            tmp_path, urls, ["a/m", "b/n"], extra="max_attempts = 3\nattempts_per_target = 2"
        )
        config = tmp_path / "orchestrator.toml"
        config.write_text(config.read_text().replace("[routes]", '[routes]\nshort = ["b/n"]'))
        (tmp_path / "other.toml").write_text(
            config.read_text().replace("max_attempts = 3", "max_attempts = 2")
        )
        (tmp_path / "request.json").write_text('{"messages": [{"role": "user", "content": "hi"}]}')
        (tmp_path / "in.jsonl").write_text(
            '{"custom_id": "1", "url": "/v1/chat/completions", '
            '"body": {"messages": [{"role": "user", "content": "hi"}]}}'
        )
        (tmp_path / "other.yaml").write_text(
            "model_list: [{model_name: a, litellm_params: {model: gpt-5, api_key: sk-123456}}]"
        )
        (tmp_path / "answer.txt").write_text("HTTP/1.1 402 No\n\nInsufficient Balance")
        assert place.run("simulate", "429, ok", "--keep-ledger", "calls.jsonl").status == 0
        spoiled = (tmp_path / "calls.jsonl").read_text().replace('"attempts":2', '"attempts":7')
        spoiled = spoiled.replace('"row":"started_send"', '"row":"switched_send"')
        (tmp_path / "spoiled.log").write_text(spoiled)
        yield Scene(place, providers)


@pytest.mark.parametrize("way", WAYS, ids=" ".join)
def test_an_option_has_an_effect_or_is_refused(way: tuple[str, ...], scene: Scene) -> None:
    _, without = scene.printed(*way)
    for option, effect in WAYS[way]:
        status, told = scene.printed(*way, *option)

        match effect:
            case Refused(words):
                assert status == 2, (option, told)
                assert words in " ".join(told.split()), option
            case Written(file):
                assert (scene.place.home / file).is_file(), option
            case Streamed():
                asked = [one.streamed for one in scene.providers.received("a")]
                assert (asked[0], asked[-1]) == (False, True), option
            case pattern:
                assert re.search(pattern, told), (option, told)
                assert told != without, option


def options(command: str) -> set[str]:
    """The options of a command, each by its first name; its arguments by themselves."""
    arguments = build_app(Screen())[command].assemble_argument_collection()
    return {each.names[0] for each in arguments if each.names[0].startswith("--")}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_listed(command: str) -> None:
    ways = [way for way in WAYS if way[0] == command]
    listed = [{option[0] for option, _ in WAYS[way]} | set(way) for way in ways]

    assert options(command) <= {name for found in listed for name in found}
    if command == ALL_OF_THEM:
        for way, found in zip(ways, listed, strict=True):
            assert options(command) - {"--random", "--json"} <= found or len(way) == 2


@pytest.mark.parametrize(
    "words",
    [
        ("simulate", "--random", "2", "--picture", "no/day.svg"),
        ("simulate", "ok", "--keep-ledger", "no/calls.jsonl"),
        ("stats", "calls.jsonl", "--plot", "no/day.svg"),
        ("simulate", "ok", "--keep-ledger", "folder"),
        ("import", "litellm", "other.yaml", "--output", "no/new.toml"),
        ("verify", "--ledger", "no/worst.jsonl"),
        ("diagram", "--output", "no/machine.svg"),
        ("diagram", "--route", "short", "--output", "folder.svg"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_written_is_noticed_before_the_work(
    words: tuple[str, ...], scene: Scene
) -> None:
    (scene.place.home / "folder").mkdir()
    (scene.place.home / "folder.svg").mkdir()
    status, told = scene.printed(*words)

    assert status == 2
    assert re.fullmatch(r"error: \S+: (there is no folder no|it is a folder; .*)\n", told)
