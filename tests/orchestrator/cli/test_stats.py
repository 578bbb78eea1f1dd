"""``stats`` and what ``status`` says of late, as their users run them."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from pathlib import Path
from xml.etree import ElementTree as ET

import attrs
import pytest

from orchestrator.sim import ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from tests.orchestrator.cli.entry import COLUMNS, ROOT, Place, configured

KEPT = 'health = "memory"\nledger = "calls.jsonl"'
USAGE = {"prompt_tokens": 1200, "completion_tokens": 30, "total_tokens": 1230}

EXTRAS = ("genai_prices", "pygal")


@pytest.fixture(scope="module")
def called(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A place where two calls were made: one answered at once, one rescued."""
    scripts: dict[str, AnyScript] = {
        "deepseek": [replies.ok("one", usage=USAGE), replies.billing_402()],
        "corp": replies.ok("two", usage=USAGE),
    }
    with ScriptedProviders(scripts) as providers:
        urls = {name: providers.url(name) for name in scripts}
        folder = tmp_path_factory.mktemp("called")
        place = configured(folder, urls, ["deepseek/deepseek-chat", "corp/llama"], top=KEPT)
        assert place.run("run", "hi").out == "one\n"
        assert place.run("run", "hi").out == "two\n"
    return place


@pytest.fixture
def used(called: Place, tmp_path: Path) -> Place:
    """The same place, for one test alone."""
    return attrs.evolve(called, home=shutil.copytree(called.home, tmp_path / "used"))


def without_extras(place: Place) -> Place:
    """The same place, where all is installed but the extras: every other package by a link."""
    packages = place.home / "packages"
    packages.mkdir()
    for installed in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for package in Path(installed).iterdir():
            if not package.name.startswith(EXTRAS):
                (packages / package.name).symlink_to(package)
    paths = f"{ROOT}{os.pathsep}{packages}"
    variables = {**place.variables, "PYTHONPATH": paths}
    return attrs.evolve(place, variables=variables, options=("-S",))


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)


def test_it_sums_up_the_ledger_of_the_config_and_says_which(used: Place) -> None:
    done = used.run("stats")

    assert (done.status, done.err) == (0, "config: orchestrator.toml\n")
    lines = [line.split() for line in done.out.splitlines() if line.strip()]
    assert lines[0][:2] == ["2", "calls,"]
    assert lines[0][-1].endswith("calls.jsonl")
    assert ["answered", "at", "once", "1", "50.0", "%"] in lines
    assert ["rescued", "1", "50.0", "%", "billing", "1"] in lines
    assert ["lost", "0", "0.0", "%"] in lines
    tokens = ["1.20", "k", "30"]
    rows = {row[0]: row for row in lines}
    assert rows["deepseek/deepseek-chat"][1:3] == ["2", "1"]
    assert rows["corp/llama"][1:3] == ["1", "1"]
    assert [rows[name][-4:-1] for name in ("deepseek/deepseek-chat", "corp/llama")] == [tokens] * 2
    # Whatever a model is called: who serves it at an address of its own has no known price.
    assert rows["corp/llama"][-1] == "?"
    assert "no price is known of" in done.out


def test_both_halves_of_a_ledger_that_was_rotated_are_read(used: Place) -> None:
    path = used.home / "calls.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    (used.home / "calls.jsonl.1").write_bytes(b"".join(lines[:3]))
    path.write_bytes(b"".join(lines[3:]))

    assert used.run("stats", "--json").json["calls"] == 2
    assert used.run("stats", "calls.jsonl", "--json").json["cut_off"] == 1
    assert (
        "1 call began in an older file, and is not counted" in used.run("stats", "calls.jsonl").out
    )


def test_on_a_terminal_it_keeps_to_its_columns_and_draws(used: Place) -> None:
    shown = plain(used.run_on_terminal("stats", "--plot").out)

    assert all(len(line) <= COLUMNS for line in shown.splitlines())
    assert "█ answered at once  ▓ rescued  ░ lost" in shown
    assert re.search(r"^\d{4}-\d\d-\d\d  █+▓+ 2$", shown, re.MULTILINE)


