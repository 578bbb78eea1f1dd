"""What a list of calls may be asked for, and one line for what it may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import RequestError
from orchestrator.gateway.call_filter import LIMIT, MOST, CallFilter
from orchestrator.states import Reason

NOW = 1_800_000_000.0


def refused(*query: tuple[str, str]) -> str:
    with pytest.raises(RequestError) as caught:
        CallFilter.parse(query, NOW)
    return str(caught.value)


def test_nothing_asked_for_is_the_newest_of_all() -> None:
    assert CallFilter.parse([], NOW) == CallFilter(limit=LIMIT)


def test_each_filter_is_read() -> None:
    query = {
        "route": "default",
        "outcome": "succeed",
        "reason": "billing",
        "target": "a/m",
        "key": "team",
        "since": "15m",
        "limit": "7",
    }

    assert CallFilter.parse(query.items(), NOW) == CallFilter(
        "default", "succeed", "billing", "a/m", "team", NOW - 900, 7
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            ("outcom", "x"),
            "unknown filter 'outcom' (did you mean 'outcome'?); allowed: route, outc",
        ),
        (("outcome", "suceed"), "outcome is 'suceed' (did you mean 'succeed'?); allowed: succeed,"),
        (("reason", "biling"), "reason is 'biling' (did you mean 'billing'?); allowed: billing, "),
        (("since", "soon"), "since is 'soon'; allowed: seconds since 1970-01-01, or a duration"),
        (("limit", "0"), "limit is '0'; allowed: 1 to 1000"),
    ],
)
def test_what_is_wrong_is_one_line_with_what_is_allowed(query: tuple[str, str], words: str) -> None:
    said = refused(query)

    assert said.startswith(words)
    assert "\n" not in said


def test_a_name_that_stands_there_twice_is_refused() -> None:
    assert refused(("route", "a"), ("route", "b")) == "route stands there twice; allowed: once"


def test_what_looks_like_a_key_is_not_said_again() -> None:
    secret = "sk-proj-" + "a1B2c3D4e5F6g7H8" * 2

    assert secret not in refused(("reason", secret))
    assert secret not in refused((secret, "x"))


NAMES = st.sampled_from(("outcome", "reason", "since", "limit")) | st.text()


@given(NAMES, st.text())
def test_whatever_is_wrong_is_one_line(name: str, value: str) -> None:
    said = complaint(name, value)

    assert said is None or ("; allowed: " in said and "\n" not in said)


def complaint(name: str, value: str) -> str | None:
    try:
        CallFilter.parse([(name, value)], NOW)
    except RequestError as error:
        return str(error)
    return None


@given(st.text(max_size=6) | st.integers(-5, 20_000).map(str))
def test_a_limit_is_a_number_within_its_bounds(value: str) -> None:
    try:
        limit = CallFilter.parse([("limit", value)], NOW).limit
    except RequestError:
        assert value not in {str(number) for number in range(1, MOST + 1)}
    else:
        assert 1 <= limit <= MOST


@given(st.sampled_from(["since"]), st.floats().map(str) | st.text(max_size=6))
def test_since_is_an_instant(name: str, value: str) -> None:
    try:
        since = CallFilter.parse([(name, value)], NOW).since
    except RequestError:
        return
    assert since is not None
    assert since < 1e12


def test_every_reason_may_be_asked_for() -> None:
    for reason in Reason:
        assert CallFilter.parse([("reason", reason.value)], NOW).reason == reason.value
