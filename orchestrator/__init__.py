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
    """Run a call to its end, blocking the thread, and give the answer.

    ::

        response = orchestrator.run("hi", route=["deepseek/deepseek-v4-pro", "openai/gpt-5-mini"])
        print(response.text)
        for attempt in response.attempts:  # attempt 1 deepseek/… key#1 → 402 billing (…) → …
            print(attempt)

    It uses the config that is found: ``$ORCHESTRATOR_CONFIG``, ``./orchestrator.toml``, the
    user's config folder. Threads, tasks and sub-agents share it, with its pools and health board.

    Args:
        request: A text (one message of the user), a mapping in chat-completions shape
            (``messages``, ``model``, ``tools``, …; unknown fields are passed through), or a
            :class:`Request`.
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the request. Without either: the route ``default``.
            A known provider needs no config but its key in the environment, such as
            ``OPENAI_API_KEY``.
        timeout: The deadline in seconds, in place of the policy's (300 s).
        require_complete: True makes an answer that stopped at its length limit, and tool
            arguments that are no JSON, a failure.
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        The :class:`Response`: ``.text``, ``.tool_calls``, ``.message`` (to append to the next
        request's messages), ``.usage``, ``.provider``, ``.model``, ``.attempts``, ``.skipped``,
        ``.ledger``, ``.raw``.

    Raises:
        CallFailed: The call failed, with its real cause. Its leaves say who must act:
            :class:`BillingExhausted`, :class:`RateLimited`, :class:`AuthFailed`,
            :class:`Refused`, :class:`Overloaded`, :class:`TimedOut`,
            :class:`ConnectionFailed`, :class:`ContextTooLong`, :class:`BadRequest`,
            :class:`NoTarget`.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    return default().run(request, **options)


async def arun(request: RequestLike, **options: Unpack[CallOptions]) -> Response:
    """Run a call to its end, suspending the task; all else as :func:`run`.

    ::

        response = await orchestrator.arun("hi", timeout=30)

    Args:
        request: A text (one message of the user), a mapping in chat-completions shape
            (``messages``, ``model``, ``tools``, …; unknown fields are passed through), or a
            :class:`Request`.
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the request. Without either: the route ``default``.
            A known provider needs no config but its key in the environment, such as
            ``OPENAI_API_KEY``.
        timeout: The deadline in seconds, in place of the policy's (300 s).
        require_complete: True makes an answer that stopped at its length limit, and tool
            arguments that are no JSON, a failure.
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        The :class:`Response`.

    Raises:
        CallFailed: The call failed, with its real cause. Its leaves say who must act:
            :class:`BillingExhausted`, :class:`RateLimited`, :class:`AuthFailed`,
            :class:`Refused`, :class:`Overloaded`, :class:`TimedOut`,
            :class:`ConnectionFailed`, :class:`ContextTooLong`, :class:`BadRequest`,
            :class:`NoTarget`.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    return await (await default_in_task()).arun(request, **options)


