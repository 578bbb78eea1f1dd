"""What a script says is what classification makes of it, whoever the provider is."""

from __future__ import annotations

import json

import pytest

from orchestrator.classification import classify
from orchestrator.dialects import DIALECTS, Answer, dialect
from orchestrator.lab.simulation import ScriptPlayer, Simulation
from orchestrator.lab.simulation.loading import loads
from orchestrator.lab.simulation.script_items import REASONS, Item
from orchestrator.lab.simulation.scripted_answers import TEXT, answer
from orchestrator.states import Reason
from orchestrator.vendors import CATALOGUE

NO_ANSWER = {Reason.TIMEOUT, Reason.CONNECTION, Reason.STREAM_INTERRUPTED, Reason.OUTPUT_TRUNCATED}
STATUSES = {
    "400": "bad_request",
    "401": "auth",
    "402": "billing",
    "404": "model_not_found",
    "413": "payload_too_large",
    "429": "rate_limit",
    "500": "server_error",
    "503": "overloaded",
    "529": "overloaded",
}
WORDS = STATUSES | {word: word for word in REASONS if word not in NO_ANSWER}


@pytest.mark.parametrize("word", WORDS)
def test_a_word_means_the_same_reason_at_every_known_provider(word: str) -> None:
    for name, known in CATALOGUE.items():
        made = answer(Item(word), spoken=known.dialect, model="m")
        error = classify(
            status=made.head.status,
            headers=made.head.headers,
            body=made.content,
            provider=name,
            dialect=known.dialect,
        )
        assert (name, error.reason.value) == (name, WORDS[word])


@pytest.mark.parametrize("spoken", DIALECTS)
@pytest.mark.parametrize(("word", "finish"), [("ok", "stop"), ("output_truncated", "length")])
def test_an_answer_is_one_in_every_dialect(spoken: str, word: str, finish: str) -> None:
    made = answer(Item(word), spoken=spoken, model="m")
    decoded = dialect(spoken).decode(made.head.status, made.head.headers, made.content)

    assert isinstance(decoded, Answer)
    assert (decoded.text, decoded.finish_reason) == (TEXT, finish)


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("spoken", DIALECTS)
def test_an_empty_answer_has_no_word_in_any_dialect(spoken: str, *, streamed: bool) -> None:
    text = (
        'health = "memory"\n[providers.a]\nbase_url = "http://a.invalid/v1"\n'
        f'dialect = "{spoken}"\ncredentials = ["env:A"]\n[routes]\ndefault = ["a/x", "a/y"]\n'
    )
    items = (Item("empty", ("a/x",)), Item("ok", ("a/y",)))
    with Simulation(loads(text, {}).config, ScriptPlayer(items)) as simulation:
        done = simulation.call(stream=streamed)
    first = done.ledger.attempts[0]

    assert (first.reason, first.message) == (
        Reason.INVALID_RESPONSE,
        "the model stopped without a word",
    )
    assert (done.answered, done.ledger.attempts[-1].target) == (True, "a/y")


def test_words_and_waits_of_a_script_are_said() -> None:
    item = Item("429", message="slow down", retry_after=2.5)
    made = answer(item, spoken="openai-chat", model="m")

    assert (made.head.headers["Retry-After"], json.loads(made.content)["error"]["message"]) == (
        "2.5",
        "slow down",
    )
