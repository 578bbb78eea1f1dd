"""The classes of failure, and what each class means: one record a reason.

A reason is the only thing about a failure that the machine looks at when it
chooses where to go; everything vendor-specific ends in classification.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs


class Reason(enum.StrEnum):
    """The class of a failure. The value is what configs and ledgers say."""

    BILLING = "billing"
    RATE_LIMIT = "rate_limit"
    AUTH = "auth"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    STREAM_INTERRUPTED = "stream_interrupted"
    INVALID_RESPONSE = "invalid_response"
    CONNECTION = "connection"
    FORBIDDEN = "forbidden"
    MODEL_NOT_FOUND = "model_not_found"
    CONTEXT_OVERFLOW = "context_overflow"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    CONTENT_POLICY = "content_policy"
    BAD_REQUEST = "bad_request"
    OUTPUT_TRUNCATED = "output_truncated"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"
    DEADLINE = "deadline"


class Move(enum.StrEnum):
    """What a policy may list for a reason in ``[policy.on]``."""

    ROTATE = "rotate"
    RETRY = "retry"
    FALLBACK = "fallback"


class Scope(enum.StrEnum):
    """What a failure is a fact about, where the matching rule knows it."""

    KEY = "key"
    ACCOUNT = "account"
    MODEL = "model"
    REQUEST = "request"


@attrs.frozen
class MarkSpec:
    """What a failure marks, in the names of the health board, which knows what they do.

    Attributes:
        slot: The kind of failure that the mark is about.
        subject: What is marked.
        mark: The mark, which says how long it lasts.
        subjects: What is marked in its place where the failure is a fact about these.
    """

    slot: str
    subject: str
    mark: str
    subjects: Mapping[Scope, str] = attrs.field(factory=dict, hash=False)


@attrs.frozen
class QuotedSpec:
    """What a failure is where a relay quotes it of whom it asked: never our key or account.

    Attributes:
        mark: What it marks.
        hint: Who must act, in one sentence.
    """

    mark: MarkSpec
    hint: str


@attrs.frozen(kw_only=True)
class ReasonSpec:
    """All that a class of failure means, to whichever room asks.

    Attributes:
        moves: What a policy allows for it unless ``[policy.on]`` replaces it.
        moves_later: What is allowed besides at any target but the first one asked.
        mark: What it marks; ``None`` where it marks nothing.
        status: The HTTP status that tells it to a client.
        failure: The exception that a call raises for it, by its name.
        headline: What a failed call says first; ``{target}`` and ``{provider}`` stand for who
            was asked.
        hint: Who must act and what to do, in one sentence, unless the rule has its own.
        quoted: What it is where a relay quotes it; ``None`` where that makes no difference.
        clears: True where it may clear by itself, so that a wait in the answer counts.
        turned_away: True where a provider says it before any model has seen the request.
        throttles: True where a call may always come back after it.
        sized: True where a target with a larger context may not have it.
        stands_alone: True where guards or effects call it by its name.
        ours: True where no provider says it: it is the machine's own.
    """

    moves: frozenset[Move]
    moves_later: frozenset[Move] = frozenset()
    mark: MarkSpec | None = None
    status: int
    failure: str = "CallFailed"
    headline: str
    hint: str
    quoted: QuotedSpec | None = None
    clears: bool = False
    turned_away: bool = False
    throttles: bool = False
    sized: bool = False
    stands_alone: bool = False
    ours: bool = False


_ALL = frozenset(Move)
_AGAIN = frozenset({Move.RETRY, Move.FALLBACK})
_ONWARD = frozenset({Move.FALLBACK})
_STAY: frozenset[Move] = frozenset()

_FAILING = MarkSpec("circuit", "target", "circuit")
_REFUSED = MarkSpec("refused", "target", "bench")

SPECS: Final[Mapping[Reason, ReasonSpec]] = {
    Reason.BILLING: ReasonSpec(
        moves=_ONWARD,
        mark=MarkSpec(
            "billing", "provider", "bench", {Scope.KEY: "credential", Scope.MODEL: "target"}
        ),
        status=402,
        failure="BillingExhausted",
        clears=True,
        stands_alone=True,
        turned_away=True,
        headline="billing exhausted on {provider}",
        hint="Your balance or quota is used up: check the provider's dashboard.",
        quoted=QuotedSpec(
            mark=MarkSpec("billing", "target", "bench"),
            hint=(
                "The relay's own account at the provider behind it is empty: use another "
                "target, and tell whoever runs the relay."
            ),
        ),
    ),
    Reason.RATE_LIMIT: ReasonSpec(
        moves=_ALL,
        mark=MarkSpec("rate_limit", "credential", "cooldown", {Scope.MODEL: "credential_model"}),
        status=429,
        failure="RateLimited",
        clears=True,
        throttles=True,
        stands_alone=True,
        turned_away=True,
        headline="rate limited by {provider}",
        hint=(
            "You are sending faster than this key's limit: wait, add keys, or raise the "
            "limit at the provider."
        ),
        quoted=QuotedSpec(
            mark=_FAILING,
            hint=(
                "The relay is above its own limit at the provider behind it: wait, or use"
                " another target."
            ),
        ),
    ),
    Reason.AUTH: ReasonSpec(
        moves=frozenset({Move.ROTATE, Move.FALLBACK}),
        mark=MarkSpec("auth", "credential", "bench"),
        status=401,
        failure="AuthFailed",
        turned_away=True,
        headline="credential refused by {provider}",
        hint=(
            "The provider did not accept this credential: check the key, its permissions "
            "and that it belongs to this endpoint."
        ),
        quoted=QuotedSpec(
            mark=_FAILING,
            hint=(
                "The relay's own credential at the provider behind it was refused, yours "
                "was not: use another target, and tell whoever runs the relay."
            ),
        ),
    ),
    Reason.OVERLOADED: ReasonSpec(
        moves=_AGAIN,
        mark=_FAILING,
        status=503,
        failure="Overloaded",
        clears=True,
        throttles=True,
        stands_alone=True,
        turned_away=True,
        headline="{target} is overloaded",
        hint=(
            "The provider is short of capacity, which is not your limit: wait, or use "
            "another model or provider."
        ),
    ),
    Reason.SERVER_ERROR: ReasonSpec(
        moves=_AGAIN,
        mark=_FAILING,
        status=500,
        failure="Overloaded",
        clears=True,
        headline="server error at {target}",
        hint=("The provider failed on its side: try again, and tell the provider if it lasts."),
    ),
    Reason.TIMEOUT: ReasonSpec(
        moves=_AGAIN,
        mark=_FAILING,
        status=504,
        failure="TimedOut",
        clears=True,
        stands_alone=True,
        headline="{target} did not answer in time",
        hint=(
            "No answer came in time: raise the timeout in [timeouts] if this model is "
            "slow, or use another target."
        ),
    ),
    Reason.STREAM_INTERRUPTED: ReasonSpec(
        moves=_AGAIN,
        mark=_FAILING,
        status=502,
        failure="StreamInterrupted",
        clears=True,
        headline="the stream of {target} broke",
        hint=(
            "The stream broke before its end: send the request again, and check proxies "
            "between you and the provider if it lasts."
        ),
    ),
    Reason.INVALID_RESPONSE: ReasonSpec(
        moves=_AGAIN,
        mark=_FAILING,
        status=502,
        clears=True,
        headline="{target} sent something that is not an answer",
        hint=(
            "The endpoint answered with something that is no answer: try again, or use another "
            "target; if it lasts, check that base_url is the API's address."
        ),
    ),
    Reason.CONNECTION: ReasonSpec(
        moves=_AGAIN,
        mark=MarkSpec("circuit", "provider", "circuit", {Scope.MODEL: "target"}),
        status=502,
        failure="ConnectionFailed",
        clears=True,
        headline="{provider} could not be reached",
        hint=(
            "The endpoint could not be reached: check base_url, the network and that the "
            "server is running."
        ),
    ),
    Reason.FORBIDDEN: ReasonSpec(
        moves=_ONWARD,
        mark=_REFUSED,
        status=403,
        failure="Refused",
        turned_away=True,
        headline="access forbidden by {provider}",
        hint=(
            "Access was refused for a reason other than the key: check region, network "
            "and the headers you send."
        ),
    ),
    Reason.MODEL_NOT_FOUND: ReasonSpec(
        moves=_ONWARD,
        mark=_REFUSED,
        status=404,
        failure="Refused",
        turned_away=True,
        headline="model not found: {target}",
        hint=(
            "This account cannot use this model here: check its name against the "
            "provider's list of models and your access to it."
        ),
    ),
    Reason.CONTEXT_OVERFLOW: ReasonSpec(
        moves=_ONWARD,
        status=400,
        failure="ContextTooLong",
        sized=True,
        turned_away=True,
        headline="the request is too long for {target}",
        hint=(
            "The request is longer than the model's context: shorten it, lower "
            "max_tokens, or use a model with a larger context."
        ),
    ),
    Reason.PAYLOAD_TOO_LARGE: ReasonSpec(
        moves=_ONWARD,
        status=413,
        failure="ContextTooLong",
        sized=True,
        turned_away=True,
        headline="the request is too large for {target}",
        hint=("The request, or a file or image in it, has too many bytes: make it smaller."),
    ),
    Reason.CONTENT_POLICY: ReasonSpec(
        moves=_STAY,
        status=400,
        failure="Refused",
        headline="content refused by {target}",
        hint=(
            "The provider's content rules refused this: change the request, or allow a "
            "fallback for content_policy in [policy.on]."
        ),
    ),
    Reason.BAD_REQUEST: ReasonSpec(
        moves=_STAY,
        moves_later=_ONWARD,
        status=400,
        failure="BadRequest",
        turned_away=True,
        headline="bad request, says {target}",
        hint=("The provider cannot accept the request as it is: correct what its message names."),
    ),
    Reason.OUTPUT_TRUNCATED: ReasonSpec(
        moves=_ONWARD,
        status=502,
        headline="the answer of {target} was truncated",
        hint=("The model stopped at its length limit: raise max_tokens or ask for less."),
    ),
    Reason.UNKNOWN: ReasonSpec(
        moves=_AGAIN,
        status=502,
        clears=True,
        stands_alone=True,
        headline="unknown failure at {target}",
        hint=(
            "No rule knows this failure: see the provider's message, and add a rule under"
            " [[providers.NAME.rules]] or report it."
        ),
    ),
    Reason.CANCELLED: ReasonSpec(
        moves=_STAY,
        status=502,
        ours=True,
        headline="the caller went away",
        hint="The caller cancelled the call: nothing needs to be done.",
    ),
    Reason.DEADLINE: ReasonSpec(
        moves=_STAY,
        status=504,
        failure="TimedOut",
        ours=True,
        headline="{target} did not answer before the deadline",
        hint=("The call's deadline was reached: raise deadline in [policy] or timeout=."),
    ),
}
"""Every reason's record. A new reason is a member of :class:`Reason` and a record here."""

DEFAULT_MOVES: Final[Mapping[Reason, frozenset[Move]]] = {
    reason: spec.moves for reason, spec in SPECS.items()
}
"""What a policy allows for each reason unless ``[policy.on]`` replaces it."""
