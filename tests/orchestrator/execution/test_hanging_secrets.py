"""Files that hang when they are read: waited for in one moment, and used as they were."""

from __future__ import annotations

import os
import time
from pathlib import Path

from orchestrator.execution.auth import WAIT_SECONDS
from tests.acceptance.world import HI
from tests.orchestrator.execution.test_reload import OLD, Door, orchestrator


def test_secrets_that_hang_share_one_moment(tmp_path: Path) -> None:
    files = [tmp_path / f"token-{number}" for number in range(12)]
    for file in files:
        file.write_text(f"{OLD}-{file.name}")
    made = orchestrator(
        Door(*(file.read_text() for file in files)), [f"file:{file}" for file in files], tmp_path
    )
    for file in files:  # opened for reading, a pipe waits for who writes into it
        file.unlink()
        os.mkfifo(file)
    began = time.monotonic()

    with made:
        assert made.run(HI).text == "ok"

    # Each in turn would take six seconds; what was read last is still good.
    assert time.monotonic() - began < 8 * WAIT_SECONDS
