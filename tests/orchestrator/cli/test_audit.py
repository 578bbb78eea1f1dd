"""``audit`` as its users run it: on their ledgers, whole, cut off, compressed or spoiled."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from orchestrator.cli.format import count
from orchestrator.ledger import FORMAT
from tests.orchestrator.cli.entry import COLUMNS, Place, configured
from tests.orchestrator.lab.simulation.incidents import FOLDER

URLS = {"a": "http://127.0.0.1:9", "b": "http://127.0.0.1:9"}
WHOLE = (FOLDER / "a2.jsonl").read_bytes()
CALLS = WHOLE.count(b'"kind":"opened"') or WHOLE.count(b'"kind": "opened"')


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = configured(tmp_path, URLS, ["a/m", "b/n"], top='ledger = "calls.log"')
    (tmp_path / "calls.log").write_bytes(WHOLE)
    return made


def spoiled(change: Callable[[dict[str, Any]], None]) -> bytes:
    """The ledger with each line changed; the name of its file is none that is looked at twice."""
    lines = [json.loads(line) for line in WHOLE.splitlines()]
    for line in lines:
        change(line)
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def another_row(line: dict[str, Any]) -> None:
    if line.get("row") == "billing_fallback":
        line["row"] = "fallback"


def test_the_config_s_own_ledger_is_read_and_its_verdict_is_last(place: Place) -> None:
    (place.home / "calls.log.1").write_bytes(WHOLE[: len(WHOLE) // 2])
    (place.home / "calls.log").write_bytes(WHOLE[len(WHOLE) // 2 :])
    done = place.run("audit")

    # The file was cut in the middle of a line: whose it was, is judged up to there.
    assert (done.status, done.err) == (0, "config: orchestrator.toml\n")
    assert done.out.splitlines()[-1].startswith("HOLDS   ")


def test_a_call_that_fails_is_told_with_its_move_and_how_to_see_it(place: Place) -> None:
    (place.home / "calls.log").write_bytes(spoiled(another_row))
    done = place.run("audit", "calls.log")

    assert (done.status, done.err) == (1, "")
    lines = done.out.splitlines()
    call = next(line for line in lines if line.startswith("FAILED  call ")).split()[2]
    assert "the table objects" in done.out
    assert "    the ledger says  fallback → fallback to" in done.out
    assert "    the table says   billing_fallback → fallback to" in done.out
    assert f"orchestrator diagram --call calls.log --id {call}" in done.out
    assert lines[-2].startswith("FAILED  ")
    assert lines[-1].startswith("next    no caller lost anything")
    seen = place.run("diagram", "--call", "calls.log", "--id", call)
    assert seen.status == 0


def test_on_a_terminal_it_fits_into_its_columns(place: Place) -> None:
    (place.home / "calls.log").write_bytes(spoiled(another_row))
    shown = place.run_on_terminal("audit", "calls.log", "--verbose")

    assert shown.status == 1
    lines = [line for line in shown.out.splitlines() if "see: " not in line]
    assert max(map(len, lines)) <= COLUMNS
    # The command is in one piece: only the terminal breaks it.
    assert any(
        "see: orchestrator diagram --call calls.log --id" in one for one in shown.out.splitlines()
    )


def test_compressed_files_and_standard_input_are_read(place: Place) -> None:
    (place.home / "calls.log.gz").write_bytes(gzip.compress(WHOLE))
    packed = place.run("audit", "calls.log.gz", "--json")
    piped = place.run("audit", "-", "--json", stdin=WHOLE.decode())

    for done in (packed, piped):
        assert (done.status, done.json["holds"], done.json["calls"]) == (0, True, CALLS)
    assert piped.json["files"] == ["standard input"]


def later(line: dict[str, Any]) -> None:
    line["format"] = FORMAT + 1


def test_what_is_not_judged_is_counted_and_no_failure(place: Place) -> None:
    torn, version = WHOLE[:-200], spoiled(later)
    (place.home / "calls.log").write_bytes(b"nonsense\n" + torn)
    (place.home / "later.log").write_bytes(version)
    cut, other = place.run("audit", "calls.log"), place.run("audit", "later.log")

    assert (cut.status, other.status) == (0, 0)
    assert "1 line damaged: calls.log, line 1: it is not JSON" in cut.out
    assert "1 last line only half there" in cut.out
    assert "1 call without an end, held as far as recorded" in cut.out
    assert cut.out.splitlines()[-1].startswith(
        f"HOLDS   {CALLS - 1} of {count(CALLS, 'call')}; the others could not be judged"
    )
    assert f"format {FORMAT + 1}" in other.out


REFUSED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("none.log",), "none.log: No such file"),
    (("calls.log", "--since", "then"), "--since: found 'then'"),
    (("calls.log", "--verbose", "--json"), "--verbose is for people"),
    (("calls.log.zst",), "zstdcat calls.log.zst | orchestrator audit -"),
    (("-", "-"), "- is given twice"),
    (("orchestrator.toml",), "there is no ledger: orchestrator.toml, line 1"),
    (("bad.gz",), "bad.gz: "),
    (("cut.gz",), "cut.gz: the compressed file is cut off"),
)


@pytest.mark.parametrize(("words", "said"), REFUSED)
def test_what_cannot_be_read_is_said_in_a_line(
    words: tuple[str, ...], said: str, place: Place
) -> None:
    (place.home / "calls.log.zst").write_bytes(b"")
    (place.home / "bad.gz").write_bytes(WHOLE)
    (place.home / "cut.gz").write_bytes(gzip.compress(WHOLE)[:-300])
    done = place.run("audit", *words)

    told = done.out + done.err
    assert done.status == 2
    assert said in told
    assert "Traceback" not in told
