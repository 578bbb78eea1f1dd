"""What of a route can fail."""

from __future__ import annotations

from orchestrator.lab.fault_matrix.faults import FaultScope
from orchestrator.lab.fault_matrix.sites import EVERY_TARGET, single_faults
from tests.orchestrator.lab.fault_matrix.routes import (
    ALONE,
    HEAD,
    ONE_ADDRESS,
    README,
    SHARED,
    config,
    provider,
    route,
)


def sites(text: str) -> dict[str, set[FaultScope]]:
    """What each thing that can fail is."""
    made = config(text)
    found: dict[str, set[FaultScope]] = {}
    for fault in single_faults(made, made.route()):
        found.setdefault(fault.site.name, set()).add(fault.site.scope)
    return found


PROVIDER = {FaultScope.ADDRESS, FaultScope.ACCOUNT}


def test_addresses_accounts_keys_and_targets() -> None:
    assert sites(README) == {
        "deepseek": PROVIDER,
        "key#1 of deepseek": {FaultScope.KEY},
        "key#2 of deepseek": {FaultScope.KEY},
        "deepseek/deepseek-v4-pro": {FaultScope.TARGET},
        "openai": PROVIDER,
        "openai/gpt-5-mini": {FaultScope.TARGET},
        "corp": PROVIDER,
        "corp/llama": {FaultScope.TARGET},
        EVERY_TARGET: {FaultScope.REQUEST},
    }


def test_one_key_under_two_names_is_one_account() -> None:
    assert sites(SHARED)["acme and beta"] == PROVIDER
    assert set(sites(SHARED)) == {"acme and beta", "acme/x", "beta/y", EVERY_TARGET}


def test_two_keys_at_one_address_are_two_accounts() -> None:
    found = sites(ONE_ADDRESS)

    assert found["acme and beta"] == {FaultScope.ADDRESS}
    assert found["acme"] == found["beta"] == {FaultScope.ACCOUNT}


def test_a_key_that_two_entries_share_fails_at_both() -> None:
    text = (
        HEAD
        + provider("acme", "A", "B", url="http://one.invalid/v1")
        + provider("beta", "B", "C", url="http://one.invalid/v1")
        + route("acme/x", "beta/y")
    )
    made = config(text)
    keys = {
        fault.site.name: fault.site.hits
        for fault in single_faults(made, made.route())
        if fault.site.scope is FaultScope.KEY
    }

    assert keys == {
        "key#1 of acme": {("acme/x", "key#1")},
        "key#2 of acme": {("acme/x", "key#2"), ("beta/y", "key#1")},
        "key#2 of beta": {("beta/y", "key#2")},
    }


def test_nobody_without_keys_is_refused_for_one() -> None:
    text = HEAD + '[providers.local]\nbase_url = "http://127.0.0.1:9/v1"\n' + route("local/x")
    made = config(text)
    account = {
        fault.kind.name
        for fault in single_faults(made, made.route())
        if fault.site.scope is FaultScope.ACCOUNT
    }

    assert account == {"429", "429 up to patience", "429 for 1 h"}


def test_one_target_is_too_small_only_as_all_are() -> None:
    made = config(ALONE)
    where = {
        fault.site.name
        for fault in single_faults(made, made.route())
        if fault.kind.name == "request too long"
    }

    assert where == {EVERY_TARGET}
