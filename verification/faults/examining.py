"""Ask ``verify`` of a planted fault: in a process of its own, whose ``states`` is the copy.

    python -m verification.faults.examining

Run in the folder of the copy; prints what was found as one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from orchestrator import states
from orchestrator.lab.verify import Setting, verify
from orchestrator.states import Policy, Target

_A, _B = Target("a", "x"), Target("b", "y")

SETTINGS: tuple[Setting, ...] = (
    Setting((_A, _B), {"a": 2}, Policy(max_attempts=4, attempts_per_target=2)),
)
"""What is asked, each a second or two; the small settings of the merges come with the first."""


def examine() -> dict[str, Any]:
    """The first violation in any of the settings, as a report needs it; empty for none."""
    for setting in SETTINGS:
        verdict = verify(setting)
        for violation in verdict.violations:
            return {
                "property": violation.name,
                "what": violation.what,
                "sequence": list(violation.trace.words),
            }
    return {}


def main() -> int:
    """Print what was found."""
    place, began = os.path.realpath(Path.cwd()), time.process_time()
    if not os.path.realpath(str(states.__file__)).startswith(place):
        raise RuntimeError(f"the states under test are {states.__file__}, not those of {place}")
    found = examine()
    sys.stdout.write(json.dumps({**found, "seconds": time.process_time() - began}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
