"""LLM calls that fail over as an explicit finite-state machine.

::

    import orchestrator

    response = orchestrator.run({"messages": [{"role": "user", "content": "hi"}]})
    print(response.text, response.attempts)

:func:`run`, :func:`arun`, :func:`stream` and :func:`astream` use the config that is found
and share its routes, pools and health board between all threads and tasks;
:class:`Orchestrator` is the same with a config of your own. :func:`transport` makes an
existing client fail over. The machine that decides is :mod:`orchestrator.states`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any, Unpack

from orchestrator.api.chunks import Chunk
from orchestrator.api.default import default, default_in_task
from orchestrator.api.embeddings import Embeddings, EmbedInput, EmbedOptions
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
from orchestrator.api.options import CallOptions, RequestLike, read_call
from orchestrator.api.request import Request, RequestError
from orchestrator.api.response import Response
from orchestrator.api.streams import AsyncChunkStream, ChunkStream
from orchestrator.config.errors import ConfigError, UnknownRoute
from orchestrator.dialects import Operation, ToolCall, Usage
from orchestrator.ledger import Attempt, Ledger, Skipped

if TYPE_CHECKING:
    from orchestrator.api.client import Orchestrator
    from orchestrator.classification import classify
    from orchestrator.dialects.neutral import StreamEvent
    from orchestrator.execution.call_run import CallRun
    from orchestrator.serving.transport import OrchestratorTransport, transport

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
    "Embeddings",
    "Ledger",
    "NoTarget",
    "Operation",
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
    "aembed",
    "arun",
    "astream",
    "classify",
    "default",
    "embed",
    "run",
    "stream",
    "transport",
]


_LOADED_WHEN_USED = {
    "Orchestrator": "orchestrator.api.client",
    "OrchestratorTransport": "orchestrator.serving.transport",
    "classify": "orchestrator.classification",
    "transport": "orchestrator.serving.transport",
}
"""Names of this page, and the modules that hold them (PEP 562).

What a call needs is loaded when its :class:`Orchestrator` is: this page is imported by programs
that make no call yet, or never.
"""


def __getattr__(name: str) -> Any:
    if name not in _LOADED_WHEN_USED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_LOADED_WHEN_USED[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def run(request: RequestLike, **options: Unpack[CallOptions]) -> Response:
    """Run a call on the default config, blocking the thread.

    Args:
        request: A mapping in chat-completions shape, a :class:`Request`, or a text.
        options: ``route``, ``timeout``, ``require_complete``, ``metadata`` and ``observe``;
            see :meth:`Orchestrator.run`, which also says what is raised.
    """
    return default().run(request, **options)


async def arun(request: RequestLike, **options: Unpack[CallOptions]) -> Response:
    """Run a call on the default config, suspending the task; see :func:`run`."""
    return await (await default_in_task()).arun(request, **options)


def embed(texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
    """Run a call for the vectors of texts on the default config, blocking the thread.

    Args:
        texts: A text, a list of texts, or a mapping such as ``{"input": …, "dimensions": 256}``.
        options: ``route``, ``timeout``, ``metadata`` and ``observe``; see
            :meth:`Orchestrator.embed`, which also says what is raised.
    """
    return default().embed(texts, **options)


async def aembed(texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
    """Run a call for the vectors of texts on the default config; see :func:`embed`."""
    return await (await default_in_task()).aembed(texts, **options)


def stream(request: RequestLike, **options: Unpack[CallOptions]) -> ChunkStream:
    """Run a streamed call on the default config; see :meth:`Orchestrator.stream`."""
    return default().stream(request, **options)


def astream(request: RequestLike, **options: Unpack[CallOptions]) -> AsyncChunkStream:
    """Run a streamed call on the default config; see :meth:`Orchestrator.astream`.

    Where it is still to be read, that is done in a thread, when the stream is iterated.
    """
    asked, observe = read_call("astream", request, options, stream=True)

    async def begin() -> tuple[CallRun, AsyncGenerator[Iterator[StreamEvent], None]]:
        return await (await default_in_task()).astream_events(asked, observe)

    return AsyncChunkStream(begin)
