"""Which targets could take a request over, told before any of them has to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs
from rich.text import Text

from orchestrator.api.request import Request
from orchestrator.cli.endings import UsageError
from orchestrator.cli.reading import payload
from orchestrator.cli.words import one_line
from orchestrator.config.config import Config
from orchestrator.config.errors import nearest
from orchestrator.dialects import DEFAULT_DIALECT, DIALECTS, crossing, dialect
from orchestrator.execution.capabilities import split
from orchestrator.states import Target


@attrs.frozen
class Takeover:
    """What would become of a request at one target of a route.

    Attributes:
        route: The route.
        target: ``provider/model``.
        fits: Whether it could be asked.
        told: Why it could not; else in what the request would differ there.
    """

    route: str
    target: str
    fits: bool
    told: tuple[str, ...]

    def line(self) -> Text:
        """One line for people."""
        mark = ("takes   ", "green") if self.fits else ("passed  ", "bold red")
        words = f": {'; '.join(self.told)}" if self.told else ""
        return Text.assemble(mark, f"{self.target}{one_line(words)}")


def read(file: str, spoken: str | None) -> Request:
    """The request in ``file``, in the dialect ``spoken``.

    Raises:
        UsageError: There is no such dialect, or the file holds no request.
        RequestError: It is no request of that dialect.
        OSError: The file cannot be read.
    """
    name = spoken or DEFAULT_DIALECT
    if name not in DIALECTS:
        near = nearest(name, DIALECTS)
        raise UsageError(f"--dialect: found {name!r}{near}; allowed: {', '.join(DIALECTS)}")
    return Request(payload((), file), dialect=name)


def takeovers(config: Config, request: Request) -> tuple[Takeover, ...]:
    """Every target of the route that ``request`` names, or of all routes where it names none.

    Raises:
        UnknownRoute: It names one that does not exist.
        RequestError: It is no request of its dialect.
    """
    routes = {request.wants: config.route(request.wants)} if request.wants else config.routes
    return tuple(one for name, route in routes.items() for one in _at(name, route, config, request))


def stranded(found: tuple[Takeover, ...]) -> list[str]:
    """The routes of which no target could be asked."""
    fit = {one.route for one in found if one.fits}
    return sorted({one.route for one in found} - fit)


def _at(
    name: str, route: tuple[Target, ...], config: Config, request: Request
) -> Iterator[Takeover]:
    _, unfit = split(route, request, config)
    reasons = {skipped.target: skipped.message for skipped in unfit}
    for target in route:
        reason = reasons.get(target.name)
        told = (reason,) if reason is not None else _notes(target, config, request)
        yield Takeover(name, target.name, reason is None, told)


def _notes(target: Target, config: Config, request: Request) -> tuple[str, ...]:
    spoken: Any = config.providers[target.provider].dialect
    if spoken == request.dialect:
        return ()
    conversation = dialect(request.dialect).read_request(request.payload)
    return crossing.notes(conversation, dialect(spoken))
