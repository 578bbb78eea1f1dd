"""One request that a scripted provider really received."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Received:
    """One request, as it came over the wire.

    The repr leaves out what may hold a secret.

    Attributes:
        number: Which request of this provider it was, from 1.
        at: Seconds since the providers were started.
        method: The HTTP method.
        path: What follows the provider's name, query included.
        headers: By name in lower case; the last one where a name was repeated.
        body: The decoded JSON, or the text where it is not JSON, or ``None``.
        credential: The bearer token or API key, ``None`` where there was none.
    """

    number: int
    at: float
    method: str
    path: str
    headers: Mapping[str, str] = attrs.field(repr=False, hash=False)
    body: Any = attrs.field(repr=False, hash=False)
    credential: str | None = attrs.field(repr=False)

    @property
    def model(self) -> str | None:
        """The model that the body names, if it does."""
        model = self.body.get("model") if isinstance(self.body, Mapping) else None
        return model if isinstance(model, str) else None

    @property
    def streamed(self) -> bool:
        """True where the body asks for a stream."""
        return isinstance(self.body, Mapping) and self.body.get("stream") is True
