"""Which targets of a route can express a request; the others are never asked."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Sequence

from orchestrator.api.errors import one_line
from orchestrator.api.request import Request, refused_header
from orchestrator.config.config import DEFAULT_ROUTE, Config, model_name
from orchestrator.dialects import Loss, Operation, RequestError, Weight, dialect
from orchestrator.dialects.neutral import Conversation
from orchestrator.execution.auth import key_form
from orchestrator.ledger import Skipped
from orchestrator.states import Reason, Target

_GENERATE = Operation.GENERATE


def partition_by_capability(
    route: Sequence[Target], request: Request, config: Config
) -> tuple[tuple[Target, ...], tuple[Skipped, ...]]:
    """The targets that can express ``request``, and why the others cannot.

    Raises:
        RequestError: The request has to be said in another dialect and makes no sense, or its
            headers hold the one that carries a provider's key.
    """
    if request.headers:
        _check_headers(route, request, config)
    if request.operation is not _GENERATE:
        return _partition_by_operation(route, request, config)
    # Read once, for whichever targets speak another dialect, and not where none does.
    conversation: Conversation | None = None
    unfit: list[Skipped] = []
    for target in route:
        provider = config.providers[target.provider]
        if not provider.credentials:
            unfit.append(_keyless(target, config))
        elif target.context is not None and request.least_tokens > target.context:
            unfit.append(_too_large(target, request.least_tokens))
        elif provider.dialect != request.dialect:
            conversation = conversation or dialect(request.dialect).read_request(request.payload)
            if lost := _lost(conversation, provider.dialect, config):
                message = f"{provider.dialect} cannot express {_told(lost)}"
                unfit.append(_unfit(target, Reason.BAD_REQUEST, message))
    return _without(route, unfit)


def _without(
    route: Sequence[Target], unfit: Sequence[Skipped]
) -> tuple[tuple[Target, ...], tuple[Skipped, ...]]:
    if not unfit:
        return tuple(route), ()
    names = {skipped.target for skipped in unfit}
    return tuple(target for target in route if target.name not in names), tuple(unfit)


def _partition_by_operation(
    route: Sequence[Target], request: Request, config: Config
) -> tuple[tuple[Target, ...], tuple[Skipped, ...]]:
    """The targets that can do what ``request`` asks for, all of one model.

    Vectors of two models lie in two spaces, and two models count in two ways: an answer of
    another one would be wrong in silence.

    Raises:
        RequestError: The request is to be streamed.
    """
    if request.stream:
        raise RequestError(f"stream is true, but {request.operation} has no answer in chunks")
    # Which model it is must not hang on which keys this machine has: an index is made on one.
    model = config.first_model(request.wants) if request.operation is Operation.EMBED else ""
    unfit: list[Skipped] = []
    for target in route:
        provider = config.providers[target.provider]
        why = _cannot(request, provider.dialect, config)
        if why is None:
            model = model or model_name(target.model)  # a count is of the first that can count
            why = _is_other(request.operation, target, model)
        if why is not None:
            unfit.append(_unfit(target, *why))
        elif not provider.credentials:
            unfit.append(_keyless(target, config))
    return _without(route, unfit)


def _cannot(request: Request, spoken: str, config: Config) -> tuple[Reason, str] | None:
    """Why no target of the dialect ``spoken`` can do what is asked for; ``None`` where one can."""
    operation = request.operation
    spec = dialect(spoken).operations.get(operation)
    asked = dialect(request.dialect).operations[operation]
    if operation is Operation.COUNT_TOKENS and (spec is None or spec.form != asked.form):
        # No warning: a client asks before every call, and goes on without.
        told = f"{spoken} cannot count the tokens of a request in {request.dialect}"
        return Reason.MODEL_NOT_FOUND, told
    if spec is None or spec.form != asked.form:
        return Reason.BAD_REQUEST, f"{spoken} has no {asked.form}"
    if spoken == request.dialect:
        return None
    lost = tuple(one for one in spec.losses(request.payload) if not one.allowed(config.drop))
    return (Reason.BAD_REQUEST, f"{spoken} cannot express {_told(lost)}") if lost else None


def _is_other(operation: Operation, target: Target, model: str) -> tuple[Reason, str] | None:
    """Why ``target`` is of another model than ``model``; ``None`` where it is not."""
    if model_name(target.model) == model:
        return None
    if operation is Operation.COUNT_TOKENS:
        told = f"{target.model} counts in another way than {model}, the first model that can count"
        return Reason.MODEL_NOT_FOUND, told
    told = f"{target.model} is another model than {model}, the first of the route: "
    return Reason.BAD_REQUEST, f"{told}its vectors lie in another space"


def _check_headers(route: Sequence[Target], request: Request, config: Config) -> None:
    carriers = {key_form(config.providers[target.provider]).header for target in route}
    for name in request.headers:
        if name.lower() in carriers:
            raise refused_header(name, "carries the key of a provider: the config does that")


def without_credential(wanted: str | Sequence[str] | None, config: Config) -> tuple[Skipped, ...]:
    """The targets that a route lists and that are not in it, because nothing can be sent there.

    Args:
        wanted: The route or target that the request names, or several.
        config: The config.
    """
    wanted = DEFAULT_ROUTE if wanted is None else wanted
    routes = (wanted,) if isinstance(wanted, str) else wanted
    names = dict.fromkeys(name for each in routes for name in config.passed_over.get(each, ()))
    return tuple(_keyless(config.target(name), config) for name in names)


def without_key(route: Sequence[Target], config: Config) -> tuple[Skipped, ...]:
    """The targets of ``route`` whose provider has no credential."""
    return tuple(
        _keyless(target, config)
        for target in route
        if not config.providers[target.provider].credentials
    )


def _keyless(target: Target, config: Config) -> Skipped:
    missing = "; ".join(config.providers[target.provider].missing)
    return _unfit(target, Reason.AUTH, missing or f"{target.provider} has no credential")


def _too_large(target: Target, needed: int) -> Skipped:
    message = f"needs at least {needed} tokens, the context has {target.context}"
    return _unfit(target, Reason.CONTEXT_OVERFLOW, message)


def _lost(conversation: Conversation, spoken: str, config: Config) -> tuple[Loss, ...]:
    """What the dialect cannot express and the policy does not allow to drop."""
    lost = dialect(spoken).losses(conversation)
    return tuple(loss for loss in lost if not loss.allowed(config.drop))


def _told(lost: Sequence[Loss]) -> str:
    """What is lost, where it stands, and what would let it go, if anything would."""
    names = json.dumps(sorted({loss.name for loss in lost}))
    places = ", ".join(map(str, lost))
    if any(loss.weight is Weight.NEEDED for loss in lost):
        return places  # whatever else were dropped
    return f"{places}; [policy] drop = {names} would leave that out"


class FitnessLog:
    """Says once in the log what each target could not take over. Safe from threads."""

    def __init__(self) -> None:
        self._said: set[tuple[str, str]] = set()

    def tell(self, unfit: Iterable[Skipped]) -> None:
        """Say it of each that cannot express the request, wherever in the request that is."""
        for each in unfit:
            kind = (each.target, _NUMBER.sub("", each.message))
            is_news = each.reason is Reason.BAD_REQUEST and kind not in self._said
            if is_news and len(self._said) < _MOST_SAID:
                self._said.add(kind)
                facts = one_line(each.target), one_line(each.message)
                _log.warning("%s could not take over: %s", *facts)


_log = logging.getLogger("orchestrator")
_NUMBER = re.compile(r"\d+")
_MOST_SAID = 1_000
"""Kinds of losses that are remembered, and said at all: requests may hold any type of part."""


def _unfit(target: Target, reason: Reason, message: str) -> Skipped:
    return Skipped(
        target=target.name,
        reason=reason,
        status=None,
        message=message,
        mark="unfit",
        since=None,
        until=None,
    )
