"""What a durable engine records of a call: questions and results as data, without a secret.

Each step of a call is a question that goes out and a result that comes back, both of them JSON.
So an engine whose steps run in another process (Temporal's activities) and one that keeps the
results alone (DBOS's steps) record the same.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import math
from collections.abc import Collection
from typing import Any, get_origin

import attrs
import cattrs
import msgspec
from cattrs.strategies import configure_tagged_union

from orchestrator.api.request import Request
from orchestrator.dialects import Operation
from orchestrator.health import SessionState
from orchestrator.health.session import Question
from orchestrator.ledger import Skipped
from orchestrator.states import Policy, Send, Standby, Taken, Target

Data = dict[str, Any]
"""A JSON object."""


class StepKind(enum.StrEnum):
    """The steps that an engine records."""

    PLAN = "plan"
    """Who is asked, in which order, and what the call may do: the config of that moment."""

    ATTEMPT = "attempt"
    """One attempt: a request goes out, and all of its answer comes, or what breaks it."""

    ASK = "ask"
    """One question to the health board."""

    RELOAD = "reload"
    """A secret that was refused is read again."""

    FILE = "file"
    """The record of the call goes to the ledger file and to whoever observes."""


# Questions, and what is answered.


@attrs.frozen
class WrittenRequest:
    """A :class:`.Request` as data: what the caller wants, and nothing of the config.

    Attributes:
        payload, route, timeout, require_complete, metadata, dialect, headers, operation: Its own.
    """

    payload: Any
    route: str | tuple[str, ...] | None
    timeout: float | None
    require_complete: bool
    metadata: Any
    dialect: str
    headers: dict[str, str]
    operation: Operation

    @classmethod
    def of(cls, request: Request) -> WrittenRequest:
        """What is written of ``request``."""
        names = [field.name for field in attrs.fields(cls)]
        said = {name: getattr(request, name) for name in names}
        return cls(**{**said, "payload": dict(request.payload), "headers": dict(request.headers)})

    def request(self) -> Request:
        """The request again."""
        return Request(
            **{field.name: getattr(self, field.name) for field in attrs.fields(type(self))}
        )


@attrs.frozen
class CallPlan:
    """What a call begins with.

    Attributes:
        route: The targets that can be asked, in order.
        policy: What the call may do.
        unfit: The targets that cannot express the request, or have no key.
        repairs: What cured earlier calls, by target name.
    """

    route: tuple[Target, ...]
    policy: Policy
    unfit: tuple[Skipped, ...] = ()
    repairs: dict[str, tuple[str, ...]] = attrs.field(factory=dict)


@attrs.frozen
class AttemptQuestion:
    """One attempt. The request is put in the provider's words, and signed, where it is sent.

    Attributes:
        request: What the caller asked.
        send: Where to, with which credential (by its label), within which limits.
        repairs: What is repaired in it, in order.
        is_resent: True where a kept connection failed it, so that a new one carries it now.
        at: When it is sent, seconds since ``Started``.
    """

    request: WrittenRequest
    send: Send
    repairs: tuple[str, ...]
    is_resent: bool
    at: float


class BodyEnd(enum.StrEnum):
    """How the reading of an answer ended."""

    WHOLE = "whole"
    """The body is at its end, or what has come was enough."""

    LIMIT = "limit"
    CONNECT_LIMIT = "connect_limit"
    ERROR = "error"


@attrs.frozen
class RecordedHead:
    """The head of an answer; a secret that it echoes is masked."""

    status: int
    headers: tuple[tuple[str, str], ...]


@attrs.frozen
class RecordedPart:
    """A part of a body, masked, and when the last of it had come (seconds since it was sent).

    Attributes:
        at: That instant.
        text: The bytes, where they are UTF-8.
        base64: The bytes otherwise.
    """

    at: float
    text: str = ""
    base64: str = ""


@attrs.frozen
class RecordedError:
    """An exception, by what tells them apart: the names of its types, and its words, masked.

    Attributes:
        types: Its class and those below it, nearest first.
        text: What it says.
        cause: What it came from.
    """

    types: tuple[str, ...]
    text: str
    cause: RecordedError | None = None


@attrs.frozen
class AttemptRecord:
    """All that an attempt brought. Instants are seconds since it was sent.

    Attributes:
        ended: When the last of it had come, or the limit had passed.
        end: How the reading ended.
        secret: A salted hash of the secret that it was signed with.
        head: The head of the answer, and ``opened``: when it was here.
        parts: The body, in two parts at the most: until the first content, and the rest.
        error: What broke it.
    """

    ended: float
    end: BodyEnd
    secret: str = ""
    head: RecordedHead | None = None
    opened: float = 0.0
    parts: tuple[RecordedPart, ...] = ()
    error: RecordedError | None = None


@attrs.frozen
class BoardQuestion:
    """A question to the health board, with all that the board knows of this call.

    Attributes:
        call: The call's id, by which it holds claims.
        route: Every target of the call.
        operation: What is asked for.
        started: When the call began (epoch).
        at: The instant, seconds since then.
        question: What is asked.
        state: What the board knows of this call; ``None`` before the first answer.
    """

    call: str
    route: tuple[Target, ...]
    operation: Operation
    started: float
    at: float
    question: Question
    state: SessionState | None = None


@attrs.frozen
class BoardAnswer:
    """What the board answered, and what it knows of the call since."""

    state: SessionState
    taken: Taken | None = None
    standby: Standby | None = None


@attrs.frozen
class ReloadQuestion:
    """Read a secret that was refused again.

    Attributes:
        provider, label: The credential.
        sent: The salted hash of what was refused.
        seconds: How long that may take.
    """

    provider: str
    label: str
    sent: str
    seconds: float


@attrs.frozen
class ReloadAnswer:
    """What came of it: in words, ``None`` where it can be read but once; and whether it changed."""

    found: str | None
    is_changed: bool = False


@attrs.frozen
class LedgerQuestion:
    """The record of a call that is over, to be told to whoever observes calls."""

    entries: tuple[dict[str, Any], ...]


@attrs.frozen
class StepResult:
    """What an engine keeps of a step.

    Attributes:
        of: The digest of what was asked, so that it is no answer to anything else.
        ended: The wall clock when it was over (epoch).
        result: What came of it.
    """

    of: str
    ended: float
    result: Any = None


# The codec.


def write_question(value: Any) -> Any:
    """A question as JSON has it, without what is as it is by default.

    So a later version, which may know of more, still asks in the same words.
    """
    return _json(_converter(omit_defaults=True).unstructure(value))


def write_result(value: Any) -> Any:
    """A result as JSON has it, with all of it: a later version may have other defaults."""
    return _json(_converter().unstructure(value))


def _json(value: Any) -> Any:
    return msgspec.json.decode(msgspec.json.encode(value))


def read(data: Any, kind: Any) -> Any:
    """The value of ``kind`` that was written.

    Raises:
        cattrs.BaseValidationError: It is none, as where another version wrote it.
    """
    return _converter().structure(data, kind)


def digest(kind: str, asked: Data) -> str:
    """What tells ``asked`` from anything else that might be asked."""
    text = msgspec.json.encode([kind, asked], order="sorted")
    return hashlib.sha256(text).hexdigest()[:16]


@functools.cache
def _converter(*, omit_defaults: bool = False) -> cattrs.Converter:
    converter = cattrs.Converter(omit_if_default=omit_defaults)
    converter.register_unstructure_hook(float, _sayable)
    # In one order whatever the process: what is asked must be the same in each replay.
    converter.register_unstructure_hook_func(_is_unordered, _sorted)
    converter.register_structure_hook_func(
        lambda kind: kind == Collection[str], lambda value, _: frozenset(value)
    )
    converter.register_structure_hook(float, lambda value, _: float(value))
    converter.register_structure_hook_func(
        lambda kind: kind == str | tuple[str, ...] | None,
        lambda value, _: tuple(value) if isinstance(value, list | tuple) else value,
    )
    configure_tagged_union(Question, converter)
    return converter


def _is_unordered(kind: Any) -> bool:
    return (get_origin(kind) or kind) in (frozenset, set, Collection)


def _sayable(value: float) -> float | str:
    """JSON has no infinity; an instant that never comes is one."""
    return str(value) if math.isinf(value) else value


def _sorted(values: Collection[Any]) -> list[str]:
    return sorted(map(str, values))
