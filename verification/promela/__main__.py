"""``python -m verification.promela``: ask spin, and print what it said.

With ``--moves`` only the moves of the small settings are held against the machine that is
imported, which may be a changed copy; with ``--planted NAME`` one planted mistake is asked about.

``--page docs/promela.md`` writes what was measured into that page.

Exit status: 0 where all agrees (or the mistake is named), 1 where it does not, 2 for a name that
is not known, 3 where spin is not installed or did not finish.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

from verification.promela.report import main, moves, planted
from verification.promela.spinning import SECONDS

parser = ArgumentParser("python -m verification.promela", description="Ask spin.")
which = parser.add_mutually_exclusive_group()
which.add_argument("--moves", action="store_true", help="the moves of the small settings alone")
which.add_argument("--quick", action="store_true", help="some of it, a minute, as CI asks")
which.add_argument("--page", type=Path, help="a page whose measured parts are written anew")
which.add_argument("--planted", metavar="NAME", help="one planted mistake")
parser.add_argument("--seconds", type=float, help="how long one program may take; 600 by default")
options = parser.parse_args()
if options.seconds is not None:
    os.environ[SECONDS] = str(options.seconds)  # the processes that ask inherit it

if options.planted:
    lines = planted(options.planted)
else:
    lines = moves() if options.moves else main(options.page, quick=options.quick)
for line in lines:
    if isinstance(line, int):
        sys.exit(line)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
