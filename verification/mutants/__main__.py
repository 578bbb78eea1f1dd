"""``python -m verification.mutants``."""

from __future__ import annotations

import sys

from verification.mutants.harness import main

sys.exit(main())
