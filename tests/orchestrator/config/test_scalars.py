"""Single values: durations, names, addresses, headers."""

from __future__ import annotations

import math
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.config import scalars
from orchestrator.config.errors import NotAllowed
from orchestrator.pooling import Strategy


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("300s", 300.0),
        ("500ms", 0.5),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1.5 s", 1.5),
        (" 2m ", 120.0),
        (30, 30.0),
        (0.25, 0.25),
    ],
)
def test_a_duration_is_read_in_seconds(written: Any, seconds: float) -> None:
    assert scalars.seconds(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        "300",
        "5 days",
        "",
        "s",
        "-1s",
        "1e3s",
        "٣s",
        True,
        None,
        [],
        math.nan,
        math.inf,
        -1,
        10**400,
    ],
)
def test_what_is_no_duration_is_refused(written: Any) -> None:
    with pytest.raises(NotAllowed, match='allowed: a duration such as "300s"'):
        scalars.seconds(written)


def test_zero_is_a_wait_but_no_limit() -> None:
    assert scalars.seconds_or_zero("0s") == 0
    with pytest.raises(NotAllowed, match="above 0"):
        scalars.seconds(0)


def test_the_first_token_may_be_auto() -> None:
    assert scalars.first_token("auto") is None
    assert scalars.first_token("12s") == 12
    with pytest.raises(NotAllowed, match='"auto", or a duration'):
        scalars.first_token("soon")


@given(st.floats(0.001, 1e9) | st.integers(1, 10**9))
def test_every_positive_number_is_a_duration(amount: float) -> None:
    assert scalars.seconds(amount) == amount


@pytest.mark.parametrize("value", [0, -3, True, 1.0, "3", None])
def test_what_is_no_count_is_refused(value: Any) -> None:
    with pytest.raises(NotAllowed, match="a whole number, 1 or more"):
        scalars.count(value)


def test_a_member_is_named_and_the_nearest_told() -> None:
    assert scalars.member("least_used", Strategy) is Strategy.LEAST_USED
    with pytest.raises(NotAllowed, match=r"did you mean 'round_robin'.*allowed: fill_first, "):
        scalars.member("roundrobin", Strategy)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("llm.corp/v1", "http or https"),
        ("ftp://llm.corp", "http or https"),
        ("http://", "http or https"),
        ("http://[", "no address"),
        (3, "found a number, 3"),
        ("http://host/v1/chat/completions/", "leave it out"),
        ("http://llm..corp/v1", "empty part between two dots"),
        ("http://.llm.corp/v1", "empty part between two dots"),
        (f"http://{'a' * 64}.corp", "a part holds 63"),
        (f"http://{'.'.join(['a' * 60] * 5)}", "too long"),
        ("http://llm.corp:0/v1", "port is 0"),
        ("http://llm.corp:65536/v1", "no address"),
        ("http://llm.corp:x/v1", "no address"),
        ("http://a b.corp", "no address"),
        ("http://a*b.corp", "no name holds, 'a\\*b'"),
        ("http://xn--a.corp", "no address"),
        ("http://[][::1]", "no address"),
        ("http://][:::1", "no address"),
        (f"http://{'ü' * 60}.corp", "no address"),
    ],
)
def test_what_is_no_address_is_refused(written: Any, why: str) -> None:
    with pytest.raises(NotAllowed, match=why):
        scalars.base_url(written)


hosts = st.text("ab-_1.:[]ü%*\u3002\u00ad", max_size=12)


@given(hosts, st.sampled_from(["", ":1", ":65535", ":"]))
def test_whatever_is_taken_can_be_looked_up(host: str, port: str) -> None:
    """A resolver, which encodes the name first, says at most that it knows no such host."""
    try:
        taken = scalars.base_url(f"http://{host}{port}/v1")
    except NotAllowed:
        return

    url = httpx.URL(taken)
    assert url.host
    assert url.raw_host.decode().removesuffix(".").encode("idna")


@pytest.mark.parametrize(
    "written",
    [
        "http://llm.corp./v1",
        "http://a_b:8000/v1",
        "http://[::1]:8000/v1",
        "http://127.0.0.1/v1",
        "https://bücher.example/v1",
        f"http://{'a' * 63}.corp",
    ],
)
def test_unusual_hosts_that_exist_are_taken(written: str) -> None:
    assert scalars.base_url(written) == written


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(NotAllowed, match="put the secret in credentials") as refused:
        scalars.base_url("http://me:quietword@llm.corp/v1")

    assert "quietword" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        {"X-A": "quiet\nword"},
        {"X-A": "quiet\u4e2d"},
        {"X-A": 3},
        {"X A": "quiet"},
        {"": "quiet"},
        {"Content-Length": "1"},
        ["X-A: quiet"],
        "X-A: quiet",
    ],
)
def test_what_is_no_header_is_refused_without_its_value(value: Any) -> None:
    with pytest.raises(NotAllowed) as refused:
        scalars.headers(value)

    assert "quiet" not in str(refused.value)


@given(st.text(min_size=100))
def test_what_was_found_is_shown_in_short(value: Any) -> None:
    assert len(scalars.found(value)) < 100


def test_what_was_found_is_masked() -> None:
    assert "sk-abcdefgh12345678" not in scalars.found({"x": "sk-abcdefgh12345678"})


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("64 MiB", 64 * 1024 * 1024),
        ("64MiB", 64 * 1024 * 1024),
        (" 1.5 GB ", None),
        ("0.5 GB", 500_000_000),
        ("1 GiB", 2**30),
        ("1024 KiB", 2**20),
        (2_000_000, 2_000_000),
        (2**20 - 1, None),
        (2**30 + 1, None),
        ("64", None),
        ("64 mib", None),
        ("64 MiBs", None),
        (True, None),
        (math.nan, None),
        (math.inf, None),
        ([], None),
    ],
)
def test_a_size_is_read_in_bytes(written: Any, size: int | None) -> None:
    if size is not None:
        assert scalars.size(written) == size
        return
    with pytest.raises(NotAllowed, match=r'allowed: a size such as "64 MiB", or .* 1 MiB to 1 GiB'):
        scalars.size(written)


@pytest.mark.parametrize(
    ("written", "seconds"), [("5m", 300.0), ("10s", 10.0), (0, 0.0), ("0s", 0.0)]
)
def test_a_vendor_is_asked_every_so_often_or_never(written: Any, seconds: float) -> None:
    assert scalars.question_interval(written) == seconds


@pytest.mark.parametrize("written", ["9s", 1, "500ms", "", "never", True, False, -1, None, "5 min"])
def test_a_vendor_is_not_asked_more_often_than_it_may_bear(written: Any) -> None:
    with pytest.raises(NotAllowed, match="0 for never"):
        scalars.question_interval(written)


@pytest.mark.parametrize(("written", "amount"), [(5, 5.0), (0.5, 0.5), (0, 0.0)])
def test_an_amount_of_money_is_a_number(written: Any, amount: float) -> None:
    assert scalars.money(written) == amount


@pytest.mark.parametrize("written", ["5", "5 USD", -1, math.nan, math.inf, True, None, [], 1e12])
def test_what_is_no_amount_of_money_is_refused(written: Any) -> None:
    with pytest.raises(NotAllowed, match="an amount such as"):
        scalars.money(written)
