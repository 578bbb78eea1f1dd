"""Terms of a batch: what it says of all its lines, for every process that runs some of them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from orchestrator.api.client import Orchestrator
from orchestrator.api.request import RequestError
from orchestrator.batch.line_call import LineOptions
from orchestrator.batch.tables import KnownBatch
from orchestrator.config.errors import ConfigError

_BETWEEN = ", "


class Terms(msgspec.Struct, frozen=True):
    """What a batch says of its lines.

    Attributes:
        route: Asked in place of what they name; may be empty.
        timeout: The deadline of a line's call in seconds.
        targets: Whom each name stood for where the batch was begun: who reads it otherwise
            would ask others, and does not help.
    """

    route: tuple[str, ...]
    timeout: float
    targets: dict[str, list[str]]

    def write(self) -> str:
        """As the batch's entry holds it."""
        return msgspec.json.encode(self).decode()


def make_terms(
    orchestrator: Orchestrator, wanted: Iterable[str], route: tuple[str, ...], timeout: float
) -> Terms:
    """The terms of a batch that begins, or goes on.

    Args:
        orchestrator: Whose config says what a name stands for.
        wanted: What the lines name.
        route: What is asked in place of that; may be empty.
        timeout: The deadline of a line's call in seconds.

    Raises:
        ConfigError: A name stands for nobody.
    """
    names = [_BETWEEN.join(route)] if route else sorted(wanted)
    return Terms(route, timeout, {name: _targets(orchestrator, name) for name in names})


def _targets(orchestrator: Orchestrator, name: str) -> list[str]:
    names = name.split(_BETWEEN)
    found = orchestrator.targets((names[0] or None) if len(names) == 1 else names)
    return [target.name for target in found]


def options_of(batch: KnownBatch) -> LineOptions:
    """What a batch says of each of its lines."""
    terms = _read(batch)
    return LineOptions(batch.name, terms.route, terms.timeout)


def difference(orchestrator: Orchestrator, batch: KnownBatch) -> str:
    """How a config's routes differ from those that a batch was begun with; empty where not."""
    for name, theirs in _read(batch).targets.items():
        try:
            ours = _targets(orchestrator, name)
        except (ConfigError, RequestError) as error:
            return " ".join(str(error).split())
        if ours != theirs:
            shown = name or "the default"
            return f"{shown} is {_BETWEEN.join(theirs)} there, {_BETWEEN.join(ours)} here"
    return ""


def _read(batch: KnownBatch) -> Terms:
    return msgspec.json.decode(batch.terms, type=Terms)
