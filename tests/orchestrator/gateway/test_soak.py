"""Everything that can go wrong at once: healthy calls go on, and nothing is left behind."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest

from benchmarks.gateway_soak import soak
from tests.slow import slow

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a process is watched in /proc")


def harmed(found: Mapping[str, Any]) -> dict[str, Any]:
    """What of a soak is not as it should be."""
    wanted = {"lost": [], "in_flight_after": 0, "tracebacks": 0}
    return {name: found[name] for name, value in wanted.items() if found[name] != value}


@slow("20 s, and as long as connections are kept; test_gateway_contained is left")
def test_no_fault_leaves_anything_behind() -> None:
    found = soak(20)

    assert harmed(found) == {}
    assert min(found["healthy"].values()) > 0
    assert found["answered"]["rescued"] > 0
    assert found["descriptors_after"] <= found["descriptors_before"]
