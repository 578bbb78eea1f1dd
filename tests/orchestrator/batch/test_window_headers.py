from __future__ import annotations

from collections.abc import Mapping

import pytest

from orchestrator.batch.window_headers import window_of

OPENAI = "x-ratelimit-{}-requests"


def openai(left: str, whole: str, reset: str) -> dict[str, str]:
    names = (OPENAI.format(one) for one in ("remaining", "limit", "reset"))
    return dict(zip(names, (left, whole, reset), strict=True))


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        (openai("40", "60", "20s"), (40, 20.0)),
        # It fills up one by one: the next is there after a sixtieth of a minute.
        (openai("0", "60", "60s"), (0, 1.0)),
        (openai("0", "60", "1m0s"), (0, 1.0)),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "30"}, (0, 30.0)),
        # A day's limit is no pace, and nonsense is nothing.
        ({"ratelimit-remaining": "0", "ratelimit-reset": "86400"}, None),
        ({"ratelimit-remaining": "many", "ratelimit-reset": "30"}, None),
        ({"ratelimit-remaining": "5"}, None),
        (openai("5", "60", "soon"), None),
    ],
)
def test_what_is_left_of_a_limit(
    headers: Mapping[str, str], expected: tuple[int, float] | None
) -> None:
    assert window_of(headers) == expected
