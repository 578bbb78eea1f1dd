"""Where vendors tell how much money is left, and that the page has it as their modules do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.config.loading import from_mapping
from orchestrator.vendors import BalanceEndpoint, all_vendors, vendor

PAGE = (Path(__file__).parents[3] / "docs" / "money.md").read_text(encoding="utf-8")


def rows() -> Iterator[str]:
    """The rows of the page's table, as the vendors' modules have it."""
    for each in all_vendors():
        for one in each.balances:
            yield f"| `{each.name}` | `{one.path}` | {_told(one)} | {_empty(one)} |"


def _told(one: BalanceEndpoint) -> str:
    by_currency = {place.currency or "each currency": place for place in one.amounts}
    told = " and ".join(by_currency)
    if one.key:
        return f"{told}; needs {one.key}"
    return f"{told}; of this key's own limit" if one.of_key else told


def _empty(one: BalanceEndpoint) -> str:
    if one.available:
        return f"where it says so (`{one.available}`)"
    return "at 0 or below" if one.empty_at_zero else "never by this"


def test_the_page_has_the_table_that_the_modules_make() -> None:
    found = [line for line in PAGE.splitlines() if line.startswith("| `")]

    assert found == list(rows())


@pytest.mark.parametrize(
    ("base_url", "currency"),
    [("https://api.moonshot.ai/v1", "USD"), ("https://api.moonshot.cn/v1", "CNY")],
)
def test_one_address_tells_another_currency_than_the_other(base_url: str, currency: str) -> None:
    moonshot = vendor("moonshot")
    assert moonshot is not None

    (found,) = moonshot.balances_at(base_url)

    assert found.amounts[0].currency == currency


@pytest.mark.parametrize(
    ("name", "table", "paths"),
    [
        ("deepseek", {}, ["/user/balance"]),
        ("second", {"vendor": "deepseek"}, ["/user/balance"]),
        ("second", {"base_url": "https://api.deepseek.com"}, ["/user/balance"]),
        ("novita", {"base_url": "https://llm.corp/v1"}, ["/openapi/v1/billing/balance/detail"]),
        ("mine", {"base_url": "https://ai-gateway.vercel.sh/v1"}, ["/v1/credits"]),
        ("siliconflow", {"base_url": "https://api.siliconflow.cn/v1"}, []),
        ("corp", {"base_url": "https://llm.corp/v1"}, []),
    ],
)
def test_a_provider_is_asked_where_its_vendor_tells(
    name: str, table: dict[str, str], paths: list[str]
) -> None:
    entry = {**table, "credentials": ["a-key-that-is-made-up"]}
    config = from_mapping({"providers": {name: entry}, "routes": {"default": [f"{name}/m"]}}, {})

    provider = config.providers[name]

    assert [one.path for one in provider.balances] == paths
    assert provider.asks_balance is bool(paths)


def test_free_models_are_known_by_how_their_names_end() -> None:
    openrouter = vendor("openrouter")
    assert openrouter is not None

    assert openrouter.free_models == (":free",)
