"""What is told of a store that is away: once, however often it comes and goes."""

from __future__ import annotations

import logging

import pytest

from orchestrator.health.stores.outage import Outage
from orchestrator.health.stores.redis_address import read_address
from orchestrator.health.stores.redis_faults import StoreFault


def test_a_store_that_comes_and_goes_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "orchestrator")
    outage = Outage(read_address("redis://host"))

    for cause in ("it is slow", "it hung up", "it is slow"):
        outage.begin(StoreFault(cause))
        assert outage.trouble == cause
        outage.tell()
        outage.end()
        assert outage.trouble == ""
        outage.tell()

    assert [one.levelno for one in caplog.records] == [logging.WARNING]
    assert "it is slow" in caplog.text
