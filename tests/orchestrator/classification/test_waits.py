"""Waits in every form that vendors document."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.classification import classify
from orchestrator.classification.durations import duration, instant, seconds
from orchestrator.classification.wait_texts import in_text

NOW = 1_790_000_000.0  # 2026-09-21 14:13:20 UTC


def wait(headers: dict[str, str] | None = None, body: Any = None, **more: Any) -> float | None:
    return classify(status=429, headers=headers, body=body, now=NOW, **more).retry_after


HEADERS: list[tuple[dict[str, str], float | None]] = [
    ({"Retry-After": "37"}, 37),
    ({"retry-after": "1.5"}, 1.5),
    ({"Retry-After": "Mon, 21 Sep 2026 14:14:20 GMT"}, 60),
    ({"Retry-After": "Mon, 21 Sep 2026 14:12:20 GMT"}, None),
    ({"retry-after-ms": "1302", "retry-after": "2"}, 1.302),
    ({"x-ms-retry-after-ms": "250"}, 0.25),
    ({"Retry-After": "0"}, None),
    ({"Retry-After": "-1"}, None),
    ({"Retry-After": "nan"}, None),
    ({"Retry-After": "inf"}, None),
    ({"Retry-After": "1e12"}, None),
    ({"Retry-After": "99999999"}, None),
    ({"Retry-After": "soon"}, None),
    ({"x-ratelimit-reset-requests": "7m12s", "x-ratelimit-remaining-requests": "0"}, 432),
    ({"x-ratelimit-reset-tokens": "120ms"}, 0.12),
    ({"x-ratelimit-reset-tokens": "0", "x-ratelimit-remaining-tokens": "-1"}, None),
    ({"x-ratelimit-reset": "1790000090"}, 90),
    ({"x-ratelimit-reset": "1790000090000"}, 90),
    (
        {
            "anthropic-ratelimit-input-tokens-reset": "2026-09-21T14:14:00Z",
            "anthropic-ratelimit-input-tokens-remaining": "0",
            "anthropic-ratelimit-requests-reset": "2026-09-21T15:14:00Z",
            "anthropic-ratelimit-requests-remaining": "40",
        },
        40,
    ),
    ({"x-ratelimit-timeremaining": "43212"}, 43_212),
]


@pytest.mark.parametrize(("headers", "expected"), HEADERS)
def test_headers(headers: dict[str, str], expected: float | None) -> None:
    assert wait(headers) == pytest.approx(expected) if expected else wait(headers) is None


BODIES: list[tuple[Any, float | None]] = [
    ({"error": {"details": [{"@type": "x.RetryInfo", "retryDelay": "34.07s"}]}}, 34.07),
    ({"error": {"details": [{"retryDelay": "3600.5s"}]}}, 3600.5),
    ({"error": {"resets_in_seconds": 602_705}}, 602_705),
    ({"error": {"resets_at": 1_790_000_300}}, 300),
    ({"error": {"resets_at": "2026-09-21T14:23:20Z"}}, 600),
    ({"error": "loading", "estimated_time": 20.0}, 20),
    ({"retry_after": 30}, 30),
    ({"retry_after": 0}, None),
    ({"error": {"metadata": {"headers": {"X-RateLimit-Reset": "1790000060000"}}}}, 60),
    ({"error": {"metadata": {"headers": {"Retry-After": "9"}}}}, 9),
    ({"error": {"resets_at": 1_789_000_000}}, None),
]


@pytest.mark.parametrize(("body", "expected"), BODIES)
def test_fields_of_the_body(body: Any, expected: float | None) -> None:
    assert wait(body=body) == expected


TEXTS: list[tuple[str, float | None]] = [
    ("Please try again in 20s.", 20),
    ("Please try again in 6m0s.", 360),
    ("Please try again in 2m59.56s. Visit https://example.com", 179.56),
    ("Please try again in 810ms.", 0.81),
    ("Please try again in 9m38.016s", 578.016),
    ("Try again in 4 hours 58 minutes.", 17_880),
    ("please try again after 1 seconds", 1),
    ("Please retry after 86400 seconds.", 86_400),
    ("Please retry in 7.967587226s.", 7.967587226),
    ("please wait 6 seconds for your limit to reset", 6),
    ("Please wait 43212 seconds before retrying.", 43_212),
    ("Expected available in 18 seconds.", 18),
    ("Your quota will reset after 3h22m10s.", 12_130),
    ("Claude AI usage limit reached|1790000400", 400),
    ("limit will reset at 2026-09-21T14:14:20+00:00", 60),
    ("You will regain access on 2026-09-22 at 00:00 UTC.", 35_200),
    ("resets 3pm (UTC)", 2_800),
    ("resets at 14:00 UTC", 85_600),
    ("请求过于频繁，请 30 秒后重试", 30),
    ("Limit 30000, Used 29000, Requested 1443.", None),
    ("you asked for 4096 tokens in 20 messages", None),
    ("try again in 0s", None),
    ("retry after -1 seconds", None),
    ("the model has 8 seconds of audio", None),
    ("retry later", None),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_texts(text: str, expected: float | None) -> None:
    found = in_text(text, NOW)

    assert found == pytest.approx(expected) if expected is not None else found is None


def test_a_timestamp_without_a_zone_is_in_the_vendors_zone() -> None:
    text = "Your limit will reset at 2026-09-21 23:13:20"

    assert in_text(text, NOW, "zai") == 3600
    assert in_text(text, NOW, "openai") == 9 * 3600


@given(st.floats(0.001, 300_000.0))
def test_a_duration_written_as_go_writes_it_reads_back(value: float) -> None:
    whole, milliseconds = divmod(round(value * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    written = f"{hours}h{minutes}m{rest}.{milliseconds:03d}s"
    expected = round(value * 1000) / 1000

    found = duration(written)

    assert found == pytest.approx(expected) if expected > 0 else found is None


@given(st.integers(1, 31_000_000))
def test_an_epoch_reads_the_same_in_seconds_and_milliseconds(ahead: int) -> None:
    assert instant(NOW + ahead, NOW) == ahead
    assert instant((NOW + ahead) * 1000, NOW) == pytest.approx(ahead)
    assert seconds(NOW + ahead, now=NOW) == ahead


@given(st.floats())
def test_a_number_of_seconds_is_taken_only_where_it_can_be_a_wait(value: float) -> None:
    found = seconds(value)

    assert found is None or (math.isfinite(found) and 0 < found <= 366 * 86_400)
