"""Exit codes, and the one line that goes with a failure or a user's mistake."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs

from orchestrator.api.errors import CallFailed
from orchestrator.api.request import RequestError
from orchestrator.cli.format import one_line
from orchestrator.cli.screen import Screen
from orchestrator.config.errors import ConfigError
from orchestrator.execution.call_log import IN_SHORT
from orchestrator.secrets import mask

DONE = 0
FAILED = 1
MISUSED = 2
UNFINISHED = 3
"""What was asked for was not done to its end; what was found by then is told."""
INTERRUPTED = 130
"""128 + SIGINT, as shells count."""


class UsageError(Exception):
    """The command cannot be carried out as it was given; the text says what to change."""


@contextmanager
def exit_on_error(
    screen: Screen, *, json: bool = False, besides: Mapping[str, Any] | None = None
) -> Iterator[None]:
    """Within this block, what a user or a provider did wrong ends the command in words.

    Args:
        screen: Where the words go: stderr; with ``json`` an object on stdout.
        json: The command was asked for JSON.
        besides: What that object says besides the error, as it is then.

    Raises:
        SystemExit: With the exit status.
    """
    try:
        yield
    except CallFailed as failed:
        _tell(screen, call_failed(failed), [f"failed: {failed}"], json=json)
        raise SystemExit(FAILED) from None
    except ConfigError as error:
        lines = [f"error: {line}" for line in _lines(error)]
        _tell(screen, _config_error(error), lines, json=json, besides=besides)
        raise SystemExit(MISUSED) from None
    except (UsageError, RequestError) as error:
        _tell(screen, _plain("usage", str(error)), [f"error: {error}"], json=json)
        raise SystemExit(MISUSED) from None
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            raise
        words = _os_error(error)
        _tell(screen, _plain("usage", words), [f"error: {words}"], json=json)
        raise SystemExit(MISUSED) from None


def call_failed(failed: CallFailed) -> dict[str, Any]:
    """A failed call as a JSON-ready mapping; it holds no secret, as the call holds none."""
    return {
        "type": type(failed).__name__,
        "message": str(failed),
        "reason": failed.reason,
        "status": failed.error.status,
        "rule": failed.error.rule,
        "provider_message": failed.error.message,
        "target": failed.target,
        "stopped_by": failed.stopped_by,
        "hint": failed.hint,
        "attempts": [attrs.asdict(attempt) for attempt in failed.attempts],
        "skipped": [attrs.asdict(skipped) for skipped in failed.skipped],
        "rejected": [attrs.asdict(rejected) for rejected in failed.rejected],
    }


class OneLineHandler(logging.Handler):
    """Shows log records on stderr, one line each, without tracebacks."""

    def __init__(self, screen: Screen) -> None:
        super().__init__(logging.WARNING)
        self._screen = screen

    def emit(self, record: logging.LogRecord) -> None:
        """See :class:`logging.Handler`."""
        # A command that runs calls has shown what the provider said: here is what came of it.
        short = getattr(record, IN_SHORT, None)
        if short is not None:
            self._screen.say(f"note: {one_line(short)}")
            return
        self._screen.say(f"{record.levelname.lower()}: {one_line(mask(record.getMessage()))}")


def _tell(
    screen: Screen,
    value: dict[str, Any],
    lines: list[str],
    *,
    json: bool,
    besides: Mapping[str, Any] | None = None,
) -> None:
    if json:
        screen.json({"error": value, **(besides or {})})
        return
    for line in lines:
        screen.say(one_line(line))


def _plain(kind: str, message: str) -> dict[str, Any]:
    return {"type": kind, "message": message}


def _config_error(error: ConfigError) -> dict[str, Any]:
    return {
        "type": type(error).__name__,
        "message": str(error),
        "source": error.source,
        "problems": [attrs.asdict(problem) for problem in error.problems],
    }


def _lines(error: ConfigError) -> list[str]:
    return str(error).splitlines()


def _os_error(error: OSError) -> str:
    words = error.strerror or type(error).__name__
    return f"{error.filename}: {words}" if error.filename is not None else words
