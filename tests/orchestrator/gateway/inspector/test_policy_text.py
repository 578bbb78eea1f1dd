"""A policy that is written as TOML is read as the same, and what is none runs nothing."""

from __future__ import annotations

import tomllib
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError
from orchestrator.gateway.inspector.policy_text import (
    MOST_ATTEMPTS,
    config_policy,
    own_policy,
    read_policy,
)
from orchestrator.states import Move, OnInterrupted, Policy, Reason, Target, Timeouts
from orchestrator.states.reasons import DEFAULT_MOVES

FIXED = (Reason.BILLING, Reason.CANCELLED, Reason.DEADLINE)
"""Reasons that list nothing else."""

ROUTE = (Target("a", "m"), Target("b", "m"))

seconds = st.floats(0.001, 10_000) | st.integers(1, 100_000).map(float)
timeouts = st.builds(Timeouts, seconds, st.none() | seconds, seconds, seconds, seconds)
moves = st.frozensets(st.sampled_from(list(Move)))
listed = st.dictionaries(
    st.sampled_from([one for one in Reason if one not in FIXED]), moves, max_size=5
)
policies = st.builds(
    Policy,
    max_attempts=st.integers(1, 10_000),
    attempts_per_target=st.integers(1, 50),
    deadline=seconds,
    patience=st.just(0.0) | seconds,
    on_interrupted=st.sampled_from(OnInterrupted),
    on=listed.map(lambda said: {**DEFAULT_MOVES, **said}),
)
routes = st.lists(timeouts, min_size=1, max_size=3).map(
    lambda limits: tuple(
        Target("a", f"m{number}", timeouts=each) for number, each in enumerate(limits)
    )
)


@settings(max_examples=20)
@given(policies, routes)
def test_what_is_written_is_read_as_the_same(policy: Policy, route: tuple[Target, ...]) -> None:
    read = read_policy(own_policy(policy, route), policy, route)

    assert read.policy == policy
    assert read.route == route


@settings(max_examples=20)
@given(policies, timeouts)
def test_the_config_is_written_as_a_config_may_have_it(policy: Policy, limits: Timeouts) -> None:
    text = config_policy(Config(policy=policy, timeouts=limits))
    others = tuple(attrs.evolve(one, timeouts=Timeouts(1, 1, 1, 1, 1)) for one in ROUTE)
    read = read_policy(text, Policy(max_attempts=10_000), others)

    assert set(tomllib.loads(text)) == {"policy", "timeouts"}
    assert read.policy == policy
    assert {one.timeouts for one in read.route} == {limits}


def test_what_is_left_out_stays_as_it_was() -> None:
    policy = Policy(max_attempts=3, deadline=1.0, on={Reason.UNKNOWN: frozenset()})
    read = read_policy("[policy.on]\nauth = ['fallback']\n[timeouts]\nidle = '1s'", policy, ROUTE)

    assert attrs.evolve(read.policy, on={}) == attrs.evolve(policy, on={})
    assert read.policy.on == {Reason.UNKNOWN: frozenset(), Reason.AUTH: frozenset([Move.FALLBACK])}
    assert [one.timeouts for one in read.route] == [Timeouts(idle=1.0)] * 2
    assert read_policy("", policy, ROUTE).policy == policy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[policy\n", "the policy:1: not TOML"),
        ("policy = 3", "the policy:1: policy: found a number, 3; allowed: a table"),
        ("[polcy]", "the policy:1: polcy: is none of a policy (did you mean 'policy'?)"),
        ("[policy]\nmax_atempts = 3", "the policy:2: policy.max_atempts: unknown key"),
        ("[policy]\ndrop = []", "the policy:2: policy.drop: does not decide over a call"),
        ("[policy.on]\nbilling = ['retry']", "the policy:2: policy.on.billing: billing may not"),
        ("[policy.on]\nbiling = []", "did you mean 'billing'?"),
        ("[timeouts]\ntotal = 'x'", "the policy:2: timeouts.total: found 'x'"),
        ("a = " + "[" * 9_000, "not TOML"),
        ("[policy]\n" + "a." * 30_000 + "b = 1", "the policy:2: more than 40 dots on one line"),
        ("[" + "a." * 30_000 + "b]", "the policy:1: more than 40 dots on one line"),
        ("# " + "." * 9_000 + "\n[timeout]", "the policy:2: timeout: is none of a policy"),
        ("[policy]\nmax_attempts = " + "9" * 5_000, "not TOML: a number is too long"),
        (
            f"[policy]\nmax_attempts = {MOST_ATTEMPTS + 1}",
            f"policy.max_attempts: found {MOST_ATTEMPTS + 1}; allowed where a call is played",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read_policy(text, Policy(), ROUTE)

    assert said in str(refused.value)


def test_no_command_of_a_text_is_run(tmp_path: Path) -> None:
    made = tmp_path / "made"
    text = f"[providers.x]\nbase_url = 'http://x'\ncredentials = ['command:touch {made}']"
    with pytest.raises(ConfigError, match="providers: is none of a policy"):
        read_policy(text, Policy(), ROUTE)

    assert not made.exists()
