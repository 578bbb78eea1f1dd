"""What is known of a provider's money, as ``status`` shows it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrator.cli.money_line import money_lines
from orchestrator.health import AccountBalance, BalanceStatement, Money
from tests.orchestrator.cli.entry import Place
from tests.orchestrator.gateway.upstream import Asked, Told, upstream

NOW, LOW = 1_000.0, 5.0


def said(
    *amounts: Money, usable: bool | None = None, of_key: bool = False, wants: str = ""
) -> AccountBalance:
    statement = BalanceStatement(amounts, usable, of_key, wants)
    return AccountBalance(statement, at=NOW - 120.0)


@pytest.mark.parametrize(
    ("known", "lines"),
    [
        (said(Money(1234.5, "USD")), ["1,234.50 USD left, 2 min ago"]),
        (said(Money(0, "CNY"), Money(9, "USD")), ["0.00 CNY, 9.00 USD left, 2 min ago"]),
        (said(Money(4.9, "USD")), ["4.90 USD left (below 5), 2 min ago"]),
        (
            said(Money(0, "USD"), usable=False),
            ["0.00 USD left: empty, says its vendor, 2 min ago"],
        ),
        (said(usable=False), ["empty, says its vendor, 2 min ago"]),
        (said(usable=True), ["there is money, says its vendor, 2 min ago"]),
        (
            said(Money(3.2, "USD"), of_key=True, wants="a management key"),
            [
                "3.20 USD left of its key's limit (below 5), 2 min ago",
                "the balance of its account needs a management key",
            ],
        ),
        (said(of_key=True), ["its key has no limit, 2 min ago"]),
        (AccountBalance(is_pending=True), ["money left: not known (its vendor is being asked)"]),
        (
            AccountBalance(failures=1, trouble="no answer came within 10 s"),
            ["money left: not known (no answer came within 10 s)"],
        ),
        (
            AccountBalance(BalanceStatement((Money(9, "USD"),)), at=NOW, trouble="it is down"),
            ["9.00 USD left, just now", "asked since, in vain: it is down"],
        ),
    ],
)
def test_what_is_known_stands_in_a_line_or_two(known: AccountBalance, lines: list[str]) -> None:
    shown = [line.plain for line in money_lines(known, LOW, NOW)]

    assert shown == lines
    assert all(len(line) <= 74 for line in shown)  # set in, they fit into 80 columns


CONFIG = """
[providers.deepseek]
base_url = "{url}"
credentials = ["env:DEEPSEEK_KEY"]
proxy = ""
[providers.vercel]
base_url = "{url}"
credentials = ["env:NOT_SET"]
proxy = ""
[routes]
default = ["deepseek/m", "vercel/m"]
"""


def test_status_asks_once_shows_and_lists_what_is_left(tmp_path: Path) -> None:
    def answer(_: Asked, told: Told) -> None:
        infos = [{"currency": "USD", "total_balance": "3.50"}]
        told.whole(200, json.dumps({"is_available": True, "balance_infos": infos}).encode())

    with upstream(answer) as vendor:
        (tmp_path / "orchestrator.toml").write_text(CONFIG.format(url=vendor.url))
        place = Place(tmp_path, {"DEEPSEEK_KEY": "canary.Q7x.deepseek"})
        shown, listed = place.run("status"), place.run("status", "--json")

        # Who has no key is not asked, and what was told a moment ago is not asked again.
        assert [one.target for one in vendor.asked] == ["/user/balance"]
    assert "\n      3.50 USD left (below 5), just now\n" in shown.out
    entry = listed.json["entries"][0]
    assert entry["low"] is True
    assert entry["balance"]["said"]["amounts"] == [{"amount": 3.5, "currency": "USD"}]
