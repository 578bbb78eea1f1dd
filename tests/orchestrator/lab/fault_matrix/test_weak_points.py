"""What loses a call is named in one line."""

from __future__ import annotations

import pytest

from orchestrator.config.lint import lint
from orchestrator.lab.fault_matrix import FaultDepth, fault_report
from orchestrator.lab.fault_matrix.faults import BILLING
from tests.orchestrator.lab.fault_matrix.routes import (
    ALONE,
    HEAD,
    ONE_ACCOUNT,
    ONE_ADDRESS,
    ONE_KEY,
    README,
    SHARED,
    STARVING,
    TWO,
    config,
    lines,
    provider,
    report,
    route,
)
from tests.slow import slow


def test_three_providers_have_no_single_point() -> None:
    assert lines(README) == []


def test_one_key_for_three_targets() -> None:
    assert lines(ONE_KEY) == [
        (
            "acme out of money ends every call: no target of another provider "
            "(so do refused, refused slowly, 503 and 7 more)"
        ),
        "one 401 at acme ends every call: one key serves three targets",
    ]


def test_one_target_of_one_provider() -> None:
    money, gone = lines(ALONE)

    assert money.startswith("acme out of money ends every call: no target of another provider (so")
    assert gone == "acme/x gone ends every call: the route has no other target"


def test_a_deadline_that_silence_uses_up() -> None:
    assert lines(STARVING)[:2] == [
        # The first content is waited for for 12 s: three tries, and the policy goes no further.
        (
            "acme failing after 100 s ends every streamed call: [policy.on] allows no fallback "
            "after timeout: beta/two is never asked (so does silent)"
        ),
        (
            "acme silent uses up the deadline of 126 s: beta/two is never asked, "
            "where it is not streamed"
        ),
    ]


def test_attempts_that_are_used_up() -> None:
    (found,) = lines(TWO + "[policy]\nmax_attempts = 1\n")

    assert found.startswith(
        "acme out of money ends every call: max_attempts = 1 are used up: beta/two is never asked"
    )


def test_one_account_under_two_names() -> None:
    assert report(SHARED).shared == (
        "acme and beta are one account: the same key at the same address",
    )
    assert any(
        line.startswith("acme and beta out of money ends every call: they are one account")
        for line in lines(SHARED)
    )
    assert "one 401 at acme and beta ends every call: one key serves two targets" in lines(SHARED)


def test_one_address_under_two_names() -> None:
    (found,) = lines(ONE_ADDRESS)

    assert found.startswith("acme and beta down ends every call: they stand at one address (so do")
    assert report(ONE_ADDRESS).shared == (
        "acme and beta stand at one address: whatever takes it down takes all of them",
    )


def test_both_fallbacks_at_one_account() -> None:
    found = report(ONE_ACCOUNT, FaultDepth.DOUBLE)

    assert found.single_points == ()
    assert [point.text for point in found.pair_points] == [
        "both fallbacks bill one account: a 402 at beta ends every call once acme is down"
    ]


@pytest.mark.parametrize(("number", "said"), [(3, "all three"), (4, "all four")])
def test_all_fallbacks_at_one_account(number: int, said: str) -> None:
    targets = [f"beta/m{place}" for place in range(number)]
    text = HEAD + provider("acme") + provider("beta") + route("acme/x", *targets)
    made = config(text)
    found = fault_report(made, made.route(), kinds=(BILLING,))

    assert [point.text for point in found.pair_points] == [
        f"{said} fallbacks bill one account: a 402 at beta ends every call once acme is down"
    ]


def test_the_last_two_of_a_route() -> None:
    assert [point.text for point in report(TWO, FaultDepth.DOUBLE).pair_points] == [
        "acme and beta failing at once: nobody else is on the route"
    ]


@pytest.mark.parametrize("text", [ONE_KEY, SHARED])
def test_check_says_it_in_the_same_words(text: str) -> None:
    said = [*lines(text), *report(text).shared]

    assert any(line.startswith(finding.what) for finding in lint(config(text)) for line in said)


HURRIED = (
    HEAD
    + '[policy]\ndeadline = "5s"\n[timeouts]\nconnect = "1s"\ntotal = "4s"\nfirst_token = "3s"\n'
    + provider("acme")
    + provider("beta")
    + provider("gamma")
    + route("acme/x", "beta/y", "gamma/z")
)


def test_who_is_asked_too_late_is_not_said_to_be_missing() -> None:
    found = [*lines(HURRIED), *pairs_of(HURRIED)]

    assert (
        "acme slow to refuse ends every call: the deadline of 5 s leaves gamma/z too little "
        in (found[0])
    )
    # Whoever else is on the route is named; nobody is said not to be there.
    assert not [line for line in found if "no target of another" in line or "nobody else" in line]


def test_the_policy_that_keeps_from_the_last_target_is_named() -> None:
    text = HEAD + "[policy.on]\nconnection = []\n" + "".join(map(provider, ("a", "b", "c")))
    found = pairs_of(text + route("a/x", "b/y", "c/z"))

    assert any(
        line.startswith(
            "a answering 503 and b down ends every call: [policy.on] allows no fallback after "
            "connection: c/z is never asked"
        )
        for line in found
    )


@slow("every pair, each as long as the call can be; the others here end sooner")
def test_a_route_that_never_answers_blames_no_failure() -> None:
    text = TWO + '[timeouts]\nfirst_token = "100ms"\ntotal = "200ms"\n'

    assert lines(text, FaultDepth.DOUBLE) == [
        (
            "no failure at all ends every call: an answer that takes 0.5 s is too slow for the "
            "limits of the route"
        )
    ]


def test_the_worst_is_of_a_failure_that_is_met() -> None:
    matrix = report(TWO + "[policy]\nmax_attempts = 1\n").matrix

    assert matrix.worst is None
    assert matrix.most is None


def pairs_of(text: str) -> list[str]:
    """What loses a call together, as it is said."""
    return [point.text for point in report(text, FaultDepth.DOUBLE).pair_points]
