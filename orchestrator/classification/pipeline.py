"""Raw facts to a classified error: gather, match, word.

``classify`` is the only entrance. It never raises: the failure it is given is
already the bad news, and must not be hidden behind another one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs

from orchestrator.classification import redirects
from orchestrator.classification.cover_types import ANYTHING, CALLER
from orchestrator.classification.covers import is_anothers
from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.failure_reader import read_failure
from orchestrator.classification.matching import RuleSet, fits
from orchestrator.classification.rule import Rule
from orchestrator.classification.rule_books import RuleBook, repair_rules, rule_book
from orchestrator.classification.rules.repairs import CONDITIONAL, HINT_REPAIRED
from orchestrator.classification.scopes import NOTHING, SentRequest, scope_of
from orchestrator.secrets import mask as mask_keys
from orchestrator.states.error import Error
from orchestrator.states.reasons import SPECS, QuotedSpec, Reason, Scope
from orchestrator.vendors import family
from orchestrator.vendors import vendor as vendor_of

MESSAGE_LIMIT = 1_000
"""Characters of ``Error.message``, as the field's contract says."""

LONG_LIMIT = 300.0
"""Seconds that a cooldown lasts at most; a longer wait is one for a window to open."""

HINT_LONG_LIMIT = (
    "A longer limit of this key or plan is used up, such as an hourly, daily or weekly one: let "
    "other targets take over until it opens, add keys, or raise the plan."
)
"""The hint where a limit says that it lasts: to send more slowly would not help."""
_LINES = 3
_PLACES = 6
_SHORT_BENCH = 300.0
"""Seconds. No shorter wait is believed of a billing error: by definition a short wait
cannot help there, and vendors attach their generic delays (Gemini, ``limit: 0``, 2026)."""

_REFUSALS = frozenset({401, 402, 403, 404, 413})
"""Statuses that say more than that a request is invalid."""


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

    Returns:
        The :class:`.Error`: ``.reason``, ``.rule``, ``.scope``, ``.retry_after`` (seconds, or
        ``None``), ``.message``, ``.hint``.
    """
    vendor = family(provider) if isinstance(provider, str) else ""
    ours = rule_book(vendor, dialect if isinstance(dialect, str) else "")
    facts = read_failure(
        status=status,
        headers=headers,
        body=body,
        exception=exception,
        message=message,
        where=where,
        request=request,
        now=now,
        vendor=vendor,
        named=ours.fields.union(rule.field for rule in rules if rule.field),
    )
    sent = SentRequest(model, by_model=by_model)
    rule = next((one for one in rules if fits(one, facts)), None)
    if rule is not None:
        return _error(rule, facts, facts, rule.repair, sent, mask)
    return explain(ours, facts, vendor, sent, mask)


def explain(
    book: RuleBook,
    facts: FailureFacts,
    vendor: str = "",
    sent: SentRequest = NOTHING,
    mask: Callable[[str], str] = mask_keys,
) -> Error:
    """The classified error for gathered facts, by the rules of a book."""
    rule, decided = decide(book, facts)
    error = _error(rule, facts, decided, _repair(rule, decided), sent, mask)
    quoted = SPECS[error.reason].quoted
    if quoted is None or _runs_models(vendor):
        return error
    return _as_quoted(error, quoted) if _is_quoted(book, rule, facts, decided) else error


def _is_quoted(book: RuleBook, rule: Rule, facts: FailureFacts, decided: FailureFacts) -> bool:
    """Whether a relay speaks of its own account, key or limit at whom it asked itself."""
    if not decided.relayed and not is_anothers(decided.texts, decided.codes):
        return False
    # Where the relay's own code says the same, it is our account there that is meant.
    own = _first(book.telling, FailureFacts(facts.http_status, facts.status, facts.own_codes))
    return own is None or own.reason is not rule.reason


def _runs_models(name: str) -> bool:
    """Whether what a vendor quotes is its own failure, of its own machines."""
    found = vendor_of(name)
    return found is not None and found.runs_models


def _as_quoted(error: Error, quoted: QuotedSpec) -> Error:
    """A failure of the relay's, which says nothing about our key and account."""
    return attrs.evolve(error, quoted=True, scope=Scope.MODEL, revoked=False, hint=quoted.hint)


def decide(book: RuleBook, facts: FailureFacts) -> tuple[Rule, FailureFacts]:
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
        bare = one if one.named else FailureFacts(codes=one.codes - weak)
        if (rule := _first(book.covers, bare)) is not None:
            return rule, one
    return _first(book.covers, facts) or _NONE, facts


def _first(sets: Iterable[RuleSet], facts: FailureFacts) -> Rule | None:
    return next((rule for one in sets if (rule := one.first(facts)) is not None), None)


def _repair(rule: Rule, facts: FailureFacts) -> str | None:
    """The repair that cures the failure, whichever of our rules decided its reason."""
    if rule.repair is not None or rule.reason is not Reason.BAD_REQUEST:
        return rule.repair
    cure = repair_rules().first(facts)
    return None if cure is None else cure.repair


def _error(
    rule: Rule,
    facts: FailureFacts,
    decided: FailureFacts,
    repair: str | None,
    sent: SentRequest,
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
    return HINT_LONG_LIMIT if is_long else SPECS[reason].hint


def _is_sure(repair: str | None) -> bool:
    """Whether the failure alone says that the repair cures it, whatever the request holds."""
    return repair is not None and repair not in CONDITIONAL


_NONE = Rule("none", Reason.UNKNOWN)


def _words(facts: FailureFacts, mask: Callable[[str], str]) -> str:
    texts = facts.texts
    # Not among the texts: what a host is called says nothing about the failure.
    if redirect := redirects.words(facts):
        texts = (redirect, *texts)
    said = ": ".join((*_unsaid_places(facts), *texts[:_LINES])) or facts.note
    return mask(said)[:MESSAGE_LIMIT] if said else ""


def _unsaid_places(facts: FailureFacts) -> tuple[str, ...]:
    """Where the fault lies, as far as the words do not say it."""
    places = [place for place in facts.places[:_PLACES] if place not in facts.raw]
    return (", ".join(places),) if places and facts.texts else ()


def _retry_after(rule: Rule, facts: FailureFacts) -> float | None:
    if not SPECS[rule.reason].clears:  # a wait says nothing about the others
        return None
    found = facts.wait if facts.wait is not None else rule.retry_after
    if found is not None and rule.reason is Reason.BILLING and found < _SHORT_BENCH:
        return None
    return found
