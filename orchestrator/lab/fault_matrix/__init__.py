"""What every failure of a config, and every two, do to a call: exact, and in virtual time.

The rules of the room:

* The machine, the flow, the classification and the board are those that ship. Only what a
  provider answers is made up, and a fault lasts as long as the calls that meet it.
* Nothing is drawn: backoffs are at their longest, so times are those of the slowest call.
* What is not run is determined: a call that never comes to what fails is the call without it.
* Whatever is said of a fault is what ``simulate`` plays with the script that stands beside it.
"""

from orchestrator.lab.fault_matrix.faults import FaultKind, FaultScope, FaultSite, SiteFault
from orchestrator.lab.fault_matrix.matrix import (
    FaultCase,
    FaultDepth,
    FaultMatrix,
    FaultPairs,
    fault_matrix,
)
from orchestrator.lab.fault_matrix.report import FaultReport, fault_report, report_mapping
from orchestrator.lab.fault_matrix.rows import FaultRow, rows
from orchestrator.lab.fault_matrix.weak_points import WeakPoint, pair_points, single_points

__all__ = [
    "FaultCase",
    "FaultDepth",
    "FaultKind",
    "FaultMatrix",
    "FaultPairs",
    "FaultReport",
    "FaultRow",
    "FaultScope",
    "FaultSite",
    "SiteFault",
    "WeakPoint",
    "fault_matrix",
    "fault_report",
    "pair_points",
    "report_mapping",
    "rows",
    "single_points",
]
