"""The same failure in other clothes: in a stream, in an exception, behind a relay, cut off."""

import json
from typing import Any

import pytest

from orchestrator.classification import classify
from orchestrator.states.reasons import Reason
from tests.orchestrator.classification.test_cases import DECODED, classified

MONEY = "Your credit balance is too low"
QUOTED: list[tuple[str, str, Reason]] = [
    ("Error", "[Some Error]: Error fetching from https://x.test/v1: [402 Payment Required] Sorry.",
     Reason.BILLING),
    ("Error", "generate data error: HTTP error! status: 402, body: {}", Reason.BILLING),
    ("OSError", "429 Client Error: Too Many Requests for url: https://x.test/", Reason.RATE_LIMIT),
    ("HTTPStatusError", "Client error '401 Unauthorized' for url 'https://x.test'", Reason.AUTH),
    ("URLError", "HTTP Error 502: Bad Gateway", Reason.SERVER_ERROR),
    ("APIError", "openrouter rejected (402): no words", Reason.BILLING),
]  # fmt: skip
KEPT: list[tuple[str, str, Reason]] = [
    ("ProxyError", "OSError('Tunnel connection failed: 403 Forbidden')", Reason.CONNECTION),
    ("ClientPayloadError", "<TransferEncodingError: 400, message='Not enough data'>",
     Reason.STREAM_INTERRUPTED),
    ("TimeoutError", "no answer within 500 ms", Reason.TIMEOUT),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "reason"), [*QUOTED, *KEPT])
def test_an_answer_that_an_exception_quotes_decides(kind: str, text: str, reason: Reason) -> None:
    error = classify(exception=kind, message=text, where="exception")

    assert error.reason is reason


def settled_by_words(case: dict[str, Any]) -> bool:
    """Whether words or a code decide ``case``: what only a status says, a stream cannot say."""
    rule = classified(case).rule
    return not rule.startswith(("status.", "type.")) and not case.get("headers")


def test_most_words_mean_the_same_in_a_stream_as_in_an_answer() -> None:
    said = [case for case in DECODED if case.get("status") != 200 and settled_by_words(case)]
    streamed = [{**case, "status": None, "where": "sse"} for case in said]

    same = [
        classified(event).reason == classified(case).reason
        for event, case in zip(streamed, said, strict=True)
    ]
    assert len(said) > 800
    assert sum(same) >= 0.97 * len(same)


@pytest.mark.parametrize("outer", [400, 500, 502])
@pytest.mark.parametrize(
    ("inner", "reason"),
    [(401, Reason.AUTH), (402, Reason.BILLING), (404, Reason.MODEL_NOT_FOUND),
     (429, Reason.RATE_LIMIT)],
)  # fmt: skip
def test_a_relays_status_yields_to_the_one_that_it_names(
    outer: int, inner: int, reason: Reason
) -> None:
    body = {"error": {"message": "Upstream call failed", "upstreamStatus": inner}}

    assert classify(status=outer, body=body).reason is reason


@pytest.mark.parametrize("outer", [401, 402, 404, 429])
def test_a_status_that_settles_the_matter_does_not_yield(outer: int) -> None:
    body = {"error": {"message": "Upstream call failed", "upstreamStatus": 503}}

    assert classify(status=outer, body=body).reason is classify(status=outer).reason


@pytest.mark.parametrize("share", [0.7, 0.8, 0.9])
def test_what_is_left_of_a_cut_off_object_is_read(share: float) -> None:
    whole = json.dumps({"error": {"code": "insufficient_quota", "message": "x", "more": "y" * 60}})
    text = f"Error code: 429 - {whole[: int(len(whole) * share)]}"

    assert classify(status=429, body=text).reason is Reason.BILLING


def test_an_object_as_a_console_writes_it_is_read() -> None:
    text = f"Error: {{ error: {{ type: 'billing_error', message: '{MONEY}' }} }}"

    assert classify(status=400, body=text).reason is Reason.BILLING


def test_the_echo_of_a_request_is_no_failure() -> None:
    body = {"message": "bad gateway", "original_request": {"message": MONEY}}

    assert classify(status=502, body=body).reason is Reason.SERVER_ERROR


def test_no_phrase_runs_from_one_text_into_the_next() -> None:
    body = {"error": {"message": "The call failed"}, "detail": "Check: SAFETY is on"}
    apart = classify(status=502, body=body, provider="xai")

    assert apart.reason is Reason.SERVER_ERROR


OFFERS = [
    "Upgrade your plan or add credits to increase your limits.",
    "To continue without waiting, purchase extra usage.",
    "You can buy more credits at any time.",
    "Top up or upgrade to a paid plan.",
    "如需提升限额，请充值或升级套餐。",
]
PASSING = [
    (429, "Rate limit exceeded."),
    (429, "Too many requests, slow down."),
    (429, "The model is overloaded."),
    (503, "The model is overloaded. Please try again later."),
    (503, "No capacity is available at the moment."),
    (529, "Overloaded."),
    (429, "请求过于频繁，请稍后重试。"),
]


@pytest.mark.parametrize(("status", "words"), PASSING)
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_to_buy_makes_nothing_that_passes_a_lack_of_money(
    status: int, words: str, offer: str
) -> None:
    error = classify(status=status, body={"error": {"message": f"{words} {offer}"}})

    assert error.reason in (Reason.RATE_LIMIT, Reason.OVERLOADED)


@pytest.mark.parametrize("page", ["docs/rate-limits", "status#overloaded", "too-many-requests"])
def test_what_a_page_is_called_says_nothing(page: str) -> None:
    message = f"Your subscription is inactive. See https://x.test/{page}."

    assert classify(status=403, body={"error": {"message": message}}).reason is Reason.BILLING


@pytest.mark.parametrize("spelling", ["recognised", "recognized"])
def test_both_spellings_are_read(spelling: str) -> None:
    body = {"error": {"message": f"Your client is not {spelling}."}}

    assert classify(status=403, body=body).reason is Reason.FORBIDDEN
