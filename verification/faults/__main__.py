"""Plant each fault in ``states/``, and ask ``orchestrator verify`` of it.

    python -m verification.faults [--only NAME … | --quick] [--jobs N] [--write]

Exit status: 0 every fault is named by whom it is listed for, 1 one is not, or can no longer be
planted. ``--write`` keeps what was found in ``found.jsonl`` and puts the
table into docs/test-power.md.
"""

from __future__ import annotations

import argparse
import sys
import time

from verification.faults.fault import VERIFY
from verification.faults.harness import ask_all
from verification.faults.planted import PLANTED, REVIEW
from verification.faults.report import lines, write


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="NAME", help="faults with this in their names"
    )
    parser.add_argument(
        "--quick", action="store_true", help="those of the review, and every eighth of the others"
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time")
    parser.add_argument("--write", action="store_true", help="write the table of the page")
    asked = parser.parse_args()
    began, found = time.monotonic(), []
    wanted = [name.casefold() for name in asked.only]
    faults = [one for one in PLANTED if any(each in one.name.casefold() for each in wanted)]
    if asked.quick:
        faults = [*REVIEW, *PLANTED[len(REVIEW) :: 8]]
        if asked.write:
            parser.error("--write needs every fault: leave out --quick")
    if not faults:
        parser.error(f"no fault is named like {', '.join(asked.only)}")
    try:
        for named in ask_all(faults, asked.jobs):
            found.append(named)
            _say(lines(named))
    except ValueError as error:
        _say([f"CANNOT BE PLANTED  {error}"])
        return 1
    wrong = [named.fault.name for named in found if not named.fine]
    by = sum(named.fault.by == VERIFY and named.fine for named in found)
    others = sum(named.fault.by != VERIFY for named in found)
    cpu, passed = sum(named.seconds for named in found), time.monotonic() - began
    told = f"{len(found)} faults: {by} named by verify, {others} by others, {len(wrong)} otherwise"
    _say(["", f"{told}; {cpu:.0f} s of CPU, {passed:.0f} s"])
    _say([f"NOT AS LISTED  {name}" for name in wrong])
    if asked.write and not wrong:
        write(found)
    return int(bool(wrong))


def _say(told: list[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in told))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
