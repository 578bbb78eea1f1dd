"""A changed config is searched in a process of its own, and a search that fails is told."""

from __future__ import annotations

import logging

import pytest

from orchestrator.gateway.policy_check import searched


def test_a_search_that_fails_is_logged_and_refuses_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "orchestrator"):
        assert searched(b"{}\n") == []

    (record,) = caplog.records
    assert "could not be searched" in record.getMessage()
    assert "status 1" in record.getMessage()
