"""``GET /models``: what ``model`` may name here, for clients that ask before they call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.config.config import Config
from orchestrator.dialects import dialect
from orchestrator.serving.http_errors import NotServed

_LISTS = "/models"


def model_list(path: str, config: Config, spoken: str) -> Mapping[str, Any]:
    """The routes and targets, or the one that ``path`` names, as clients of ``spoken`` expect.

    Raises:
        NotServed: ``path`` asks for something else, or for a name that is unknown.
    """
    names, serving = _names(config), dialect(spoken).serving
    if path.endswith(_LISTS):
        return serving.list_models(names)
    name = path.partition(f"{_LISTS}/")[2]
    if name not in names:
        raise NotServed(
            f"GET {path} names nothing that is known here; known are {', '.join(names)}, "
            "and any provider/model of a provider that is configured"
        )
    return serving.describe_model(name, names[name])


def is_model_list(method: str, path: str) -> bool:
    """True where a request is one for the list, or for an entry of it."""
    return method == "GET" and (path.endswith(_LISTS) or f"{_LISTS}/" in path)


def _names(config: Config) -> dict[str, str]:
    """Every route and every target of one, with who owns it."""
    targets = {target.name: target.provider for route in config.routes.values() for target in route}
    return dict.fromkeys(config.routes, "orchestrator") | targets
