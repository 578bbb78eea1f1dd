"""A health file of which something was damaged: set aside, said once, and all goes on."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.health.stores.file import FileStore
from orchestrator.states.facts import Mark
from orchestrator.states.reasons import Reason
from tests.orchestrator.health.world import A2, ROUTE, A, B, C, World

NAME = "health.sqlite3"


def sound_file() -> bytes:
    """What a file with marks of each kind holds."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(store=FileStore(Path(folder) / NAME))
        for target, reason in ((A, Reason.FORBIDDEN), (B, Reason.AUTH), (A2, Reason.OVERLOADED)):
            world.failed_call(target, reason)
        world.board.close()
        return (Path(folder) / NAME).read_bytes()


WHOLE = sound_file()
SCHEMA = WHOLE.index(b"CREATE TABLE") - 60


class Said(logging.Handler):
    """What was said at WARNING."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.words: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.words.append(record.getMessage())


@pytest.fixture(scope="module")
def said() -> Iterator[Said]:
    said, logger = Said(), logging.getLogger("orchestrator")
    logger.addHandler(said)
    yield said
    logger.removeHandler(said)


def use(content: bytes, said: Said) -> None:
    """Everything that a process does with its health file, where it holds ``content``."""
    said.words.clear()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / NAME
        path.write_bytes(content)
        world = World(store=FileStore(path))
        world.failed_call(C, Reason.BILLING)
        call = world.call()
        assert call.start() is not None
        call.succeed()
        call.close()
        world.board.snapshot(ROUTE)
        world.board.close()
        assert len(said.words) <= 1, said.words
        assert all("set aside" in words for words in said.words)

        later = World(store=FileStore(path))
        seen = [entry.provider for entry in later.marked() if entry.mark is Mark.BENCH]
        assert "corp" in seen or "set aside" in " ".join(said.words)
        later.board.reset()
        assert later.marked() == []
        later.board.close()


def damaged(at: int, byte: int) -> bytes:
    return WHOLE[:at] + bytes([byte]) + WHOLE[at + 1 :]


@pytest.mark.parametrize("start", [*range(0, 100, 20), *range(SCHEMA, 4096, 40)])
def test_a_damaged_byte_of_the_schema_fails_nothing(start: int, said: Said) -> None:
    for at in range(start, start + 20, 4):
        use(damaged(at, (0x00, 0xB9)[at // 4 % 2]), said)


@given(at=st.integers(0, len(WHOLE) - 1), byte=st.integers(0, 255))
@settings(max_examples=40)
def test_a_damaged_byte_anywhere_fails_nothing(at: int, byte: int, said: Said) -> None:
    use(damaged(at, byte), said)


pieces = st.tuples(st.integers(0, len(WHOLE)), st.binary(max_size=40))


@given(pieces=st.lists(pieces, min_size=1, max_size=6), length=st.integers(0, len(WHOLE)))
@settings(max_examples=40)
def test_whatever_is_damaged_fails_nothing(
    pieces: list[tuple[int, bytes]], length: int, said: Said
) -> None:
    content = WHOLE
    for at, piece in pieces:
        content = content[:at] + piece + content[at + len(piece) :]

    use(content[:length], said)


STRANGE = [
    "DROP TABLE marks",
    "DROP TABLE salt",
    "DELETE FROM salt",
    "UPDATE salt SET value = x'ff'",
    "ALTER TABLE marks RENAME COLUMN value TO valuf",
    "DROP TABLE marks; CREATE VIEW marks AS SELECT 1.5 AS key, 2.5 AS value",
    "DROP TABLE marks; CREATE TABLE marks (key, value); INSERT INTO marks VALUES (1.5, x'ff')",
    "INSERT INTO marks VALUES (x'ff', x'ff')",
    "INSERT INTO marks VALUES (CAST(x'ff' AS TEXT), 'x')",
    "UPDATE marks SET value = CAST(x'b9' AS TEXT)",
    "UPDATE marks SET value = '{}'",
    "INSERT INTO marks VALUES ('[]', (SELECT value FROM marks))",
    "INSERT INTO marks VALUES ('[\"billing\"]', (SELECT value FROM marks))",
    "INSERT INTO marks VALUES ('no JSON', (SELECT value FROM marks))",
    "PRAGMA user_version = 99",
]


@pytest.mark.parametrize("statements", STRANGE)
def test_a_sound_database_of_another_make_fails_nothing(
    statements: str, said: Said, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_bytes(WHOLE)
    with sqlite3.connect(path) as connection:
        connection.executescript(statements)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    connection.close()

    use(path.read_bytes(), said)
