"""Rules from a user's config: ``[[providers.NAME.rules]]``.

They are asked before ours, for the provider under which they stand, and look at
the whole body, since a user's endpoint may put its words anywhere.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from orchestrator.classification.durations import YEAR
from orchestrator.classification.echoes import FIELDS
from orchestrator.classification.phrases import normalise
from orchestrator.classification.regex_guard import compile_guarded
from orchestrator.classification.rule import Rule, unreachable
from orchestrator.states.reasons import SPECS, Reason, Scope

_TEXT_LIMIT = 500
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def user_rule(  # noqa: PLR0913 - one argument for each key of the config's table
    provider: str,
    index: int,
    *,
    reason: str,
    status: int | Sequence[int] | None = None,
    code: str | int | None = None,
    type: str | None = None,  # noqa: A002 - the config's key has this name
    contains: str | Sequence[str] | None = None,
    regex: str | None = None,
    header: str | None = None,
    field: str | None = None,
    scope: str | None = None,
    retry_after: float | None = None,
    hint: str | None = None,
) -> Rule:
    """The rule number ``index`` (from 0) of a provider; its id is ``provider.rules[index]``.

    Args:
        provider: The provider entry under which the rule stands.
        index: Its place in that list.
        reason: The reason to give, such as ``billing``.
        status: One HTTP status, or several of which any will do.
        code: The error's structured code.
        type: The error's structured type.
        contains: A text, or several of which any will do, without regard to case.
        regex: A regular expression, without regard to case.
        field: Where ``code``, ``contains`` and ``regex`` are looked for, ``oops.n``: names from
            the error's own object inwards.
        header: ``Name: text`` or ``Name``: a header that is there and contains the text.
        scope: What the failure is a fact about: key, account, model or request.
        retry_after: Seconds until it clears, where the answer does not say.
        hint: One sentence for the user, instead of ours.

    Raises:
        ValueError: A value is not allowed, there is no condition at all, or no failure can meet
            the conditions.
    """
    if all(value is None for value in (status, code, type, contains, regex, header)):
        raise ValueError(
            "the rule has no condition; give at least one of status, code, type, contains, regex, "
            "header"
        )
    rule = Rule(
        id=f"{provider}.rules[{index}]",
        reason=_reason(reason),
        source="your config",
        statuses=_statuses(status),
        codes=frozenset() if code is None else {_text("code", str(code))},
        types=frozenset() if type is None else {_text("type", type)},
        contains=_phrases(contains),
        regex=None if regex is None else compile_guarded(_text("regex", regex)),
        header=None if header is None else _header(header),
        scope=None if scope is None else _scope(scope),
        retry_after=None if retry_after is None else _seconds(retry_after),
        hint="" if hint is None else _text("hint", hint),
        field="" if field is None else _field(field),
    )
    if why := unreachable(rule):
        raise ValueError(f"the rule never matches: {why}")
    return rule


def shadowed_by(rules: Sequence[Rule]) -> dict[str, str]:
    """Ids of rules that never get a turn, to the id of the earlier rule that takes it.

    A rule is hidden where an earlier one of the same list states a subset of its
    conditions.
    """
    hidden: dict[str, str] = {}
    for place, rule in enumerate(rules):
        for earlier in rules[:place]:
            if _covers(earlier, rule):
                hidden[rule.id] = earlier.id
                break
    return hidden


def _covers(wide: Rule, narrow: Rule) -> bool:
    sets = (
        (wide.statuses, narrow.statuses),
        (wide.codes, narrow.codes),
        (wide.types, narrow.types),
        (frozenset(wide.contains), frozenset(narrow.contains)),
    )
    if any(one and not (other and other <= one) for one, other in sets):
        return False
    if wide.field != narrow.field:
        return False
    same_regex = wide.regex is None or wide.regex == narrow.regex
    return same_regex and (wide.header is None or wide.header == narrow.header)


def _reason(value: str) -> Reason:
    allowed = [str(one) for one, spec in SPECS.items() if not spec.ours]
    if value not in allowed:
        raise ValueError(f"reason {value!r} is unknown{_nearest(value, allowed)}; {_any(allowed)}")
    return Reason(value)


def _scope(value: str) -> Scope:
    allowed = [str(one) for one in Scope]
    if value not in allowed:
        raise ValueError(f"scope {value!r} is unknown{_nearest(value, allowed)}; {_any(allowed)}")
    return Scope(value)


def _nearest(value: object, allowed: Sequence[str]) -> str:
    near = difflib.get_close_matches(str(value), allowed, n=1)
    return f", did you mean {near[0]!r}?" if near else ""


def _any(allowed: Sequence[str]) -> str:
    return f"allowed: {', '.join(allowed)}"


def _statuses(value: int | Sequence[int] | None) -> frozenset[int]:
    if value is None:
        return frozenset()
    several = [value] if isinstance(value, int) else list(value)
    if not several:
        raise ValueError("status is empty; give a number such as 402, or several")
    for one in several:
        if isinstance(one, bool) or not isinstance(one, int):
            # A config's mistake, whatever its kind, is one kind of error to its reader.
            raise ValueError(  # noqa: TRY004
                f"status {one!r} is no HTTP status; give a number such as 402"
            )
    return frozenset(several)


def _phrases(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    several = [value] if isinstance(value, str) else list(value)
    if not several:
        raise ValueError("contains is empty; give a text to look for, or several")
    return tuple(f"*{_phrase(one)}*" for one in several)


def _phrase(value: str) -> str:
    text = _text("contains", value)
    if not normalise(text.strip("*")).strip():
        raise ValueError(f"contains {value!r} has no letters or digits to look for")
    # A user's text is taken as it stands: the marks of our own phrases mean nothing in it.
    return normalise(text.replace("…", " ").replace("*", " "))


def _text(key: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{key} {value!r} is no text")
    if len(value) > _TEXT_LIMIT:
        raise ValueError(f"{key} has {len(value)} characters; allowed are {_TEXT_LIMIT}")
    return value


def _field(value: str) -> str:
    text = _text("field", value)
    echoed = next((name for name in text.split(".") if name in FIELDS), None)
    if echoed is not None:
        raise ValueError(
            f"field {text!r} leads through {echoed!r}, which repeats what the caller wrote, so it "
            "says nothing about the provider"
        )
    return text


def _header(value: str) -> tuple[str, str]:
    name, _, text = _text("header", value).partition(":")
    if _HEADER_NAME.fullmatch(name.strip()) is None:
        raise ValueError(f"header {value!r} is no header; give 'Name' or 'Name: text'")
    return name.strip().lower(), text.strip().lower()


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= YEAR:
        raise ValueError(f"retry_after {value!r} is no wait; give seconds above 0, at most a year")
    return float(value)
