"""``check --live``: one tiny request to each target, and what it got.

Nothing is retried, rotated or left for a fallback, and nothing is remembered: each target
has a health board of its own, in memory. Only a repair of the request is let through, since
a target that wants another spelling of a parameter is well. Who can stream is asked for a
stream, since that is where endpoints differ most, and where a call finds out last. A model
whose name says that it embeds is asked for a vector.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.api.errors import CallFailed
from orchestrator.cli.format import duration, one_line
from orchestrator.config.config import Config, makes_vectors
from orchestrator.execution.addresses import Addresses
from orchestrator.ledger import Attempt
from orchestrator.provider import Provider, masker
from orchestrator.states import Policy, Reason, Target
from orchestrator.vendors import explain_not_found

SECONDS = 30.0
"""How long the targets, asked together, have: long enough for a model that thinks first."""

_REQUEST = {
    "messages": [{"role": "user", "content": "Reply with the word ok."}],
    # The least that the Responses API takes (its reference, read on 2026-11-21).
    "max_tokens": 16,
}

_REPAIRS = 3
"""Attempts that changed requests may take; one for each repair that a target may need."""


@attrs.frozen
class LiveCheck:
    """The answer of one target.

    Attributes:
        target: ``provider/model``.
        ok: Whether it answered.
        seconds: How long it took.
        credential: The label of the credential; empty where nothing was sent.
        status: The HTTP status, ``None`` where no answer came.
        reason, rule: The class of the failure; ``None`` where it answered.
        message: The provider's own words; empty where it answered.
        hint: Who must act and what to do; empty where it answered.
    """

    target: str
    ok: bool
    seconds: float
    credential: str = ""
    status: int | None = None
    reason: str | None = None
    rule: str | None = None
    message: str = ""
    hint: str = ""


def ask_targets(config: Config, seconds: float = SECONDS) -> tuple[LiveCheck, ...]:
    """Ask each target of the routes once, all at the same time.

    Args:
        config: Whose targets; its providers, overrides and limits hold.
        seconds: How long they have.
    """
    targets = dict.fromkeys(target for route in config.routes.values() for target in route)
    return asyncio.run(_together(_alone(config), targets, seconds))


def result_line(got: LiveCheck) -> str:
    """``answered in 0.8 s``, or what went wrong and who must act, on one line."""
    if got.ok:
        return f"answered in {duration(got.seconds)}"
    status = f"{got.status} " if got.status is not None else ""
    rule = f" ({got.rule})" if got.rule not in (None, got.reason) else ""
    words = f": {got.message.rstrip('. ')}" if got.message else ""
    return one_line(f"{status}{got.reason}{rule}{words}. {got.hint}")


def _alone(config: Config) -> Config:
    """The config with nothing but a first attempt, and nothing that lasts."""
    policy = Policy(max_attempts=1 + _REPAIRS, attempts_per_target=1, on={})
    return attrs.evolve(config, health="memory", ledger=None, policy=policy)


async def _together(
    config: Config, targets: Iterable[Target], seconds: float
) -> tuple[LiveCheck, ...]:
    return tuple(await asyncio.gather(*(_one(config, target, seconds) for target in targets)))


async def _one(config: Config, target: Target, seconds: float) -> LiveCheck:
    # A route may have the target's name, but here the target itself is meant.
    alone = attrs.evolve(config, routes={target.name: (target,)})
    async with Orchestrator(alone) as orchestrator:
        # What it marks is gone with it, so it benches nobody.
        orchestrator.runtime.log.mute()
        try:
            sent = await _asked(orchestrator, target, seconds)
        except CallFailed as failed:
            return _failed(alone, target, failed, orchestrator.runtime.addresses)
    return _answered(target, sent)


async def _asked(orchestrator: Orchestrator, target: Target, seconds: float) -> Attempt:
    """The attempt that ``target`` answered."""
    if makes_vectors(target.model):
        found = await orchestrator.aembed("ok", route=target.name, timeout=seconds)
        return found.attempts[-1]
    stream = orchestrator.astream(_REQUEST, route=target.name, timeout=seconds)
    async with stream as chunks:
        async for _ in chunks:
            pass
    return chunks.response.attempts[-1]


def _answered(target: Target, sent: Attempt) -> LiveCheck:
    # An empty answer is one where nothing else is left to ask, and none to a check.
    return LiveCheck(
        target=target.name,
        ok=sent.reason is None,
        seconds=sent.seconds,
        credential=sent.credential,
        status=sent.status,
        reason=None if sent.reason is None else sent.reason.value,
        rule=sent.rule,
        message=sent.message or "",
        hint=sent.hint,
    )


def _failed(config: Config, target: Target, failed: CallFailed, addresses: Addresses) -> LiveCheck:
    error, provider = failed.error, config.providers[target.provider]
    return LiveCheck(
        target=target.name,
        ok=False,
        seconds=failed.seconds,
        credential=failed.attempts[-1].credential if failed.attempts else "",
        status=error.status,
        reason=error.reason.value,
        rule=error.rule,
        message=error.message or _unfit(failed),
        hint=_hint(provider, failed, addresses.chosen(provider.addresses)),
    )


def _hint(provider: Provider, failed: CallFailed, address: str) -> str:
    if failed.reason is Reason.DEADLINE:
        return "Where the model is slow and not dead, give it longer with --timeout."
    return _path(provider, failed, address) or failed.hint


def _unfit(failed: CallFailed) -> str:
    return "; ".join(skipped.message for skipped in failed.skipped)


def _path(provider: Provider, failed: CallFailed, address: str) -> str:
    """The path that would have been right, where the wrong one was asked."""
    error = failed.error
    if error.status != 404:
        return ""
    said = f"{error.rule} {error.message}"
    vendor = provider.vendor or provider.name
    why = explain_not_found(vendor, address, provider.dialect, error.status, said)
    if why is None:
        return ""
    told = masker((provider,)).known(why)  # it names the address, which may hold a token
    return f"{told[0].upper()}{told[1:]}."
