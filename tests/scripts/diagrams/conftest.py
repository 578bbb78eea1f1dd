"""The gallery, drawn once a process: drawing is what takes the time."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import pytest

from scripts.diagrams import index_page


@pytest.fixture(scope="session")
def gallery() -> Mapping[str, bytes]:
    """Every file of ``docs/diagrams``, as it should be."""
    return MappingProxyType(index_page.files())
