"""``python -m verification.promela``: ask spin, and print what it said.

Exit status: 0 where both searches agree, 1 where they do not, 3 where spin is not installed.
"""

from __future__ import annotations

import sys

from verification.promela.report import main

for line in main():
    if isinstance(line, int):
        sys.exit(line)
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
