"""What the agent asks for, judged before anything is taken or sent.

Whatever is wrong here is the caller's to mend: it raises :class:`RequestError` with its place,
and marks no key, target or provider.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from orchestrator import header_rules
from orchestrator.dialects import (
    DEFAULT_DIALECT,
    DIALECTS,
    Dialect,
    Operation,
    RequestError,
    dialect,
)
from orchestrator.dialects.request_fields import kind_of
from orchestrator.dialects.token_estimate import texts_in
from orchestrator.json_values import NotJson, checked

__all__ = [
    "LONGEST_TIMEOUT",
    "Request",
    "RequestError",
    "listed_route",
    "refused_header",
    "request_of",
]

LONGEST_TIMEOUT = 1e9
"""Seconds, thirty years: what is longer is no deadline, and overflows clocks."""

_GENERATE = Operation.GENERATE


@attrs.frozen(slots=False)  # with slots ten fields are set by function calls
class Request:
    """A request in chat-completions shape, with the options of the call.

    Attributes:
        payload: ``messages`` and any other field of a chat-completions request;
            unknown fields are passed through. ``model`` names a route or
            ``provider/model``. Objects with ``model_dump()``, such as the message that a
            client of a vendor returned, become what they dump; what JSON cannot say is refused.
        route: A route, ``provider/model``, or several of those in order; goes before
            ``payload["model"]``.
        timeout: The call's deadline in seconds; ``None`` takes the policy's.
        require_complete: True makes an answer that stopped at its length limit a failure.
        metadata: Anything; written to the ledger, never sent.
        dialect: The dialect in which ``payload`` is written.
        stream: True where the answer is asked for in chunks.
        headers: Sent along to targets of the same dialect, such as ``anthropic-beta``; none
            that frames or authenticates a request.
        operation: What is asked for: an answer, or what else the dialect has.

    Raises:
        RequestError: Something of it cannot be; the text names the place.
    """

    payload: Mapping[str, Any]
    route: str | Sequence[str] | None = None
    timeout: float | None = None
    require_complete: bool = False
    metadata: Any = attrs.field(factory=dict)
    dialect: str = DEFAULT_DIALECT
    stream: bool = False
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    operation: Operation = _GENERATE
    _judged: Any = attrs.field(default=None, repr=False, eq=False)
    """The payload that was judged; a copy with other options has nothing to judge again."""
    _decoded: Any = attrs.field(default=None, repr=False, eq=False)
    """The payload, where it was decoded from UTF-8; a copy with another one is not."""

    def __attrs_post_init__(self) -> None:
        if self._judged is not self.payload or self._judged is None:
            # Once: a copy with another option comes here too, and a long conversation would be
            # walked again, on somebody's event loop.
            payload, spoken = _sayable(self.payload), _spoken(self.dialect)
            if self.operation is _GENERATE:
                spoken.check_request(payload)
            else:
                _check_operation(self.operation, spoken, payload)
            object.__setattr__(self, "payload", payload)
            object.__setattr__(self, "_judged", payload)
        if self.timeout is not None or self.route is not None:
            _check_options(self)
        if self.headers != {}:
            _check_headers(self.headers)

    @property
    def is_of_whole_characters(self) -> bool:
        """True where no text in the payload can hold half a character: UTF-8 has none."""
        return self._decoded is self.payload

    @property
    def wants(self) -> str | tuple[str, ...] | None:
        """The route or target that the request names; several targets where it lists them."""
        # A list was made a tuple when it was judged.
        wanted: str | tuple[str, ...] | None = self.route or self.payload.get("model")  # type: ignore[assignment]
        return wanted

    def asking_for_usage(self) -> Request:
        """The same, asking for the usage in a stream too.

        Some servers say what a stream costs only where that is asked for.
        """
        payload = dialect(self.dialect).ask_for_usage(self.payload)
        if payload is self.payload:
            return self
        # What a dialect adds is its own, and needs no judge.
        decoded = payload if self.is_of_whole_characters else None
        return attrs.evolve(self, payload=payload, judged=payload, decoded=decoded)

    @property
    def reasoning(self) -> bool:
        """True where the request asks the model to think before it speaks."""
        return dialect(self.dialect).wants_reasoning(self.payload)

    @property
    def least_tokens(self) -> int:
        """A lower bound of the request's size in tokens.

        Deliberately low (8 characters a token; English text has about 4), because a
        target is passed over for it without being asked.
        """
        words = dialect(self.dialect).shape.words
        return sum(map(len, texts_in(self.payload, words))) // 8


def request_of(request: Mapping[str, Any] | Request | str, **options: Any) -> Request:
    """``request`` with ``options`` that are not ``None`` put in.

    Args:
        request: A mapping in chat-completions shape, a :class:`Request`, or a text: one message
            of the user.
        options: Fields of :class:`Request`.

    Raises:
        RequestError: The request is not one.
    """
    # ``None`` is what the caller did not say: what the request itself says stands.
    given = {name: value for name, value in options.items() if value is not None}
    if isinstance(request, Request):
        _check_generates(request)
        asked = attrs.evolve(request, **given) if given else request
    else:
        asked = Request(_payload(request), **given)
    # Not overruled: who wrote it iterates over what he gets, and would meet a whole answer.
    if asked.payload.get("stream") and not asked.stream:
        raise RequestError(
            "'stream' is true, but run and arun give whole answers: call stream or astream"
        )
    return asked


def _check_generates(request: Request) -> None:
    """Refuse what brings no answer of a model: a response would hold nothing of what came."""
    if request.operation is _GENERATE:
        return
    ways = {
        Operation.EMBED: "vectors come by embed and aembed",
        Operation.COUNT_TOKENS: "tokens are counted through orchestrator.transport",
        Operation.PASSTHROUGH: "what is for one provider alone goes through orchestrator serve",
    }
    raise RequestError(
        f"operation is {request.operation}, but run, arun, stream and astream give answers of a "
        f"model: {ways[request.operation]}"
    )


def _payload(request: Any) -> Mapping[str, Any]:
    if isinstance(request, str) and request.strip():
        return {"messages": [{"role": "user", "content": request}]}
    if not isinstance(request, Mapping):
        found = "an empty text" if isinstance(request, str) else kind_of(request)
        raise RequestError(
            f"request is {found}; allowed: a text, a mapping with 'messages', as in "
            "{'messages': [{'role': 'user', 'content': 'hi'}]}, or orchestrator.Request"
        )
    return request


def _spoken(name: Any) -> Dialect:
    if not isinstance(name, str):
        raise RequestError(f"dialect is {kind_of(name)}; allowed: {', '.join(DIALECTS)}")
    try:
        return dialect(name)
    except LookupError as error:
        raise RequestError(str(error.args[0])) from None


def _check_operation(operation: Operation, spoken: Dialect, payload: dict[str, Any]) -> None:
    spec = spoken.operations.get(operation)
    if spec is None:
        raise RequestError(f"operation is {operation}, which {spoken.name} does not have")
    spec.check_request(payload)


def _sayable(payload: Any) -> dict[str, Any]:
    """``payload`` as JSON can say it; the very same where it can."""
    try:
        made = checked(payload)
    except NotJson as error:
        raise RequestError(
            f"{error.place('the request')} {error.what}; allowed: text, finite numbers of 64 "
            "bits, true, false, None, lists, and mappings with text as keys"
        ) from error
    if not isinstance(made, dict):
        raise RequestError(f"payload is {kind_of(payload)}; allowed: a mapping with 'messages'")
    return made


def _check_options(request: Request) -> None:
    timeout: Any = request.timeout
    if timeout is not None and not (_is_number(timeout) and 0 < timeout <= LONGEST_TIMEOUT):
        # A whole number may have more digits than Python writes.
        is_long = isinstance(timeout, int) and abs(timeout) > LONGEST_TIMEOUT
        shown = "a number that is too large" if is_long else f"{timeout!r:.40}"
        raise RequestError(
            f"timeout is {shown}; allowed: seconds above 0, at most {LONGEST_TIMEOUT:g}"
        )
    object.__setattr__(request, "route", listed_route(request.route))


def listed_route(route: Any) -> str | tuple[str, ...] | None:
    """A route as it was handed in; of a list a copy, which nobody changes.

    Raises:
        RequestError: It is no route.
    """
    if route is None or (isinstance(route, str) and route):
        named = route.split(",") if route is not None and "," in route else ()
        if len([one for one in named if "/" in one]) > 1:
            raise RequestError("route is one text that names several; allowed: a list of targets")
        return route
    allowed = 'allowed: a route, "provider/model", or a list of those'
    if not isinstance(route, list | tuple):
        raise RequestError(f"route is {'empty' if route == '' else kind_of(route)}; {allowed}")
    if not route:
        raise RequestError(f"route is an empty list; {allowed}")
    for index, name in enumerate(route):
        if not isinstance(name, str) or not name:
            found = "empty" if name == "" else kind_of(name)
            raise RequestError(f'route[{index}] is {found}; allowed: "provider/model"')
    return tuple(route)


def _check_headers(headers: Any) -> None:
    if not isinstance(headers, Mapping):
        raise RequestError(f"headers is {kind_of(headers)}; allowed: a mapping of names and values")
    if sum(len(part) for pair in headers.items() for part in pair if isinstance(part, str)) > (
        header_rules.LARGEST
    ):
        raise RequestError(f"headers are too large; allowed: {header_rules.LARGEST:,} characters")
    for name, value in headers.items():
        if not isinstance(name, str) or not header_rules.NAME.fullmatch(name):
            shown = f"{name!r:.60}" if isinstance(name, str) else f"a name {kind_of(name)}"
            raise RequestError(f"headers has {shown}; allowed: a header's name such as 'x-trace'")
        if name.lower() in header_rules.AUTHENTICATING:
            raise refused_header(name, "says who asks: the credentials in the config do that")
        if name.lower() in header_rules.FRAMING:
            raise refused_header(name, "frames the request: the transport does that")
        if not isinstance(value, str) or not header_rules.VALUE.fullmatch(value):
            found = "text" if isinstance(value, str) else kind_of(value)
            raise RequestError(
                f"headers[{name!r}] is {found} that a header cannot hold; allowed: a text on one "
                "line of latin-1 characters"
            )

    _check_spellings(headers)


def _check_spellings(headers: Mapping[str, str]) -> None:
    spelled: dict[str, str] = {}
    for name in headers:
        if (other := spelled.setdefault(name.lower(), name)) != name:
            raise RequestError(f"headers has {other!r} and {name!r}; allowed: each header once")


def refused_header(name: str, why: str) -> RequestError:
    """What is raised for a caller's header that is ours alone to send."""
    return RequestError(f"headers has {name!r}, which {why}; allowed: headers that do not")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
