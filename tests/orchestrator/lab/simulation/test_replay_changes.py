"""What a config changes for recorded calls, in words."""

from __future__ import annotations

import pytest

from orchestrator.lab.simulation.replay_changes import changes
from orchestrator.lab.simulation.replay_config import replay
from orchestrator.ledger import read_ledger
from tests.orchestrator.lab.simulation.incidents import FOLDER, config, of

CASES = {
    "": (),
    "[policy]\npatience = '60s'\non_interrupted = 'hold'": (
        "patience: 10 → 60",
        "on_interrupted: fail → hold",
    ),
    "[policy.on]\nauth = ['rotate']": ("on auth: fallback, rotate → rotate",),
    "[policy.on]\nunknown = []": ("on unknown: fallback, retry → nothing",),
    "[timeouts]\nfirst_token = '9s'": (
        "first_token at deepseek/v4: auto → 9",
        "first_token at openrouter/oss: auto → 9",
        "first_token at corp/llama: auto → 9",
    ),
}


@pytest.mark.parametrize("extra", CASES)
def test_each_change_is_named_once(extra: str) -> None:
    calls, changed = read_ledger(FOLDER / "a1.jsonl"), of(config(extra=extra))
    routes = replay(calls, changed).routes

    assert changes(calls, changed, routes) == CASES[extra]


def test_routes_and_keys_are_named_by_what_they_were_and_are() -> None:
    calls, changed = read_ledger(FOLDER / "a1.jsonl"), of(config(keys=1, route=("deepseek/v4",)))
    routes = replay(calls, changed).routes

    assert changes(calls, changed, routes) == (
        "route: deepseek/v4, openrouter/oss, corp/llama → deepseek/v4",
        "deepseek has no key#2, key#3 any more",
    )


def test_what_is_added_is_named_too() -> None:
    calls = read_ledger(FOLDER / "a1.jsonl")
    changed = of(
        config(keys=9).replace("[providers.corp]", "strategy = 'random'\n[providers.corp]")
    )
    routes = replay(calls, changed).routes

    assert changes(calls, changed, routes) == (
        "deepseek has key#4, key#5, key#6 and 3 more besides",
        "strategy of openrouter: fill_first → random",
    )
