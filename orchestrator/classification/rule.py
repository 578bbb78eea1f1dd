"""A rule: one readable record that says which failures mean what.

All conditions that a rule states must hold. Phrases are whole words in the
provider's text, without regard to case, ``_`` and ``-`` (read as spaces); ``…``
inside a phrase stands for anything, and ``*`` at an end lifts the word boundary
there. Chinese phrases have no word boundaries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import attrs

from orchestrator.states.reasons import Reason, Scope

LONGEST_CODE = 120
"""Characters of a code; what is longer is a sentence, and no rule reads it as a code."""

DEEPEST_FIELD = 8
"""Names in the path of a field, as many as levels of a body are looked through."""


def _names(values: Iterable[str]) -> frozenset[str]:
    return frozenset(value.lower() for value in values)


def _numbers(values: Iterable[int]) -> frozenset[int]:
    return frozenset(values)


def _texts(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(values)


@attrs.frozen
class Rule:
    """What a failure means, where its facts fit every condition stated here.

    Attributes:
        id: The stable name, ``vendor.what-happened``.
        reason: The class of the failure.
        source: Where the vendor says so, or who saw it, with the date.
        field: Where the rule reads, if not where errors usually say things: names from a
            failure's own object inwards, ``oops.n``. Codes, phrases and the regex of the rule
            are looked for in the value there alone.
        elsewhere: True where the words are unmistakable, so that they also hold
            when a relay passes them on under its own name.
        statuses: Any one of these HTTP statuses (also one inside a 200).
        other_statuses: None of these HTTP statuses, which settle the matter themselves.
        codes: Any one of these structured codes or signals, lower case.
        other_codes: None of these codes and signals, which say what the words leave open.
        types: Any one of these too, where one code alone does not decide.
        contains: Any one of these phrases in the provider's text.
        near: Any one of these phrases in the same sentence as, and close to, one of
            ``contains``, before or after it, and not denied by a "not".
        also: Any one of these phrases as well.
        unless: None of these phrases.
        regex: Found in the provider's text as it was sent.
        header: A header's name (lower case) and a text that its value contains.
        scope: What the failure is a fact about, where this rule knows it.
        cover: True where the code is only another name for the status, which relays put on
            anything: the words below it are asked first.
        repair: The change of the request that cures the failure.
        revoked: True where the credential is gone for good.
        retry_after: Seconds until it clears, where the vendor documents a time and
            the answer does not carry one.
        hint: One sentence: who must act and what to do; empty takes the reason's.
    """

    id: str
    reason: Reason
    source: str = ""
    field: str = ""
    elsewhere: bool = False
    statuses: frozenset[int] = attrs.field(default=frozenset(), converter=_numbers)
    other_statuses: frozenset[int] = attrs.field(default=frozenset(), converter=_numbers)
    codes: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    other_codes: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    types: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
    contains: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    near: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    also: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    unless: tuple[str, ...] = attrs.field(default=(), converter=_texts)
    regex: re.Pattern[str] | None = None
    header: tuple[str, str] | None = None
    scope: Scope | None = None
    cover: bool = False
    repair: str | None = None
    revoked: bool = False
    retry_after: float | None = None
    hint: str = ""


def unreachable(rule: Rule, *, filed: bool = False) -> str | None:
    """Why no failure at all can bring ``rule``, or ``None`` where one can.

    Args:
        rule: The rule.
        filed: True where it is looked up by what it names first, as all rules of ours are.
    """
    checks = (_field_fault, _code_fault, _status_fault, _phrase_fault)
    found = next((why for check in checks if (why := check(rule)) is not None), None)
    if found is None and filed and not (rule.field or rule.codes or rule.contains or rule.statuses):
        return "nothing points at it: it names no code, no phrase and no status"
    return found


def _field_fault(rule: Rule) -> str | None:
    if not rule.field:
        return None
    names = rule.field.split(".")
    if not all(name.strip() == name != "" for name in names) or len(names) > DEEPEST_FIELD:
        return f"{rule.field!r} is no path of at most {DEEPEST_FIELD} names, such as 'error.code'"
    if rule.near:
        return f"what is near something is not looked for in the field {rule.field}"
    if not (rule.codes or rule.contains or rule.regex):
        return f"it names the field {rule.field} and nothing to look for there"
    return None


def _code_fault(rule: Rule) -> str | None:
    for code in sorted(rule.codes | rule.types | rule.other_codes):
        if not code.strip():
            return "its code is empty"
        if len(code) > LONGEST_CODE:
            return f"a code has at most {LONGEST_CODE} characters, not {len(code)}"
    return None


def _status_fault(rule: Rule) -> str | None:
    statuses = rule.statuses - rule.other_statuses
    listed = ", ".join(map(str, sorted(rule.statuses)))
    if rule.statuses and not any(100 <= status < 600 for status in statuses):
        return f"no HTTP answer has the status {listed}"
    if rule.statuses and all(100 <= status < 200 for status in statuses):
        return f"status {listed} is never an answer's last word"
    return None


def _phrase_fault(rule: Rule) -> str | None:
    if rule.near and not rule.contains:
        return "what is near needs something in contains to be near to"
    written = (*rule.contains, *rule.near, *rule.also, *rule.unless)
    empty = next((one for one in written if not one.strip(" *…_-")), None)
    return None if empty is None else f"the phrase {empty!r} has no text"
