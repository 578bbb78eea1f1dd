"""What holds of any failure at all."""

import json
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.classification import classify
from orchestrator.classification.durations import YEAR
from orchestrator.classification.wait_texts import in_text
from orchestrator.classification.waits import either, from_headers
from orchestrator.states.error import Error
from tests.orchestrator.classification.test_cases import CASES, DECODED, classified

VENDORS = sorted({str(case["provider"]) for case in CASES})
KEYS = [
    "error", "message", "code", "type", "details", "status", "metadata", "raw", "retry_after",
    "resets_at", "choices", "base_resp", "headers", "retryDelay", "detail", "errors",
]  # fmt: skip
WORDS = [
    "rate limit", "insufficient balance", "try again in", "1e400", "-1", "0", "9" * 40, "{'a'",
    '{"error":', "429", "context length", "余额不足", "retry after", "NaN", "5m", "1760000400",
]  # fmt: skip

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.sampled_from(WORDS)
    | st.text(max_size=30)
)
bodies = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=20,
)
header_sets = st.dictionaries(
    st.sampled_from(["Retry-After", "retry-after-ms", "X-RateLimit-Reset", "Content-Type"])
    | st.text(max_size=10),
    st.sampled_from(WORDS) | st.text(max_size=20),
    max_size=5,
)
header_pairs = header_sets.map(lambda headers: [list(pair) for pair in headers.items()])
known = st.sampled_from(CASES)
decoded = st.sampled_from(DECODED)


def sound(error: Error) -> bool:
    wait = error.retry_after
    return (
        bool(error.rule)
        and bool(error.hint)
        and len(error.message) <= 1_000
        and (wait is None or (math.isfinite(wait) and 0 < wait <= YEAR))
    )


@given(status=st.integers(100, 599), headers=header_sets, raw=st.booleans())
def test_a_status_in_words_and_headers_in_pairs_mean_the_same(
    status: int, headers: dict[str, str], *, raw: bool
) -> None:
    pairs: list[Any] = [(name.encode("latin-1", "replace"), value) if raw else [name, value]
                        for name, value in headers.items()]  # fmt: skip
    plain = {name.encode("latin-1", "replace").decode("latin-1") if raw else name: value
             for name, value in headers.items()}  # fmt: skip

    assert classify(status=f" {status} ", headers=pairs, now=1e9) == classify(
        status=status, headers=plain, now=1e9
    )


@settings(max_examples=150, deadline=None)
@given(
    status=st.none() | st.integers(-5, 10_000) | scalars,
    headers=st.none() | header_sets | header_pairs | bodies,
    body=bodies | st.binary(max_size=200),
    provider=st.none() | st.sampled_from(VENDORS) | st.text(max_size=10),
    exception=st.none() | st.text(max_size=20) | st.builds(ValueError, st.text(max_size=20)),
    where=st.sampled_from(["response", "sse", "exception", "elsewhere"]),
    now=st.floats(0, 1e11),
)
def test_it_never_raises(
    status: int | None,
    headers: dict[str, str] | None,
    body: Any,
    provider: str | None,
    exception: Any,
    where: str,
    now: float,
) -> None:
    error = classify(
        status=status,
        headers=headers,
        body=body,
        provider=provider,
        exception=exception,
        where=where,
        now=now,
    )

    assert sound(error)


@settings(max_examples=60, deadline=None)
@given(case=known, body=st.binary(max_size=300))
def test_any_bytes_under_any_status_are_sound(case: dict[str, Any], body: bytes) -> None:
    assert sound(classify(status=case["status"], body=body, provider=case["provider"]))


@settings(max_examples=60)
@given(case=known)
def test_the_same_failure_is_classified_the_same_way_twice(case: dict[str, Any]) -> None:
    assert classified(case) == classified(case)


