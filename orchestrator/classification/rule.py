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
        providers: Whose words these are; empty means anybody's.
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
    providers: frozenset[str] = attrs.field(default=frozenset(), converter=_names)
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
