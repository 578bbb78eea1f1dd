"""What is misspelt in a failure that was typed in is said, with the nearest known name."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest

from orchestrator.cli.classify import check_arguments, suggestions
from orchestrator.cli.exit_codes import UsageError
from orchestrator.config.loading import loads
from tests.orchestrator.cli.entry import Place, configured

CONFIG = loads('[providers.corp]\nbase_url = "http://h/v1"\n[routes]\ndefault = ["corp/m"]', {})


@pytest.mark.parametrize(
    ("provider", "exception", "header", "near"),
    [
        ("depseek", None, None, "'depseek' (did you mean 'deepseek'?)"),
        ("crop", None, None, "'crop' (did you mean 'corp'?)"),
        ("unheard-of", None, None, "'unheard-of';"),
        (None, "httpx.ReadTimout", None, "'httpx.ReadTimout' (did you mean 'ReadTimeout'?)"),
        (None, "Boom", None, "'Boom';"),
        (None, None, "retry-afer", "'retry-afer' (did you mean 'retry-after'?)"),
    ],
)
def test_what_no_rule_knows_is_told_with_the_nearest(
    provider: str | None, exception: str | None, header: str | None, near: str
) -> None:
    headers = {} if header is None else {header: "30"}
    (note,) = suggestions(provider, exception, headers, CONFIG)

    assert near in note


@pytest.mark.parametrize(
    "provider", ["corp", "OpenAI", "openai_work", "kimi", "groq", "azure", None]
)
@pytest.mark.parametrize("exception", ["httpx.ReadTimeout", "ConnectionResetError", None])
@pytest.mark.parametrize("header", ["retry-after", "x-ratelimit-remaining-requests", "server"])
def test_what_is_known_is_not_doubted(
    provider: str | None, exception: str | None, header: str
) -> None:
    assert list(suggestions(provider, exception, {header: "1"}, CONFIG)) == []


@pytest.mark.parametrize(
    ("status", "header", "dialect", "said"),
    [
        (4022, (), None, "--status: found 4022; allowed: 100 to 599"),
        (None, ("Retry-After 30",), None, "found 'Retry-After 30'; allowed: \"Name: value\""),
        (None, (": 30",), None, '"Name: value"'),
        (None, (), "openai", "did you mean 'openai-chat'"),
    ],
)
def test_what_can_mean_nothing_is_refused(
    status: int | None, header: tuple[str, ...], dialect: str | None, said: str
) -> None:
    with pytest.raises(UsageError) as refused:
        check_arguments(status, header, dialect)

    assert said in str(refused.value)


def test_a_key_in_a_header_without_a_colon_is_not_shown() -> None:
    with pytest.raises(UsageError) as refused:
        check_arguments(None, ("Authorization Bearer sk-proj-abcdefghijklmnopqrstuvwx",), None)

    assert "abcdefgh" not in str(refused.value)


def test_a_target_without_a_key_is_said_to_be_passed_over(tmp_path: Path) -> None:
    place = configured(tmp_path, dict.fromkeys(("a", "b"), "http://h/v1"), ["a/m", "b/n"])
    place = attrs.evolve(place, variables={"A_KEY": place.variables["A_KEY"]})
    ended = place.run("classify", "--status", "402", "--provider", "a", "--json")

    assert ended.json["notes"] == [
        "b/n is passed over in route default: the environment variable B_KEY is not set"
    ]
    assert [one["target"] for one in ended.json["then"]] == ["a/m"]


def test_the_command_says_it_beside_the_verdict(tmp_path: Path) -> None:
    arguments = ("classify", "--status", "402", "--provider", "depseek")
    ended, listed = Place(tmp_path).run(*arguments), Place(tmp_path).run(*arguments, "--json")

    assert ended.status == 0
    assert ended.said[0].startswith("note: no provider is known as 'depseek'")
    assert "billing" in ended.out
    assert listed.json["notes"] == [ended.said[0].removeprefix("note: ")]
