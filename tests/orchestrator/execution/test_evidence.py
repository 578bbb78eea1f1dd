"""A broken answer marks nobody, whatever its model was speaking of; nor does an echo."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import httpx
import pytest

from orchestrator import Orchestrator, StreamInterrupted
from orchestrator.config.loading import loads
from orchestrator.sim import Framing, Reply, Script, ScriptedProviders, replies
from tests.acceptance.world import world
from tests.orchestrator.classification.test_evidence import DIALECTS, WHOLE

SPOKEN = [
    "it says 402 Insufficient Balance when the money is gone",
    "'Incorrect API key provided' stands for a 401",
    "Your request was rejected as a result of our safety system",
    "this model's maximum context length is 8192 tokens",
    '{"error": {"code": "insufficient_quota", "message": "You exceeded your current quota"}}',
]
ONCE = "policy = { attempts_per_target = 1 }"


def ask(orchestrator: Orchestrator, text: str = "hi", *, stream: bool = False) -> Any:
    request = {"messages": [{"role": "user", "content": text}]}
    if not stream:
        return orchestrator.run(request)
    with orchestrator.stream(request) as chunks:
        for _ in chunks:
            pass
        return chunks.response


def broken(dialect: str, text: str, place: str) -> Reply:
    """An answer that ends behind what its model wrote, as one of a relay that died."""
    body = json.dumps(WHOLE[dialect](text, place))
    end = json.dumps(text)[1:-1][-8:]
    cut = body[: body.rindex(end) + len(end)]
    headers = {"Content-Type": "application/json"}
    return attrs.evolve(replies.error(200, cut, headers), framing=Framing.CLOSE)


@contextmanager
def speaking(dialect: str, reply: Reply) -> Iterator[tuple[ScriptedProviders, Orchestrator]]:
    """``reply`` at a provider of this dialect, before one that answers."""
    with ScriptedProviders({"a": reply, "b": replies.ok("GOOD")}) as providers:
        text = f"""
        health = "memory"
        policy = {{ attempts_per_target = 1 }}
        routes = {{ default = ["a/m", "b/m"] }}
        [providers.a]
        dialect = "{dialect}"
        base_url = "{providers.url("a")}"
        credentials = ["env:KEY"]
        [providers.b]
        base_url = "{providers.url("b")}"
        credentials = ["env:KEY"]
        """
        with Orchestrator(loads(text, {"KEY": "canary.Q7x"})) as orchestrator:
            yield providers, orchestrator


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("place", ["text", "thoughts", "arguments"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_cut_answer_benches_nobody(dialect: str, place: str, *, stream: bool) -> None:
    for text in SPOKEN:
        with speaking(dialect, broken(dialect, text, place)) as (providers, orchestrator):
            first, second = (ask(orchestrator, stream=stream) for _ in range(2))

            assert [response.text for response in (first, second)] == ["GOOD", "GOOD"]
            assert {response.attempts[0].reason for response in (first, second)} <= {
                "invalid_response",
                "stream_interrupted",
            }
            assert len(providers.received("a")) == 2
            assert text[:24] not in (first.attempts[0].message or "")


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_a_failure_that_repeats_the_callers_words_is_what_it_is_without_them(
    *, stream: bool
) -> None:
    text = "Insufficient Balance: You exceeded your current quota, and the API key is invalid"
    echo = replies.openai_error(500, f"cannot parse '{text}'")
    with world({"a": echo, "b": replies.ok("GOOD")}, extra=ONCE) as (providers, orchestrator):
        first, second = (ask(orchestrator, text, stream=stream) for _ in range(2))

        assert first.attempts[0].reason == "server_error"
        assert first.attempts[0].message == "cannot parse '...'"
        assert second.text == "GOOD"
        assert len(providers.received("a")) == 2


def test_a_limit_that_names_the_model_that_was_sent_is_that_models() -> None:
    busy = replies.openai_error(
        429, "Rate limit reached for model one", headers={"Retry-After": "9"}
    )
    scripts = {"a": Script((replies.ok("GOOD"),), by_model={"one": Script((busy,))})}
    policy = 'policy = { patience = "1s" }'
    with world(scripts, route=["a/one", "a/two"], extra=policy) as (_, orchestrator):
        response = ask(orchestrator)

        assert (response.text, response.model) == ("GOOD", "two")
        assert [attempt.reason for attempt in response.attempts] == ["rate_limit", None]


@pytest.mark.parametrize("said", SPOKEN)
def test_the_bytes_that_a_broken_stream_quotes_are_shown_to_nobody(said: str) -> None:
    begun = {"choices": [{"index": 0, "delta": {"content": "half "}}]}
    event = f"data: {json.dumps(begun)}\n\n".encode()

    def breaks() -> Iterator[bytes]:
        yield event
        raise httpx.RemoteProtocolError(f"illegal chunk header: bytearray({said.encode()!r})")

    transport = httpx.MockTransport(lambda _: httpx.Response(200, stream=_Stream(breaks)))
    text = 'health = "memory"\n[providers.a]\nbase_url = "http://a/v1"\ncredentials = ["k"]\n'
    config = loads(f'{text}[routes]\ndefault = ["a/m"]\n', {})
    with Orchestrator(config, transport=transport) as orchestrator:
        with pytest.raises(StreamInterrupted) as failed:
            ask(orchestrator, stream=True)

        assert failed.value.partial_text == "half "
        assert "illegal chunk header" in str(failed.value)
        assert said not in str(failed.value)


@attrs.define
class _Stream(httpx.SyncByteStream):
    """A body whose pieces a function gives."""

    pieces: Callable[[], Iterator[bytes]]

    def __iter__(self) -> Iterator[bytes]:
        return self.pieces()
