"""Many calls at once: processes over one health board, in one thread and in virtual time.

The rules of the room:

* The machine, the flow, the classification and the board are those that ship. Only what lies
  around them is simulated: providers, clocks of hosts, the store that processes share.
* One seed draws everything, and a scenario is a value, so that what it found is found again.
* What is promised is checked from outside: by the requests that providers saw and by what the
  store held, never by what the machine says of itself.
"""

from orchestrator.lab.fleet.fleet import Fleet, FleetRecord
from orchestrator.lab.fleet.providers import PlannedProvider, ProviderPhase
from orchestrator.lab.fleet.scenario import (
    ClockStep,
    FleetScenario,
    ProcessCrash,
    StoreOutage,
    draw_scenario,
)
from orchestrator.lab.fleet.shared_store import ReplicaStore, StoreServer

__all__ = [
    "ClockStep",
    "Fleet",
    "FleetRecord",
    "FleetScenario",
    "PlannedProvider",
    "ProcessCrash",
    "ProviderPhase",
    "ReplicaStore",
    "StoreOutage",
    "StoreServer",
    "draw_scenario",
]
