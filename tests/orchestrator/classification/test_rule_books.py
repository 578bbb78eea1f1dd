"""Rules that are ready before a failure needs them."""

import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.classification.rule_books import all_rules, prepare, rule_book, vendor_rules

ROOT = Path(__file__).parents[3]

# A program of its own: what a process has made ready it keeps.
PROGRAM = """
import sys
from orchestrator.classification import classify, prepare, rule_books

assert not [name for name in sys.modules if name.startswith("orchestrator.vendors.deep")]
prepare(["deepseek", "corp"], ["anthropic-messages", "openai-chat"])
made = [name for name, one in vars(rule_books).items() if hasattr(one, "cache_info")]
ready = {name: getattr(rule_books, name).cache_info().misses for name in made}
modules = set(sys.modules)
body = {"error": {"type": "overloaded_error", "message": "Insufficient Balance"}}
for provider, dialect in (("deepseek", "openai-chat"), ("corp", "anthropic-messages"), (None, "")):
    for status in (402, 400, 529):
        classify(status=status, body=body, provider=provider, dialect=dialect)
after = {name: getattr(rule_books, name).cache_info().misses for name in made}
print(set(sys.modules) - modules, {name for name in made if after[name] > ready[name]})
"""


def test_what_was_prepared_is_not_made_when_a_failure_comes() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert done.stdout.strip() == "set() set()"  # no module imported, no set made


def test_each_vendors_own_rules_lie_over_one_base() -> None:
    prepare([])
    one, other, nobody = (rule_book(name) for name in ("deepseek", "zai", "nobody"))

    assert one.telling[-2:] == other.telling[-2:] == nobody.telling
    assert (one.covers[-1:], other.covers[-1:]) == (nobody.covers, nobody.covers)
    assert len(one.telling) == len(other.telling) == 3


@pytest.mark.parametrize("dialect", ["anthropic-messages", "gemini", "openai-chat", "", "odd"])
def test_a_dialect_adds_the_words_of_who_made_it(dialect: str) -> None:
    makers = {"anthropic-messages": "anthropic.overloaded", "gemini": "gemini.credits-gone"}
    book = rule_book("corp", dialect)
    ids = {rule.id for one in (*book.telling[:-2], *book.covers[:-1]) for rule in one.rules}

    assert (makers[dialect] in ids) if dialect in makers else not ids


def test_every_rule_of_a_vendor_is_among_all() -> None:
    assert set(map(id, vendor_rules())) <= set(map(id, all_rules()))
