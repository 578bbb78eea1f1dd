"""Without temporalio: what is missing is said, and how it is installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
sys.modules["temporalio"] = None
import orchestrator.temporal
"""


def test_what_is_missing_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=Path(__file__).parents[3], capture_output=True, check=False, text=True,
    )  # fmt: skip

    assert (
        "ImportError: orchestrator.temporal needs temporalio, the extra 'temporal'" in done.stderr
    )
    assert "pip install '.[temporal]'" in done.stderr
