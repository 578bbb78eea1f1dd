from __future__ import annotations

import json

import pytest

from orchestrator.batch.coordinator import Told
from orchestrator.batch.tables import Sums
from orchestrator.cli.batch_view import BatchView
from orchestrator.cli.screen import Screen


def test_programs_are_told_how_many_lines_wait(capsys: pytest.CaptureFixture[str]) -> None:
    view = BatchView(Screen(), json=True, quiet=False)
    view.progress(Told(Sums(answered=3), (), {"a": 16}, waits=(0.2, 3_600.0)))

    (event,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (event["event"], event["answered"], event["waiting"]) == ("progress", 3, 2)
    assert event["concurrency"] == {"a": 16}
