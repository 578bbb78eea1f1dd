"""Check of a changed config before it is taken: does a call on its routes break a property?

It is searched in a process of its own for a second (:mod:`orchestrator.lab.policy_check`). A search
in a thread would take every other turn of the interpreter from the calls (5 ms each).
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys

import msgspec

from orchestrator.config.config import Config
from orchestrator.config.errors import ConfigError, Problem
from orchestrator.execution.recorder import pools
from orchestrator.ledger import Opened, line

MODULE = "orchestrator.lab.policy_check"

LIMIT = 10.0
"""Seconds by the clock that the process has from its start to its end. It keeps the second of its
search itself, in time of the processor, and takes a third of one to begin (2026-12)."""

_log = logging.getLogger("orchestrator")


class _Answer(msgspec.Struct):
    """A line of what the process says of a route."""

    route: str
    broken: str = ""
    what: str = ""
    words: tuple[str, ...] = ()


class PolicyCheck:
    """Tells what a config's routes break; asks once for what does not change."""

    def __init__(self) -> None:
        self._known: tuple[bytes, list[Problem]] = b"", []

    async def check(self, config: Config) -> None:
        """Refuse a config under which a call breaks a property, as far as a second goes.

        Raises:
            ConfigError: It does; the text has the property, and the shortest sequence to it.
        """
        asked = _asked(config)
        known, problems = self._known
        if asked != known:
            problems = await asyncio.to_thread(searched, asked)
            self._known = asked, problems
        if problems:
            raise ConfigError(str(config.path), problems)


def _asked(config: Config) -> bytes:
    """A line for each route; no secret is in it."""
    known = pools(config.providers.values())
    return b"".join(
        line(
            Opened(
                *(name, 0.0, route, config.policy, False, {}),
                pools={target.provider: known[target.provider] for target in route},
            )
        )
        for name, route in config.routes.items()
        if route
    )


def searched(asked: bytes) -> list[Problem]:
    """What the process finds in lines of a ledger; nothing where it fails, which is logged."""
    # Not the folder that the gateway was started in: what is in it is the user's.
    path = os.pathsep.join(os.path.abspath(each) for each in sys.path)  # noqa: PTH100 - may be empty
    try:
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-P", "-m", MODULE],
            input=asked,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path},
            timeout=LIMIT,
            check=False,
        )
        said = done.stdout
        if done.returncode:
            # Its own words stay there: a traceback helps nobody at a gateway.
            _log.warning(
                "the config was changed, and could not be searched: %s ended with status %d",
                MODULE,
                done.returncode,
            )
    except subprocess.TimeoutExpired as error:
        said = error.stdout or b""
    except OSError as error:
        words = error.strerror or type(error).__name__
        _log.warning("the config was changed, and could not be searched: %s", words)
        return []
    return [_problem(one) for one in _answers(said) if one.broken]


def _answers(said: bytes) -> list[_Answer]:
    """The whole lines of an answer; a process that was ended may leave half of one."""
    whole = said[: said.rfind(b"\n") + 1]
    return msgspec.json.Decoder(_Answer).decode_lines(whole)


def _problem(one: _Answer) -> Problem:
    by = f"; the shortest way there: {', '.join(one.words)}" if one.words else ""
    return Problem(f"routes.{one.route}", f'breaks "{one.broken}": {one.what}{by}')
