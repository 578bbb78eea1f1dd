"""Raw facts to a classified error: gather, match, word.

``classify`` is the only entrance. It never raises: the failure it is given is
already the bad news, and must not be hidden behind another one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from orchestrator.classification import gather, redirects
from orchestrator.classification.facts import Facts
from orchestrator.classification.families import family
from orchestrator.classification.hints import HINT_REPAIRED, HINTS
from orchestrator.classification.matching import RuleSet, fits
from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import REPAIR_RULES, rule_set
from orchestrator.classification.waits import wait
from orchestrator.secrets import mask as mask_keys
from states.error import Error
from states.reasons import Reason

MESSAGE_LIMIT = 1_000
"""Characters of ``Error.message``, as the field's contract says."""
_LINES = 3
_SHORT_BENCH = 300.0
"""Seconds. No shorter wait is believed of a billing error: by definition a short wait
cannot help there, and vendors attach their generic delays (Gemini, ``limit: 0``, 2026)."""

_CLEARS = frozenset(
    {
        Reason.RATE_LIMIT, Reason.OVERLOADED, Reason.SERVER_ERROR, Reason.TIMEOUT,
        Reason.BILLING, Reason.UNKNOWN, Reason.STREAM_INTERRUPTED, Reason.INVALID_RESPONSE,
        Reason.CONNECTION,
    }
)  # fmt: skip
"""Reasons that may clear by themselves; a wait says nothing about the others."""


def classify(  # noqa: PLR0913 - the raw facts of a failure are this many
    *,
    status: int | str | None = None,
    headers: Mapping[Any, Any] | Sequence[tuple[Any, Any]] | None = None,
    body: Mapping[Any, Any] | Sequence[Any] | str | bytes | None = None,
    provider: str | None = None,
    dialect: str | None = None,
    exception: BaseException | str | None = None,
    message: str | None = None,
    where: str = "response",
    rules: Sequence[Rule] = (),
    now: float | None = None,
    mask: Callable[[str], str] = mask_keys,
) -> Error:
    """The classified error for a failure. Never raises, whatever it is given.

    Args:
        status: The HTTP status, ``None`` where no HTTP answer arrived; text such as
            ``"402"`` is understood too.
        headers: The answer's headers, as a mapping or as pairs; names in any case.
        body: The body: decoded, or as text or bytes; an event of a stream.
        provider: Whose words these are; unknown names are read by general rules.
        dialect: The dialect spoken; a second guess at the vendor.
        exception: The transport's exception, or its name such as ``httpx.ReadTimeout``.
        message: The text that came with the failure beside the body.
        where: ``response``, ``sse`` or ``exception``.
        rules: The user's rules, asked before all others.
        now: Wall-clock epoch seconds at the failure, for absolute dates.
        mask: Takes secrets out of the message, before it is cut.
    """
    facts = gather.facts(
        status=status, headers=headers, body=body, exception=exception, message=message, where=where
    )
    vendor = family(provider) if isinstance(provider, str) else ""
    rule = next((one for one in rules if fits(one, facts)), None)
    if rule is not None:
        return _error(rule, facts, vendor, now, rule.repair, mask)
    ours = rule_set(vendor, dialect if isinstance(dialect, str) else "")
    return explain(ours, facts, vendor, now, mask)


def explain(
    rules: RuleSet,
    facts: Facts,
    vendor: str = "",
    now: float | None = None,
    mask: Callable[[str], str] = mask_keys,
) -> Error:
    """The classified error for gathered facts, by the rules of a set."""
    rule = rules.first(facts) or _NONE
    return _error(rule, facts, vendor, now, _repair(rule, facts), mask)


def _repair(rule: Rule, facts: Facts) -> str | None:
    """The repair that cures the failure, whichever of our rules decided its reason."""
    if rule.repair is not None or rule.reason is not Reason.BAD_REQUEST:
        return rule.repair
    cure = REPAIR_RULES.first(facts)
    return None if cure is None else cure.repair


def _error(
    rule: Rule,
    facts: Facts,
    vendor: str,
    now: float | None,
    repair: str | None,
    mask: Callable[[str], str],
) -> Error:
    status = facts.http_status if facts.http_status is not None else facts.status
    return Error(
        reason=rule.reason,
        rule=rule.id,
        status=status,
        message=_words(facts, mask),
        scope=rule.scope,
        retry_after=_retry_after(rule, facts, vendor, now),
        hint=rule.hint or (HINTS[rule.reason] if repair is None else HINT_REPAIRED),
        repair=repair,
        revoked=rule.revoked,
    )


_NONE = Rule("none", Reason.UNKNOWN)


def _words(facts: Facts, mask: Callable[[str], str]) -> str:
    texts = facts.texts
    # Not among the texts: what a host is called says nothing about the failure.
    if redirect := redirects.words(facts):
        texts = (redirect, *texts)
    said = ": ".join(texts[:_LINES])
    return mask(said)[:MESSAGE_LIMIT] if said else ""


def _retry_after(rule: Rule, facts: Facts, vendor: str, now: float | None) -> float | None:
    if rule.reason not in _CLEARS:
        return None
    found = wait(facts, time.time() if now is None else now, vendor)
    if found is None:
        found = rule.retry_after
    if found is not None and rule.reason is Reason.BILLING and found < _SHORT_BENCH:
        return None
    return found
