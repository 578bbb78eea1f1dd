"""``GET /models``: what ``model`` may name here, for clients that ask before they call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.config.records import Config
from orchestrator.serving.http_errors import NotServed

_LISTS = "/models"


def listing(path: str, config: Config, dialect: str) -> Mapping[str, Any]:
    """The routes and targets, or the one that ``path`` names, as a client of ``dialect`` expects.

    Raises:
        NotServed: ``path`` asks for something else, or for a name that is unknown.
    """
    names = _names(config)
    if path.endswith(_LISTS):
        return _gemini_list(names) if dialect == "gemini" else _list(names)
    name = path.partition(f"{_LISTS}/")[2]
    if name not in names:
        raise NotServed(
            f"GET {path} names nothing that is known here; known are {', '.join(names)}, "
            "and any provider/model of a provider that is configured"
        )
    return _gemini_model(name) if dialect == "gemini" else _model(name, names[name])


def asks_for_models(method: str, path: str) -> bool:
    """True where a request is one for the list, or for an entry of it."""
    return method == "GET" and (path.endswith(_LISTS) or f"{_LISTS}/" in path)


def _names(config: Config) -> dict[str, str]:
    """Every route and every target of one, with who owns it."""
    targets = {target.name: target.provider for route in config.routes.values() for target in route}
    return dict.fromkeys(config.routes, "orchestrator") | targets


def _list(names: Mapping[str, str]) -> dict[str, Any]:
    """In OpenAI's and in Anthropic's words at once, which do not contradict each other."""
    ids = list(names)
    return {
        "object": "list",
        "data": [_model(name, owner) for name, owner in names.items()],
        "has_more": False,
        "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None,
    }


def _model(name: str, owner: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 0,
        "owned_by": owner,
        "type": "model",
        "display_name": name,
        "created_at": "1970-01-01T00:00:00Z",
    }


def _gemini_list(names: Mapping[str, str]) -> dict[str, Any]:
    return {"models": [_gemini_model(name) for name in names]}


def _gemini_model(name: str) -> dict[str, Any]:
    methods = ["generateContent", "streamGenerateContent"]
    return {
        "name": f"models/{name}",
        "displayName": name,
        "supportedGenerationMethods": methods,
        "supportedActions": methods,
    }
