"""What the terminal says of a run: each failure when it comes, and at the end what was left out.

The list of failures that pytest prints stands at the end of minutes, below pages of details.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import pytest

_LEFT = "slow_tests_left"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Watch where results come together: not in a worker of several."""
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Progress(terminal), "progress")


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Refuse a slow test that does not say why it is one."""
    for item in items:
        mark = item.get_closest_marker("slow")
        if mark is not None and not (mark.args and isinstance(mark.args[0], str)):
            raise pytest.UsageError(f"{item.nodeid}: slow without a reason; see tests/slow.py")


class _Left:
    """Slow tests that were not chosen."""

    count = 0


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    """Count them, here or for whom this worker works; who chose by name knows what is left out."""
    if not items or "not slow" not in items[0].config.option.markexpr:
        return
    count = sum(1 for item in items if item.get_closest_marker("slow"))
    _Left.count = max(_Left.count, count)
    if (output := getattr(items[0].config, "workeroutput", None)) is not None:
        output[_LEFT] = count


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the count of a worker; each of them has chosen from all tests."""
    _Left.count = max(_Left.count, getattr(node, "workeroutput", {}).get(_LEFT, 0))


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
        if _Left.count:
            self._terminal.write_line(
                f"LEFT OUT: {_Left.count} slow tests; `make test-all` runs them too", yellow=True
            )
        return result


def _brief(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    words = crash.message.splitlines()[0] if crash is not None and crash.message else ""
    when = "" if report.when == "call" else f" ({report.when})"
    return f"{when}: {words[:120]}" if words else when
