"""The pytest plugin: fixtures, a check of every call, and which rows the tests took.

Put ``pytest_plugins = ["orchestrator.testing.plugin"]`` in the ``conftest.py`` beside your
pytest config, or start pytest with ``-p orchestrator.testing.plugin``. What it needs is
loaded where a test asks for it, or has made a call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator.testing import MissingExtra

try:
    import pytest
except ModuleNotFoundError as error:
    raise MissingExtra("plugin", "pytest") from error

from orchestrator.clock import VirtualClock
from orchestrator.testing import coverage
from orchestrator.testing.watching import Watched

if TYPE_CHECKING:
    from orchestrator.sim import AnyScript, ScriptedProviders

_CHECKS = "orchestrator_check_calls"
_OPTION = "--orchestrator-edge-coverage"
_ROWS = "--orchestrator-rows"
_KEY = "orchestrator_rows"


@pytest.fixture
def virtual_clock() -> VirtualClock:
    """Time that passes at once: ``Orchestrator(config, clock=virtual_clock)``."""
    return VirtualClock()


@pytest.fixture
def scripted_provider() -> Iterator[Callable[[Mapping[str, AnyScript]], ScriptedProviders]]:
    """Starts providers on real sockets: ``scripted_provider({"a": replies.billing_402()})``."""
    from orchestrator.sim import ScriptedProviders

    with ExitStack() as stack:

        def start(scripts: Mapping[str, AnyScript]) -> ScriptedProviders:
            return stack.enter_context(ScriptedProviders(scripts))

        yield start


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the threshold, and the switch for the checks."""
    parser.addini(
        _CHECKS,
        "hold every call that a test makes against the invariants of the state machine",
        type="bool",
        default=True,
    )
    group = parser.getgroup("orchestrator")
    group.addoption(
        _ROWS,
        type=Path,
        default=None,
        metavar="FILE",
        help="write how often each row was taken, for: orchestrator diagram --heat FILE",
    )
    group.addoption(
        _OPTION,
        type=float,
        default=None,
        metavar="PERCENT",
        help="fail unless the tests' calls take this share of the rows of the state machine",
    )


_WATCHED = pytest.StashKey[Watched]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin to watch the calls of this process."""
    if config.getini(_CHECKS):
        config.stash[_WATCHED] = Watched()
        config.stash[_WATCHED].start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Watch no longer."""
    if _WATCHED in config.stash:
        config.stash[_WATCHED].stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check the calls of a test that passes."""
    return (yield from _checked(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, object, object]:
    """Check the calls that ended with a fixture."""
    return (yield from _checked(item))


def _checked(item: pytest.Item) -> Generator[None, object, object]:
    __tracebackhide__ = True
    result = yield
    watched = item.config.stash.get(_WATCHED, None)
    if watched is not None:
        watched.check()
    return result


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand the rows to the controller of several workers; it writes them and holds them up."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_KEY] = dict(coverage.taken())
        return
    rows = session.config.getoption(_ROWS)
    if rows is not None:
        line = json.dumps({"kind": "rows", "rows": coverage.taken()})
        rows.write_text(f"{line}\n", encoding="utf-8")
    if _too_low(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the rows of a worker that has ended."""
    rows = getattr(node, "workeroutput", {}).get(_KEY, {})
    coverage.note(name for name, count in rows.items() for _ in range(count))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say which rows no test took.

    Below the details of a failure it would look like a part of them: there it is said only
    where a share was asked for.
    """
    threshold = config.getoption(_OPTION)
    failed = any(terminalreporter.stats.get(kind) for kind in ("failed", "error"))
    if threshold is None and (failed or not coverage.taken()):
        return
    missing = coverage.missing()
    terminalreporter.section("orchestrator: rows of the state machine")
    asked = " by these tests" if threshold is None else f", {threshold:g} % asked"
    terminalreporter.line(f"{coverage.percent():.1f} % taken{asked}")
    if missing:
        terminalreporter.line(f"never taken: {', '.join(missing)}")


def _too_low(config: pytest.Config) -> bool:
    threshold = config.getoption(_OPTION)
    return threshold is not None and coverage.percent() < threshold
