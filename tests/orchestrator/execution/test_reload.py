"""Secrets that are read again: changed files, refused tokens, and many calls at one reading."""

from __future__ import annotations

import asyncio
import itertools
import json
import shlex
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import AuthFailed, CallFailed, Orchestrator, Response
from orchestrator.classification import classify
from orchestrator.clock import SystemClock
from orchestrator.config import ConfigError
from orchestrator.config.loading import loads
from orchestrator.connections.errors import LimitPassed
from orchestrator.connections.httpx_adapter import AsyncHttpxTransport
from orchestrator.execution.auth import OLD_SECRETS, LiveSecrets, SecretReading
from orchestrator.execution.effects import AwaitThread
from orchestrator.execution.tasks import TaskConnection
from orchestrator.health import MemoryStore
from orchestrator.health.session import Report, TakeFirst
from orchestrator.ledger import Attempt, Entry
from orchestrator.provider import Credential, Provider
from orchestrator.secrets import Masker, Secret
from orchestrator.secrets.sources import FileSource
from tests.acceptance.world import HI
from tests.slow import slow

OLD, NEW = "token-of-the-old-hour-1", "token-of-the-new-hour-2"
OK = {"choices": [{"message": {"content": "ok"}, "finish_reason": "stop"}], "usage": {}}
Call = Callable[..., Response]


class Door(httpx.MockTransport):
    """A provider that lets in who has a valid token, and quotes the token that it refuses."""

    def __init__(self, *valid: str) -> None:
        super().__init__(self._answer)
        self.valid = set(valid)
        self.seen: list[str] = []
        self.on_request: Callable[[], None] = lambda: None

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.on_request()
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.seen.append(token)
        if token in self.valid:
            return httpx.Response(200, json=OK)
        said = {"error": {"message": f"Incorrect API key: {token}", "code": "invalid_api_key"}}
        return httpx.Response(401, json=said)


def orchestrator(
    door: Door, credentials: list[str], folder: Path, extra: str = "", **options: Any
) -> Orchestrator:
    text = (
        f'health = "memory"\n{extra}\n[routes]\ndefault = ["corp/m"]\n[providers.corp]\n'
        f'base_url = "http://llm.corp/v1"\ncredentials = {json.dumps(credentials)}'
    )
    config = loads(text, {}, folder / "orchestrator.toml")
    return Orchestrator(config, transport=door, async_transport=door, **options)


def run(made: Orchestrator, **options: Any) -> Response:
    return made.run(HI, **options)


def arun(made: Orchestrator, **options: Any) -> Response:
    return asyncio.run(made.arun(HI, **options))


both = pytest.mark.parametrize("call", [run, arun], ids=["run", "arun"])


def write(file: Path, token: str) -> None:
    """Replace the token in one step, as who rotates it does."""
    fresh = file.with_suffix(".new")
    fresh.write_text(token)
    fresh.replace(file)


def printing() -> str:
    """A command that prints the token in its folder, and counts how often it was run."""
    script = "open('runs', 'a').write('x'); print(open('token').read())"
    return f"command:{shlex.join([sys.executable, '-c', script])}"


def runs(folder: Path) -> int:
    return len((folder / "runs").read_text())


