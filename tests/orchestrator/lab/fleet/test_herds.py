"""Calls that wait for one mark with nowhere else to go."""

from __future__ import annotations

import pytest

from orchestrator.lab.fleet import Fleet, FleetRecord, FleetScenario, PlannedProvider, ProviderPhase
from orchestrator.lab.fleet.fleet import MakeJitter, drawn_jitter
from orchestrator.lab.fleet.promises import broken_promises
from tests.orchestrator.lab.fleet.fleets import aside, config
from verification.fleet.planted import no_jitter

CIRCUIT = FleetScenario(
    *(1, 2, ((0.0, 0), (0.0, 0), (0.0, 0), *((3 + 0.5 * call, call % 2) for call in range(20)))),
    providers={"first": PlannedProvider((0.5, 0.5), (ProviderPhase(0, 6, "503"),))},
)
"""Three calls open a circuit; ten wait behind it, and ten come when it is closed again."""

COOLDOWN = FleetScenario(
    *(1, 2, ((0.0, 0), *((1 + 0.01 * call, call % 2) for call in range(20)))),
    providers={
        "first": PlannedProvider((0.5, 0.5), (ProviderPhase(0, 0.9, "429", retry_after=20.0),))
    },
)
"""One call is throttled for 20 s; twenty wait for the end of that."""


def alone(scenario: FleetScenario, make_jitter: MakeJitter) -> FleetRecord:
    return Fleet(config(), scenario, route="alone", make_jitter=make_jitter).run()


def judge(scenario: FleetScenario, make_jitter: MakeJitter) -> tuple[list[str], int]:
    """What breaks, and how many calls are answered."""
    record = alone(scenario, make_jitter)
    answered = [each.error for each in record.calls].count(None)
    return [str(one) for one in broken_promises(record)], answered


def herds(scenario: FleetScenario, make_jitter: MakeJitter) -> list[str]:
    broken, answered = aside().submit(judge, scenario, make_jitter).result()
    assert answered >= 20
    return broken


@pytest.mark.parametrize("scenario", [CIRCUIT, COOLDOWN], ids=["circuit", "cooldown"])
def test_calls_that_wait_for_one_mark_come_back_one_after_the_other(
    scenario: FleetScenario,
) -> None:
    assert herds(scenario, drawn_jitter) == []


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        (
            CIRCUIT,
            (
                "17.400 s: no herd: 7 of 8 calls that waited for the circuit until 7.400 s come "
                "back at once"
            ),
        ),
        (
            COOLDOWN,
            (
                "20.300 s: no herd: 21 of 21 calls that waited for the rate_limit until 20.300 s "
                "come back at once"
            ),
        ),
    ],
    ids=["circuit", "cooldown"],
)
def test_a_herd_is_seen(scenario: FleetScenario, expected: str) -> None:
    assert expected in herds(scenario, no_jitter)


def test_a_call_that_waits_alone_waits_at_most_a_half_longer() -> None:
    scenario = FleetScenario(1, 1, ((0.0, 0), (1.0, 0)), COOLDOWN.providers)

    record = aside().submit(alone, scenario, drawn_jitter).result()

    assert all(20.5 <= each.at <= 30.5 for each in record.requests[1:])
