"""Which ledger is read, and since when."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.cli.exit_codes import UsageError
from orchestrator.cli.ledger_files import configured_files, read_since
from orchestrator.config.config import Config

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7d", 7 * 86_400),
        ("24h", 86_400),
        ("90m", 5_400),
        ("30s", 30),
        ("30", 30),
        (" 1 d ", 86_400),
    ],
)
def test_a_duration_counts_back_from_now(text: str, seconds: float) -> None:
    assert read_since(text, NOW) == NOW - seconds


@pytest.mark.parametrize("text", ["2026-11-01", "2026-11-01T12:30", "2026-11-01 12:30:15"])
def test_a_day_begins_by_the_local_clock(text: str) -> None:
    assert read_since(text, NOW) == datetime.fromisoformat(text).astimezone().timestamp()


def test_an_instant_may_name_its_zone() -> None:
    assert read_since("1970-01-02T00:00:00+00:00", NOW) == 86_400.0


def test_nothing_is_no_limit() -> None:
    assert read_since(None, NOW) is None


@given(st.text(max_size=12).filter(lambda text: not any(map(str.isdigit, text))))
def test_what_is_neither_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match="allowed: 7d, 24h, 90m, or a day such as 2026-11-01"):
        read_since(text, NOW)


@given(st.text("0123456789-: dhmT+.", max_size=20))
def test_whatever_is_given_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert isinstance(read_since(text, NOW), float)


@pytest.mark.parametrize("text", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_no_traceback(text: str) -> None:
    with suppress(UsageError):
        read_since(text, NOW)


def test_the_older_half_is_read_first_where_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    config = Config(ledger=path)
    assert configured_files(config) == ()
    path.touch()
    assert configured_files(config) == (path,)
    old = tmp_path / "calls.jsonl.1"
    old.touch()
    assert configured_files(config) == (old, path)


def test_the_older_half_of_a_link_lies_beside_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real, link = tmp_path / "real" / "calls.jsonl", tmp_path / "calls.jsonl"
    for path in (real, real.with_name("calls.jsonl.1")):
        path.write_bytes(b"")
    link.symlink_to(real)

    assert configured_files(Config(ledger=link)) == (real.with_name("calls.jsonl.1"), link)