@both
def test_a_file_that_changed_is_read_before_anything_is_sent(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door(NEW)
    made = orchestrator(door, ["file:token"], tmp_path)
    write(tmp_path / "token", NEW)

    assert call(made).text == "ok"
    assert door.seen == [NEW]


@both
def test_a_refused_token_is_read_again_and_sent_once_more(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door(NEW)
    made = orchestrator(door, [printing()], tmp_path)
    write(tmp_path / "token", NEW)

    response = call(made)

    assert door.seen == [OLD, NEW]
    assert [(one.number, one.status, one.next) for one in response.attempts] == [
        (1, 401, "repair"),
        (2, 200, "succeed"),
    ]
    assert response.attempts[0].notes == ("key#1 was read again: has changed",)
    assert runs(tmp_path) == 2
    # The mark was the old token's: the new one starts clean, and stays.
    assert call(made).attempts[0].status == 200
    assert not any(entry.failures for entry in made.board.snapshot())


@both
def test_what_is_the_same_when_it_is_read_again_is_out(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door(NEW)
    made = orchestrator(door, [printing(), NEW], tmp_path)

    response = call(made)

    assert [one.next for one in response.attempts] == ["rotate_credential", "succeed"]
    assert response.attempts[0].notes == ("key#1 was read again: is the same",)
    assert door.seen == [OLD, NEW]
    assert call(made).credential == "key#2"
    assert runs(tmp_path) == 2


@both
def test_it_is_read_again_once_a_call_and_target(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", "t-0-of-many-that-are-no-good")
    door = Door()
    made = orchestrator(door, [printing()], tmp_path)
    tokens = iter(f"t-{number}-of-many-that-are-no-good" for number in range(1, 9))
    door.on_request = lambda: write(tmp_path / "token", next(tokens))

    with pytest.raises(AuthFailed) as failed:
        call(made)

    assert len(failed.value.attempts) == 2
    assert runs(tmp_path) == 2


@both
def test_a_command_that_fails_while_calls_run_leaves_an_auth_failure(
    call: Call, tmp_path: Path
) -> None:
    write(tmp_path / "token", OLD)
    made = orchestrator(Door(), [printing()], tmp_path)
    (tmp_path / "token").unlink()

    with pytest.raises(AuthFailed) as failed:
        call(made)

    (note,) = failed.value.attempts[0].notes
    assert "ended with status 1" in note
    assert OLD not in note


def test_a_command_that_fails_when_the_config_loads_is_a_missing_credential(tmp_path: Path) -> None:
    failing = shlex.join([sys.executable, "-c", "raise SystemExit('log in first')"])
    made = orchestrator(Door(NEW), [f"command:{failing}", NEW], tmp_path)

    (warning,) = made.config.warnings
    assert warning.where == "providers.corp.credentials[0]"
    assert "ended with status 1: log in first" in warning.what
    assert run(made).credential == "key#2"
    with pytest.raises(ConfigError, match="log in first"):
        orchestrator(Door(NEW), [f"command:{failing}"], tmp_path)


@both
def test_a_command_that_hangs_does_not_outlive_the_attempt(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    (tmp_path / "hang").write_text("0")
    script = "import time; time.sleep(float(open('hang').read())); print(open('token').read())"
    hanging = f"command:{shlex.join([sys.executable, '-c', script])}"
    made = orchestrator(Door(), [hanging], tmp_path)
    (tmp_path / "hang").write_text("60")
    began = time.monotonic()

    with pytest.raises(CallFailed) as failed:
        call(made, timeout=1.5)

    assert time.monotonic() - began < 10
    assert failed.value.attempts[0].reason == "auth"


@both
def test_a_changed_file_brings_back_who_stood_by_for_nobody(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door(NEW)
    made = orchestrator(door, ["file:token"], tmp_path)
    with pytest.raises(CallFailed):
        call(made)
    with pytest.raises(CallFailed):
        call(made)
    assert door.seen == [OLD]

    time.sleep(1.1)  # a file is looked at once a second
    write(tmp_path / "token", NEW)

    assert call(made).text == "ok"
    assert door.seen == [OLD, NEW]


@both
def test_old_and_new_tokens_are_shown_nowhere(call: Call, tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door()
    made = orchestrator(door, [printing()], tmp_path)
    door.on_request = lambda: write(tmp_path / "token", NEW)

    with pytest.raises(AuthFailed) as failed:
        call(made)

    assert [one.message for one in failed.value.attempts] == ["Incorrect API key: ***"] * 2
    assert made.runtime.masker.known(f"{OLD} {NEW}") == "*** ***"


@pytest.mark.usefixtures("ring")
def test_a_keyring_is_read_again(tmp_path: Path) -> None:
    keyring = pytest.importorskip("keyring")
    keyring.set_password("corp", "me", OLD)
    door = Door(NEW)
    made = orchestrator(door, ["keyring:corp/me"], tmp_path)
    keyring.set_password("corp", "me", NEW)

    assert run(made).text == "ok"
    assert door.seen == [OLD, NEW]


@pytest.fixture
def ring() -> Iterator[None]:
    """A keyring's backend that is this process's until the test is over."""
    keyring = pytest.importorskip("keyring", reason="KEYRING NOT TESTED: it is not installed")
    backend = pytest.importorskip("keyring.backend")
    held: dict[tuple[str, str], str] = {}
    # Before there is a class that keyring would choose by itself, for other tests too.
    before = keyring.get_keyring()

    class Held(backend.KeyringBackend):  # type: ignore[misc, name-defined]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return held.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            held[service, username] = password

    keyring.set_keyring(Held())
    yield
    keyring.set_keyring(before)


def test_who_goes_away_meanwhile_leaves_a_whole_record(tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    (tmp_path / "hang").write_text("0")
    script = "import time; time.sleep(float(open('hang').read())); print(open('token').read())"
    hanging = f"command:{shlex.join([sys.executable, '-c', script])}"
    entries: list[Entry] = []
    door = Door()
    made = orchestrator(door, [hanging], tmp_path, observe=entries.append)
    (tmp_path / "hang").write_text("60")

    async def leave() -> None:
        asked = asyncio.Event()
        door.on_request = asked.set
        call = asyncio.ensure_future(made.arun(HI))
        await asked.wait()
        await asyncio.sleep(0.1)
        call.cancel()
        began = time.monotonic()
        with pytest.raises(asyncio.CancelledError):
            await call
        assert time.monotonic() - began < 5

    asyncio.run(leave())
    assert [entry.kind for entry in entries].count("closed") == 1
    assert [one.reason for one in entries if isinstance(one, Attempt)] == ["auth"]
    # The failure that had come is on the board, and nothing else is held.
    assert {str(row.mark) for row in made.board.snapshot() if row.mark} == {"bench"}


def test_a_reading_that_never_ends_is_given_up(tmp_path: Path) -> None:
    """As after a fork, whose child has the reading and not its thread."""
    write(tmp_path / "token", OLD)
    made = orchestrator(Door(), ["file:token"], tmp_path)
    (live,) = made.runtime.secrets._live.values()  # noqa: SLF001 - a thread that is not there
    left_behind = live._readings["now"] = SecretReading(0.0, 10.0)  # noqa: SLF001

    assert live.look(9.0) is None
    assert live.read(9.0, 5.0) is left_behind
    assert live.read(10.0, 5.0) is not left_behind


def test_who_stops_waiting_ends_no_reading_and_closed_loops_are_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    work: Future[str] = Future()
    work.set_running_or_notify_cancel()

    async def wait(seconds: float) -> Any:
        return await TaskConnection(
            AsyncHttpxTransport(Door(), SystemClock()), SystemClock()
        ).perform(AwaitThread(work, seconds))

    with pytest.raises(LimitPassed):
        asyncio.run(wait(0.01))
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(wait(60.0), 0.01))
    work.set_result("done")

    assert asyncio.run(wait(5.0)) == "done"
    assert caplog.records == []


# Many at once.


def test_many_calls_that_are_refused_together_share_one_reading(tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    door = Door(NEW)
    made = orchestrator(door, [printing()], tmp_path)
    write(tmp_path / "token", NEW)

    async def all_of_them() -> list[Response]:
        return await asyncio.gather(*(made.arun(HI) for _ in range(50)))

    assert {each.text for each in asyncio.run(all_of_them())} == {"ok"}
    assert runs(tmp_path) == 2
    assert set(door.seen) == {OLD, NEW}


@slow("load for seconds; others here reload one token")
def test_a_token_that_is_rotated_all_the_time_under_load_loses_no_call(tmp_path: Path) -> None:
    """The order of real life: a token is valid once it is issued, and the old one then ends."""
    tokens = [f"token-of-second-{number:04d}" for number in range(400)]
    write(tmp_path / "token", tokens[0])
    door, over = Door(tokens[0]), threading.Event()
    made = orchestrator(door, ["file:token"], tmp_path)

    def rotate() -> None:
        for old, new in itertools.pairwise(tokens):
            if over.wait(1.0):
                return
            door.valid.add(new)
            write(tmp_path / "token", new)
            door.valid.discard(old)

    def one(_: int) -> str:
        time.sleep(0.02)
        return run(made).text

    rotating = threading.Thread(target=rotate)
    rotating.start()
    try:
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(one, range(800)))
    finally:
        over.set()
        rotating.join()

    assert set(answers) == {"ok"}
    assert len(set(door.seen)) > 3


@attrs.define
class Renewals:
    """What the health board was told."""

    told: list[tuple[str, str, str]] = attrs.field(factory=list)

    def __call__(self, provider: str, label: str, secret: Secret) -> None:
        self.told.append((provider, label, secret.reveal()))


@settings(max_examples=25, deadline=None)
@given(callers=st.integers(2, 12), now=st.sampled_from([OLD, NEW]), delay=st.floats(0.0, 0.002))
def test_callers_of_one_refused_secret_agree_and_read_little(
    tmp_path_factory: pytest.TempPathFactory, callers: int, now: str, delay: float
) -> None:
    folder = tmp_path_factory.mktemp("single")
    changes = now == NEW
    write(folder / "token", now)
    opened: list[str] = []

    class Counted(FileSource):
        def read(self, seconds: float = 1.0) -> Secret:
            opened.append("read")
            time.sleep(delay)
            return super().read(seconds)

    credential = Credential("key#1", Secret(OLD), "file:token", Counted(folder / "token", "f"))
    provider, renewals = Provider("corp", credentials=(credential,)), Renewals()
    live = LiveSecrets({"corp": provider}, Masker([OLD]), renewals, SystemClock())

    def reload(_: int) -> str | None:
        flow, result = live.reload(provider, "key#1", Secret(OLD), 5.0), ""
        try:
            while True:
                effect = flow.send(result or None)  # type: ignore[arg-type]
                assert isinstance(effect, AwaitThread)
                result = effect.work.result(effect.seconds)
        except StopIteration as stop:
            return str(stop.value)

    with ThreadPoolExecutor(callers) as pool:
        said = set(pool.map(reload, range(callers)))

    assert said == ({"has changed"} if changes else {"is the same"})
    assert live.secret(provider, "key#1").reveal() == now
    assert renewals.told == ([("corp", "key#1", NEW)] if changes else [])
    # Who was refused after a reading began cannot know whether it missed the change.
    assert 1 <= len(opened) <= (1 if changes else callers)


def test_old_secrets_are_forgotten_in_the_end(tmp_path: Path) -> None:
    write(tmp_path / "token", "t-000-of-a-process-that-lives-long")
    made = orchestrator(Door(), ["file:token"], tmp_path)
    (live,) = made.runtime.secrets._live.values()  # noqa: SLF001 - weeks pass in a moment
    for number in range(1, OLD_SECRETS + 3):
        write(tmp_path / "token", f"t-{number:03d}-of-a-process-that-lives-long")
        live.read(float(number), 5.0).done.result(5.0)

    masker = made.runtime.masker
    assert masker.known("t-001-of-a-process-that-lives-long") != "***"
    assert masker.known(f"t-{OLD_SECRETS + 2:03d}-of-a-process-that-lives-long") == "***"
    assert masker.known("t-000-of-a-process-that-lives-long") == "***"


def test_sessions_see_a_secret_that_changed_meanwhile(tmp_path: Path) -> None:
    write(tmp_path / "token", OLD)
    store = MemoryStore()
    made = orchestrator(Door(), ["file:token"], tmp_path, store=store)
    route = made.config.route()
    first, second = (made.board.session(route, 1000.0) for _ in range(2))
    taken, _ = first.answer(TakeFirst(), 0.0)
    assert taken is not None

    made.board.renew("corp", "key#1", Secret(NEW))

    # What is said of the old token is about the old token.
    refused = classify(status=401, body={"error": {"code": "invalid_api_key"}})
    first.answer(Report(taken.target, taken.credential, refused), 1.0)
    again, _ = second.answer(TakeFirst(), 2.0)
    assert again is not None
    assert again.credential == "key#1"


def test_what_a_command_prints_when_it_fails_is_masked_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "token", OLD)
    script = "import pathlib, sys; print(open('token').read(), file=sys.stderr if pathlib.Path("
    script += "'over').exists() else sys.stdout); sys.exit(pathlib.Path('over').exists())"
    made = orchestrator(
        Door(NEW), [f"command:{shlex.join([sys.executable, '-c', script])}"], tmp_path
    )
    (tmp_path / "over").touch()

    with made, pytest.raises(AuthFailed):
        made.run(HI)
    assert "ended with status 1" in caplog.text
    assert OLD not in caplog.text
