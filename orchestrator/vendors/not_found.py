"""What a 404 means where the path is wrong: the path that would have been right."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from orchestrator.dialects import DIALECTS
from orchestrator.vendors.registry import at_address, known


def explain_not_found(
    vendor: str, base_url: str, dialect: str, status: int | None, body: Any
) -> str | None:
    """One sentence with the path that would have been right, ``None`` where nothing is known.

    Args:
        vendor: The known provider's name, or any other.
        base_url: Where the request went, without the dialect's own path.
        dialect: The dialect that was spoken.
        status: The answer's status; anything but 404 is not explained.
        body: The answer, decoded or not.
    """
    if status != 404 or dialect not in DIALECTS:
        return None
    entry = at_address(base_url) or known(vendor)
    if entry is not None and entry.explain_not_found is not None:
        return entry.explain_not_found(base_url, dialect, body)
    right = "" if entry is None else entry.others.get(dialect, entry.base_url)
    if right and right != base_url and origin(right) == origin(base_url):
        return wrong_path(base_url, dialect, right)
    if entry is None and not urlsplit(base_url).path.strip("/"):
        return f"{wrong_path(base_url, dialect, f'{base_url}/v1')}, where most servers have it"
    return None


def wrong_path(base_url: str, dialect: str, right: str) -> str:
    """The sentence that names the path which would have been right."""
    suffix = DIALECTS[dialect].shown_path
    return f"there is no {base_url}{suffix}; set base_url to {right} (it asks {right}{suffix})"


def origin(base_url: str) -> str:
    """Scheme, host and port of an address."""
    url = urlsplit(base_url)
    return f"{url.scheme}://{url.netloc}"
