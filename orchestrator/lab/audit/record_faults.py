"""A contradiction of a record, with itself or with what a board can say."""

from __future__ import annotations

import attrs

RECORD_CHECK = "the record"


@attrs.frozen
class RecordFault:
    """What of a record contradicts another part of it.

    Attributes:
        move: The number of the move that it is about, from 1; ``None`` where it is about none.
        what: What stands there, and what should.
        check: What objects.
    """

    move: int | None
    what: str
    check: str = RECORD_CHECK
