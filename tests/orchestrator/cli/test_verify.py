"""``verify`` as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from orchestrator.cli import main

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


@pytest.fixture
def toml(tmp_path: Path) -> str:
    path = tmp_path / "orchestrator.toml"
    path.write_text(CONFIG.format(deadline="300s"), "utf-8")
    return str(path)


def test_what_holds_is_said_first_and_then_the_worst_with_a_way_to_it(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml]) == 0

    shown = capsys.readouterr()
    assert "made-up keys stand in; nothing is sent: NOT_SET_HERE" in shown.err
    default, alone = shown.out.split("\n\nroute alone")
    assert default.splitlines()[0] == "route default: acme/one → beta/two"
    assert default.splitlines()[1].startswith(
        "  HOLDS   22 properties in all that was searched: billing bypasses the pool"
    )
    assert "  3  attempts\n    acme/one  " in default
    assert re.search(r"  2  rotations\n    acme/one  \w+→rotate, .*→rotate\n", default)
    assert "Rows that no call of this route takes: " in alone
    assert "fallback" in alone


def test_json_says_the_same(toml: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "-c", toml, "--route", "alone", "--repairs", "0", "--json"]) == 0

    (route,) = json.loads(capsys.readouterr().out)["routes"]
    assert (route["route"], route["holds"], route["repairs_a_target"]) == ("alone", True, 0)
    assert route["certificate"]["attempts"]["value"] == 2
    assert route["certificate"]["rotations"] == {
        "value": 0, "about": "", "sequence": [], "replayed": True,
    }  # fmt: skip
    assert {"fallback", "billing_fallback", "rotate"} <= set(route["dead_rows"])


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
    assert main(["verify", "-c", toml, "--route", "alone", *limit, "--repairs", "1"]) == status

    told = capsys.readouterr().out.splitlines()[-1]
    assert told.startswith("EXCEEDED  route alone: ") == (status == 1)


def test_what_is_broken_is_named_and_its_ledger_can_be_opened(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = '[targets."beta/two"]\ntimeouts = { total = "400s" }\n'
    Path(toml).write_text(CONFIG.format(deadline="130s") + slow, "utf-8")
    ledger = tmp_path / "broken.jsonl"
    assert main(["verify", "-c", toml, "--route", "default", "--ledger", str(ledger)]) == 1
    shown = capsys.readouterr()
    assert "BROKEN  one attempt fits the deadline: the deadline of 130 s ends before" in shown.out
    assert f"wrote {ledger}" in shown.err

    assert main(["diagram", "--call", str(ledger), "--format", "mermaid"]) == 0
    assert "attempt_deadline" in capsys.readouterr().out


def test_the_worst_can_be_kept_as_a_ledger_and_simulated(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = str(tmp_path / "worst.jsonl")
    assert main(["verify", "-c", toml, "--route", "default", "--ledger", ledger]) == 0
    capsys.readouterr()

    assert main(["simulate", ledger, "--id", "default: attempts"]) == 0
    assert "answered: 3 attempts" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--repairs", "11"], "--repairs is 11; allowed: 0 to 10"),
        (["--route", "defualt"], "near: default"),
    ],
)
def test_a_mistake_is_named(
    toml: str, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", "-c", toml, *words]) == 2
    assert told in capsys.readouterr().err
