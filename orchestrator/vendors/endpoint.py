"""Where a provider is spoken to, and how a key is carried there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import attrs


@attrs.frozen
class Endpoint:
    """Where requests go.

    Attributes:
        base_urls: Below which the dialect's paths lie, the preferred one first; where there
            are several, all but the last must be probed (see :mod:`.reachability`).
        path: What replaces the dialect's own path, ``{model}`` standing for the target's
            model; empty where the dialect's holds.
        key_header: The header that carries the key, in lower case; empty for the dialect's.
    """

    base_urls: tuple[str, ...]
    path: str = ""
    key_header: str = ""


class EndpointUnknown(LookupError):
    """The environment does not say where the endpoint is; the text says what is missing."""


Derive = Callable[[Mapping[str, str], str, str], Endpoint]
"""From the environment, the dialect and the configured ``base_url`` (empty where there is
none) to the endpoint. Raises :class:`EndpointUnknown`, and ``ValueError`` for what is there
and makes no sense."""
