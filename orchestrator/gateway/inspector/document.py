"""The page of the inspector as one document: no build, and nothing from elsewhere.

It is put together once of ``machine.svg`` and the files in ``page/``. Those of ``STYLES`` make its
style and those of ``SCRIPTS`` its script, in that order; ``page.html`` has a place for each:
``<!-- style -->``, ``<!-- machine -->`` and ``<!-- script -->``. A policy in its headers allows
that style and that script alone, by their hashes: what a provider or a caller wrote can be no
script of it, whatever the page does with it.

All scripts stand in one function, so a name at the left margin of one is known in all of them, and
nowhere else. Functions may be called from any file; a constant is there once its file has run.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from importlib import resources

from orchestrator.serving.respond import HttpReply

STYLES = (
    "tokens.css",
    "base.css",
    "top.css",
    "layout.css",
    "machine.css",
    "providers.css",
    "calls.css",
    "figures.css",
    "panel.css",
    "call_view.css",
    "replay.css",
    "key.css",
    "room.css",
)
"""What looks how: a later file's rule goes before an equal one of an earlier file."""

SCRIPTS = (
    "elements.js",
    "words.js",
    "storage.js",
    "asking.js",
    "model.js",
    "stream.js",
    "frames.js",
    "news.js",
    "glance.js",
    "machine.js",
    "call_parts.js",
    "calls.js",
    "providers.js",
    "figures.js",
    "panel.js",
    "edge_view.js",
    "state_view.js",
    "call_view.js",
    "replay.js",
    "key.js",
    "theme.js",
    "main.js",
)
"""What does what: the last one sets the page going."""


@cache
def page() -> HttpReply:
    """The page, with its headers."""
    style, script = _joined(STYLES), f'"use strict";\n(() => {{\n{_joined(SCRIPTS)}}})();\n'
    places = {
        "style": f"<style>{style}</style>",
        "machine": _read("machine.svg"),
        "script": f"<script>{script}</script>",
    }
    document = part("page.html")
    for name, text in places.items():
        before, found, after = document.partition(f"<!-- {name} -->")
        if not found:
            raise ValueError(f"page.html has no place for its {name}")
        document = before + text + after
    policy = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
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


def part(name: str) -> str:
    """The text of a file that the page is made of.

    Args:
        name: Its name in ``page/``.
    """
    return _read("page", name)


def _joined(names: Iterable[str]) -> str:
    return "\n".join(map(part, names))


def _read(*path: str) -> str:
    return resources.files(__package__).joinpath(*path).read_text("utf-8")


def _hash(text: str) -> str:
    """The hash of what stands between the tags, as a policy names it (CSP 3, 2.3.1)."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