def embed(texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
    """Run a call for the vectors of texts, blocking the thread.

    ::

        targets = ["openai/text-embedding-3-small", "openrouter/openai/text-embedding-3-small"]
        found = orchestrator.embed(["first", "second"], route=targets)
        print(found.vectors[0])

    Only targets of one model are asked: vectors of another lie in another space. Models are the
    same where the last parts of their names are.

    Args:
        texts: A text, a list of texts, or a mapping in the shape of OpenAI's request
            (``input``, ``model``, ``dimensions``, …; unknown fields are passed through).
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the mapping. Without either: the route ``default``.
            Targets of another model than the first one's are passed over.
        timeout: The deadline in seconds, in place of the policy's (300 s).
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        The :class:`Embeddings`: ``.vectors`` (a tuple of floats for each text, in their order),
        ``.usage``, ``.provider``, ``.model``, ``.attempts``, ``.skipped``, ``.ledger``, ``.raw``.

    Raises:
        CallFailed: The call failed, with its real cause; see :func:`run`.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    return default().embed(texts, **options)


async def aembed(texts: EmbedInput, **options: Unpack[EmbedOptions]) -> Embeddings:
    """Run a call for the vectors of texts, suspending the task; all else as :func:`embed`.

    ::

        found = await orchestrator.aembed("some text", route="embeddings")

    Args:
        texts: A text, a list of texts, or a mapping in the shape of OpenAI's request
            (``input``, ``model``, ``dimensions``, …; unknown fields are passed through).
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the mapping. Without either: the route ``default``.
            Targets of another model than the first one's are passed over.
        timeout: The deadline in seconds, in place of the policy's (300 s).
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        The :class:`Embeddings`: ``.vectors`` (a tuple of floats for each text, in their order),
        ``.usage``, ``.provider``, ``.model``, ``.attempts``, ``.skipped``, ``.ledger``, ``.raw``.

    Raises:
        CallFailed: The call failed, with its real cause; see :func:`run`.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    return await (await default_in_task()).aembed(texts, **options)


def stream(request: RequestLike, **options: Unpack[CallOptions]) -> ChunkStream:
    """Run a call whose answer comes in chunks.

    ::

        with orchestrator.stream("Tell me a story") as chunks:
            for chunk in chunks:
                print(chunk.text, end="", flush=True)
        print(chunks.response.usage)

    Until the first content every failure is recovered unseen; after it, what you got is never
    contradicted. The call begins with the first chunk that is asked for, and ends with the block.

    Args:
        request: A text (one message of the user), a mapping in chat-completions shape
            (``messages``, ``model``, ``tools``, …; unknown fields are passed through), or a
            :class:`Request`.
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the request. Without either: the route ``default``.
            A known provider needs no config but its key in the environment, such as
            ``OPENAI_API_KEY``.
        timeout: The deadline in seconds, in place of the policy's (300 s). It bounds the
            time until the first content.
        require_complete: True makes an answer that stopped at its length limit, and tool
            arguments that are no JSON, a failure.
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        An iterator of :class:`Chunk` (``.text``, ``.tool_calls``, ``.finish_reason``, ``.usage``)
        and a context manager; ``.response`` is the whole :class:`Response` after the end.

    Raises:
        CallFailed: The call failed, with its real cause. Its leaves say who must act:
            :class:`BillingExhausted`, :class:`RateLimited`, :class:`AuthFailed`,
            :class:`Refused`, :class:`Overloaded`, :class:`TimedOut`,
            :class:`ConnectionFailed`, :class:`ContextTooLong`, :class:`BadRequest`,
            :class:`NoTarget` and, where a stream broke after
            content, :class:`StreamInterrupted` with ``.partial_text``.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    return default().stream(request, **options)


def astream(request: RequestLike, **options: Unpack[CallOptions]) -> AsyncChunkStream:
    """Run a call whose answer comes in chunks, suspending the task; all else as :func:`stream`.

    ::

        async with orchestrator.astream("Tell me a story") as chunks:
            async for chunk in chunks:
                print(chunk.text, end="", flush=True)

    Args:
        request: A text (one message of the user), a mapping in chat-completions shape
            (``messages``, ``model``, ``tools``, …; unknown fields are passed through), or a
            :class:`Request`.
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model`` in the request. Without either: the route ``default``.
            A known provider needs no config but its key in the environment, such as
            ``OPENAI_API_KEY``.
        timeout: The deadline in seconds, in place of the policy's (300 s). It bounds the
            time until the first content.
        require_complete: True makes an answer that stopped at its length limit, and tool
            arguments that are no JSON, a failure.
        metadata: Anything; written to the ledger, never sent.
        observe: Called with each ledger entry as it happens.

    Returns:
        An asynchronous iterator of :class:`Chunk` and a context manager; ``.response`` is the
        whole :class:`Response` after the end.

    Raises:
        CallFailed: The call failed, with its real cause. Its leaves say who must act:
            :class:`BillingExhausted`, :class:`RateLimited`, :class:`AuthFailed`,
            :class:`Refused`, :class:`Overloaded`, :class:`TimedOut`,
            :class:`ConnectionFailed`, :class:`ContextTooLong`, :class:`BadRequest`,
            :class:`NoTarget` and, where a stream broke after
            content, :class:`StreamInterrupted` with ``.partial_text``.
        RequestError: The request is not one; nothing was sent.
        ConfigError: There is no config and no route, or the config cannot be used;
            :class:`UnknownRoute` where a route or target is unknown.
        TypeError: There is no such option.
    """
    asked, observe = read_call("astream", request, options, stream=True)

    async def begin() -> tuple[CallRun, AsyncGenerator[Iterator[StreamEvent], None]]:
        # Where the config is still to be read, that is done in a thread.
        return await (await default_in_task()).astream_events(asked, observe)

    return AsyncChunkStream(begin)
