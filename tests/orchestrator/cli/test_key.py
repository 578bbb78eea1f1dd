"""``key``: a gateway's keys, as whoever runs the gateway makes them."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest

from orchestrator.gateway.daily_tokens import DailyTokens, day_of
from orchestrator.gateway.keys import KeyRing
from tests.orchestrator.cli.entry import COLOUR, COLUMNS, Place

CONFIG = '[gateway]\nkeys = "secret/keys.json"\n'


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "orchestrator.toml").write_text(CONFIG)
    (tmp_path / "secret").mkdir()
    return Place(tmp_path)


def test_stdout_is_the_key_alone_and_it_opens_the_gateway(place: Place) -> None:
    made = place.run("key", "new", "ci", "--routes", "default, openai/*", "--rpm", "60")

    token = made.out.removesuffix("\n")
    path = place.home / "secret" / "keys.json"
    ring = KeyRing(path)
    ring.load()
    found = ring.find(token)
    assert (made.status, found is not None and found.name) == (0, "ci")
    assert found is not None
    assert (found.routes, found.rpm) == (("default", "openai/*"), 60)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "secret/keys.json: default openai/*, 60 requests a minute" in made.err
    assert token not in made.err


def test_the_list_shows_everything_but_the_key(place: Place) -> None:
    words = ("--tokens-per-day", "100000", "--concurrency", "2", "--expires", "30d", "--admin")
    token = place.run("key", "new", "ci", *words).out.strip()
    other = place.run("key", "new", "laptop", "--json").json["key"]
    counted = DailyTokens(
        place.home / "state" / "llm-request-orchestrator" / "gateway-tokens.sqlite3",
        str((place.home / "secret" / "keys.json").resolve()),
    )
    counted.add("ci", day_of(time.time()), 1234)
    counted.close()
    listed, shown = place.run("key", "list", "--json"), place.run_on_terminal("key", "list")

    plain = COLOUR.sub("", shown.out)
    assert f"ci      …{token[-4:]}  valid for 30 d" in plain
    assert "any route, 2 at once, 100,000 tokens a day, sees all calls, 1,234 used" in " ".join(
        plain.split()
    )
    assert all(len(line.rstrip()) <= COLUMNS for line in plain.splitlines())
    assert [one["tokens_today"] for one in listed.json["keys"]] == [1234, None]
    for secret in (token, other):
        assert secret not in plain + listed.out
    assert json.loads((place.home / "secret" / "keys.json").read_text())["format"] == 1


def test_a_key_that_is_removed_is_gone(place: Place) -> None:
    place.run("key", "new", "ci")
    wrong, done = place.run("key", "remove", "cii"), place.run("key", "remove", "ci")
    after = place.run("key", "list")

    assert (wrong.status, "did you mean 'ci'?" in wrong.err) == (2, True)
    assert done.out == "removed the key of ci; a running gateway refuses it in a second\n"
    assert after.out.startswith("no key is in ")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("new",), "key new needs a name: orchestrator key new NAME"),
        (("remove",), "key remove needs a name"),
        (("list", "ci"), "key list takes no name, found 'ci'"),
        (("new", "a b"), "the name is 'a b'; allowed: letters"),
        (("new", "ci", "--routes", "a,"), "--routes: found ''"),
        (("new", "ci", "--routes", "*/m"), "--routes: found '*/m'"),
        (("new", "ci", "--expires", "2020-01-01"), "'2020-01-01' has passed"),
        (("new", "ci", "--expires", "9" * 40), "--expires: found '999"),
        (("new", "ci", "--keys", "no/keys.json"), "no/keys.json: there is no folder no"),
        (("list", "--keys", "none.json"), "none.json: there is no such file; `orchestrator key"),
        (("list", "--config", "none.toml"), "none.toml: No such file"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(place: Place, words: tuple[str, ...], told: str) -> None:
    ended = place.run("key", *words)

    assert (ended.status, ended.out, len(ended.said)) == (2, "", 1)
    assert told in ended.err
    assert list((place.home / "secret").iterdir()) == []


@pytest.mark.parametrize("text", ["", "[gateway]\n", "[gateway]\nkeys = 1\n", "gateway = 3\n"])
def test_a_config_without_a_key_file_is_told_what_to_write(place: Place, text: str) -> None:
    (place.home / "orchestrator.toml").write_text(text)
    ended = place.run("key", "list")

    assert (ended.status, ended.out) == (2, "")
    assert 'write [gateway] and below it keys = "keys.json"' in ended.err


def test_a_config_that_is_no_toml_is_told_so(place: Place) -> None:
    (place.home / "orchestrator.toml").write_text("[gateway\n")

    assert place.run("key", "list").status == 2


def test_a_damaged_file_is_told_and_left_as_it_is(place: Place) -> None:
    path = place.home / "secret" / "keys.json"
    path.write_text('{"format": 1,\n "keys": [}\n')
    for words in (("list",), ("new", "ci"), ("remove", "ci")):
        ended = place.run("key", *words)
        assert (ended.status, ended.out) == (2, "")
        assert f"{path.name}:2: is no JSON" in ended.err

    assert path.read_text() == '{"format": 1,\n "keys": [}\n'


def test_a_route_that_nobody_serves_is_warned_of(place: Place) -> None:
    text = CONFIG + '[routes]\nfast = ["openai/m"]\n[providers.corp]\n'
    (place.home / "orchestrator.toml").write_text(text)
    known = place.run("key", "new", "a", "--routes", "fast,default,openai/x,corp/y,corp/*,fa*,*")
    wrong = place.run("key", "new", "b", "--routes", "fsat,crop/m,zz*")

    assert (known.status, "warning" in known.err) == (0, False)
    assert wrong.status == 0
    assert wrong.said[:3] == [
        "warning: --routes: 'fsat' is no route of orchestrator.toml (did you mean 'fast'?)",
        "warning: --routes: 'crop/m' names no provider of orchestrator.toml (did you mean 'corp'?)",
        "warning: --routes: 'zz*' is no route of orchestrator.toml",
    ]
    assert wrong.out.startswith("ork-")