def test_a_chart_is_a_picture_that_asks_nobody_for_anything(used: Place) -> None:
    done = used.run("stats", "--plot", "day.svg")

    assert done.err == "config: orchestrator.toml\nchart: day.svg\n"
    # The library's own way to find plug-ins would make later imports of this process warn.
    assert not [each for each in sys.meta_path if type(each).__module__ == "pygal"]
    text = (used.home / "day.svg").read_text("utf-8")
    root = ET.fromstring(text)
    said = " ".join(root.itertext())
    for name in ("answered at once", "rescued", "lost", "deepseek/deepseek-chat", "corp/llama"):
        assert name in said
    assert not [each for each in root.iter() if each.tag.endswith("script")]
    assert set(re.findall(r"https?://[\w./]+", text)) == {"http://www.w3.org/2000/svg"}
    ids = re.findall(r'id="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_without_the_extras_it_says_in_one_line_how_to_install_them(used: Place) -> None:
    bare = without_extras(used)
    said = bare.run_process("stats").out
    chart = bare.run_process("stats", "--plot", "day.svg")

    assert said.count("-m pip install '.[prices]' in the clone") == 1
    assert "US$" not in said
    assert bare.run_process("stats", "--json").json["money"] is None
    assert (chart.status, chart.out) == (2, "")
    assert "-m pip install '.[plot]' in the clone" in chart.err
    assert "--plot alone draws in the terminal" in chart.err


def test_calls_of_before_are_not_counted(used: Place) -> None:
    assert used.run("stats", "--json", "--since", "7d").json["calls"] == 2
    assert used.run("stats", "--json", "--since", "2999-01-01").json["calls"] == 0


def test_a_known_price_is_counted_at_the_known_address(tmp_path: Path) -> None:
    with ScriptedProviders({"openai": replies.ok("one", usage=USAGE)}) as providers:
        urls = {"openai": providers.url("openai")}
        place = configured(tmp_path, urls, ["openai/gpt-4o-mini"], top=KEPT)
        place.run("run", "hi")
    asked_here = place.run("stats", "--json").json
    (tmp_path / "orchestrator.toml").unlink()
    asked_there = place.run("stats", "calls.jsonl", "--json").json

    assert (asked_here["unpriced"], asked_here["money"]) == (1, 0.0)
    # 0.15 and 0.60 US dollars a million tokens, since 2024-07.
    assert asked_there["money"] == pytest.approx((1200 * 0.15 + 30 * 0.6) / 1e6)
    assert asked_there["days"][0]["targets"][0]["money"] == asked_there["money"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--since", "soon"), "--since: found 'soon'; allowed: 7d, 24h, 90m, or a day such as"),
        (("day.svg",), "day.svg is no ledger; a chart is written with --plot day.svg"),
        (("--plot", "a.svg", "b.svg"), "found 2 .svg files; allowed: one, behind --plot"),
        (("gone.jsonl",), "gone.jsonl: No such file or directory"),
        (("orchestrator.toml",), "orchestrator.toml, line 1: JSON is malformed"),
    ],
)
def test_what_cannot_be_done_is_said(words: tuple[str, ...], said: str, used: Place) -> None:
    done = used.run("stats", *words)

    assert (done.status, done.out) == (2, "")
    assert said in done.err


def test_one_object_and_a_drawing_are_not_asked_for_together(used: Place) -> None:
    done = used.run("stats", "--plot", "--json")

    assert done.status == 2
    assert "draw with --plot FILE.svg, or without it" in done.json["error"]["message"]


def test_a_config_without_a_ledger_is_told_the_key(tmp_path: Path) -> None:
    place = configured(tmp_path, {"a": "http://127.0.0.1:9"}, ["a/m"])
    done, shown = place.run("stats"), place.run("status")

    assert done.status == 2
    assert 'orchestrator.toml keeps no ledger; write ledger = "calls.jsonl" at its top' in done.err
    assert 'what happened of late: write ledger = "calls.jsonl" at the top' in shown.out
    assert place.run("status", "--json").json["recent"] is None


def test_before_the_first_call_there_is_nothing(tmp_path: Path) -> None:
    place = configured(tmp_path, {"a": "http://127.0.0.1:9"}, ["a/m"], top=KEPT)

    assert place.run("stats").out == "no call: none was recorded yet\n"
    assert place.run("stats", "--plot").status == 0
    assert "last 24 h: no call" in place.run("status").out
    assert "nothing to draw" in place.run("stats", "--plot", "day.svg").err


def test_status_says_what_happened_of_late(used: Place) -> None:
    done = used.run("status")

    assert "last 24 h: 2 calls, 1 answered at once, 1 rescued (billing 1), 0 lost" in done.out
    assert "3 attempts, 2.40 k tokens in, 60 out" in done.out
    assert re.search(r"more: .*stats --since 7d", done.out)
    shown = plain(used.run_on_terminal("status").out)
    assert all(len(line) <= COLUMNS for line in shown.splitlines())
    assert used.run("status", "--json").json["recent"]["rescues"] == {"billing": 1}


def test_a_ledger_that_cannot_be_read_hides_no_board(used: Place) -> None:
    (used.home / "calls.jsonl").write_text("no json\n")
    done = used.run("status")

    assert done.status == 0
    assert "deepseek/deepseek-chat" in done.out
    assert "the ledger cannot be read: " in done.out
