"""``simulate`` and ``replay`` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli import main
from orchestrator.ledger import read_ledger
from tests.orchestrator.lab.simulation.incidents import FOLDER, config
from tests.slow import nightly


@pytest.fixture
def toml(tmp_path: Path) -> str:
    path = tmp_path / "orchestrator.toml"
    path.write_text(config(), "utf-8")
    return str(path)


def test_a_script_shows_the_attempts_the_path_and_the_time(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "402, ok", "--config", toml]) == 0

    shown = capsys.readouterr()
    assert "attempt 1/16 deepseek/v4 key#1 → 402 billing" in shown.err
    assert "made-up keys stand in" in shown.err
    assert "billing_fallback  [billing_and_another_is_free]" in shown.out
    assert "answered: 2 attempts in 1.0 virtual seconds" in shown.out


def test_json_says_the_same_and_a_failed_call_is_status_1(
    toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", "402", "--config", toml, "--json"]) == 1

    (call,) = json.loads(capsys.readouterr().out)["calls"]
    assert (call["answered"], call["error"]["reason"]) == (False, "billing")
    assert [attempt["target"] for attempt in call["attempts"]] == [
        "deepseek/v4",
        "openrouter/oss",
        "corp/llama",
    ]


def test_a_file_is_a_script_and_the_ledger_is_kept_for_replay(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, ledger = tmp_path / "night.script", tmp_path / "calls.jsonl"
    script.write_text("# a night\n402@deepseek\nok\n", "utf-8")
    kept = ["--calls", "3", "--keep-ledger", str(ledger)]
    assert main(["simulate", str(script), "-c", toml, *kept]) == 0
    assert main(["replay", str(ledger), "-c", toml, "--max-lost", "0", "--json"]) == 0

    told = capsys.readouterr().out
    found = json.loads(told[told.index("{\n") :])
    assert (found["unchanged"], found["assumed"], found["lost"]) == (3, 0, [])
    assert found["before"] == found["after"]


def test_a_ledger_is_played_call_by_call_and_held_against_its_record(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", str(FOLDER / "a6.jsonl"), "-c", toml]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("as recorded, all ") == 3
    assert "call 2 of 3: a6-2\nscript: 401(message=" in shown.err

    without = tmp_path / "without.toml"
    without.write_text(config(route=("deepseek/v4",)), "utf-8")
    arguments = ["simulate", str(FOLDER / "a1.jsonl"), "--id", "a1-1", "-c", str(without)]
    assert main(arguments) == 1
    shown = capsys.readouterr()
    assert "not as recorded, from move 3 on: recorded billing_fallback, now billing" in shown.out
    assert "this machine does as recorded: what differs is the config" in shown.out
    assert "nobody asked: ok@openrouter/oss@key#1" in shown.err


def test_sequences_side_by_side_know_nothing_of_each_other(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (FOLDER / "a2.jsonl").read_bytes()
    ledger = tmp_path / "sequences.jsonl"
    ledger.write_bytes(whole + whole.replace(b"a2-1", b"a2-2"))
    assert main(["simulate", str(ledger), "-c", toml]) == 1

    shown = capsys.readouterr()
    assert shown.out.count("as recorded, all 9 moves") == 2
    assert "call 2 of 2: a2-2" in shown.err


@pytest.mark.parametrize("arguments", [["stream: cut, ok"], ["cut, ok", "--stream"]])
def test_a_stream_that_breaks_says_what_was_delivered(
    arguments: list[str], toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *arguments, "-c", toml]) == 1

    assert "after content was delivered (9 characters of text)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["simulate", "402, bilingg"], "column 6: 'bilingg' is no item; did you mean billing?"),
        (["simulate", "402@depseek"], "@depseek is nothing of this route; did you mean deepseek?"),
        (["simulate"], 'a script, such as "402, ok", or --random 2000'),
        (["simulate", "ok", "--calls", "0"], "1 or more"),
        (["simulate", "ok", "--picture", "a.svg"], "--picture is for --random N"),
        (["simulate", "ok", "--mix", "keys"], "--mix is for --random N"),
        (["simulate", "ok", "--random", "2"], "a script, or --random N; not both"),
        (["simulate", "ok", "--every", "5s"], "give their number, --calls N"),
        (["simulate", "ok", "--keep-ledger", "no/such/calls.jsonl"], "there is no folder no/such"),
        (["simulate", "--random", "2", "--picture", "no/such.svg"], "there is no folder no"),
        (["simulate", "--random", "2", "--calls", "2"], "--calls is for a script or a ledger"),
        (["simulate", "--random", "2", "--every", "5s"], "--every is for a script or a ledger"),
        (["simulate", "--random", "2", "--id", "x"], "--id is for a script or a ledger"),
        (["simulate", "--random", "0"], "--random: allowed: 1 or more"),
        (["simulate", "--random", "2", "--picture", "a.png"], "a name that ends in .svg"),
        (["simulate", "missing.jsonl"], "missing.jsonl: no such file"),
        (["simulate", "nights/one"], "nights/one: no such file"),
        (["simulate", "402", "--id", "x"], "--id names a call of a ledger"),
        (["simulate", str(FOLDER / "a1.jsonl"), "--id", "x"], "no call x begins there; the last"),
        (["simulate", str(FOLDER / "a1.jsonl"), "--calls", "2"], "a ledger is played once"),
        (["replay"], "no ledger"),
        (["replay", "missing.jsonl"], "missing.jsonl: No such file"),
    ],
)
def test_what_is_wrong_is_said_in_a_line(
    arguments: list[str], said: str, toml: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--config", toml]) == 2
    assert said in capsys.readouterr().err


REFUSES_MAX_TOKENS = (
    "400(message=\"Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead.\"), ok"
)


@pytest.mark.parametrize(
    ("payload", "status", "repaired"),
    [
        ({}, 1, False),
        ({"max_tokens": 9}, 0, True),
        ({"max_tokens": 9, "model": "corp/llama"}, 0, True),
    ],
)
def test_a_request_of_ones_own_shows_its_repair(
    payload: dict[str, object],
    status: int,
    repaired: object,
    toml: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "request.json"
    file.write_text(json.dumps({"messages": [{"role": "user", "content": "hi"}], **payload}))
    words = ["simulate", REFUSES_MAX_TOKENS, "-c", toml, "--json", "--request", str(file)]
    assert main(words) == status

    (call,) = json.loads(capsys.readouterr().out)["calls"]
    targets = {attempt["target"] for attempt in call["attempts"]}
    assert ("repair" in [attempt["next"] for attempt in call["attempts"]]) == repaired
    assert targets == {payload.get("model", "deepseek/v4")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is not JSON"),
        ("[]", "holds a JSON list; allowed: an object"),
        ('{"messages": "hi"}', "messages"),
        ('{"messages": [{"role": "user", "content": "hi"}], "model": "nobody/x"}', "nobody"),
    ],
)
def test_a_request_that_makes_no_sense_is_said_in_a_line(
    text: str, words: str, toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "request.json"
    file.write_text(text)
    assert main(["simulate", "ok", "-c", toml, "--request", str(file)]) == 2

    shown = capsys.readouterr()
    assert words in shown.err
    assert "Traceback" not in shown.err


@nightly("three days of streams, 7 s each; the next test keeps a shorter one")
def test_a_day_is_a_table_a_plot_and_a_picture_that_repeat(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["simulate", "--random", "48", "--mix", "billing", "--config", toml, "--stream"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    pictures = [tmp_path / "one.svg", tmp_path / "two.svg"]
    for picture in pictures:
        assert main([*arguments, "--seed", "0", "--picture", str(picture)]) == 0
        assert capsys.readouterr().out == first

    assert first.splitlines()[-1] == "48 calls: 34 answered at once, 14 rescued, 0 lost"
    noon = next(line for line in first.splitlines() if line.startswith("12 "))
    assert "rescue rate" in first
    assert "▓" in noon
    assert noon.split()[-3:-1] == ["2.0", "2.2"]
    assert max(map(len, first.splitlines())) <= 80
    drawn = pictures[0].read_text("utf-8")
    assert drawn == pictures[1].read_text("utf-8")
    assert "<svg" in drawn
    assert "url(" not in drawn.replace("url(#", "")


def test_a_day_is_kept_call_by_call_and_takes_the_deadline_that_is_given(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "day.jsonl"
    arguments = ["simulate", "--random", "24", "--mix", "brown-out", "--config", toml, "--json"]
    assert main([*arguments, "--keep-ledger", str(kept), "--timeout", "40s"]) == 0
    whole = json.loads(capsys.readouterr().out)
    calls = read_ledger(kept)

    assert len(calls) == whole["calls"] == 24
    assert sum(len(call.attempts) for call in calls) / 24 == whole["attempts"]["mean"]
    assert {call.opened.policy.deadline for call in calls} == {40.0}

    assert main([*arguments, "--timeout", "0.5s"]) == 0
    short = json.loads(capsys.readouterr().out)
    assert short["lost"] > whole["lost"]


@nightly("two hundred calls, replayed four times: 20 s; the next test replays a few")
def test_a_replay_lists_what_goes_another_way_and_says_last_what_it_saves(
    toml: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "day.jsonl"
    day = ["simulate", "--random", "200", "--mix", "billing", "--keep-ledger", str(kept)]
    assert main([*day, "--config", toml]) == 0
    capsys.readouterr()

    assert main(["replay", str(kept), "--config", toml]) == 0
    same = capsys.readouterr()
    assert same.err == f"config: {toml}\n"
    assert len(same.out.splitlines()) <= 40
    assert "as recorded, move by move: 200 of 200 calls" in same.out
    assert same.out.splitlines()[-1] == "saved by the change: 0 of 0 calls lost then"
    assert main(["replay", str(kept), "--config", toml, "--verbose"]) == 0
    assert len(capsys.readouterr().out.splitlines()) > 200

    alone = tmp_path / "alone.toml"
    alone.write_text(config(route=("deepseek/v4",)), "utf-8")
    assert main(["replay", str(kept), "--config", str(alone)]) == 0
    changed = capsys.readouterr().out
    assert "that go another way; --verbose lists them" in changed
    assert "more like these; --verbose lists them" in changed
    assert len(changed.splitlines()) <= 60


def test_a_change_that_loses_calls_is_told_and_can_fail_a_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "changed.toml"
    path.write_text(config(route=("deepseek/v4",)), "utf-8")
    arguments = ["replay", str(FOLDER / "a1.jsonl"), "--config", str(path)]

    assert (main(arguments), main([*arguments, "--max-lost", "3"])) == (0, 1)
    shown = capsys.readouterr().out
    assert "lost by the change: 4 of 5 calls answered then\n  a1-1: deepseek/v4 key#1 b" in shown
