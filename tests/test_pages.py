"""Pages that are written from the records are what the records say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_configuration_page_is_what_the_records_say() -> None:
    written = subprocess.run(
        [sys.executable, ROOT / "scripts" / "configuration_page.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
    )

    assert written.stdout == ""
    assert written.returncode == 0, written.stderr
