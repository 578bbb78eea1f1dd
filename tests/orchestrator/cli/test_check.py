"""``check``: what is wrong with the config, and with ``--live`` what each target answers."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import attrs
import pytest

from orchestrator.sim import ClosedPort, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.orchestrator.cli.entry import CANARY, ROOT, Ended, Place, configured


def test_without_a_config_each_command_says_how_to_get_one(tmp_path: Path) -> None:
    for command in (("check",), ("run", "hi")):
        ended = Place(tmp_path).run(*command)

        assert (ended.status, ended.out, len(ended.said)) == (2, "", 1)
        assert "orchestrator init" in ended.err


def test_an_unknown_key_is_named_with_its_file_and_the_nearest_known(tmp_path: Path) -> None:
    place = configured(tmp_path, {"a": "http://h/v1"}, ["a/m"], top="healht = 'memory'")
    checked, run = place.run("check"), place.run("run", "hi")

    assert (checked.status, run.status) == (2, 2)
    assert len(run.said) == 1
    for text in (checked.out, run.err):
        assert "orchestrator.toml" in text
        assert "healht" in text
        assert "health" in text.replace("healht", "")


def test_where_a_vendor_is_asked_for_a_balance_is_said(tmp_path: Path) -> None:
    place = Place(tmp_path, {"DEEPSEEK_API_KEY": "canary.Q7x.deepseek"})
    config = tmp_path / "orchestrator.toml"
    config.write_text('[routes]\ndefault = ["deepseek/m"]\n')
    asked = place.run("check").out
    config.write_text('[providers.deepseek]\nbalance = 0\n[routes]\ndefault = ["deepseek/m"]\n')

    assert "; its balance at https://api.deepseek.com/user/balance\n" in asked
    assert "balance" not in place.run("check").out


def test_a_sound_config_has_no_problems_and_nothing_is_sent(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        ended, listed = place.run_process("check"), place.run("check", "--json")

        assert providers.received("a") == ()
    assert ended.out == (
        "route default: a/m\nprovider a: directly, by own HTTP/1.1 connections\n"
        "orchestrator.toml: no problems\n"
    )
    assert (ended.status, ended.err) == (0, "")
    assert listed.json == {
        "format": 1,
        "config": "orchestrator.toml",
        "findings": [],
        "routes": {"default": ["a/m"]},
        "providers": [
            {
                "provider": "a",
                "proxy": None,
                "transport": "own HTTP/1.1 connections",
                "balance": None,
            }
        ],
    }


def test_each_provider_is_listed_with_its_proxy_and_transport(tmp_path: Path) -> None:
    secret = "hunter2-of-the-proxy"
    urls = {"far": "http://llm.far/v1", "near": "http://10.1.2.3/v1", "own": "http://own/v1"}
    urls |= {"two": "https://two", "sock": "http://sock", "blunt": "http://llm.blunt"}
    place = configured(tmp_path, urls, [f"{name}/m" for name in urls])
    with (tmp_path / "orchestrator.toml").open("a") as file:
        file.write('\nproxy = ""')
    text = (tmp_path / "orchestrator.toml").read_text()
    for name, keys in {
        "own": f'proxy = "https://ann:{secret}@[::1]"',
        "two": 'http2 = true\nproxy = ""',
        # Without TLS nobody agrees on HTTP/2.
        "near": "http2 = true",
        "sock": f'proxy = "socks5://ann:{secret}@socks"',
    }.items():
        text = text.replace(f"[providers.{name}]", f"[providers.{name}]\n{keys}")
    (tmp_path / "orchestrator.toml").write_text(text)
    (tmp_path / "packages").mkdir()
    for package in ("h2", "socksio"):
        (tmp_path / "packages" / f"{package}.py").write_text("")
    variables = {"http_proxy": f"ann:{secret}@proxy.corp:3128", "NO_PROXY": "10.0.0.0/8"}
    variables |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path / 'packages'}"}
    ended = attrs.evolve(place, variables={**place.variables, **variables}).run("check")

    assert ended.status == 0
    assert ended.out.splitlines()[1:7] == [
        "provider far: through proxy.corp:3128 (http_proxy), by own HTTP/1.1 connections",
        "provider near: directly, by own HTTP/1.1 connections",
        "provider own: through [::1]:443 (proxy of the provider), by httpx (TLS proxy)",
        "provider two: directly, by httpx (HTTP/2)",
        "provider sock: through socks:1080 (proxy of the provider), by httpx (SOCKS proxy)",
        "provider blunt: directly, by own HTTP/1.1 connections",
    ]
    assert secret not in ended.out + ended.err


def test_what_no_connection_can_be_made_with_is_an_error(tmp_path: Path) -> None:
    urls = {"a": "https://a/v1", "b": "https://b/v1", "c": "http://c/v1"}
    place = configured(tmp_path, urls, ["a/m", "b/m", "c/m"])

    def run(**variables: str) -> Ended:
        return attrs.evolve(place, variables={**place.variables, **variables}).run("check")

    missing = run(SSL_CERT_FILE="/no/corporate.pem")
    proxied = run(HTTPS_PROXY="http://ann:quiet-word@proxy:port", NO_PROXY="")

    assert (missing.status, proxied.status) == (1, 1)
    assert missing.out.splitlines()[-3] == (
        "error: SSL_CERT_FILE: names /no/corporate.pem, which cannot be used: "
        "No such file or directory (correct it, or unset it)"
    )
    assert "\nerror: HTTPS_PROXY: has a port that cannot be; allowed: http," in proxied.out
    assert "quiet-word" not in proxied.out
    for ended in (missing, proxied):
        assert ended.out.count("error: ") == 1  # one, for both of the providers
        assert "provider c: directly" in ended.out


def test_live_asks_each_target_once_and_says_what_it_got(tmp_path: Path) -> None:
    scripts: dict[str, AnyScript] = {
        "well": replies.ok(),
        "deepseek": replies.billing_402(),
        "slow": replies.rate_limited(0.1),
        "repaired": [
            replies.openai_error(
                400,
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                code="unsupported_parameter",
            ),
            replies.ok(),
        ],
    }
    with ScriptedProviders(scripts) as providers, ClosedPort() as closed:
        urls = {name: providers.url(name) for name in scripts}
        # Beside the right address, as where somebody left "/v1" out.
        urls |= {"down": closed.url, "rootless": urls["well"].partition("/well")[0]}
        route = [*(f"{name}/m" for name in urls), "deepseek/other"]
        place = configured(tmp_path, urls, route, top='health = "file"\nledger = "calls.jsonl"')
        ended = place.run("check", "--live")
        counted = {name: len(providers.received(name)) for name in scripts}

    lines = {line.split()[1]: line for line in ended.out.splitlines() if line[:6].strip() in (
        "ok", "failed")}  # fmt: skip
    assert ended.status == 1
    assert counted == {"well": 1, "deepseek": 2, "slow": 1, "repaired": 2}
    assert re.fullmatch(r"ok      well/m: answered in \d+(\.\d)? s", lines["well/m:"])
    assert lines["repaired/m:"].startswith("ok ")
    assert lines["deepseek/m:"].startswith(
        "failed  deepseek/m: 402 billing (deepseek.insufficient-balance): Insufficient Balance. "
        "Your DeepSeek balance is used up"
    )
    assert "429 rate_limit" in lines["slow/m:"]
    assert "connection" in lines["down/m:"]
    assert f"set base_url to {urls['rootless']}/v1" in lines["rootless/m:"]
    assert ended.out.endswith("; 2 of 7 targets answered\n")
    # What was found out is told, not remembered.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orchestrator.toml"]


def test_live_gives_up_a_silent_target_in_time_and_says_how_to_wait_longer(tmp_path: Path) -> None:
    with ScriptedProviders({"silent": replies.hang()}) as providers:
        place = configured(tmp_path, {"silent": providers.url("silent")}, ["silent/m"])
        ended = place.run("check", "--live", "--timeout", "1")

    assert ended.status == 1
    (line,) = (line for line in ended.out.splitlines() if line.startswith("failed"))
    assert line.startswith("failed  silent/m: deadline")
    assert "--timeout" in line


def test_live_is_well_where_every_target_answers(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:
        ended = configured(tmp_path, {"a": providers.url("a")}, ["a/m"]).run(
            "check", "--live", "--json"
        )
        sent = providers.received("a")[0].body

    assert (ended.status, ended.err) == (0, "")
    assert [(got["target"], got["ok"]) for got in ended.json["live"]] == [("a/m", True)]
    assert sent["max_tokens"] <= 16


def test_live_asks_a_model_that_embeds_for_a_vector(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/qwen3-Embedding"])
        ended = place.run("check", "--live")
        (received,) = providers.received("a")

    assert ended.status == 0
    assert received.path == "/v1/embeddings"


def test_live_names_the_setting_for_a_provider_that_never_says_why_it_stopped(
    tmp_path: Path,
) -> None:
    said = {"id": "c", "choices": [{"index": 0, "delta": {"content": "ok"}}]}
    with ScriptedProviders({"a": replies.stream(json.dumps(said), "[DONE]")}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        ended = place.run("check", "--live")
        asked = providers.received("a")[0].streamed

    assert asked
    assert ended.status == 1
    assert 'set end = "mark" in its config' in ended.out


@pytest.mark.parametrize("arguments", [("--timeout", "3"), ("--live", "--timeout", "0")])
def test_a_timeout_that_means_nothing_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ended = configured(tmp_path, {"a": "http://h/v1"}, ["a/m"]).run("check", *arguments)

    assert (ended.status, ended.out, len(ended.said)) == (2, "", 1)
    assert "--timeout" in ended.err


SPOKEN = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "input_audio", "input_audio": {"data": "AA==", "format": "wav"}},
                {"type": "text", "text": "write it down"},
            ],
        }
    ],
    "seed": 7,
}


def crossing(folder: Path, request: object) -> Place:
    """A place with a route over three dialects, and a request in a file."""
    (folder / "request.json").write_text(json.dumps(request))
    dialects = {"chat": "openai-chat", "claude": "anthropic-messages", "gem": "gemini"}
    lines = ['health = "memory"', "[routes]", 'default = ["chat/m", "claude/m", "gem/m"]']
    for name, dialect in dialects.items():
        lines += [f"[providers.{name}]", f'base_url = "http://{name}.test/v1"']
        lines += [f'dialect = "{dialect}"', f'credentials = ["env:{name.upper()}_KEY"]']
    (folder / "orchestrator.toml").write_text("\n".join(lines))
    return Place(folder, {f"{name.upper()}_KEY": CANARY.format(name) for name in dialects})


def test_a_request_is_said_to_be_taken_over_or_not_by_each_target(tmp_path: Path) -> None:
    ended = crossing(tmp_path, SPOKEN).run("check", "--request", "request.json")

    assert (ended.status, ended.err) == (0, "")
    head, chat, claude, gem = ended.out.splitlines()[-5:-1]
    assert head == "the request on route default:"
    assert (chat, gem) == ("  takes   chat/m", "  takes   gem/m")
    assert claude == (
        "  passed  claude/m: anthropic-messages cannot express messages[0].content[0] input_audio; "
        '[policy] drop = ["audio"] would leave that out'
    )


def test_the_targets_of_each_route_stand_together(tmp_path: Path) -> None:
    place = crossing(tmp_path, {"messages": [{"role": "user", "content": "hi"}]})
    config = (tmp_path / "orchestrator.toml").read_text()
    (tmp_path / "orchestrator.toml").write_text(
        config.replace("[routes]", '[routes]\ncheap = ["gem/m", "chat/m"]')
    )
    ended = place.run("check", "--request", "request.json")

    assert [line.split(":")[0].strip() for line in ended.out.splitlines()[-8:-1]] == [
        *("the request on route cheap", "takes   gem/m", "takes   chat/m"),
        *("the request on route default", "takes   chat/m", "takes   claude/m", "takes   gem/m"),
    ]


def test_what_a_target_would_not_be_told_is_said_too(tmp_path: Path) -> None:
    asked = {"messages": [{"role": "user", "content": "hi"}], "seed": 7, "model": "claude/other"}
    ended = crossing(tmp_path, asked).run("check", "--json", "--request", "request.json")

    assert ended.json["request"] == [
        {
            "route": "claude/other",
            "target": "claude/other",
            "fits": True,
            "told": ["left out, for it asks for best effort only: seed"],
        }
    ]


def test_a_request_that_nobody_could_take_is_a_failure(tmp_path: Path) -> None:
    place = crossing(tmp_path, {**SPOKEN, "model": "claude/m"})

    assert place.run("check", "--request", "request.json").status == 1
    again = place.run("check", "--request", "-", stdin=(tmp_path / "request.json").read_text())
    assert again.status == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--dialect", "gemini"), "--dialect is for --request"),
        (("--request", "request.json", "--dialect", "gemin"), "did you mean 'gemini'?"),
        (("--request", "request.json", "--dialect", "gemini"), "'contents' is missing"),
        (("--request", "orchestrator.toml"), "is not JSON"),
        (("--request", "none.json"), "none.json"),
    ],
)
def test_what_is_no_request_is_refused_in_words(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended = crossing(tmp_path, SPOKEN).run("check", *arguments)

    assert (ended.status, ended.out) == (2, "")
    assert words in ended.err


@pytest.mark.parametrize(
    ("content", "words", "status"),
    [
        (None, "there is no such file; `orchestrator key new NAME` makes it", 0),
        ("{", "is no JSON", 1),
    ],
)
def test_a_key_file_with_which_no_gateway_begins_is_told(
    tmp_path: Path, content: str | None, words: str, status: int
) -> None:
    place = configured(
        tmp_path, {"a": "https://a.invalid"}, ["a/m"], extra='[gateway]\nkeys = "keys.json"'
    )
    if content is not None:
        (tmp_path / "keys.json").write_text(content)
    wrong = place.run("check")
    (tmp_path / "keys.json").unlink(missing_ok=True)
    place.run("key", "new", "ci")
    sound = place.run("check")

    assert wrong.status == status
    assert "gateway.keys: " in wrong.out
    assert words in wrong.out
    assert "does not begin" in wrong.out
    assert "no problems" in sound.out


def test_a_shared_board_that_cannot_be_used_is_a_warning_here_and_a_note_in_status(
    tmp_path: Path,
) -> None:
    with ClosedPort() as nobody:
        place_of_it = nobody.url.removeprefix("http://").removesuffix("/v1")
        top = f'health = "redis://user:hunter2-hunter2@{place_of_it}/0"'
        place = configured(tmp_path, {"a": "https://a.invalid"}, ["a/m"], top=top)
        checked, shown = place.run("check"), place.run("status")

    assert checked.status == 0
    assert "the shared board cannot be used: " in checked.out
    assert "the shared board cannot be used, so it is empty: " in shown.err
    assert "hunter2" not in checked.out + checked.err + shown.out + shown.err