def shuffled(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        keys = data.draw(st.permutations(sorted(value)))
        return {key: shuffled(value[key], data) for key in keys}
    return value


@settings(max_examples=80, deadline=None)
@given(case=decoded, data=st.data())
def test_the_order_of_keys_changes_nothing(case: dict[str, Any], data: st.DataObject) -> None:
    assert classified({**case, "body": shuffled(case["body"], data)}) == classified(case)


@settings(max_examples=60, deadline=None)
@given(case=decoded, name=st.text("uvwxyz", min_size=3, max_size=8), value=st.integers(600, 900))
def test_a_field_that_nobody_knows_changes_nothing(
    case: dict[str, Any], name: str, value: int
) -> None:
    assert classified({**case, "body": {**case["body"], name: value}}) == classified(case)


def as_bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "list": lambda body: [body],
    "error": lambda body: {"error": body},
    "detail": lambda body: {"detail": body},
    "raw text": lambda body: {"error": {"metadata": {"raw": json.dumps(body)}}},
    "message": lambda body: {"error": {"message": json.dumps(body)}},
    "repr": lambda body: {"error": {"message": f"upstream said: {body!r}"}},
    "bytes": lambda body: {"error": {"message": f"Upstream - {as_bytes(body)!r}. Received it"}},
    "escaped": lambda body: {"detail": json.dumps(json.dumps(body))},
    "quoted in a log": lambda body: {"message": f"said: {json.dumps(json.dumps(body))} (twice)"},
    "a telling unknown key": lambda body: {"ok": False, "upstreamBody": body},
    "a list of extensions": lambda body: {"errors": [{"extensions": body}]},
}


@settings(max_examples=100, deadline=None)
@given(
    case=decoded.filter(lambda case: "error" in case["body"]),
    wrapper=st.sampled_from(sorted(WRAPPERS)),
)
def test_nesting_that_means_nothing_changes_no_reason(case: dict[str, Any], wrapper: str) -> None:
    wrapped = {**case, "body": WRAPPERS[wrapper](case["body"])}

    assert classified(wrapped).reason == classified(case).reason


@settings(max_examples=40)
@given(
    case=known.filter(lambda case: "headers" in case),
    change=st.sampled_from([str.lower, str.upper, str.title]),
)
def test_the_case_of_header_names_changes_nothing(case: dict[str, Any], change: Any) -> None:
    headers = {change(name): value for name, value in case["headers"].items()}

    assert classified({**case, "headers": headers}) == classified(case)


@settings(max_examples=150)
@given(text=st.text(max_size=40) | st.sampled_from(WORDS), now=st.floats(0, 1e11))
def test_a_wait_is_a_time_to_come_within_a_year(text: str, now: float) -> None:
    found = [
        either(text, now),
        from_headers({"retry-after": text}, now),
        in_text(f"try again in {text}", now),
        in_text(f"resets at {text}", now),
    ]

    assert all(one is None or 0 < one <= YEAR for one in found)


HOSTILE = {
    "one long text": b'{"error":{"message":"' + b"a " * 5_000_000 + b'"}}',
    "no end": b"{" * 10_000_000,
    "deep lists": b"[" * 5_000_000 + b"]" * 5_000_000,
    "digits": b"try again in " + b"1" * 10_000_000,
    "tags": b"<html>" + b"<title" * 2_000_000,
    "spaces": b" " * 10_000_000,
    "frames": b"data: {}\n" * 1_100_000,
    "quotes": b"{'a': " * 1_600_000,
    "words": b"rate limit insufficient " * 400_000,
    "waits": b"resets at retry after in about 1h1m1" * 280_000,
    "keys": b"bearer key: sk- eyJ AIza ?key=&token=" * 270_000,
    "gaps": b"the model does requires a " * 400_000,
    "comments": b"<!-- " * 2_000_000,
    "wide, as long as is decoded": b'{"errors":[' + b'{"a":{"b":[0]}},' * 16_000 + b"0]}",
    "nested, as deep as is decoded": b'{"error":' * 900 + b"0" + b"}" * 900,
    "strings in strings": b'{"error":{"message":"' + b'{\\"message\\":' * 600_000 + b'"}}',
}


def test_ten_hostile_megabytes_cost_no_more_than_a_large_answer() -> None:
    answer = b'{"content":"' + b'say \\"so\\"\\n' * 800_000 + b'"}'
    large = min(_seconds(lambda: json.loads(answer)) for _ in range(3))
    for name, body in HOSTILE.items():
        for given_body in (body, body.decode(), {"error": {"message": body.decode()}}):
            once = partial(classify, status=400, body=given_body)
            assert sound(once()), name
            took = min(_seconds(once) for _ in range(3))
            assert took < large, f"{name}: {took:.3f} s, not {large:.3f}"


def _seconds(work: Callable[[], object]) -> float:
    """Of the processor: what else the machine is doing is not counted."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def test_a_body_as_deep_as_memory_allows_is_read_only_so_deep() -> None:
    deep: Any = {"error": "insufficient balance"}
    for _ in range(100_000):
        deep = {"error": deep}

    assert sound(classify(status=400, body=deep))
