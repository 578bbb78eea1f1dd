"""A request without what only the vendor that made it can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def without_vendor_state(payload: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a request of this dialect without thoughts and without the ids of items.

    An agent sends back what it was answered. Thoughts that another vendor, another account
    or a server without storage gave are refused then ("encrypted content could not be
    verified", "Item with id 'rs_...' not found. Items are not persisted when `store` is
    set to false"), and so are ids of messages and calls that were never stored
    (https://github.com/vercel/ai/issues/7543, looked up 2026-11-21). What was said, called
    and returned is all kept.
    """
    given = payload.get("input")
    if not isinstance(given, list):
        return dict(payload)
    return {**payload, "input": [_own(item) for item in given if not _thinks(item)]}


def _thinks(item: object) -> bool:
    return isinstance(item, Mapping) and item.get("type") == "reasoning"


def _own(item: Any) -> Any:
    """The item without its id, unless the id is all it says."""
    if not isinstance(item, Mapping) or item.get("type") == "item_reference":
        return item
    return {name: value for name, value in item.items() if name != "id"}
