"""Every ledger file that a test leaves in its ``tmp_path``, replayed on its own policy.

Calls of the test's own process are held against their replay by
:mod:`orchestrator.testing.plugin`; this sees those of the processes that it started too.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from orchestrator.ledger import BrokenLedger, Recording, read_ledger
from orchestrator.testing import assert_invariants


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    folder = getattr(item, "funcargs", {}).get("tmp_path")
    if isinstance(folder, Path):
        for call in calls(folder):
            assert_invariants(call)
    return result


def calls(folder: Path) -> Iterator[Recording]:
    """The calls of the ledgers in ``folder``; what is broken on purpose is passed over."""
    for path in sorted(folder.rglob("*.jsonl")):
        try:
            yield from read_ledger(path)
        except BrokenLedger:
            continue
