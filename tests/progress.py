"""What the terminal says of a run: each failure when it comes, and at the end what was left out.

The list of failures that pytest prints stands at the end of minutes, below pages of details.
"""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from typing import Any

import pytest

_TIERS = {"slow": "make test-all", "nightly": "make test-nightly"}
"""Marks of tests that are left out where they are not asked for, and what runs them."""


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Watch where results come together: not in a worker of several."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Progress(terminal), "progress")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Refuse a slow test that does not say why it is one."""
    for item, tier in itertools.product(items, _TIERS):
        mark = item.get_closest_marker(tier)
        if mark is not None and not (mark.args and isinstance(mark.args[0], str)):
            raise pytest.UsageError(f"{item.nodeid}: {tier} without a reason; see tests/slow.py")


_left = dict.fromkeys(_TIERS, 0)
"""How many tests of each were not chosen."""


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count them, here or for whom this worker works; who chose by name knows what is left out."""
    for tier in _TIERS:
        if items and f"not {tier}" in items[0].config.option.markexpr:
            count = sum(1 for item in items if item.get_closest_marker(tier))
            _left[tier] = max(_left[tier], count)
            if (output := getattr(items[0].config, "workeroutput", None)) is not None:
                output[tier] = count


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the counts of a worker; each of them has chosen from all tests."""
    for tier in _TIERS:
        _left[tier] = max(_left[tier], getattr(node, "workeroutput", {}).get(tier, 0))


class _Progress:
    def __init__(self, terminal: Any) -> None:
        self._terminal = terminal

    @pytest.hookimpl(trylast=True)  # after its letter
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Name a failure at once."""
        if report.failed:
            self._terminal.ensure_newline()
            if self._terminal._tw.width_of_current_line:  # noqa: SLF001 - dots of several workers
                self._terminal.write_line("")
            self._terminal.write_line(f"FAILED {report.nodeid}{_brief(report)}", red=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, object, object]:
        """Say at the very end what was not run."""
        result = yield
        for tier, count in _left.items():
            if count:
                told = f"LEFT OUT: {count} {tier} tests; `{_TIERS[tier]}` runs them"
                self._terminal.write_line(told, yellow=True)
        return result


def _brief(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    words = crash.message.splitlines()[0] if crash is not None and crash.message else ""
    when = "" if report.when == "call" else f" ({report.when})"
    return f"{when}: {words[:120]}" if words else when
