"""No secret of a config comes out, in whatever spelling a provider echoes it, at any place."""

from __future__ import annotations

import asyncio
import base64
import logging
import pickle
import signal
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import CallFailed, Orchestrator
from orchestrator.config import loading
from orchestrator.connections.errors import UnsendableRequest
from orchestrator.connections.proxies import proxy_of
from orchestrator.connections.writer import request_bytes
from orchestrator.health import MemoryStore
from orchestrator.http_messages import Address, OutgoingRequest
from orchestrator.sim import Script, ScriptedProviders, replies
from tests.acceptance.world import HI, failure, run
from tests.orchestrator.cli.entry import CANARY, Place
from tests.spellings_strategies import spelled
from tests.waiting import eventually

KEY, OTHER = "canary.Q7x.zeroth.PlumberWhale", "canary.Q7x.other.HeronQuartz"
HEADER, COOKIE = "Heron-2291-Quartz-Mill", "c00kie.Jar.of.4477"
PASSWORD, QUERY = "OpenSesame-4477-Lantern", "quiet.tok3n.in.an.address"
PROXY = "Gatekeeper-9914-Wicket"
BASIC = base64.b64encode(f"user:{PASSWORD}".encode()).decode()
SECRETS = (KEY, OTHER, HEADER, COOKIE, PASSWORD, BASIC, QUERY, PROXY)

TEXT = f"""
health = "memory"
[policy]
max_attempts = 2
attempts_per_target = 1
[providers.a]
base_url = "http://a.test/v1?token={QUERY}"
credentials = ["{KEY}"]
headers = {{ X-Custom = "{HEADER}", Cookie = "s={COOKIE}", X-Proxy = "Basic {BASIC}" }}
[providers.b]
base_url = "http://b.test/v1"
credentials = ["{OTHER}"]
[providers.behind]
base_url = "http://behind.test/v1"
proxy = "http://ann:{PROXY}@proxy.test:3128"
[routes]
default = ["a/m", "b/m"]
"""

FRAMES = ("Incorrect key: {}.", "{}", "{{'sent': '{}'}}", "<html><title>no {}</title></html>")


@attrs.frozen
class Echo:
    """What a provider answers: the same words in a body, in headers, or as an exception."""

    said: str
    kind: str

    def __call__(self, request: httpx.Request) -> httpx.Response:
        headers = {"x-request-id": "".join(self.said.split()).encode("ascii", "ignore").decode()}
        match self.kind:
            case "json":
                return httpx.Response(401, json={"error": {"message": self.said}}, headers=headers)
            case "text":
                return httpx.Response(403, text=self.said, headers=headers)
            case "redirect":
                return httpx.Response(302, headers={"location": f"http://h/{headers}"})
            case "stream":
                event = httpx.Response(200, json={"error": {"message": self.said, "code": 500}})
                kind = {"content-type": "text/event-stream"}
                return httpx.Response(
                    200, content=b"data: " + event.content + b"\n\n", headers=kind
                )
            case _:
                raise httpx.RemoteProtocolError(f"illegal: {self.said!r}", request=request)


def told(orchestrator: Orchestrator, error: CallFailed) -> Iterator[tuple[str, str]]:
    """Every place at which a failed call says something."""
    yield "message", "\n".join([error.error.message, *(str(each) for each in error.rejected)])
    yield "text", f"{error} {error!r}"
    yield "fields", repr(vars(error))
    yield "ledger", b"".join(error.ledger.lines()).decode() + repr(list(error.ledger))
    yield "pickle", pickle.dumps(error).decode("latin-1")
    yield "trace", "".join(traceback.TracebackException.from_exception(error, capture_locals=True)
                           .format())  # fmt: skip
    yield "board", repr(orchestrator.board.snapshot())


@settings(max_examples=40)
@given(st.data(), st.sampled_from(SECRETS), st.sampled_from(FRAMES), st.integers(0, 1100))
def test_no_spelling_of_a_secret_comes_out_of_a_call(
    data: st.DataObject, secret: str, frame: str, ahead: int
) -> None:
    spelling = data.draw(spelled(secret))
    kind = data.draw(st.sampled_from(["json", "text", "redirect", "stream", "exception"]))
    said = "y" * ahead + " " + frame.format(spelling)
    transport = httpx.MockTransport(Echo(said, kind))

    with Orchestrator(loading.loads(TEXT, {}), transport=transport) as orchestrator:
        places = dict(told(orchestrator, failure(run, orchestrator)))

    window = len(spelling) * 13 // len(secret) + 2
    pieces = [spelling[at : at + window] for at in range(len(spelling) - window + 1)]
    for place, text in places.items():
        assert secret not in text, place
        assert not [piece for piece in pieces if piece in text], place


@pytest.mark.parametrize("secret", SECRETS)
def test_what_is_loaded_shows_and_pickles_no_secret(secret: str) -> None:
    loaded = loading.loads(TEXT, {})
    with Orchestrator(loaded) as orchestrator:
        shown = [
            *(repr(loaded), str(loaded), repr(attrs.asdict(loaded))),
            *(repr(loaded.providers), repr(vars(orchestrator)), repr(orchestrator)),
            *(pickle.dumps(each).decode("latin-1") for each in (loaded, loaded.providers)),
        ]
        for place in shown:
            assert secret not in place


def traced(error: BaseException) -> str:
    """The library's frames with their locals, as a tool that reports errors sends them."""
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    frames = [frame for frame in trace.stack if "/tests/" not in frame.filename]
    return "\n".join(f"{frame.name} {frame.locals}" for frame in frames)


