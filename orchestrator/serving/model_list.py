"""``GET /models``: what ``model`` may name here, for clients that ask before they call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from orchestrator.config.config import Config
from orchestrator.dialects import dialect
from orchestrator.dialects.serving import ListedModel

_LISTS = "/models"
_OURS = "orchestrator"


def model_list(
    path: str,
    config: Config,
    spoken: str,
    created: int,
    allows: Callable[[str], bool] = lambda _: True,
) -> Mapping[str, Any]:
    """The routes and targets, or the one that ``path`` names, as clients of ``spoken`` expect.

    Args:
        path: The path; the name in it may be encoded still, its slashes or all of it.
        config: What is known.
        spoken: The client's dialect.
        created: Since when it is known, in whole seconds since the epoch.
        allows: Which routes and targets are listed, by name: those that the caller may ask.

    Raises:
        UnknownRoute: ``path`` names what is not known; the text has the nearest name.
    """
    serving = dialect(spoken).serving
    name = model_named(path, config)
    if name:
        return serving.describe_model(_described(name, config, created))
    listed = {each: owner for each, owner in _names(config).items() if allows(each)}
    return serving.list_models(
        [ListedModel(each, owner, created) for each, owner in listed.items()]
    )


def model_named(path: str, config: Config) -> str:
    """The route or target whose entry ``path`` asks for; empty where it asks for all."""
    name = path.partition(f"{_LISTS}/")[2]
    return name if name in _names(config) else unquote(name)


def is_model_list(method: str, path: str) -> bool:
    """True where a request is one for the list, or for an entry of it."""
    return method == "GET" and (path.endswith(_LISTS) or f"{_LISTS}/" in path)


def _described(name: str, config: Config, created: int) -> ListedModel:
    """The entry of that name: whatever can be asked for has one, listed or not."""
    known = _names(config)
    if name not in known:
        config.route(name)
    return ListedModel(name, known.get(name, name.partition("/")[0]), created)


def _names(config: Config) -> dict[str, str]:
    """Every route and every target of one, with who owns it."""
    targets = {target.name: target.provider for route in config.routes.values() for target in route}
    return dict.fromkeys(config.routes, _OURS) | targets
