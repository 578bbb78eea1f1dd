"""The options of a call and of an orchestrator, each written once: here."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from orchestrator.api.request import Request, RequestError, request_of

if TYPE_CHECKING:
    import httpx

    from orchestrator.clock import Clock
    from orchestrator.health.stores.store import Store
    from orchestrator.ledger import Observer

RequestLike = Mapping[str, Any] | Request | str
"""A mapping in chat-completions shape, a :class:`Request`, or a text: one message of the user."""


class CallOptions(TypedDict, total=False):
    """What may stand beside the request of any call.

    Attributes:
        route: A route of the config, ``provider/model``, or a list of targets to ask in that
            order; goes before ``model``. A known provider needs no config but its key in the
            environment, such as ``OPENAI_API_KEY``.
        timeout: The deadline in seconds, in place of the policy's. Like the policy's, it
            is shared: an attempt is left in time for the targets that stand by. Of a stream
            it bounds the time until the first content.
        require_complete: Make an answer that stopped at its length limit a failure.
        metadata: Anything; written to the ledger, never sent. What JSON cannot say is
            written as text, and cut where it is deep.
        observe: Called with each ledger entry as it happens.
    """

    route: str | Sequence[str] | None
    timeout: float | None
    require_complete: bool | None
    metadata: Any
    observe: Observer | None


class OrchestratorOptions(TypedDict, total=False):
    """What an orchestrator may be given besides its config.

    Attributes:
        transport: Any httpx transport, in place of our own connections, for ``run`` and
            ``stream``. What a provider's config says of connections is its affair then.
        async_transport: The same for ``arun`` and ``astream``.
        store: What the health board remembers in; the config's ``health`` by default.
        clock: The time to read, and to sleep by.
        seed: Makes jitter and the pools' ``random`` strategy repeat exactly.
        observe: Called with each ledger entry of every call as it happens.
    """

    transport: httpx.BaseTransport | None
    async_transport: httpx.AsyncBaseTransport | None
    store: Store | None
    clock: Clock | None
    seed: int | None
    observe: Observer | None


_FIELDS = 'fields of a request stand in it: {"messages": […], "temperature": 0.2}'


def read_call(
    name: str, request: RequestLike, options: CallOptions, *, stream: bool = False
) -> tuple[Request, Observer | None]:
    """The request that a caller of the method ``name`` makes, and who observes its call.

    Raises:
        RequestError: The request is not one.
        TypeError: There is no such option.
    """
    if not options and not stream:
        return request_of(request), None
    check_names(name, options, CallOptions, hint=_FIELDS)
    given: dict[str, Any] = {**options}
    # It belongs to the call, not to the request, which may be made again elsewhere.
    observe = given.pop("observe", None)
    check_observer(observe)
    asked = request_of(request, stream=stream or None, **given)
    # The caller of ours finds the usage in the response either way.
    return (asked.asking_for_usage() if stream else asked), observe


def check_names(
    name: str, options: Mapping[str, Any], known: type, others: Iterable[str] = (), hint: str = ""
) -> None:
    """Refuse options that are none of ``known``, as Python does, with the nearest name.

    Args:
        name: Of the function.
        options: What it was given by name.
        known: The options.
        others: Names that it takes besides, which the nearest may be one of.
        hint: Where else a name belongs that is near none.

    Raises:
        TypeError: There is no such option.
    """
    # The types are there for checkers alone: at run time ``**`` takes any name, and a misspelled
    # ``timeout`` would let a call run for five minutes without a word.
    allowed = known.__annotations__
    wrong = next((option for option in options if option not in allowed), None)
    if wrong is None:
        return
    names = [*others, *allowed]
    near = difflib.get_close_matches(wrong, names, 1, 0.6)
    meant = f"; did you mean {near[0]!r}?" if near else hint and f"; {hint}"
    raise TypeError(
        f"{name}() got an unexpected keyword argument {wrong!r}{meant} "
        f"(allowed: {', '.join(names)})"
    )


def check_transports(options: OrchestratorOptions) -> None:
    """Refuse what is handed in and is no transport of httpx's.

    Raises:
        TypeError: It is none.
    """
    # Here, where it was handed in: each call would fail by it, with words of another library.
    for option, kind in (("transport", "BaseTransport"), ("async_transport", "AsyncBaseTransport")):
        given = options.get(option)
        if given is None:
            continue
        import httpx

        if not isinstance(given, getattr(httpx, kind)):
            found = f"{type(given).__module__}.{type(given).__qualname__}"
            raise TypeError(f"{option} is of type {found}; allowed: an httpx.{kind}")


def check_observer(observe: object) -> None:
    """Refuse what cannot be called with an entry.

    Raises:
        RequestError: It cannot.
    """
    # Here, where it was handed in: from within a call it would be a failure of every one.
    if observe is not None and not callable(observe):
        kind = type(observe).__name__
        raise RequestError(f"observe is of type {kind}; allowed: a callable, given each entry")
