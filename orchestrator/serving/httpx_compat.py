"""The HTTP libraries whose clients can be served: httpx, and httpx2, which has its shape.

The official openai (3.52.0) and anthropic (2.11.0) packages use httpx2 (2026-11-21), older
ones and many other clients httpx. A client accepts only answers of its own library, so an
answer is made of the classes of the library that the request is made of.
"""

from __future__ import annotations

import sys
from functools import cache
from typing import Any

import attrs

from orchestrator.serving.body_streams import AsyncBody, SyncBody
from orchestrator.serving.respond import HttpReply

LIBRARIES = ("httpx", "httpx2")
"""The libraries, by the name under which they are imported."""


@attrs.frozen
class Library:
    """The classes of one library that an answer is made of."""

    response: Any
    sync_body: Any
    async_body: Any

    def answer(self, reply: HttpReply) -> Any:
        """``reply`` as a response of this library."""
        match reply.body:
            case bytes() as content:
                return self.response(reply.status, headers=reply.headers, content=content)
            case SyncBody() as body:
                stream = self.sync_body(*body.parts)
            case AsyncBody() as body:
                stream = self.async_body(*body.parts)
            case other:
                raise TypeError(f"a client of httpx reads no {type(other).__name__}")
        return self.response(reply.status, headers=reply.headers, stream=stream)


def library_of(request: object) -> Library:
    """The library that ``request`` is made with.

    Raises:
        TypeError: It is made with another one.
    """
    for kind in type(request).__mro__:
        name = kind.__module__.partition(".")[0]
        if name in LIBRARIES:
            return _library(name)
    found = f"{type(request).__module__}.{type(request).__qualname__}"
    raise TypeError(f"the request is a {found}; allowed: one of {' or '.join(LIBRARIES)}")


@cache
def _library(name: str) -> Library:
    # Whoever made the request has imported its library.
    module: Any = sys.modules[name]
    return Library(
        module.Response,
        type("SyncBody", (SyncBody, module.SyncByteStream), {}),
        type("AsyncBody", (AsyncBody, module.AsyncByteStream), {}),
    )
