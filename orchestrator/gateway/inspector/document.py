"""The page of the inspector as one document: no build, and nothing from elsewhere.

It is put together once of four files beside this one. ``page.html`` has a place for each of the
others: ``<!-- page.css -->``, ``<!-- machine.svg -->`` and ``<!-- page.js -->``. A policy in its
headers allows that style and that script alone, by their hashes: what a provider or a caller
wrote can be no script of it, whatever the page does with it.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib import resources

from orchestrator.serving.respond import HttpReply

_PLACES = {"page.css": "<style>{}</style>", "machine.svg": "{}", "page.js": "<script>{}</script>"}


@cache
def page() -> HttpReply:
    """The page, with its headers."""
    document, parts = _read("page.html"), {name: _read(name) for name in _PLACES}
    for name, place in _PLACES.items():
        before, found, after = document.partition(f"<!-- {name} -->")
        if not found:
            raise ValueError(f"page.html has no place for {name}")
        document = before + place.format(parts[name]) + after
    policy = {
        "default-src": "'none'",
        "style-src": _hash(parts["page.css"]),
        "script-src": _hash(parts["page.js"]),
        "connect-src": "'self'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    headers = {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
    }
    return HttpReply(200, headers, document.encode())


def _read(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")


def _hash(text: str) -> str:
    """The hash of what stands between the tags, as a policy names it (CSP 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
