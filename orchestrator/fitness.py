"""Which targets of a route can express a request; the others are never asked."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.config.records import DEFAULT_ROUTE, Config
from orchestrator.dialects import dialect
from orchestrator.dialects.neutral import Conversation
from orchestrator.ledger import Skipped
from orchestrator.request import Request, refused_header
from states import Reason, Target


def split(
    route: Sequence[Target], request: Request, config: Config
) -> tuple[tuple[Target, ...], tuple[Skipped, ...]]:
    """The targets that can express ``request``, and why the others cannot.

    Raises:
        RequestError: The request has to be said in another dialect and makes no sense, or its
            headers hold the one that carries a provider's key.
    """
    _check_headers(route, request, config)
    unfit = tuple(skipped for target in route if (skipped := _objection(target, request, config)))
    names = {skipped.target for skipped in unfit}
    return tuple(target for target in route if target.name not in names), unfit


def _check_headers(route: Sequence[Target], request: Request, config: Config) -> None:
    if not request.headers:
        return
    carriers = {config.providers[target.provider].key_header for target in route}
    for name in request.headers:
        if name.lower() in carriers:
            raise refused_header(name, "carries the key of a provider: the config does that")


def without_credential(wanted: str | None, config: Config) -> tuple[Skipped, ...]:
    """The targets that a route lists and that are not in it, because nothing can be sent there.

    Args:
        wanted: The route or target that the request names.
        config: The config.
    """
    names = config.passed_over.get(DEFAULT_ROUTE if wanted is None else wanted, ())
    return tuple(_keyless(config.target(name), config) for name in names)


def _keyless(target: Target, config: Config) -> Skipped:
    missing = "; ".join(config.providers[target.provider].missing)
    return _unfit(target, Reason.AUTH, missing or f"{target.provider} has no credential")


def _objection(target: Target, request: Request, config: Config) -> Skipped | None:
    if not config.providers[target.provider].credentials:
        return _keyless(target, config)
    needed = request.least_tokens if target.context is not None else 0
    if target.context is not None and needed > target.context:
        message = f"needs at least {needed} tokens, the context has {target.context}"
        return _unfit(target, Reason.CONTEXT_OVERFLOW, message)
    spoken = config.providers[target.provider].dialect
    if spoken == request.dialect:
        return None
    lost = _lost(dialect(request.dialect).read_request(request.payload), spoken, config)
    if not lost:
        return None
    message = f"{spoken} cannot express {', '.join(lost)}; [policy] drop may allow to leave it out"
    return _unfit(target, Reason.BAD_REQUEST, message)


def _lost(conversation: Conversation, spoken: str, config: Config) -> tuple[str, ...]:
    """What the dialect cannot express and the policy does not allow to drop."""
    if "*" in config.drop:
        return ()
    lost = dialect(spoken).losses(conversation)
    return tuple(name for name in lost if name not in config.drop)


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
