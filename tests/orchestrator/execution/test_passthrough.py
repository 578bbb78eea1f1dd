"""A request that is passed through: one attempt, no wait, and the answer as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import pytest

from orchestrator import CallFailed, Orchestrator
from orchestrator.execution.passthrough import (
    PassthroughMessage,
    passthrough_policy,
    passthrough_request,
)
from orchestrator.execution.tasks import WaitRefused
from orchestrator.sim import Reply, ScriptedProviders, replies
from orchestrator.sim.script import AnyScript
from orchestrator.states import OnInterrupted, Policy
from orchestrator.states.limits import LONGEST_SPREAD
from tests.waiting import AMPLE

Outcome = tuple[bytes, bool, int]


def passed_through(
    script: AnyScript, *, times: int = 1, query: str = "", suffix: str = "", keys: int = 1
) -> tuple[list[Outcome | Exception], list[str]]:
    """What each of several such requests came to, and what was asked."""
    with ScriptedProviders({"one": script}) as providers:
        tables: Mapping[str, object] = {
            "base_url": providers.url("one") + suffix,
            "dialect": "openai-chat",
            "credentials": [f"canary.{number}.Q7x" for number in range(keys)],
        }
        config = {
            "health": "memory",
            "routes": {"default": ["one/m"]},
            "providers": {"one": tables},
        }
        with Orchestrator.from_dict(config) as inner:
            found = asyncio.run(_pass_through(inner, query, times))
        return found, [each.path for each in providers.received("one")]


async def _pass_through(inner: Orchestrator, query: str, times: int) -> list[Outcome | Exception]:
    found: list[Outcome | Exception] = []
    for _ in range(times):
        message = PassthroughMessage("POST", "files", query, {"content-type": "text/x"}, b"{}")
        call = inner.begin_passthrough(
            passthrough_request("one", "openai-chat", AMPLE * 4), message
        )
        data = b""
        try:
            async for events in await inner.astream_call(call, waits=False):
                data += b"".join(event.raw for event in events)
        except (CallFailed, WaitRefused) as error:
            found.append(error)
        else:
            found.append((data, call.response is not None, call.call.number))
    await inner.aclose()
    return found


def test_bytes_come_as_they_are_and_the_call_has_succeeded() -> None:
    body = bytes(range(256)) * 1000
    (found,), asked = passed_through(Reply(body=body))

    assert isinstance(found, tuple)
    assert found == (body, True, 1)
    assert asked == ["/v1/files"]


def test_a_failure_is_no_reason_for_a_second_attempt() -> None:
    (found,), asked = passed_through([replies.server_error(), replies.ok()], keys=3)

    assert isinstance(found, CallFailed)
    assert found.reason == "server_error"
    assert len(asked) == 1


def test_the_next_key_of_the_pool_is_taken_by_the_next_request() -> None:
    found, asked = passed_through([replies.rate_limited(60), Reply(body=b"x")], times=2, keys=2)

    assert isinstance(found[0], CallFailed)
    assert isinstance(found[1], tuple)
    assert len(asked) == 2


def test_whoever_would_have_to_wait_is_told_at_once() -> None:
    found, asked = passed_through(replies.rate_limited(60), times=2)

    assert isinstance(found[1], WaitRefused)
    assert 0 < found[1].seconds <= 61 + LONGEST_SPREAD
    assert len(asked) == 1


def test_a_stream_that_breaks_off_is_no_success() -> None:
    (found,), _ = passed_through(replies.cut_after(10, Reply(body=b"x" * 1000)))

    assert isinstance(found, CallFailed)
    assert found.reason == "stream_interrupted"


@pytest.mark.parametrize(
    ("query", "suffix", "asked"),
    [
        ("", "", "/v1/files"),
        ("a=1", "", "/v1/files?a=1"),
        ("a=1&v=9", "?v=2", "/v1/files?a=1&v=2"),
        ("", "?v=2", "/v1/files?v=2"),
    ],
)
def test_the_query_of_the_address_goes_before_the_caller_s(
    query: str, suffix: str, asked: str
) -> None:
    _, paths = passed_through(Reply(body=b""), query=query, suffix=suffix)

    assert paths == [asked]


def test_its_policy_has_one_attempt_whatever_the_config_says() -> None:
    policy = passthrough_policy(Policy(max_attempts=9, on_interrupted=OnInterrupted.HOLD))

    assert policy.on_interrupted is OnInterrupted.FAIL
    assert not any(policy.on.values())
    # The second is the one on a new connection, where a kept one turns out closed.
    assert (policy.max_attempts, policy.attempts_per_target) == (2, 1)
