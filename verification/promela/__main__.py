"""``python -m verification.promela``: ask spin, and print what it said.

With ``--moves`` only the moves of the small settings are held against the machine that is
imported, which may be a changed copy; with ``--planted NAME`` one planted mistake is asked about.

Exit status: 0 where all agrees (or the mistake is named), 1 where it does not, 2 for a name that
is not known, 3 where spin is not installed or did not finish.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser

from verification.promela.report import main, moves, planted

parser = ArgumentParser("python -m verification.promela", description="Ask spin.")
which = parser.add_mutually_exclusive_group()
which.add_argument("--moves", action="store_true", help="the moves of the small settings alone")
which.add_argument("--planted", metavar="NAME", help="one planted mistake")
options = parser.parse_args()

for line in planted(options.planted) if options.planted else moves() if options.moves else main():
    if isinstance(line, int):
        sys.exit(line)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
