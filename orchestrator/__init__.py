"""LLM calls that fail over as an explicit finite-state machine.

::

    import orchestrator

    response = orchestrator.run({"messages": [{"role": "user", "content": "hi"}]})
    print(response.text, response.attempts)

:func:`run`, :func:`arun`, :func:`stream` and :func:`astream` use the config that is found
and share its routes, pools and health board between all threads and tasks;
:class:`Orchestrator` is the same with a config of your own. :func:`transport` makes an
existing client fail over. The machine that decides is the package ``states``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.api.chunks import Chunk
from orchestrator.api.client import Orchestrator, default
from orchestrator.api.errors import (
    AuthFailed,
    BadRequest,
    BillingExhausted,
    CallFailed,
    ConnectionFailed,
    ContextTooLong,
    NoTarget,
    Overloaded,
    RateLimited,
    Refused,
    Rejected,
    StreamInterrupted,
    TimedOut,
)
from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.classification import classify
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import ToolCall, Usage
from orchestrator.ledger import Attempt, Ledger, Observer, Skipped
from orchestrator.serving import OrchestratorTransport, transport

__all__ = [
    "AsyncChunkStream",
    "Attempt",
    "AuthFailed",
    "BadRequest",
    "BillingExhausted",
    "CallFailed",
    "Chunk",
    "ChunkStream",
    "ConfigError",
    "ConnectionFailed",
    "ContextTooLong",
    "Ledger",
    "NoTarget",
    "Orchestrator",
    "OrchestratorTransport",
    "Overloaded",
    "RateLimited",
    "Refused",
    "Rejected",
    "Request",
    "RequestError",
    "Response",
    "Skipped",
    "StreamInterrupted",
    "TimedOut",
    "ToolCall",
    "UnknownRoute",
    "Usage",
    "arun",
    "astream",
    "classify",
    "default",
    "run",
    "stream",
    "transport",
]


def run(
    request: Mapping[str, Any] | Request | str,
    *,
    route: str | None = None,
    timeout: float | None = None,
    require_complete: bool | None = None,
    metadata: Any = None,
    observe: Observer | None = None,
) -> Response:
    """Run a call on the default config; see :meth:`Orchestrator.run`."""
    return default().run(
        request,
        route=route,
        timeout=timeout,
        require_complete=require_complete,
        metadata=metadata,
        observe=observe,
    )


async def arun(
    request: Mapping[str, Any] | Request | str,
    *,
    route: str | None = None,
    timeout: float | None = None,
    require_complete: bool | None = None,
    metadata: Any = None,
    observe: Observer | None = None,
) -> Response:
    """Run a call on the default config; see :meth:`Orchestrator.arun`."""
    return await default().arun(
        request,
        route=route,
        timeout=timeout,
        require_complete=require_complete,
        metadata=metadata,
        observe=observe,
    )


def stream(
    request: Mapping[str, Any] | Request | str,
    *,
    route: str | None = None,
    timeout: float | None = None,
    require_complete: bool | None = None,
    metadata: Any = None,
    observe: Observer | None = None,
) -> ChunkStream:
    """Run a streamed call on the default config; see :meth:`Orchestrator.stream`."""
    return default().stream(
        request,
        route=route,
        timeout=timeout,
        require_complete=require_complete,
        metadata=metadata,
        observe=observe,
    )


def astream(
    request: Mapping[str, Any] | Request | str,
    *,
    route: str | None = None,
    timeout: float | None = None,
    require_complete: bool | None = None,
    metadata: Any = None,
    observe: Observer | None = None,
) -> AsyncChunkStream:
    """Run a streamed call on the default config; see :meth:`Orchestrator.astream`."""
    return default().astream(
        request,
        route=route,
        timeout=timeout,
        require_complete=require_complete,
        metadata=metadata,
        observe=observe,
    )
