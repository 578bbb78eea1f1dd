"""Which entries are one account, or stand at one address."""

from __future__ import annotations

import pytest

from orchestrator.config.accounts import shared_accounts, shared_addresses
from orchestrator.provider import Credential, Provider
from orchestrator.secrets import Secret


def entry(name: str, url: str, *keys: str) -> Provider:
    credentials = tuple(
        Credential(f"key#{place}", Secret(key), f"env:{key}") for place, key in enumerate(keys, 1)
    )
    return Provider(name, base_url=url, credentials=credentials)


@pytest.mark.parametrize(
    ("others", "accounts", "addresses"),
    [
        (("u", "k"), [("a", "b")], [("a", "b")]),
        (("u", "l"), [("a",), ("b",)], [("a", "b")]),
        (("v", "k"), [("a",), ("b",)], [("a",), ("b",)]),
        (("u", "l", "k"), [("a", "b")], [("a", "b")]),
    ],
)
def test_one_key_at_one_address_is_one_account(
    others: tuple[str, ...], accounts: list[tuple[str, ...]], addresses: list[tuple[str, ...]]
) -> None:
    url, *keys = others
    providers = {
        "a": entry("a", "http://u.invalid", "k"),
        "b": entry("b", f"http://{url}.invalid", *keys),
    }

    assert list(shared_accounts(providers)) == accounts
    assert list(shared_addresses(providers)) == addresses


def test_what_is_shared_by_twos_is_shared_by_all() -> None:
    url = "http://u.invalid"
    providers = {
        "a": entry("a", url, "k"),
        "b": entry("b", url, "l"),
        "c": entry("c", url, "l", "k"),
    }

    assert shared_accounts(providers) == (("a", "b", "c"),)


def test_a_file_that_was_not_read_is_one_key_too() -> None:
    unread = Credential("key#1", Secret(), "file:token")
    providers = {
        name: Provider(name, base_url="http://u.invalid", credentials=(unread,)) for name in "ab"
    }

    assert shared_accounts(providers) == (("a", "b"),)


def test_who_asks_without_a_key_has_no_account_to_share() -> None:
    anonymous = Credential("anonymous")
    providers = {
        name: Provider(name, base_url="http://u.invalid", credentials=(anonymous,)) for name in "ab"
    }

    assert shared_accounts(providers) == (("a",), ("b",))
    assert shared_addresses(providers) == (("a", "b"),)
