"""Headers by environment: ``ORCHESTRATOR_HEADERS_CORP='User-Agent: curl/8.7.1'``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from orchestrator.config import scalars
from orchestrator.config.errors import NotAllowed, nearest

PREFIX = "ORCHESTRATOR_HEADERS_"
"""What the variables begin with; the provider's name follows, see :func:`variable`."""


def variable(provider: str) -> str:
    """The variable for a provider: upper case, what is no letter or digit becomes ``_``."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", provider.upper())


def header_variables(
    environ: Mapping[str, str],
    providers: Sequence[str],
    warn: Callable[[str, str, str], None],
    refuse: Callable[[str, str], None],
) -> dict[str, Mapping[str, str]]:
    """The headers that the environment gives each provider, one ``Name: value`` a line.

    Args:
        environ: The environment.
        providers: The names of all providers.
        warn: Told of a variable that fits no provider.
        refuse: Told of a line that is no header; values are never shown.
    """
    expected = {variable(name): name for name in providers}
    for given in sorted(environ):
        if given.startswith(PREFIX) and given not in expected:
            what = f"fits no configured provider{nearest(given, expected)}"
            warn(given, what, "rename the variable, or unset it")
    found: dict[str, Mapping[str, str]] = {}
    for name in providers:
        try:
            found[name] = _parsed(environ.get(variable(name), ""))
        except NotAllowed as error:
            refuse(variable(name), str(error))
    return found


def _parsed(text: str) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        if not colon:
            raise NotAllowed(f'line {number} has no colon; allowed: "Name: value", one a line')
        headers[name.strip()] = value.strip()
    return scalars.headers(headers)
