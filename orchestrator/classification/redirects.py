"""Where a redirect leads, in words that are safe to show."""

from __future__ import annotations

from urllib.parse import urlsplit

from orchestrator.classification.facts import FailureFacts


def words(facts: FailureFacts) -> str:
    """``redirects to https://llm.corp``; empty where the failure is no redirect.

    Only scheme, host and port: a path or a query may hold a session or a key.
    """
    if facts.http_status is None or not 300 <= facts.http_status < 400:
        return ""
    location = facts.headers.get("location", "")
    if not location:
        return ""
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError:
        return "redirects to what is no address"
    if not host:
        return "redirects to another path of the same host"
    scheme = f"{parts.scheme}://" if parts.scheme else ""
    return f"redirects to {scheme}{host}{f':{port}' if port else ''}"
