"""``check``: what is wrong with the config, and with ``--live`` what each target answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.sim import ClosedPort, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.orchestrator.cli.entry import Place, configured


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


def test_a_sound_config_has_no_problems_and_nothing_is_sent(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        ended, listed = place.run("check"), place.run("check", "--json")

        assert providers.received("a") == ()
    assert ended.out == "orchestrator.toml: no problems\nroute default: a/m\n"
    assert (ended.status, ended.err) == (0, "")
    assert listed.json == {
        "format": 1,
        "config": "orchestrator.toml",
        "findings": [],
        "routes": {"default": ["a/m"]},
    }


def test_live_asks_each_target_once_and_says_what_it_got(tmp_path: Path) -> None:
    scripts: dict[str, AnyScript] = {
        "well": replies.ok(),
        "deepseek": replies.billing_402(),
        "silent": replies.hang(),
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
        ended = place.run("check", "--live", "--timeout", "2")
        counted = {name: len(providers.received(name)) for name in scripts}

    lines = {line.split()[1]: line for line in ended.out.splitlines() if line[:6].strip() in (
        "ok", "failed")}  # fmt: skip
    assert ended.status == 1
    assert counted == {"well": 1, "deepseek": 2, "silent": 1, "slow": 1, "repaired": 2}
    assert lines["well/m:"].startswith("ok      well/m: answered in ")
    assert lines["repaired/m:"].startswith("ok ")
    assert lines["deepseek/m:"].startswith(
        "failed  deepseek/m: 402 billing (deepseek.insufficient-balance): Insufficient Balance. "
        "Your DeepSeek balance is used up"
    )
    assert "429 rate_limit" in lines["slow/m:"]
    assert "--timeout" in lines["silent/m:"]
    assert "connection" in lines["down/m:"]
    assert f"set base_url to {urls['rootless']}/v1" in lines["rootless/m:"]
    assert ended.out.endswith("2 of 8 targets answered\n")
    # What was found out is told, not remembered.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["orchestrator.toml"]


def test_live_is_well_where_every_target_answers(tmp_path: Path) -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:
        ended = configured(tmp_path, {"a": providers.url("a")}, ["a/m"]).run(
            "check", "--live", "--json"
        )
        sent = providers.received("a")[0].body

    assert ended.status == 0
    assert [(got["target"], got["ok"]) for got in ended.json["live"]] == [("a/m", True)]
    assert sent["max_tokens"] <= 16


@pytest.mark.parametrize("arguments", [("--timeout", "3"), ("--live", "--timeout", "0")])
def test_a_timeout_that_means_nothing_is_refused(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ended = configured(tmp_path, {"a": "http://h/v1"}, ["a/m"]).run("check", *arguments)

    assert (ended.status, ended.out, len(ended.said)) == (2, "", 1)
    assert "--timeout" in ended.err
