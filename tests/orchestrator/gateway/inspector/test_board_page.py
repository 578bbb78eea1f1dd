"""Each provider is shown with its keys and targets, and nothing that JSON cannot say."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from orchestrator.gateway.inspector.board_page import ShownBalance, board_page
from orchestrator.health import BoardRow
from orchestrator.health.balance import AccountBalance, BalanceStatement, Money
from orchestrator.provider import Provider
from orchestrator.states import Error, Mark, Reason


def shown(*rows: BoardRow) -> list[dict[str, Any]]:
    page = board_page(rows, {"a": Provider("a", vendor="openai")}, 100.0)
    found: dict[str, Any] = json.loads(msgspec.json.encode(page))
    assert found["now"] == 100.0
    providers: list[dict[str, Any]] = found["providers"]
    return providers


def test_money_is_shown_with_the_word_of_its_vendor() -> None:
    said = BalanceStatement((Money(3.0, "USD"), Money(9.5, "CNY")), usable=False)
    told = AccountBalance(said, at=90.0, asked=95.0, trouble="timeout")
    unknown = AccountBalance(asked=95.0, failures=1, trouble="HTTP 500")
    (one, other) = shown(BoardRow("a", balance=told), BoardRow("gone", balance=unknown))

    assert one["balance"] == {
        "amount": 9.5,
        "currency": "CNY",
        "asked": 90.0,
        "available": False,
        "is_low": False,
        "trouble": "timeout",
    }
    assert (other["balance"]["amount"], other["balance"]["asked"]) == (None, 95.0)
    assert ShownBalance.of(told, 10.0).is_low


def test_what_belongs_to_a_provider_stands_in_it() -> None:
    (one, other) = shown(
        BoardRow("a"),
        BoardRow("a", "key#1"),
        BoardRow("a", "key#1", "m"),
        BoardRow("a", None, "m"),
        BoardRow("gone"),
    )

    assert (one["provider"], one["vendor"], one["balance"]) == ("a", "openai", None)
    assert [(key["label"], key["model"]) for key in one["credentials"]] == [
        ("key#1", None),
        ("key#1", "m"),
    ]
    assert [each["target"] for each in one["targets"]] == ["a/m"]
    assert (other["provider"], other["vendor"], other["targets"]) == ("gone", None, [])


def test_a_mark_is_told_with_its_failure() -> None:
    error = Error(Reason.BILLING, "rule", status=402, message="no money")
    row = BoardRow("a", None, None, Mark.BENCH, 1.0, 300.0, error, 2, probed=True, expected=900.0)
    (one,) = shown(row)

    assert {name: one[name] for name in ("mark", "reason", "status", "message", "failures")} == {
        "mark": "bench",
        "reason": "billing",
        "status": 402,
        "message": "no money",
        "failures": 2,
    }
    assert (one["since"], one["until"], one["expected"]) == (1.0, 300.0, 900.0)
    assert (one["due"], one["probed"]) == (False, True)


def test_what_no_time_ends_has_no_end() -> None:
    dead = BoardRow("a", "key#1", None, Mark.DEAD, 1.0, math.inf)
    (provider,) = shown(BoardRow("a"), dead)

    assert provider["credentials"][0]["until"] is None


def test_that_marks_are_of_this_gateway_alone_is_shown_with_its_cause() -> None:
    assert board_page([], {}, 100.0)["trouble"] is None
    assert board_page([], {}, 100.0, "connection refused")["trouble"] == "connection refused"
