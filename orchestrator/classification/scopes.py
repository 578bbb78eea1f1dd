"""What a failure is a fact about: the model that was sent, or the account behind the key."""

from __future__ import annotations

import re

import attrs

from orchestrator.classification.facts import FailureFacts
from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope

_ACCOUNT = frozenset(
    {
        "account", "accounts", "plan", "organization", "organisation", "organizations", "org",
        "workspace", "team", "subscription", "tenant",
    }
)  # fmt: skip
"""Whose limit it is where the words say so (our own choice, 2026-11)."""
_SHORTEST = 3
"""Letters of the shortest name of a model that is looked for by itself: ``o3`` may be anything."""


@attrs.frozen
class SentRequest:
    """What is known of the request that failed.

    Attributes:
        model: The model's name as it was sent.
        by_model: True where the vendor limits each model of an account by itself.
    """

    model: str | None = None
    by_model: bool = attrs.field(default=False, kw_only=True)


NOTHING = SentRequest()


def scope_of(rule: Rule, facts: FailureFacts, sent: SentRequest) -> Scope | None:
    """What the failure that ``rule`` matched is a fact about.

    A rate limit is the model's where the vendor limits each model by itself, or where it
    names the model which was sent; one that speaks of account, plan, organization, workspace
    or team is the account's. Of other failures, and where the words say neither, the rule
    knows.
    """
    if rule.reason is not Reason.RATE_LIMIT or rule.scope is not None:
        return rule.scope
    if sent.by_model or (sent.model and names(facts.raw, sent.model)):
        return Scope.MODEL
    return None if _ACCOUNT.isdisjoint(facts.words) else Scope.ACCOUNT


def names(text: str, model: str) -> bool:
    """Whether ``text`` names ``model``, whole, or what stands behind its last slash."""
    lowered = text.lower()
    whole = model.lower()
    return any(_stands(lowered, name) for name in {whole, whole.rpartition("/")[2]} if name)


def _stands(text: str, name: str) -> bool:
    if name not in text:
        return False
    lead = r"\bmodel\W{1,3}" if len(name) < _SHORTEST else r"(?<![a-z0-9._-])"
    # Behind its end a mark may stand, but no further part of a longer name.
    return re.search(rf"{lead}{re.escape(name)}(?![a-z0-9_-]|[.:/@][a-z0-9])", text) is not None
