"""Raw facts to a classified error: gather, match, word.

``classify`` is the only entrance. It never raises: the failure it is given is
already the bad news, and must not be hidden behind another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.classification import gather, redirects
from orchestrator.classification.covers import is_anothers
from orchestrator.classification.facts import Facts
from orchestrator.classification.families import MAKERS, family
from orchestrator.classification.hints import (
    HINT_LONG_LIMIT,
    HINT_REPAIRED,
    HINTS,
    LONG_LIMIT,
    QUOTED_HINTS,
)
from orchestrator.classification.matching import RuleSet, fits
from orchestrator.classification.rule import Rule
from orchestrator.classification.rules import RuleBook, repair_rules, rule_book
from orchestrator.classification.rules.repairs import CONDITIONAL
from orchestrator.classification.scopes import NOTHING, Sent, scope_of
from orchestrator.classification.type_names import ANYTHING, CALLER
from orchestrator.secrets import mask as mask_keys
from orchestrator.states.error import Error
from orchestrator.states.reasons import Reason, Scope

MESSAGE_LIMIT = 1_000
"""Characters of ``Error.message``, as the field's contract says."""
_LINES = 3
_PLACES = 6
_SHORT_BENCH = 300.0
"""Seconds. No shorter wait is believed of a billing error: by definition a short wait
cannot help there, and vendors attach their generic delays (Gemini, ``limit: 0``, 2026)."""

_REFUSALS = frozenset({401, 402, 403, 404, 413})
"""Statuses that say more than that a request is invalid."""

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
    request: Any = None,
    model: str | None = None,
    by_model: bool = False,
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
        request: What was asked for, decoded: what the failure quotes of it is no evidence.
        model: The model's name as it was sent: a limit that names it is that model's.
        by_model: True where the vendor limits each model of an account by itself.
        mask: Takes secrets out of the message, before it is cut.
    """
    vendor = family(provider) if isinstance(provider, str) else ""
    facts = gather.facts(
        status=status,
        headers=headers,
        body=body,
        exception=exception,
        message=message,
        where=where,
        request=request,
        now=now,
        vendor=vendor,
    )
    sent = Sent(model, by_model=by_model)
    rule = next((one for one in rules if fits(one, facts)), None)
    if rule is not None:
        return _error(rule, facts, facts, rule.repair, sent, mask)
    ours = rule_book(vendor, dialect if isinstance(dialect, str) else "")
    return explain(ours, facts, vendor, sent, mask)


def explain(
    book: RuleBook,
    facts: Facts,
    vendor: str = "",
    sent: Sent = NOTHING,
    mask: Callable[[str], str] = mask_keys,
) -> Error:
    """The classified error for gathered facts, by the rules of a book."""
    rule, decided = decide(book, facts)
    error = _error(rule, facts, decided, _repair(rule, decided), sent, mask)
    if error.reason not in QUOTED_HINTS or vendor in MAKERS:
        return error
    return _as_quoted(error) if _is_quoted(book, rule, facts, decided) else error


def _is_quoted(book: RuleBook, rule: Rule, facts: Facts, decided: Facts) -> bool:
    """Whether a relay speaks of its own account, key or limit at whom it asked itself."""
    if not decided.relayed and not is_anothers(decided.texts, decided.codes):
        return False
    # Where the relay's own code says the same, it is our account there that is meant.
    own = _first(book.telling, Facts(facts.http_status, facts.status, facts.own_codes))
    return own is None or own.reason is not rule.reason


def _as_quoted(error: Error) -> Error:
    """A failure of the relay's, which says nothing about our key and account."""
    hint = QUOTED_HINTS[error.reason]
    return attrs.evolve(error, quoted=True, scope=Scope.MODEL, revoked=False, hint=hint)


def decide(book: RuleBook, facts: Facts) -> tuple[Rule, Facts]:
    """The rule that decides, and the facts that it decides on: a failure, or one quoted in it.

    Codes and words of the innermost failure that is quoted, then of what quotes it; then the
    innermost status that is quoted; then what the cover's own type and status say.
    """
    for one in (*facts.quotes, facts):
        if (rule := _first(book.telling, one)) is not None:
            return rule, one
    for one in facts.quotes:
        # What names no status of its own has its type, where that is of a class of its own:
        # vendors call whatever they refuse an invalid request.
        weak = ANYTHING | CALLER if facts.http_status in _REFUSALS else ANYTHING
        bare = one if one.named else Facts(codes=one.codes - weak)
        if (rule := _first(book.covers, bare)) is not None:
            return rule, one
    return _first(book.covers, facts) or _NONE, facts


def _first(sets: Iterable[RuleSet], facts: Facts) -> Rule | None:
    return next((rule for one in sets if (rule := one.first(facts)) is not None), None)


def _repair(rule: Rule, facts: Facts) -> str | None:
    """The repair that cures the failure, whichever of our rules decided its reason."""
    if rule.repair is not None or rule.reason is not Reason.BAD_REQUEST:
        return rule.repair
    cure = repair_rules().first(facts)
    return None if cure is None else cure.repair


def _error(
    rule: Rule,
    facts: Facts,
    decided: Facts,
    repair: str | None,
    sent: Sent,
    mask: Callable[[str], str],
) -> Error:
    status = facts.http_status if facts.http_status is not None else facts.status
    wait = _retry_after(rule, facts)
    return Error(
        reason=rule.reason,
        rule=rule.id,
        status=status,
        message=_words(facts, mask),
        scope=scope_of(rule, decided, sent),
        retry_after=wait,
        hint=rule.hint or _hint(rule.reason, repair, wait),
        repair=repair,
        revoked=rule.revoked,
    )


def _hint(reason: Reason, repair: str | None, wait: float | None) -> str:
    if _is_sure(repair):
        return HINT_REPAIRED
    is_long = reason is Reason.RATE_LIMIT and wait is not None and wait > LONG_LIMIT
    return HINT_LONG_LIMIT if is_long else HINTS[reason]


def _is_sure(repair: str | None) -> bool:
    """Whether the failure alone says that the repair cures it, whatever the request holds."""
    return repair is not None and repair not in CONDITIONAL


_NONE = Rule("none", Reason.UNKNOWN)


def _words(facts: Facts, mask: Callable[[str], str]) -> str:
    texts = facts.texts
    # Not among the texts: what a host is called says nothing about the failure.
    if redirect := redirects.words(facts):
        texts = (redirect, *texts)
    said = ": ".join((*_unsaid_places(facts), *texts[:_LINES])) or facts.note
    return mask(said)[:MESSAGE_LIMIT] if said else ""


def _unsaid_places(facts: Facts) -> tuple[str, ...]:
    """Where the fault lies, as far as the words do not say it."""
    places = [place for place in facts.places[:_PLACES] if place not in facts.raw]
    return (", ".join(places),) if places and facts.texts else ()


def _retry_after(rule: Rule, facts: Facts) -> float | None:
    if rule.reason not in _CLEARS:
        return None
    found = facts.wait if facts.wait is not None else rule.retry_after
    if found is not None and rule.reason is Reason.BILLING and found < _SHORT_BENCH:
        return None
    return found
