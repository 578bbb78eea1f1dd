"""``orchestrator batch``, on one machine: what it writes, refuses and never asks twice."""

from __future__ import annotations

import fcntl
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest

from orchestrator.sim import Script, ScriptedProviders, replies
from tests.orchestrator.cli.entry import Ended, Place, configured

CHAT, OUT = "/v1/chat/completions", "out.jsonl"
TALK = [{"role": "user", "content": "hi"}]
BAD = replies.openai_error(400, "no such thing", code="invalid_value")


def line(custom_id: str, url: str = CHAT, **body: Any) -> str:
    said = {"model": "default", "messages": TALK} | body
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": said})


@attrs.frozen
class Batch:
    """A folder with a config over one provider, and an input."""

    place: Place
    providers: ScriptedProviders

    def write(self, *lines: str) -> None:
        (self.place.home / "in.jsonl").write_text("\n".join(lines))

    def run(self, *options: str) -> Ended:
        return self.place.run("batch", "in.jsonl", "-o", OUT, *options)

    def read(self, name: str = OUT) -> dict[str, dict[str, Any]]:
        """The lines of a file, by ``custom_id``: each stands there once."""
        raw = (self.place.home / name).read_text().splitlines()
        found = [json.loads(one) for one in raw]
        by_id = {one["custom_id"]: one for one in found}
        assert len(by_id) == len(found)
        return by_id

    @property
    def asked(self) -> int:
        return len(self.providers.received("a"))


@pytest.fixture
def batch(tmp_path: Path) -> Iterator[Batch]:
    script = Script((replies.ok("hello"),), by_model={"bad": Script((BAD,))})
    with ScriptedProviders({"a": script}) as providers:
        place = configured(tmp_path, {"a": providers.url("a")}, ["a/m"])
        yield Batch(place, providers)


def events(ended: Ended) -> list[dict[str, Any]]:
    return [json.loads(one) for one in ended.out.splitlines()]


def test_lines_are_answered_each_in_its_own_words_and_never_again(batch: Batch) -> None:
    batch.write(
        line("chat"),
        line("messages", "/v1/messages", max_tokens=9),
        line("vectors", "/v1/embeddings", input=["x"]),
        line("bad", model="a/bad"),
    )
    first = batch.run()

    assert first.status == 1, first
    assert "4 lines: 3 answered, 1 failed" in first.out
    found = batch.read()
    assert {one["response"]["status_code"] for one in found.values()} == {200}
    assert found["chat"]["response"]["body"]["choices"][0]["message"]["content"] == "hello"
    assert found["messages"]["response"]["body"]["content"][0]["text"] == "hello"
    assert found["vectors"]["response"]["body"]["data"][0]["object"] == "embedding"
    assert found["chat"]["error"] is None

    (failure,) = batch.read("out.jsonl.failures.jsonl").values()
    assert (failure["line"], failure["response"]["status_code"]) == (4, 400)
    assert failure["error"]["code"] == "bad_request"
    assert "no such thing" in failure["error"]["message"]
    assert [one["target"] for one in failure["error"]["attempts"]] == ["a/bad"]

    # Begun again, even where its answers are lost, it asks nothing.
    asked = batch.asked
    (batch.place.home / OUT).unlink()
    again = batch.run("--json")
    assert (again.status, batch.asked) == (1, asked)
    assert batch.read() == found
    told = events(again)
    assert [one["event"] for one in told if one["event"] != "progress"] == [
        *("begun", "failed")[: 1 + (told[1]["event"] == "failed")],
        "summary",
    ]
    assert (told[-1]["answered"], told[-1]["failed"], told[-1]["left"]) == (3, 1, 0)

    # What failed is asked again where that is said, and nothing else.
    batch.providers.set("a", replies.ok("now"))
    retried = batch.run("--retry-failed", "--quiet")
    assert (retried.status, batch.asked) == (0, asked + 1), retried
    assert batch.read().keys() == {*found, "bad"}
    assert batch.read("out.jsonl.failures.jsonl") == {}


