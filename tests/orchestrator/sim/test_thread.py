"""Scripted providers in a thread, through real clients."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading

import httpx
import pytest
import trustme

from orchestrator.sim import ClosedPort, Script, ScriptedProviders, ScriptError, replies
from orchestrator.sim.script import as_script
from tests.waiting import AMPLE, eventually

REQUEST = {"model": "m-1", "messages": [{"role": "user", "content": "hi"}]}


def post(url: str, body: object = REQUEST, key: str = "sk-1") -> httpx.Response:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.post(
        f"{url}/chat/completions", json=body, headers=headers, trust_env=False, timeout=AMPLE
    )


def test_a_whole_answer_names_the_model_of_the_request() -> None:
    calls = [("search", '{"q": 1}')]
    with ScriptedProviders({"a": replies.ok("hello there", tool_calls=calls)}) as providers:
        answer = post(providers.url("a")).json()

    assert answer["model"] == "m-1"
    assert answer["choices"][0]["message"]["content"] == "hello there"
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] == '{"q": 1}'


def test_a_streamed_answer_holds_the_same_text_in_pieces() -> None:
    asked = REQUEST | {"stream": True, "stream_options": {"include_usage": True}}
    script = replies.ok("one two three", tool_calls=[("f", "{}")], finish_reason="tool_calls")
    with ScriptedProviders({"a": script}) as providers:
        response = post(providers.url("a"), asked)

    lines = [line.removeprefix("data: ") for line in response.text.split("\n\n") if line]
    chunks = [httpx.Response(200, text=line).json() for line in lines[:-1]]
    deltas = [choice["delta"] for chunk in chunks for choice in chunk["choices"]]

    assert response.headers["content-type"] == "text/event-stream"
    assert lines[-1] == "[DONE]"
    assert "".join(delta.get("content", "") for delta in deltas) == "one two three"
    assert chunks[-1]["usage"]["total_tokens"] == 15
    assert chunks[-2]["choices"][0]["finish_reason"] == "tool_calls"


def test_what_was_received_is_what_was_sent() -> None:
    with ScriptedProviders({"a": replies.ok(), "b": replies.ok()}) as providers:
        post(providers.url("a"), key="sk-7")
        received = providers.received("a")

        assert providers.received("b") == ()

    assert (received[0].number, received[0].credential) == (1, "sk-7")
    assert (received[0].method, received[0].path) == ("POST", "/v1/chat/completions")
    assert received[0].body == REQUEST
    assert received[0].headers["content-type"] == "application/json"


def test_a_top_up_changes_the_answer() -> None:
    with ScriptedProviders({"a": replies.billing_402()}) as providers:
        before = post(providers.url("a"))
        providers.set("a", replies.ok())
        after = post(providers.url("a"))

    assert before.json()["error"]["message"] == "Insufficient Balance"
    assert (before.status_code, after.status_code) == (402, 200)


def test_an_error_may_echo_the_key() -> None:
    with ScriptedProviders({"a": replies.bad_key()}) as providers:
        answer = post(providers.url("a"), key="sk-echo").json()

    assert "sk-echo" in answer["error"]["message"]


def test_ten_keys_have_ten_scripts() -> None:
    keys = {f"sk-{n}": as_script(replies.rate_limited(n)) for n in range(10)}
    with ScriptedProviders({"a": Script(by_credential=keys)}) as providers:
        waits = [post(providers.url("a"), key=key).headers["Retry-After"] for key in keys]

    assert waits == [str(n) for n in range(10)]


@pytest.mark.parametrize("name", ["b", "deepsek"])
def test_an_unknown_name_is_an_error(name: str) -> None:
    with ScriptedProviders({"deepseek": replies.ok()}) as providers:
        for method in (providers.url, providers.received):
            with pytest.raises(ScriptError, match="allowed: deepseek"):
                method(name)
        with pytest.raises(ScriptError, match="allowed: deepseek"):
            providers.set(name, replies.ok())


def test_tls_is_served_with_a_given_context() -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with ScriptedProviders({"a": replies.ok()}, ssl_context=context) as providers:
        url = f"{providers.url('a')}/chat/completions"
        with httpx.Client(verify=trusting, trust_env=False) as client:
            assert client.post(url, json=REQUEST).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.post(url, json=REQUEST, trust_env=False)


def test_five_hundred_connections_are_open_at_once() -> None:
    with ScriptedProviders({"a": replies.hang()}) as providers:
        address = httpx.URL(providers.url("a"))
        with contextlib.ExitStack() as open_ones:
            for _ in range(500):
                one = socket.create_connection((address.host, address.port), timeout=AMPLE)
                open_ones.enter_context(one).sendall(b"GET /a/v1/x HTTP/1.1\r\n\r\n")
            assert eventually(lambda: len(providers.received("a")) == 500)

            assert providers.connections == 500

        assert eventually(lambda: providers.connections == 0)


def test_the_methods_are_safe_from_threads() -> None:
    with ScriptedProviders({"a": replies.ok()}) as providers:

        def work() -> None:
            for _ in range(5):
                post(providers.url("a"))
                providers.set("a", replies.ok())

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert [one.number for one in providers.received("a")] == list(range(1, 21))


def test_it_stops_at_once_whatever_is_under_way() -> None:
    with httpx.Client(trust_env=False, timeout=3 * AMPLE) as client:
        with ScriptedProviders({"a": [replies.ok(), replies.hang()]}) as providers:
            url = f"{providers.url('a')}/chat/completions"
            client.post(url, json=REQUEST)
            broken = threading.Thread(target=_expect_broken, args=(client, url))
            broken.start()
            assert eventually(lambda: len(providers.received("a")) == 2)
        broken.join(AMPLE)

        assert not broken.is_alive()


def _expect_broken(client: httpx.Client, url: str) -> None:
    with pytest.raises(httpx.TransportError):
        client.post(url, json=REQUEST)


def test_a_closed_port_refuses() -> None:
    with ClosedPort() as closed, pytest.raises(httpx.ConnectError):
        post(closed.url)
