"""Why a rule matched: the conditions of it that the answer meets, and where they are from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from orchestrator.classification.phrases import normalise, phrase
from orchestrator.classification.rule import Rule
from orchestrator.classification.rule_books import all_rules


def why(rule: str, own: Sequence[Rule], body: str, status: int | None) -> str:
    """In words, why the rule of that name matched; empty where it is no record.

    Args:
        rule: Its id.
        own: The rules of the provider's entry in the config.
        body: The answer's body.
        status: The answer's status.
    """
    found = next((one for one in (*own, *all_rules()) if one.id == rule), None)
    if found is None:
        return ""
    met = ", ".join(_met(found, body, status))
    source = f"source: {found.source}" if found.source else ""
    return f"{met} ({source})" if met and source else met or source


def _met(rule: Rule, body: str, status: int | None) -> Iterator[str]:
    text, low = normalise(body), body.lower()
    if rule.field:
        yield f"it reads {rule.field}"
    if rule.statuses:
        yield f"the status is {status}" if status in rule.statuses else _any("status", rule)
    # A code may be a part of a longer one; the longest is the one that was sent.
    codes = sorted((code for code in rule.codes | rule.types if code in low), key=len)
    if codes:
        yield f"the code is {_quoted(codes[-1:])}"
    said = _distinct(one for one in (*rule.contains, *rule.also) if phrase(one).within(text))
    if said:
        yield f"it says {_quoted(said[:2])}"
    if rule.regex is not None:
        yield f"it matches {rule.regex.pattern}"
    if rule.header is not None:
        yield f"the header {rule.header[0]} says {rule.header[1] or 'anything'}"


def _distinct(phrases: Iterable[str]) -> list[str]:
    """Each phrase once, and none that is a part of another: it would say nothing more."""
    words = list(dict.fromkeys(one.strip("*") for one in phrases))
    return [one for one in words if not any(one in other for other in words if other != one)]


def _any(what: str, rule: Rule) -> str:
    return f"the {what} is one of {', '.join(map(str, sorted(rule.statuses)))}"


def _quoted(words: Iterable[str]) -> str:
    return " and ".join(f'"{word}"' for word in words)
