"""Why a rule matched, in words that each say something."""

from __future__ import annotations

import pytest

from orchestrator.classification import Rule
from orchestrator.classification.rule_books import all_rules
from orchestrator.cli.render_classify import why_matched

SPOKEN = [rule for rule in all_rules() if rule.contains]


@pytest.mark.parametrize("rule", SPOKEN, ids=[rule.id for rule in SPOKEN])
def test_no_phrase_is_told_twice_nor_as_a_part_of_another(rule: Rule) -> None:
    body = " … ".join(phrase.strip("*") for phrase in (*rule.contains, *rule.also))
    said = why_matched(rule.id, (), body, None).partition("it says ")[2].partition(" (source")[0]
    phrases = said.split(", it matches")[0].split(", the ")[0].strip('"').split('" and "')

    assert len(phrases) in (1, 2)
    for one in phrases:
        assert not any(one in other for other in phrases if other is not one)


def test_a_plain_message_is_told_once() -> None:
    assert (
        why_matched("general.no-money", (), "Insufficient Balance", 402).count(
            "insufficient balance"
        )
        == 1
    )
