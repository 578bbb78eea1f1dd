"""Which Promela stands for which function of the table: written by hand, looked up by function.

The Promela itself is in ``model/``. A function that is not listed here has no translation, and
a table that uses it is refused: nothing is translated by its name or by its source.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs

from orchestrator.states import (
    attempt,
    classify,
    eager_fallback,
    effects,
    finish,
    guards,
    repair,
    retry,
    rotate_credential,
    stream,
)

Translated = Mapping[Callable[..., Any], str]
"""A function and the Promela that stands for it."""


class Untranslated(Exception):
    """There is no Promela for a function or a number; the message names it."""


GUARDS: Translated = {
    guards.time_spent: "guard_time_spent",
    guards.something_taken: "guard_something_taken",
    guards.unasked_stands_by: "guard_unasked_stands_by",
    guards.something_clears: "guard_something_clears",
    guards.committed: "guard_committed",
    guards.spent: "guard_spent",
    guards.billing_and_unasked_stands_by: "guard_billing_and_unasked_stands_by",
    guards.billing_and_way_back: "guard_billing_and_way_back",
    guards.billing: "guard_billing",
    guards.repair_named: "guard_repair_named",
    guards.rotation_allowed: "guard_rotation_allowed",
    guards.retry_allowed: "guard_retry_allowed",
    guards.fallback_allowed: "guard_fallback_allowed",
    guards.way_back: "guard_way_back",
    guards.only_empty_answers_came: "guard_only_empty_answers_came",
}
"""Expressions."""

EFFECTS: Translated = {
    effects.nothing: "effect_nothing()",
    effects.leave: "effect_leave()",
    effects.plan_retry: "effect_plan_retry()",
    effects.plan_way_back: "effect_plan_way_back()",
    effects.plan_wait: "effect_plan_wait()",
    effects.stop_exhausted: "effect_stop_exhausted()",
    effects.stop_committed: "effect_stop_committed()",
    effects.stop_spent: "effect_stop_spent()",
    effects.stop_cancelled: "effect_stop_cancelled()",
    effects.stop_deadline: "effect_stop_deadline()",
}
"""Statements."""

ENTRIES: Translated = {
    attempt.enter: "enter_attempt()",
    stream.enter: "enter_stream()",
    classify.enter: "enter_classify()",
    rotate_credential.enter: "enter_rotate_credential()",
    eager_fallback.enter: "enter_eager_fallback()",
    retry.enter: "enter_retry()",
    repair.enter: "enter_repair()",
    finish.succeed: "enter_succeed()",
    finish.fail: "enter_fail()",
}
"""Statements."""


@attrs.frozen
class Translations:
    """What stands for the functions of one table.

    Attributes:
        guards: Promela expressions.
        effects: Promela statements, for what a row changes besides.
        entries: Promela statements, for what a state asks for.
    """

    guards: Translated = attrs.field(default=GUARDS, hash=False)
    effects: Translated = attrs.field(default=EFFECTS, hash=False)
    entries: Translated = attrs.field(default=ENTRIES, hash=False)

    def with_(
        self, *, guards: Translated | None = None, effects: Translated | None = None
    ) -> Translations:
        """These and some more."""
        return Translations(
            {**self.guards, **(guards or {})}, {**self.effects, **(effects or {})}, self.entries
        )


SHIPPED = Translations()
"""What stands for the functions of the table that ships."""


def look_up(found_in: Translated, function: Callable[..., Any], where: str) -> str:
    """The Promela for ``function``.

    Raises:
        Untranslated: There is none.
    """
    text = found_in.get(function)
    if text is None:
        known = ", ".join(sorted(one.__qualname__ for one in found_in))
        raise Untranslated(
            f"{where} uses {function.__module__}.{function.__qualname__}, which has no Promela "
            f"in verification/promela/translations.py; translated: {known}"
        )
    return text
