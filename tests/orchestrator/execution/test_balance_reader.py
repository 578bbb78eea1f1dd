"""Balances as vendors' pages describe them, and all else that may come in their place."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.execution.balance_reader import BalanceUnknown, read_balance
from orchestrator.health import BalanceStatement, Money
from orchestrator.vendors import BalanceEndpoint, all_vendors, vendor


def endpoint(name: str, path: str = "") -> BalanceEndpoint:
    found = vendor(name)
    assert found is not None
    return next(one for one in found.balances if path in one.path)


def read(found: BalanceEndpoint, answer: Any) -> BalanceStatement:
    return read_balance(found, json.dumps(answer).encode())


def deepseek(*rows: tuple[str, str], available: object = True) -> dict[str, Any]:
    infos = [{"currency": currency, "total_balance": total} for currency, total in rows]
    return {"is_available": available, "balance_infos": infos}


# As the pages have them; where each was read stands in the vendor's module.
PAGES: list[tuple[BalanceEndpoint, Any, tuple[Money, ...], bool | None]] = [
    (
        endpoint("deepseek"),
        {
            "is_available": True,
            "balance_infos": [
                {
                    "currency": "CNY",
                    "total_balance": "110.00",
                    "granted_balance": "10.00",
                    "topped_up_balance": "100.00",
                }
            ],
        },
        (Money(110.0, "CNY"),),
        True,
    ),
    (
        endpoint("openrouter", "credits"),
        {"data": {"total_credits": 100.5, "total_usage": 25.75}},
        (Money(74.75, "USD"),),
        True,
    ),
    (
        endpoint("openrouter", "/key"),
        {"data": {"label": "k", "limit": 10, "limit_remaining": 7.5}},
        (Money(7.5, "USD"),),
        None,
    ),
    (
        endpoint("moonshot"),
        {"code": 0, "data": {"available_balance": 49.58894, "cash_balance": 3.00001}},
        (Money(49.58894, "CNY"),),
        True,
    ),
    (
        endpoint("siliconflow"),
        {"code": 20000, "data": {"balance": "0.88", "totalBalance": "88.88"}},
        (Money(88.88, "USD"),),
        None,
    ),
    (
        endpoint("novita"),
        {"availableBalance": "1000000", "cashBalance": "800000"},
        (Money(100.0, "USD"),),
        None,
    ),
    (
        endpoint("venice", "billing"),
        {"canConsume": True, "balances": {"diem": 90.5, "usd": 25}},
        (Money(25.0, "USD"), Money(90.5, "DIEM")),
        True,
    ),
    (
        endpoint("vercel"),
        {"balance": "95.50", "total_used": "4.50"},
        (Money(95.5, "USD"),),
        None,
    ),
    (
        endpoint("ollama"),
        {"included": {"balance_usd": 72.5}, "purchased": {"balance_usd": 25}},
        (Money(97.5, "USD"),),
        None,
    ),
]


@pytest.mark.parametrize(("found", "answer", "amounts", "usable"), PAGES)
def test_what_the_vendors_pages_show_is_read(
    found: BalanceEndpoint, answer: Any, amounts: tuple[Money, ...], *, usable: bool | None
) -> None:
    said = read(found, answer)

    assert said.amounts == amounts
    assert said.usable is usable


def test_every_endpoint_says_where_it_is_described() -> None:
    endpoints = [one for each in all_vendors() for one in each.balances]

    assert len(endpoints) >= 10
    for one in endpoints:
        assert one.path.startswith("/")
        assert one.source.startswith("https://")
        assert one.source.endswith("(2026-11-30)")
        assert all(bool(place.currency) != bool(place.currency_place) for place in one.amounts)


def test_each_currency_stands_by_itself() -> None:
    said = read(endpoint("deepseek"), deepseek(("CNY", "80"), ("USD", "12.5"), ("USD", "1")))

    assert said.amounts == (Money(80.0, "CNY"), Money(13.5, "USD"))


def test_the_explicit_word_decides_whatever_the_amounts() -> None:
    assert read(endpoint("deepseek"), deepseek(("USD", "5.00"), available=False)).is_empty
    assert not read(endpoint("deepseek"), deepseek(("USD", "0.00"))).is_empty


@pytest.mark.parametrize("word", ["false", 0, None, "no", [], {}])
def test_what_is_no_boolean_is_no_word(word: object) -> None:
    said = read(endpoint("deepseek"), deepseek(("USD", "0.00"), available=word))

    assert said.usable is None
    assert not said.is_empty


@pytest.mark.parametrize(("amount", "is_empty"), [(0.0, True), (-1.0, True), (0.01, False)])
def test_nothing_left_is_empty_where_the_page_says_that_calls_are_refused(
    amount: float, *, is_empty: bool
) -> None:
    assert read(endpoint("moonshot"), {"data": {"available_balance": amount}}).is_empty is is_empty
    assert not read(endpoint("vercel"), {"balance": str(amount)}).is_empty


def test_a_key_without_a_limit_is_an_answer_and_one_without_the_field_is_none() -> None:
    key = endpoint("openrouter", "/key")

    assert read(key, {"data": {"limit_remaining": None}}).amounts == ()
    with pytest.raises(BalanceUnknown):
        read(key, {"data": {"label": "k"}})


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>402 Payment Required</body></html>",
        b"null",
        b"[]",
        b"5",
        b"{}",
        b'{"balance": NaN}',
        b'{"balance": Infinity}',
        b'{"balance": "NaN"}',
        b'{"balance": "1e9"}',
        b'{"balance": "0x10"}',
        b'{"balance": " 5"}',
        b'{"balance": 1' + b"0" * 5_000 + b"}",
        b'{"balance": 1e300}',
        b'{"balance": true}',
        b'{"balance": ["5"]}',
        b'{"balance": "5", ',
        b'{"balance": "\xff"}',
        b"[" * 60_000,
        b'{"error": {"message": "no"}}',
    ],
)
def test_what_is_no_balance_says_nothing(body: bytes) -> None:
    with pytest.raises(BalanceUnknown):
        read_balance(endpoint("vercel"), body)


def test_a_total_of_which_nobody_says_what_is_used_is_no_balance() -> None:
    with pytest.raises(BalanceUnknown):
        read(endpoint("openrouter", "credits"), {"data": {"total_credits": 10}})


def test_a_sum_of_which_a_part_is_not_told_is_no_balance() -> None:
    # An old plan, as the page has it: what was purchased is 0, and three quarters are left.
    old = {"included": {"session": {"remaining_percent": 75}}, "purchased": {"balance_usd": 0}}

    with pytest.raises(BalanceUnknown):
        read(endpoint("ollama"), old)
    assert read(endpoint("venice", "billing"), {"balances": {"usd": 2}}).amounts == (
        Money(2.0, "USD"),
    )


def test_no_text_of_an_answer_goes_further_than_a_currencys_letters() -> None:
    answer = deepseek(("USD\x1b[2J", "5"), ("usd", "7"), ("sk-secret-of-somebody", "1"))

    said = read(endpoint("deepseek"), answer)

    assert {one.currency for one in said.amounts} == {"", "USD"}


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["data", "balance", "is_available", "balance_infos", "total_balance", "currency"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
ENDPOINTS = [one for each in all_vendors() for one in each.balances]


@given(st.sampled_from(ENDPOINTS), json_values)
def test_no_answer_breaks_the_reader_and_only_a_word_or_a_documented_zero_is_emptiness(
    found: BalanceEndpoint, answer: Any
) -> None:
    try:
        said = read_balance(found, json.dumps(answer).encode())
    except BalanceUnknown:
        return
    if said.is_empty:
        assert found.available or found.empty_at_zero
        assert found.empty_at_zero or answer[found.available] is False


@given(st.sampled_from(ENDPOINTS), st.binary(max_size=200))
def test_no_bytes_break_the_reader(found: BalanceEndpoint, body: bytes) -> None:
    with contextlib.suppress(BalanceUnknown):
        read_balance(found, body)
