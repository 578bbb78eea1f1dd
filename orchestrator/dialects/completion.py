"""Fields that an answer lacks, or has in another kind than its vendor describes, put into it.

What the provider said and the description does not know stays: clients of a dialect read what
their provider's own client would.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def completed(said: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    """``said``, with each field of ``usual`` that it lacks or has in another kind.

    Args:
        said: An object as it came.
        usual: What its fields are where nothing is said. A text that is not empty is one that
            has to be said; ``None`` is that of a field which may hold anything or null.
    """
    lacking = {name: value for name, value in usual.items() if not _fits(said.get(name), value)}
    return {**said, **lacking} if lacking else dict(said)


def _fits(found: Any, usual: Any) -> bool:
    if usual is None:
        # Go writes an empty text where it has none.
        return found is not None and found != ""
    if isinstance(usual, str):
        return isinstance(found, str) and (found != "" or not usual)
    if isinstance(usual, float):
        return isinstance(found, int | float) and not isinstance(found, bool)
    return type(found) is type(usual)  # a bool is an int too


def without_nulls(said: Mapping[str, Any]) -> dict[str, Any]:
    """``said`` without the fields that hold null: for objects none of whose fields may."""
    return {name: value for name, value in said.items() if value is not None}


def made_at(said: Any, otherwise: int) -> int:
    """When an answer was made, in whole seconds; ``otherwise`` where ``said`` is no such time."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return otherwise
    return int(said) if 0 < said < FARTHEST else otherwise


FARTHEST = 2**53
"""What every client can hold; also the end of what a float can be that is no number."""
