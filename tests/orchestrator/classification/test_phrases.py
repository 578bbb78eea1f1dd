"""Two phrases that are said of one another, and when they are not."""

import pytest

from orchestrator.classification.phrases import Verdicts, near, normalise, phrase, words

SUBJECTS = [phrase("credit"), phrase("prepaid funds"), phrase("余额")]
VERDICTS = Verdicts(["exhausted", "expired", "run … dry", "不足"])


def said_in(text: str) -> bool:
    ready = normalise(text)
    return near(ready, words(ready), SUBJECTS, VERDICTS)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Your credit for this organisation is exhausted", True),
        ("Exhausted: the credit of team x", True),
        ("PREPAID-FUNDS have been_exhausted", True),
        ("账户余额不足", True),
        ("your credit has run quite dry", True),
        ("credit is fine. Patience is exhausted", False),
        ("余额正常。资源不足", False),
        ("credits exhausted", False),
        ("your credit has not expired", False),
        ("your credit hasn't been exhausted", False),
        ("credit was not expired but exhausted", True),
        ("credit " + "and so on " * 7 + "exhausted", False),
        ("nothing of the kind", False),
        ("unexpired " + "m" * 49 + " credit", False),
    ],
)
def test_a_verdict_counts_close_by_in_the_same_sentence_and_undenied(
    text: str, *, said: bool
) -> None:
    assert said_in(text) is said


def test_only_the_first_dozen_places_are_looked_at_which_bounds_the_cost() -> None:
    assert not said_in("credit. " * 12 + "credit exhausted")
    assert said_in("credit. " * 11 + "credit exhausted")
