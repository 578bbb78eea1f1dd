"""SimulatedCall calls: the shipped machine, a script, and time that passes at once."""

from __future__ import annotations

import pytest

from orchestrator import BillingExhausted
from orchestrator.lab.simulation import ScriptPlayer, SimulatedCall, Simulation, parse
from orchestrator.lab.simulation.loading import loads
from orchestrator.lab.simulation.workloads import Mix, survey
from tests.slow import slow_but

CONFIG = """
[providers.deepseek]
credentials = ["env:A", "env:B"]
[providers.corp]
base_url = "http://llm.corp/v1"
[routes]
default = ["deepseek/one", "corp/two"]
"""
CORP = '[providers.corp]\nbase_url = "http://llm.corp/v1"\n[routes]\ndefault = ["corp/two"]\n'


def simulated(script: str, *, text: str = CONFIG, seed: int = 0) -> SimulatedCall:
    with Simulation(loads(text, {}).config, ScriptPlayer(parse(script)), seed=seed) as simulation:
        return simulation.call()


def said(done: SimulatedCall) -> list[tuple[str, str, str | None]]:
    return [(each.target, each.credential, each.reason) for each in done.ledger.attempts]


CASES = {
    "402, ok": [("deepseek/one", "key#1", "billing"), ("corp/two", "anonymous", None)],
    "429@key#1, ok": [("deepseek/one", "key#1", "rate_limit"), ("deepseek/one", "key#2", None)],
    "401@deepseek": [
        ("deepseek/one", "key#1", "auth"),
        ("deepseek/one", "key#2", "auth"),
        ("corp/two", "anonymous", None),
    ],
    "timeout, ok": [("deepseek/one", "key#1", "timeout"), ("corp/two", "anonymous", None)],
    "output_truncated, ok": [
        ("deepseek/one", "key#1", "output_truncated"),
        ("corp/two", "anonymous", None),
    ],
    "cut*3, ok": [("deepseek/one", "key#1", "stream_interrupted")] * 3
    + [("corp/two", "anonymous", None)],
    "connect*3, ok": [("deepseek/one", "key#1", "connection")] * 3
    + [("corp/two", "anonymous", None)],
}


@pytest.mark.parametrize("script", CASES)
def test_a_script_takes_the_path_that_a_real_call_would(script: str) -> None:
    assert said(simulated(script)) == CASES[script]


def test_the_last_item_that_fits_repeats() -> None:
    done = simulated("ok@corp, 402")

    assert isinstance(done.outcome, BillingExhausted) is False
    assert said(done)[-1] == ("corp/two", "anonymous", None)
    assert isinstance(simulated("402").outcome, BillingExhausted)


def test_time_passes_as_the_script_and_the_limits_say() -> None:
    assert simulated("ok(after=7)").seconds == pytest.approx(7)
    assert simulated("timeout, ok").seconds == pytest.approx(120.5)
    assert simulated("timeout, ok", text=CORP + '[timeouts]\ntotal = "3s"').seconds < 6
    deadline = '[policy]\ndeadline = "200s"\n'
    assert simulated("ok(after=2m), timeout", text=CORP + deadline).seconds == pytest.approx(200)


def test_the_same_seed_gives_the_same_call_and_another_one_another() -> None:
    again = [simulated("503*2, ok", seed=seed).ledger.events for seed in (1, 1, 2)]

    assert again[0] == again[1] != again[2]


def test_keys_that_are_not_set_are_stood_in_for_and_named() -> None:
    loaded = loads(CONFIG, {"A": "a-real-looking-key"})

    assert loaded.stand_ins == ("B",)
    pool = loaded.config.providers["deepseek"].credentials
    assert [credential.label for credential in pool] == ["key#1", "key#2"]


MIXES = slow_but(
    set(Mix) - {Mix.BILLING},
    Mix,
    "an account that is dead all day, asked by every call",
    night={Mix.BILLING},
)


@pytest.mark.parametrize("mix", MIXES)
def test_a_day_repeats_by_its_seed_and_the_fallback_rescues_it(mix: Mix) -> None:
    config = loads(CONFIG, {}).config
    first = survey(config, mix, 60, seed=3)

    assert first == survey(config, mix, 60, seed=3)
    assert first.at_once + first.rescued + first.lost == 60
    assert [each for hour in first.hours() for each in hour.calls] == list(first.calls)
    assert first.rescued > 0
    assert survey(config, mix, 60, seed=3, route="deepseek/one").lost >= first.lost


def test_without_a_fallback_an_empty_account_loses_the_afternoon() -> None:
    found = survey(loads(CONFIG, {}).config, Mix.BILLING, 48, route="deepseek/one")

    assert (found.rescued, found.lost) == (0, 12)
    assert [hour for hour, calls in enumerate(found.hours()) if calls.lost] == [*range(12, 18)]


@pytest.mark.parametrize("mix", MIXES)
def test_a_day_of_streams_repeats_and_costs_less_silence(mix: Mix) -> None:
    config = loads(CONFIG, {}).config
    found = survey(config, mix, 120, seed=3, stream=True)

    assert found == survey(config, mix, 120, seed=3, stream=True)
    assert found.rescued > 0
    # The first token's limit is a tenth of the whole answer's.
    assert found.spread("seconds")[-1] <= survey(config, mix, 120, seed=3).spread("seconds")[-1] + 1