def test_what_interrupts_a_call_on_the_wire_shows_no_secret() -> None:
    with ScriptedProviders({"a": replies.hang()}) as providers:
        text = TEXT.replace("http://a.test/v1", providers.url("a"))

        def came(times: int) -> bool:
            return eventually(lambda: len(providers.received("a")) == times)

        async def cancelled(orchestrator: Orchestrator) -> BaseException:
            task = asyncio.create_task(orchestrator.arun(HI))
            assert await asyncio.to_thread(came, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as ended:
                await task
            return ended.value

        def interrupt() -> None:
            if came(2) and (main := threading.main_thread().ident) is not None:
                signal.pthread_kill(main, signal.SIGINT)

        with Orchestrator(loading.loads(text, {})) as orchestrator:
            in_a_task = asyncio.run(cancelled(orchestrator))
            thread = threading.Thread(target=interrupt)
            thread.start()
            with pytest.raises(KeyboardInterrupt) as in_a_thread:
                orchestrator.run(HI)
            thread.join()

    for text in (traced(in_a_task), traced(in_a_thread.value)):
        assert "ends_at" in text  # the frames of a connection are among them
        assert not [secret for secret in SECRETS if secret in text]


def test_a_key_that_no_header_takes_is_in_no_error() -> None:
    address = Address.parse("http://a.test/v1")
    with pytest.raises(UnsendableRequest) as refused:
        request_bytes(OutgoingRequest("POST", address, {"authorization": f"Bearer {KEY}☃"}))

    assert KEY not in str(refused.value)
    assert refused.value.__context__ is None


def test_a_pickled_provider_is_not_asked_around_its_proxy() -> None:
    provider = loading.loads(TEXT, {}).providers["behind"]
    copy = pickle.loads(pickle.dumps(provider))
    url = Address.parse(provider.base_url)

    assert proxy_of(url, provider.connection) is not None
    with pytest.raises(LookupError, match="was pickled"):
        proxy_of(url, copy.connection)


def test_the_header_of_a_provider_is_sent_as_it_is() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return Echo("no", "json")(request)

    transport = httpx.MockTransport(answer)
    with Orchestrator(loading.loads(TEXT, {}), transport=transport) as orchestrator:
        failure(run, orchestrator)

    assert seen[0].headers["x-custom"] == HEADER
    assert seen[0].headers["cookie"] == f"s={COOKIE}"
    assert seen[0].url.params["token"] == QUERY


def written(urls: dict[str, str], extra: str = "") -> str:
    """The config over sockets, with a ledger and a health file."""
    text = TEXT.replace('health = "memory"', f'health = "file"\nledger = "calls.jsonl"\n{extra}')
    for name, url in urls.items():
        text = text.replace(f"http://{name}.test/v1", url)
    return text


def test_files_logs_and_the_command_line_hold_no_secret(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = " ".join(SECRETS)
    broken = Script((replies.error(401, echo, {"X-Echo": echo, "X-Request-Id": KEY}),))
    place = Place(tmp_path, {"NOBODY": CANARY})
    path = tmp_path / "orchestrator.toml"
    with ScriptedProviders({"a": broken, "b": broken}) as providers:
        path.write_text(written({name: providers.url(name) for name in "ab"}))
        path.chmod(0o600)
        with Orchestrator(loading.load(path)) as orchestrator:
            failure(run, orchestrator, HI)
        # httpx writes what it sends and reads into its logs, where it is what carries it.
        with (
            httpx.HTTPTransport() as carrier,
            Orchestrator(
                loading.load(path), transport=carrier, store=MemoryStore()
            ) as orchestrator,
        ):
            failure(run, orchestrator, HI)
        ended = [
            *(place.run("run", "hi"), place.run("run", "--explain", "--json", "hi")),
            *(place.run("run", "--explain", "hi"), place.run("status"), place.run("check")),
            *(place.run("status", "--reset"), place.run("check", "--live")),
            place.run("classify", "--status", "401", "--provider", "b", "--body", echo),
        ]

    files = [each.read_bytes().decode("latin-1") for each in tmp_path.rglob("*") if each.is_file()
             and each != path]  # fmt: skip
    logged = [f"{record.getMessage()} {record.args} {record.msg}" for record in caplog.records]
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    assert len(files) >= 2
    for secret in SECRETS:
        assert not [each for each in files if secret in each]
        assert not [each for each in logged if secret in each]
        assert not [each for each in ended if secret in each.out + each.err]


def test_a_header_that_is_public_is_shown(tmp_path: Path) -> None:
    place = Place(tmp_path)
    extra = 'public_headers = ["X-Custom"]'
    text = TEXT.replace("[providers.b]", f"{extra}\n[providers.b]")
    (tmp_path / "orchestrator.toml").write_text(text)
    (tmp_path / "orchestrator.toml").chmod(0o600)
    shown: Any = place.run("run", "--explain", "--timeout", "1", "hi").err

    assert f"x-custom: {HEADER}" in shown
    assert COOKIE not in shown


def test_what_broke_a_stream_is_masked_and_cut_too() -> None:
    text = f"{'y' * 960} {KEY} {'z' * 5000}"

    class Broken(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield b'data: {"choices": [{"index": 0, "delta": {"content": "half"}}]}\n\n'
            raise httpx.RemoteProtocolError(text)

    headers = {"content-type": "text/event-stream"}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, headers=headers, stream=Broken()))
    with (
        Orchestrator(loading.loads(TEXT, {}), transport=transport) as orchestrator,
        pytest.raises(CallFailed) as raised,
        orchestrator.stream(HI) as chunks,
    ):
        list(chunks)

    assert len(raised.value.error.message) <= 1000
    assert KEY[:8] not in raised.value.error.message
    assert "***" in raised.value.error.message
