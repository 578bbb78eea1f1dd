"""Calls that never happened: scripted ones, and recorded ones under another policy.

The rules of the room:

* No network, no files of the calls', no real time. What runs is the code that ships, from
  the front door down to the transport (``simulate``), or the machine and the health board
  fed with what a ledger recorded (``replay``).
* Everything repeats: what is drawn is drawn from a seed.
* What nobody can know is assumed by a rule that is stated, and counted apart.
"""

from orchestrator.lab.simulation.pump import ScriptPlayer
from orchestrator.lab.simulation.script import AttemptScript, BadScript, parse, read_script
from orchestrator.lab.simulation.script_items import Item, written
from orchestrator.lab.simulation.simulation import SimulatedCall, Simulation

__all__ = [
    "AttemptScript",
    "BadScript",
    "Item",
    "ScriptPlayer",
    "SimulatedCall",
    "Simulation",
    "parse",
    "read_script",
    "written",
]
