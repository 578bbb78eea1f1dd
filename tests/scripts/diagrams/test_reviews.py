"""What a reviewer should check is written for every state, in names that the code has."""

from __future__ import annotations

import re

import attrs
import pytest

from orchestrator.states import Call, Clear, Policy, Send, State, commands, events, guards, routing
from orchestrator.states.table import TABLE
from scripts.diagrams.reviews import REVIEWS, Review

KNOWN = {
    *(state.value for state in State),
    *(row.name for row in TABLE),
    *(row.guard.__name__ for row in TABLE if row.guard),
    *(row.effect.__name__ for row in TABLE),
    *(field.name for record in (Call, Policy, Clear, Send) for field in attrs.fields(record)),
    *vars(commands),
    *vars(events),
    *vars(guards),
    *vars(routing),
}


def test_every_state_has_a_review() -> None:
    assert list(REVIEWS) == [state.value for state in State]


@pytest.mark.parametrize("review", REVIEWS.values(), ids=REVIEWS.keys())
def test_it_says_what_the_state_is_for_and_what_to_check(review: Review) -> None:
    assert len(review.checks) >= 2
    for text in (review.about, *review.checks):
        assert text.endswith(".")
        assert "  " not in text


@pytest.mark.parametrize("review", REVIEWS.values(), ids=REVIEWS.keys())
def test_every_name_in_it_is_one_of_the_code(review: Review) -> None:
    named = {
        name for text in (review.about, *review.checks) for name in re.findall("`(.+?)`", text)
    }

    assert named <= KNOWN


def effects_into(state: State) -> set[str]:
    return {row.effect.__name__ for row in TABLE if row.to is state}


def test_what_the_reviews_say_of_effects_holds() -> None:
    assert effects_into(State.EAGER_FALLBACK) == {"leave"}
    assert effects_into(State.RETRY) == {"nothing", "go_back", "wait_for_it"}
    assert all(name.startswith("stop_") for name in effects_into(State.FAIL_TERMINAL))
    into = {row.guard.__name__ if row.guard else "" for row in TABLE if row.to is State.ATTEMPT}
    assert into == {"a_target_is_free"}
    into = {row.name for row in TABLE if row.to is State.SUCCEED}
    assert into == {"answered", "completed", "left_complete", "empty_answer"}