def test_an_output_that_was_edited_is_written_again(batch: Batch) -> None:
    batch.write(*map(line, "abcd"))
    assert batch.run().status == 0
    found, path = batch.read(), batch.place.home / OUT
    first, second, third, fourth = path.read_text().splitlines()
    # As many lines as there were: one stands twice, and one is cut in its middle.
    path.write_text("\n".join([first, first, second[:50], fourth, ""]))
    assert third not in path.read_text()

    assert batch.run().status == 0
    assert batch.read() == found
    assert batch.asked == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("batch",), "INPUT"),
        (("batch", "in.jsonl"), "--output is missing"),
        (("batch", "in.jsonl", "-o", "in.jsonl"), "is the input"),
        (("batch", "none.jsonl", "-o", OUT), "none.jsonl: No such file"),
        (("batch", ".", "-o", OUT), "is no file"),
        (("batch", "-", "-o", OUT), "read twice"),
        (("batch", "in.jsonl", "-o", "no/where.jsonl"), "no"),
        (("batch", "in.jsonl", "-o", OUT, "--route", "defualt"), "near: default"),
        (("batch", "in.jsonl", "-o", OUT, "--max-cost", "5"), "no price of a/m is known"),
        (("batch", "in.jsonl", "-o", OUT, "--concurrency", "many"), "allowed: auto, or a number"),
        (("batch", "work"), "batch work needs --database"),
        (("batch", "in.jsonl", "-o", OUT, "--database", "mysql://u:pa55@h/d"), "no address"),
        (("batch", "in.jsonl", "-o", OUT, "--database", "env:NOWHERE"), "no address"),
    ],
)
def test_what_cannot_be_begun_is_refused_and_nothing_is_asked(
    words: tuple[str, ...], said: str, batch: Batch
) -> None:
    batch.write(line("x"))
    ended = batch.place.run(*words)

    assert ended.status == 2
    assert said in " ".join(ended.err.split())
    assert "pa55" not in ended.err
    assert batch.asked == 0
    assert not list(batch.place.home.glob("out*"))


def test_every_problem_of_the_input_is_told_before_anything_is_asked(batch: Batch) -> None:
    batch.write(line("a"), "nonsense", line("a"), line("b", "/v1/files"))
    ended = batch.run("--json")

    assert ended.status == 2
    said = ended.json["error"]["message"]
    assert "line 2: it is no JSON" in said
    assert "line 3: custom_id 'a' is that of line 1 too" in said
    assert "line 4: url is '/v1/files'" in said
    assert batch.asked == 0
    assert not list(batch.place.home.glob("out*"))


def test_a_dry_run_says_what_would_be_asked(batch: Batch) -> None:
    batch.write(line("a", max_tokens=50), line("b", max_tokens=50))
    ended = batch.run("--dry-run")

    assert ended.status == 0
    assert "2 of 2 lines would be asked; nothing was" in ended.out
    assert "100 answered" in ended.out
    assert batch.asked == 0
    assert not list(batch.place.home.glob("out*"))


def test_the_output_of_something_else_is_left_alone(batch: Batch) -> None:
    batch.write(line("a"))
    (batch.place.home / OUT).write_text("mine\n")
    ended = batch.run()

    assert ended.status == 2
    assert "out.jsonl exists" in ended.err
    assert (batch.place.home / OUT).read_text() == "mine\n"
    assert batch.asked == 0


def test_another_input_is_another_batch(batch: Batch) -> None:
    batch.write(line("a"))
    assert batch.run().status == 0
    batch.write(line("a"), line("b"))
    ended = batch.run()

    assert ended.status == 2
    assert "belongs to another batch" in ended.err
    assert batch.asked == 1


def test_a_database_that_is_damaged_is_named(batch: Batch) -> None:
    batch.write(line("a"))
    (batch.place.home / "out.jsonl.state.sqlite").write_bytes(b"nonsense " * 500)
    ended = batch.run()

    assert ended.status == 2
    assert "out.jsonl.state.sqlite: file is not a database" in ended.err
    assert batch.asked == 0


def test_a_database_that_somebody_holds_is_named(batch: Batch) -> None:
    batch.write(line("a"))
    path = batch.place.home / "out.jsonl.state.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("CREATE TABLE theirs (x)")
        held.execute("BEGIN EXCLUSIVE")
        ended = batch.run()

    assert ended.status == 2
    assert "database is locked; another program holds it" in ended.err
    assert batch.asked == 0


def test_one_batch_is_run_by_one_process_at_a_time(batch: Batch) -> None:
    batch.write(line("a"))
    with (batch.place.home / "out.jsonl.state.sqlite.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ended = batch.run()

    assert ended.status == 2
    assert "this batch is running already" in ended.err
    assert batch.asked == 0


def test_a_server_that_is_not_there_is_named_without_its_password(batch: Batch) -> None:
    batch.write(line("a"))
    ended = batch.run("--database", "postgresql://me:pa55word@127.0.0.1:9/db")

    assert ended.status == 2
    assert "postgresql://me:***@127.0.0.1:9/db" in ended.err
    assert "pa55word" not in ended.out + ended.err
    assert batch.asked == 0
