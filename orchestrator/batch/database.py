"""What is known of batches, in SQLite beside the output or in PostgreSQL for many hosts."""

from __future__ import annotations

import os
import sys
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from orchestrator.batch.records import Outcome
from orchestrator.batch.tables import BatchTables, KnownBatch, Sums

if sys.platform != "win32":
    import fcntl

SCHEMA = "orchestrator_batch"
"""Where everything stands in PostgreSQL; in SQLite the file is our own."""

CONNECT_SECONDS = 10
"""Seconds that a server has to answer at all."""

_BUSY_SECONDS, _FIRST_BUSY_SECONDS = 30, 2
"""Seconds that a statement waits for whoever holds a file of SQLite, and the first look at it."""

_SETUP = zlib.crc32(b"orchestrator batch setup")


class DatabaseError(Exception):
    """The database cannot be used; the text names it without its password."""


class BatchDatabase:
    """The tables of batches, beside those of the engine.

    Nothing is opened before :meth:`open`.

    Args:
        url: ``postgresql://…``, or a path of SQLite's.
    """

    def __init__(self, url: str | Path) -> None:
        self.path = url if isinstance(url, Path) else None
        try:
            address = (
                sa.URL.create("sqlite", database=str(url))
                if isinstance(url, Path)
                else _postgres_url(url)
            )
        except (ArgumentError, ValueError) as error:
            raise DatabaseError(
                "--database is no address of a database; allowed: postgresql://USER@HOST/NAME, "
                "or env:VARIABLE that holds one"
            ) from error
        self.url = address
        self._held: Any = None
        self.engine = self._made()
        self.tables = BatchTables(None if self.path is not None else SCHEMA)

    @property
    def is_there(self) -> bool:
        """False where it is a file that is still to be made."""
        return self.path is None or self.path.exists()

    @property
    def shown(self) -> str:
        """Its name for people, without a password."""
        if self.path is not None:
            return str(self.path)
        return self.url.set(drivername="postgresql", query={}).render_as_string(hide_password=True)

    def _made(self) -> sa.Engine:
        if self.path is not None:
            engine = sa.create_engine(self.url, pool_size=10, max_overflow=20)
            event.listen(engine, "connect", _tune_sqlite)
            return engine
        arguments = {"connect_timeout": CONNECT_SECONDS, "application_name": "orchestrator batch"}
        return sa.create_engine(
            self.url, pool_size=10, max_overflow=20, pool_pre_ping=True, connect_args=arguments
        )

    def open(self) -> None:
        """Look whether it can be used, and make the tables that are missing.

        Raises:
            DatabaseError: It cannot.
        """
        with self.told(), self.exclusive(), self.engine.begin() as connection:
            if self.path is None:
                connection.execute(sa.text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            else:
                self._look(connection)
            self.tables.metadata.create_all(connection)

    def _look(self, connection: sa.Connection) -> None:
        """Find out whether the file is whole, and nobody holds it."""
        connection.execute(sa.text(f"PRAGMA busy_timeout = {_FIRST_BUSY_SECONDS * 1000}"))
        connection.execute(sa.text("BEGIN IMMEDIATE"))
        found = connection.execute(sa.text("PRAGMA quick_check(1)")).scalar()
        if found != "ok":
            raise DatabaseError(f"{self.shown}: the database is damaged: {found}")
        connection.execute(sa.text(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}"))

    def close(self) -> None:
        """Give back what is open."""
        self.engine.dispose()
        held, self._held = self._held, None
        if held is not None:
            held.close()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Within this block, what goes wrong in the database is said in words.

        Raises:
            DatabaseError: It did.
        """
        try:
            yield
        except SQLAlchemyError as error:
            raise DatabaseError(self.words(error)) from error

    def words(self, error: BaseException) -> str:
        """What went wrong, on one line, with no statement and no password."""
        said = " ".join(str(getattr(error, "orig", None) or error).split())
        secret = self.url.password
        if secret:
            said = said.replace(str(secret), "***")
        if "locked" in said and self.path is not None:
            said += "; another program holds it"
        if "not a database" in said:
            said += "; move it away, with the output, to begin anew"
        return f"{self.shown}: {said}"

    # Who is alive.

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """One process at a time, of all that use this database, is within this block."""
        if self.path is not None:
            yield
            return
        with self.engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_SETUP)))
            connection.commit()
            try:
                yield
            finally:
                connection.execute(sa.select(sa.func.pg_advisory_unlock(_SETUP)))
                connection.commit()

    def claim_presence(self, worker: str) -> bool:
        """Hold what tells others that ``worker`` is alive, until the process ends.

        Returns:
            False where another process uses the file of SQLite.
        """
        if self.path is not None:
            return self._hold_file(self.path.with_name(self.path.name + ".lock"))
        with self.told():
            connection = self._held = self.engine.connect()
            # A host that vanished is noticed in half a minute, not after the two hours of TCP.
            for name, value in (("idle", 15), ("interval", 5), ("count", 3)):
                connection.execute(sa.text(f"SET tcp_keepalives_{name} = {value}"))
            connection.execute(sa.select(sa.func.pg_advisory_lock(_key(worker))))
            connection.commit()
        return True

    def claim_batch(self, name: str) -> bool:
        """Hold what tells others that this process writes a batch's files, until it ends.

        Returns:
            False where another one does: each would write a part of the answers.
        """
        if self.path is not None or self._held is None:
            return True  # whoever holds the file is alone
        with self.told():
            key = sa.func.pg_try_advisory_lock(_key(f"files of {name}"))
            is_ours = bool(self._held.execute(sa.select(key)).scalar())
            self._held.commit()
        return is_ours

    def _hold_file(self, path: Path) -> bool:
        file = self._held = path.open("a")
        if sys.platform == "win32":
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:  # a file system that knows no locks
            return True
        return True

    @contextmanager
    def burying(self, worker: str) -> Iterator[bool]:
        """Whether ``worker`` is dead; while the block runs, nobody else takes over from it."""
        if self.path is not None:
            yield True  # whoever holds the file is alone
            return
        with self.engine.connect() as connection:
            key = _key(worker)
            taken = connection.execute(sa.select(sa.func.pg_try_advisory_lock(key)))
            is_dead = bool(taken.scalar())
            connection.commit()
            try:
                yield is_dead
            finally:
                if is_dead:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(key)))
                    connection.commit()

    # Batches.

    def find_batch(self, name: str | None = None) -> KnownBatch | None:
        """The batch of that name; without one, that of a file of SQLite, which has but one."""
        query = sa.select(self.tables.batches)
        if name is not None:
            query = query.where(self.tables.batches.c.name == name)
        with self.told(), self.engine.connect() as connection:
            row = connection.execute(query).first()
        return None if row is None else KnownBatch(*row)

    def open_batches(self) -> Sequence[KnownBatch]:
        """Those with lines left to ask."""
        query = sa.select(self.tables.batches).where(self.tables.batches.c.is_open.is_(True))
        with self.told(), self.engine.connect() as connection:
            return [KnownBatch(*row) for row in connection.execute(query)]

    def put_batch(self, batch: KnownBatch) -> None:
        """Enter a batch; of one that is known, its terms and whether it is open."""
        values = attrs.asdict(batch)
        newer = {"is_open": batch.is_open, "terms": batch.terms}
        with self.told(), self.engine.begin() as connection:
            connection.execute(
                self._insert(self.tables.batches)
                .values(values)
                .on_conflict_do_update(index_elements=["name"], set_=newer)
            )

    # Lines.

    def done_among(self, batch: str, first: int, last: int) -> set[int]:
        """The numbers of the lines from ``first`` to ``last`` that have an outcome."""
        table = self.tables.outcomes.c
        query = sa.select(table.line).where(table.batch == batch, table.line.between(first, last))
        with self.told(), self.engine.connect() as connection:
            return set(connection.execute(query).scalars())

    def sums(self, batch: str, *, are_written: bool = False) -> Sums:
        """What is known of a batch's lines, or only of those that stand in their file."""
        table = self.tables.outcomes.c
        is_unpriced = table.cost.is_(None) & (table.prompt_tokens > 0)
        counts = (
            table.is_answered,
            ~table.is_answered,
            table.is_rescued,
        )
        query = sa.select(
            *(sa.func.coalesce(sa.func.sum(sa.case((one, 1), else_=0)), 0) for one in counts),
            sa.func.coalesce(sa.func.sum(table.prompt_tokens), 0),
            sa.func.coalesce(sa.func.sum(table.completion_tokens), 0),
            sa.func.coalesce(sa.func.sum(table.cost), 0),
            sa.func.coalesce(sa.func.sum(sa.case((is_unpriced, 1), else_=0)), 0),
        ).where(table.batch == batch)
        if are_written:
            query = query.where(table.is_written.is_(True))
        with self.told(), self.engine.connect() as connection:
            return Sums(*(int(value) for value in connection.execute(query).one()))

    def unwritten(self, batch: str, most: int) -> list[Outcome]:
        """Outcomes that stand in no file yet, at most so many."""
        table = self.tables.outcomes.c
        query = (
            self._outcomes()
            .where(table.batch == batch, table.is_written.is_(False))
            .order_by(table.line)
            .limit(most)
        )
        with self.told(), self.engine.connect() as connection:
            return [Outcome(*row) for row in connection.execute(query)]

    def unwritten_answers(self, batch: str) -> dict[str, int]:
        """The numbers of answers that stand in no file yet, by ``custom_id``."""
        table = self.tables.outcomes.c
        query = sa.select(table.custom_id, table.line).where(
            table.batch == batch, table.is_written.is_(False), table.is_answered.is_(True)
        )
        with self.told(), self.engine.connect() as connection:
            return {row.custom_id: row.line for row in connection.execute(query)}

    def failures(self, batch: str) -> Iterator[Outcome]:
        """The lines that failed, one after the other."""
        table = self.tables.outcomes.c
        last = 0
        while True:
            query = (
                self._outcomes()
                .where(table.batch == batch, table.is_answered.is_(False), table.line > last)
                .order_by(table.line)
                .limit(500)
            )
            with self.told(), self.engine.connect() as connection:
                rows = [Outcome(*row) for row in connection.execute(query)]
            if not rows:
                return
            yield from rows
            last = rows[-1].number

    def _outcomes(self) -> sa.Select[Any]:
        table = self.tables.outcomes.c
        return sa.select(
            *(table.line, table.custom_id, table.is_answered, table.record),
            *(table.prompt_tokens, table.completion_tokens, table.cost, table.is_rescued),
        )

    def mark_written(self, batch: str, lines: Iterable[int], *, is_written: bool = True) -> None:
        """Remember that outcomes stand in their file."""
        table = self.tables.outcomes
        with self.told(), self.engine.begin() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.batch == batch, table.c.line.in_(list(lines)))
                .values(is_written=is_written)
            )

    def forget_written(self, batch: str) -> None:
        """All answers are to be written again, since their file is gone."""
        table = self.tables.outcomes
        with self.told(), self.engine.begin() as connection:
            connection.execute(
                sa.update(table).where(table.c.batch == batch).values(is_written=False)
            )

    def drop_failures(self, batch: str, lines: Sequence[int]) -> None:
        """Forget that lines failed, so that they are asked again."""
        table = self.tables.outcomes
        with self.told(), self.engine.begin() as connection:
            connection.execute(
                sa.delete(table).where(
                    table.c.batch == batch,
                    table.c.line.in_(lines),
                    table.c.is_answered.is_(False),
                )
            )

    def write_group(self, rows: Sequence[GroupRow]) -> dict[tuple[str, int], list[str] | None]:
        """Enter what workers have to say, in one go; what stands there already stays.

        Returns:
            Of each line that is asked for, what its segments brought so far, in order; ``None``
            where it is over.

        Raises:
            SQLAlchemyError: It could not be entered.
        """
        tables = self.tables
        with self.engine.begin() as connection:
            for table in (tables.flights, tables.segments, tables.outcomes, tables.interruptions):
                values = [row.values for row in rows if row.table == table.name]
                if values:
                    connection.execute(self._insert(table).on_conflict_do_nothing(), values)
            self._drop(connection, tables.flights, [row.landed for row in rows if row.landed])
            over = [row.landed for row in rows if row.landed and row.table == tables.outcomes.name]
            self._drop(connection, tables.segments, over)
            return self._recorded(connection, [row.reads for row in rows if row.reads])

    def _drop(
        self, connection: sa.Connection, table: sa.Table, lines: Sequence[tuple[str, int]]
    ) -> None:
        """Remove all rows of lines."""
        if lines:
            of_line = (table.c.batch == sa.bindparam("b")) & (table.c.line == sa.bindparam("l"))
            values = [{"b": batch, "l": line} for batch, line in lines]
            connection.execute(sa.delete(table).where(of_line), values)

    def _recorded(
        self, connection: sa.Connection, lines: Sequence[tuple[str, int]]
    ) -> dict[tuple[str, int], list[str] | None]:
        found: dict[tuple[str, int], list[str] | None] = {line: [] for line in lines}
        segments, outcomes = self.tables.segments.c, self.tables.outcomes.c
        for batch in {batch for batch, _ in lines}:
            numbers = [line for name, line in lines if name == batch]
            query = (
                sa.select(segments.line, segments.record)
                .where(segments.batch == batch, segments.line.in_(numbers))
                .order_by(segments.line, segments.number)
            )
            for line, record in connection.execute(query):
                found[batch, line] = [*(found[batch, line] or ()), record]
            over = sa.select(outcomes.line).where(
                outcomes.batch == batch, outcomes.line.in_(numbers)
            )
            found |= {(batch, line): None for line in connection.execute(over).scalars()}
        return found

    def flights_of(self, worker: str) -> list[tuple[str, int, str]]:
        """Batch, number and ``custom_id`` of the lines that ``worker`` has in flight."""
        table = self.tables.flights.c
        query = sa.select(table.batch, table.line, table.custom_id).where(table.worker == worker)
        with self.told(), self.engine.connect() as connection:
            return [(row.batch, row.line, row.custom_id) for row in connection.execute(query)]

    def interrupted(self, batch: str) -> list[dict[str, Any]]:
        """Lines that were in flight when their worker died, so that they may be asked twice."""
        table = self.tables.interruptions.c
        query = (
            sa.select(table.custom_id, table.line, table.worker, table.time)
            .where(table.batch == batch)
            .order_by(table.time, table.line)
        )
        with self.told(), self.engine.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001

    def _insert(self, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
        return postgresql.insert(table) if self.path is None else sqlite.insert(table)


@attrs.frozen
class GroupRow:
    """Something to enter.

    Attributes:
        table, values: A row, and of what; no table where there is none.
        landed: The line that is in flight no more.
        reads: The line of which is asked what is recorded.
    """

    table: str
    values: dict[str, Any] = attrs.field(factory=dict)
    landed: tuple[str, int] | None = None
    reads: tuple[str, int] | None = None


def _postgres_url(given: str) -> sa.URL:
    if given.startswith("env:"):
        given = os.environ.get(given.removeprefix("env:"), "")
    scheme, _, rest = given.partition("://")
    if scheme not in ("postgresql", "postgres") or not rest:
        raise ValueError(scheme)
    return sa.make_url(f"postgresql+psycopg://{rest}")


def _tune_sqlite(connection: Any, _: Any) -> None:
    # What is committed outlives the process; only a power cut may take the last answers, and
    # never the file (sqlite.org/pragma.html#pragma_synchronous, 2026-11).
    connection.isolation_level = "IMMEDIATE"
    with suppress(Exception):  # a file that is none is said by the first statement
        connection.execute(f"PRAGMA busy_timeout = {_FIRST_BUSY_SECONDS * 1000}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
    with suppress(Exception):
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")


def _key(worker: str) -> int:
    """The number that PostgreSQL knows a worker's lock by."""
    return zlib.crc32(worker.encode()) + (1 << 40)
