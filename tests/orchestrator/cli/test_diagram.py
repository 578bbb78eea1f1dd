"""``orchestrator diagram``: what is written where, and what is refused in words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import pytest

from orchestrator.cli import main
from tests.orchestrator.cli.entry import COLUMNS, Place

ROOT = Path(__file__).parents[3]
A1 = str(ROOT / "docs" / "incidents" / "a1.jsonl")
A2 = str(ROOT / "docs" / "incidents" / "a2.jsonl")
WIDE = """
health = "memory"
[providers.deepseek]
credentials = ["env:KEY_1", "env:KEY_2"]
[providers.openrouter]
credentials = ["env:KEY_3"]
[routes]
default = ["deepseek/v4", "openrouter/oss"]
cheap = ["openrouter/oss"]
"""
NARROW = """
health = "memory"
[policy]
max_attempts = 3
[policy.on]
rate_limit = ["retry"]
[providers.deepseek]
credentials = ["env:KEY_1"]
[routes]
default = ["deepseek/v4"]
"""


@attrs.frozen
class Said:
    """What a command wrote, and its exit status."""

    status: int
    out: str
    err: str


@attrs.frozen
class Desk:
    """A working directory with two configs, and the command line in this process."""

    folder: Path
    captured: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Said:
        status = main(["diagram", *arguments])
        out, err = self.captured.readouterr()
        assert "Traceback" not in out + err
        return Said(status, out, err)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def saved(self, name: str, *arguments: str) -> str:
        assert self.run(*arguments, "--output", self.path(name)).status == 0
        return (self.folder / name).read_text()


@pytest.fixture
def desk(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Desk:
    (tmp_path / "wide.toml").write_text(WIDE)
    (tmp_path / "narrow.toml").write_text(NARROW)
    return Desk(tmp_path, capfd)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("a.svg", "<?xml"),
        ("a.SVG", "<?xml"),
        ("a.mmd", "%%{init"),
        ("a.md", "%%{init"),
        ("a.dot", "digraph machine"),
        ("a.gv", "digraph machine"),
        ("a.json", '{\n  "format": "orchestrator-table"'),
    ],
)
def test_the_name_says_what_is_written(desk: Desk, name: str, begins: str) -> None:
    assert desk.saved(name).startswith(begins)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a.txt", ": .txt is no format of a diagram; allowed: .svg, .png, .mmd, .md, .dot, .gv"),
        ("a.pngg", ": .pngg is no format of a diagram; the nearest is .png; allowed: "),
        ("a", ": a name without a suffix says no format of a diagram; allowed: "),
    ],
)
def test_a_name_that_says_nothing_is_refused_and_nothing_is_written(
    desk: Desk, name: str, said: str
) -> None:
    ended = desk.run("--output", desk.path(name))

    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
    assert "--format (table, mermaid, dot, svg, png, json)" in ended.err
    assert not (desk.folder / name).exists()
    assert desk.run("--output", desk.path(name), "--format", "dot").status == 0


def test_a_config_dims_what_no_call_takes_and_says_what_bounds_the_rest(desk: Desk) -> None:
    ended = desk.run("--config", desk.path("narrow.toml"), "--format", "table")

    assert ended.status == 0
    assert ended.out.startswith("narrow.toml, route default\nx  no call under this config takes it")
    assert re.search(r"\nx +7  rotate ", ended.out)
    assert re.search(r"\nx +3  billing_fallback ", ended.out)
    assert re.search(r"\n +8  retry .*\n.*at most 3 tries a stay; patience 10 s", ended.out)
    assert "at most 3 attempts" in ended.out
    assert (
        "\n  rotate: classify on Diagnosed [another_key_is_free] → rotate_credential" in ended.out
    )


def test_the_lists_go_to_stdout_where_the_drawing_goes_to_a_file(desk: Desk) -> None:
    ended = desk.run("--config", desk.path("narrow.toml"), "--output", desk.path("a.mmd"))

    assert ended.out.startswith("Bounds\n  a_target_is_free, budget_is_spent: at most 3 attempts")
    config, wrote = ended.err.splitlines()
    assert config == f"config: {desk.path('narrow.toml')}"
    assert wrote == f"wrote {desk.path('a.mmd')}"
    assert "no call under this config takes it" in (desk.folder / "a.mmd").read_text()


def test_a_route_of_the_config_is_drawn(desk: Desk) -> None:
    ended = desk.run("-c", desk.path("wide.toml"), "-r", "cheap", "-f", "table")
    unknown = desk.run("-c", desk.path("wide.toml"), "-r", "cheep", "-f", "table")

    assert ended.out.startswith("wide.toml, route cheap\n")
    assert "no other target" in ended.out
    assert (unknown.status, unknown.out) == (2, "")
    assert "cheap" in unknown.err


def test_calls_of_several_ledgers_are_counted(desk: Desk) -> None:
    ended = desk.run("--heat", A1, A2, "--format", "table")
    drawn = desk.run("--heat", A1, A2, "--output", desk.path("heat.dot"))

    assert ended.out.startswith("2 ledgers: 6 calls\n")
    assert re.search(r"\n +3 +3  billing_fallback ", ended.out)
    assert "Rows never taken: " in ended.out
    assert "\n  repaired_send: repair on Repaired [a_target_is_free] → attempt" in ended.out
    assert drawn.out.startswith("Rows never taken: ")


def test_a_config_is_compared_with_an_older_one(desk: Desk) -> None:
    ended = desk.run(
        "--compare", desk.path("wide.toml"), "--config", desk.path("narrow.toml"), "-f", "table"
    )

    assert "~ policy.max_attempts: 3, was 16" in ended.out
    assert "~ policy.on.rate_limit: retry; was fallback, retry, rotate" in ended.out
    assert "- route: openrouter/oss: removed" in ended.out
    assert re.search(r"- .*\brotate\b.*: no call takes it any more", ended.out)


def test_a_state_is_drawn_alone(desk: Desk) -> None:
    listed = desk.run("--state", "repair", "--format", "table")
    refused = desk.run("--state", "repar", "--format", "table")

    assert re.search(r"\n +6  repair +a_repair_is_known +→ repair\n", listed.out)
    assert re.search(r"\n +2  repaired_send +a_target_is_free +→ attempt\n", listed.out)
    assert "billing" not in listed.out
    assert refused.status == 2
    assert "--state: there is no state 'repar'; the nearest is 'repair'" in refused.err


@pytest.mark.parametrize("call", ["a1-1", "a1-4", None])
def test_a_recorded_call_is_drawn_in_every_form(desk: Desk, call: str | None) -> None:
    asked = ["--call", A1, *(["--id", call] if call else [])]
    listed = desk.run(*asked, "--format", "table").out
    facts = json.loads(desk.run(*asked, "--format", "json").out)
    rows = re.findall(r"[│┃] +\d+ +\w+ +(\w+)", listed)
    steps = {step: name for name, said in facts["said"].items() for step in said["steps"]}

    assert listed.startswith(
        f"a1.jsonl, call {call or 'a1-5, the last of 5; --id draws another'}\n\n"
    )
    assert rows
    assert [steps[place] for place in range(1, len(rows) + 1)] == rows
    for form in ("mermaid", "dot", "svg", "png"):
        assert desk.run(*asked, "-f", form, "-o", desk.path("a.out")).status == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--call", A1, "--heat", A2), "--call and --heat are given; allowed: one of them"),
        (("--heat", A1, "--compare", "a.toml"), "--heat and --compare are given"),
        (("--call", A1, "--config", "a.toml"), "--config and --call are given"),
        (("--id", "a1-1"), "--id names a call of a ledger; give the ledger with --call"),
        (("--state", "retry", "--picture", "classify"), "--state and --picture are given"),
        (("--compare", "none.toml"), "none.toml: "),
        (("--heat", "none.jsonl"), "none.jsonl: No such file"),
    ],
)
def test_what_does_not_fit_together_is_refused(
    desk: Desk, arguments: tuple[str, ...], said: str
) -> None:
    ended = desk.run(*arguments, "--format", "table")

    assert (ended.status, ended.out) == (2, "")
    assert said in ended.err
    assert len(ended.err.splitlines()) == 1


def test_a_ledger_that_is_broken_is_named_with_what_was_found(desk: Desk) -> None:
    (desk.folder / "a.jsonl").write_text('{"kind": "transition", "call": "a"}\n')
    for option in ("--heat", "--call"):
        ended = desk.run(option, desk.path("a.jsonl"), "-f", "table")

        assert ended.err == f"error: {desk.path('a.jsonl')}, line 1: 'row' is missing\n"


def test_on_a_terminal_it_is_a_table_that_fits(tmp_path: Path) -> None:
    (tmp_path / "orchestrator.toml").write_text(WIDE)
    place = Place(tmp_path)
    shown = place.run_on_terminal("diagram", "--route", "cheap")
    piped = place.run("diagram", "--heat=-", "--format", "table", stdin=Path(A1).read_text())

    lines = shown.out.splitlines()
    assert shown.status == 0
    assert max(len(re.sub(r"\x1b\[[\d;]*m", "", line)) for line in lines) <= COLUMNS
    assert any("at most 16 attempts" in line for line in lines)
    assert piped.out.startswith("standard input: 5 calls\n")
