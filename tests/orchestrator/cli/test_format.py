"""Numbers and durations, as people read them."""

from __future__ import annotations

import pytest

from orchestrator.cli.format import count, duration, lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1.0, "0.0 s"),
        (3.24, "3.2 s"),
        (40.0, "40 s"),
        (240.0, "4 min"),
        (5_400.0, "1.5 h"),
        (172_800.0, "2 d"),
    ],
)
def test_a_duration_has_one_unit(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.4, "just now"), (3.24, "for 3 s"), (172_800.0, "for 2 d")]
)
def test_what_lasts_has_no_tenths_of_seconds(seconds: float, words: str) -> None:
    assert lasting(seconds) == words


@pytest.mark.parametrize(
    ("number", "words"), [(0, "0 calls"), (1, "1 call"), (2_000, "2,000 calls")]
)
def test_a_number_has_its_plural(number: int, words: str) -> None:
    assert count(number, "call") == words
