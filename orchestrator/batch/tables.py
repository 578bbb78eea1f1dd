"""Tables of batches, and what their rows say."""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from orchestrator.batch.records import Outcome


@attrs.frozen
class KnownBatch:
    """A batch that was begun.

    Attributes:
        name: What it is known by.
        digest: SHA-256 of its input.
        lines: How many it has.
        output: The file of its answers, as it was named.
        terms: What it says of all its lines, as :mod:`.terms` writes it.
        is_open: Whether lines are left to ask.
    """

    name: str
    digest: str
    lines: int
    output: str
    terms: str
    is_open: bool


@attrs.frozen
class Sums:
    """What is known of a batch's lines.

    Attributes:
        answered, failed, rescued: How many lines.
        prompt_tokens, completion_tokens: Of all of them.
        cost: In billionths of a US dollar, as far as prices are known.
        unpriced: Lines with tokens whose price is not known.
    """

    answered: int = 0
    failed: int = 0
    rescued: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: int = 0
    unpriced: int = 0

    def plus(self, outcome: Outcome) -> Sums:
        """The same with one more line."""
        is_unpriced = outcome.cost is None and bool(outcome.prompt_tokens)
        return Sums(
            self.answered + outcome.is_answered,
            self.failed + (not outcome.is_answered),
            self.rescued + outcome.is_rescued,
            self.prompt_tokens + outcome.prompt_tokens,
            self.completion_tokens + outcome.completion_tokens,
            self.cost + (outcome.cost or 0),
            self.unpriced + is_unpriced,
        )


class BatchTables:
    """The tables.

    Args:
        schema: Where they stand in PostgreSQL; ``None`` in SQLite.
    """

    def __init__(self, schema: str | None) -> None:
        self.metadata = metadata = sa.MetaData(schema=schema)
        text, big = sa.Text, sa.BigInteger
        self.batches = sa.Table(
            "batches",
            metadata,
            sa.Column("name", text, primary_key=True),
            sa.Column("digest", text, nullable=False),
            sa.Column("lines", big, nullable=False),
            sa.Column("output", text, nullable=False),
            sa.Column("terms", text, nullable=False),
            sa.Column("is_open", sa.Boolean, nullable=False),
        )
        self.outcomes = sa.Table(
            "outcomes",
            metadata,
            sa.Column("batch", text, primary_key=True),
            sa.Column("line", big, primary_key=True),
            sa.Column("custom_id", text, nullable=False),
            sa.Column("is_answered", sa.Boolean, nullable=False),
            sa.Column("is_written", sa.Boolean, nullable=False),
            sa.Column("is_rescued", sa.Boolean, nullable=False),
            sa.Column("prompt_tokens", big, nullable=False),
            sa.Column("completion_tokens", big, nullable=False),
            sa.Column("cost", big),
            sa.Column("record", text, nullable=False),
        )
        unwritten = self.outcomes.c.is_written.is_(False)
        sa.Index(
            "outcomes_unwritten",
            self.outcomes.c.batch,
            postgresql_where=unwritten,
            sqlite_where=unwritten,
        )
        # What the segments brought of a line that is not over.
        self.segments = sa.Table(
            "segments",
            metadata,
            sa.Column("batch", text, primary_key=True),
            sa.Column("line", big, primary_key=True),
            sa.Column("number", big, primary_key=True),
            sa.Column("record", text, nullable=False),
        )
        # A line from its first request to its end; what a worker leaves here when it is killed
        # was in flight.
        self.flights = sa.Table(
            "flights",
            metadata,
            sa.Column("batch", text, primary_key=True),
            sa.Column("line", big, primary_key=True),
            sa.Column("custom_id", text, nullable=False),
            sa.Column("worker", text, nullable=False),
        )
        self.interruptions = sa.Table(
            "interruptions",
            metadata,
            sa.Column("batch", text, primary_key=True),
            sa.Column("line", big, primary_key=True),
            sa.Column("worker", text, primary_key=True),
            sa.Column("custom_id", text, nullable=False),
            sa.Column("time", sa.Float, nullable=False),
        )
