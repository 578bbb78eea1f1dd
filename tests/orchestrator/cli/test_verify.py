"""``verify`` as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.lab.verify.properties import NAMES

CONFIG = """
health = "memory"
[policy]
max_attempts = 3
attempts_per_target = 2
deadline = "{deadline}"
[providers.acme]
base_url = "http://127.0.0.1:1/v1"
credentials = ["k1", "k2"]
[providers.beta]
base_url = "http://127.0.0.1:2/v1"
credentials = ["env:NOT_SET_HERE"]
[routes]
default = ["acme/one", "beta/two"]
alone = ["beta/two"]
"""

ALL_CALLS = (
    "all calls together  at most 35 failed retries at one provider, then 1 for each 14 answers "
    "(retry_budget = 500)"
)


@pytest.fixture
def toml(tmp_path: Path) -> str:
    path = tmp_path / "orchestrator.toml"
    path.write_text(CONFIG.format(deadline="300s"), "utf-8")
    return str(path)


def test_a_few_lines_a_route_and_the_verdict_last(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, "--faults", "none"]) == 0

    shown = capsys.readouterr()
    assert shown.err.splitlines()[:2] == [  # on a busy machine lines of progress follow
        f"config: {toml}",
        "note: not set, so made-up keys stand in; nothing is sent: NOT_SET_HERE",
    ]
    over = "3 waits; over within 300 s (a stream that has begun: 600 s more)"
    *lines, empty, last = shown.out.splitlines()
    assert lines == [
        "route default: acme/one → beta/two",
        "  no failure    acme/one answers within 0.7 s; 1 request",
        f"  any number    at most 3 requests (3 to one provider, acme), 2 rotations, {over}",
        "",
        "route alone: beta/two",
        "  no failure    beta/two answers within 0.7 s; 1 request",
        f"  any number    at most 3 requests (3 to one provider, beta), 0 rotations, {over}",
        "",
        ALL_CALLS,
    ]
    assert not empty
    assert re.fullmatch(
        r"PROVED  \d+ properties on 2 routes: \d+ by the proof that ships, of every route of "
        r"up to \d targets \(states/ [0-9a-f]{8}\); \d+ on small settings, \d+ from this config",
        last,
    )


def test_which_failures_lose_a_call_comes_first(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, "--route", "alone", "--faults", "single"]) == 0

    route, *answer = capsys.readouterr().out.split("  no failure")[0].splitlines()
    assert route == "route alone: beta/two"
    assert answer[:3] == [
        (
            "  single point  beta out of money ends every call: no target of another provider "
            "(so do refused, refused slowly, 503 and 8 more)"
        ),
        "  single point  beta/two gone ends every call: the route has no other target",
        '  by policy     a stream cut after content is lost: on_interrupted = "fail"',
    ]
    table = "\n".join(answer[3:])
    assert "what fails, and how" in table
    # Two tries of half a second, and half a second between them.
    assert re.search(r"empty answer +beta/two \(empty\) +1\.5 s +2 +1\.5 s", table)


def test_two_failures_at_once(toml: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["verify", "-c", toml, "--route", "default", "--faults", "double"]
    assert main([*words, "--repairs", "0"]) == 0

    out = capsys.readouterr().out
    assert "  one failure   none of 39 failures loses a call, streamed or not\n" in out
    assert f"{'':16}- acme and beta failing at once: nobody else is on the route\n" in out
    assert (
        "  one failure   answered within 120.5 s (acme silent, not streamed: beta/two answers); "
        "at most 3 requests\n"
    ) in out


def test_that_an_answer_comes_at_all_is_not_promised_where_a_failure_loses_it(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = CONFIG.format(deadline="300s").replace(
        '"acme/one", "beta/two"', '"acme/one", "acme/two"'
    )
    Path(toml).write_text(text, "utf-8")
    assert main(["verify", "-c", toml, "-r", "default", "--faults", "single"]) == 0

    assert "  one failure   answered, if at all, within " in capsys.readouterr().out


@pytest.mark.parametrize("width", [40, 59, 60, 80, 100, 200])
def test_no_line_is_wider_than_the_screen_and_nothing_is_cut(
    toml: str, width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("NO_COLOR", "1")
    assert main(["verify", "-c", toml, "-r", "default", "--faults", "single"]) == 0

    out = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert max(len(line.rstrip()) for line in out.splitlines()) <= width
    for words in ("524 after 100 s,", "every other failure", "a stream cut after content is lost:"):
        assert set(words.split()) <= set(out.split())


@pytest.mark.parametrize(("route", "status"), [("alone", 1), ("default", 0)])
def test_single_points_can_fail_a_build(
    toml: str, route: str, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["verify", "-c", toml, "--route", route, "--faults", "single", "--no-single-points"]
    assert main(words) == status

    last = capsys.readouterr().out.splitlines()[-1]
    exceeded = "EXCEEDED  route alone: 2 single points of failure, allowed: none"
    assert (last == exceeded) == (status == 1)


def test_what_does_not_stream_has_no_time_of_a_stream(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = re.sub(r"(credentials = )", r"stream = false\n\1", CONFIG.format(deadline="300s"))
    Path(toml).write_text(text, "utf-8")
    assert main(["verify", "-c", toml, "--route", "alone", "--faults", "none"]) == 0

    assert "once a stream has begun" not in capsys.readouterr().out


def test_verbose_shows_the_properties_the_ways_to_the_worst_and_what_is_merged(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, "--verbose", "--faults", "single"]) == 0

    out = capsys.readouterr().out
    default, alone = out.split("\n\nroute alone")
    assert (
        f"HOLDS         {len(NAMES)} properties: billing bypasses the pool, no send to an account"
        in default
    )
    assert "    3  attempts\n      acme/one  " in default
    assert re.search(r"  2  rotations\n      acme/one  \w+→rotate, .*→rotate\n", default)
    assert "Rows that no call of this route takes: " in alone
    assert "fallback" in alone
    assert out.count("Not told apart:") == out.count("- repairs are alike") == 1
    assert out.splitlines()[-1].startswith(f"HOLDS  {len(NAMES)} properties on 2 routes: ")


def test_without_a_config_an_example_is_checked_and_said_to_be_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ORCHESTRATOR_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["simulate", "402@deepseek, ok", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["config"] == "example"
    assert main(["verify", "--repairs", "0", "--faults", "none"]) == 0

    shown = capsys.readouterr()
    # On a busy machine lines of progress follow.
    assert shown.err.startswith("config: none is found; a built-in example stands in\n")
    assert f"PROVED  {len(NAMES)} properties on 1 route: " in shown.out.splitlines()[-1]


def test_json_says_the_same(toml: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["verify", "-c", toml, "--route", "alone", "--faults", "single", "--search", "--json"]
    assert main([*words, "--repairs", "0"]) == 0

    told = json.loads(capsys.readouterr().out)
    (route,) = told["routes"]
    assert told["config"] == toml
    assert (route["route"], route["holds"], route["repairs_a_target"]) == ("alone", True, 0)
    assert route["certificate"]["attempts"]["value"] == 2
    assert route["certificate"]["rotations"] == {
        "value": 0, "about": "", "sequence": [], "replayed": True,
    }  # fmt: skip
    assert {"fallback", "billing_fallback", "rotate"} <= set(route["dead_rows"])
    assert [point["text"][:20] for point in route["single_points"]] == [
        "beta out of money en", "beta/two gone ends e",
    ]  # fmt: skip
    (money,) = (
        one
        for one in route["faults"]
        if (one["fails"][0]["how"], one["streamed"]) == ("402", False)
    )
    assert (money["lost"], money["stopped_by"], money["script"]) == (True, "exhausted", "402@beta")
    assert (money["seconds"], money["requests"], money["next"]["requests"]) == (0.5, 1, 0)
    assert route["pairs"] is None
    assert route["longest"] == {"one": None, "two": None}
    assert route["fault_search"]["stopped"] is None


@pytest.mark.parametrize(
    ("limit", "status"),
    [
        (["--max-attempts", "3"], 0),
        (["--max-attempts", "2"], 1),
        (["--max-seconds", "300"], 0),
        (["--max-seconds", "90"], 1),
    ],
)
def test_a_limit_that_is_exceeded_is_status_1(
    toml: str, limit: list[str], status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, "--route", "alone", *limit, "--faults", "none"]) == status

    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("EXCEEDED  route alone: ") == (status == 1)


@pytest.mark.parametrize("limit", ["0", "-1", "nan"])
def test_a_limit_that_nothing_exceeds_or_everything_is_refused(
    toml: str, limit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, f"--max-seconds={limit}", "--faults", "none"]) == 2

    assert "--max-seconds is" in capsys.readouterr().err


def test_what_is_broken_is_named_and_its_ledger_can_be_opened(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = '[targets."beta/two"]\ntimeouts = { total = "400s" }\n'
    Path(toml).write_text(CONFIG.format(deadline="130s") + slow, "utf-8")
    ledger = tmp_path / "broken.jsonl"
    words = ["verify", "-c", toml, "--route", "default", "--faults", "none"]
    assert main([*words, "--ledger", str(ledger)]) == 1
    shown = capsys.readouterr()
    assert (
        "BROKEN        one attempt fits the deadline: the deadline of 130 s ends before"
        in shown.out
    )
    assert shown.out.splitlines()[-1] == (
        "BROKEN  1 of 1 route (default): one attempt fits the deadline"
    )
    assert f"wrote {ledger}" in shown.err

    assert main(["diagram", "--call", str(ledger), "--format", "mermaid"]) == 0
    assert "attempt_deadline" in capsys.readouterr().out


def test_the_worst_can_be_kept_as_a_ledger_and_simulated(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(tmp_path / "worst.jsonl")
    words = ["verify", "-c", toml, "--route", "default", "--faults", "none"]
    assert main([*words, "--ledger", ledger]) == 0
    capsys.readouterr()

    assert main(["simulate", ledger, "--id", "default: attempts"]) == 0
    assert "answered: 3 attempts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--repairs", "11"], "--repairs is 11; allowed: 0 to 10"),
        (["--route", "defualt"], "near: default"),
        (["--faults", "triple"], 'Choose from: "none", "single", "double"'),
        (["--faults", "none", "--no-single-points"], "--no-single-points needs failures"),
    ],
)
def test_a_mistake_is_named(
    toml: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, *words]) == 2
    assert told in capsys.readouterr().err
