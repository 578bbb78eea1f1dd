"""Endpoints of the gateway: which path asks for what."""

from __future__ import annotations

import difflib
import enum
from functools import cache

import attrs

from orchestrator.dialects import DIALECTS, Dialect, Operation
from orchestrator.serving.parse import Called
from orchestrator.serving.refusals import NotServed

ALIASES = ("/openai", "/anthropic", "/genai")
"""Base addresses under which the same is served, for clients that set one a vendor."""

VERSIONS = ("/v1", "/v1beta")
"""Under the first stand paths that end with a name, under both those that end with a method."""


class Kind(enum.Enum):
    """Who answers at a path."""

    CALL = "call"
    MODELS = "models"
    PASSTHROUGH = "passthrough"
    CALLS = "calls"
    METRICS = "metrics"
    ALIVE = "alive"
    READY = "ready"
    PAGE = "page"
    INSPECTOR = "inspector"


@attrs.frozen
class ServedPath:
    """What is served at a path.

    Attributes:
        kind: Who answers.
        methods: In which way it may be asked.
        called: For a call, in which dialect what is asked for.
        rest: What follows the endpoint's own part of the path.
        takes_key_in_query: True where clients may send their key as ``?key=``.
    """

    kind: Kind
    methods: tuple[str, ...]
    called: Called | None = None
    rest: str = ""
    takes_key_in_query: bool = False


_GET, _POST = ("GET", "HEAD"), ("POST",)
_ANY = ("GET", "POST", "PUT", "PATCH", "DELETE")

EVENTS = "/inspector/events"
"""Where the inspector's page is told of calls as they move, in an answer without end."""

OWN = {
    "/": ServedPath(Kind.PAGE, _GET),
    EVENTS: ServedPath(Kind.INSPECTOR, ("GET",)),
    "/inspector/board": ServedPath(Kind.INSPECTOR, _GET),
    "/inspector/reset": ServedPath(Kind.INSPECTOR, _POST),
    "/inspector/edges": ServedPath(Kind.INSPECTOR, _GET),
    "/inspector/figures": ServedPath(Kind.INSPECTOR, _GET),
    "/inspector/policy": ServedPath(Kind.INSPECTOR, _GET),
    "/inspector/replay": ServedPath(Kind.INSPECTOR, _POST),
    "/healthz": ServedPath(Kind.ALIVE, _GET),
    "/health/liveliness": ServedPath(Kind.ALIVE, _GET),
    "/health/liveness": ServedPath(Kind.ALIVE, _GET),
    "/readyz": ServedPath(Kind.READY, _GET),
    "/health/readiness": ServedPath(Kind.READY, _GET),
    "/health": ServedPath(Kind.READY, _GET),
    "/metrics": ServedPath(Kind.METRICS, _GET),
    "/v1/calls": ServedPath(Kind.CALLS, _GET),
}
"""What is the gateway's own, by its whole path."""

_BELOW = {
    "/v1/calls/": ServedPath(Kind.CALLS, _GET),
    "/passthrough/": ServedPath(Kind.PASSTHROUGH, _ANY, takes_key_in_query=True),
}


_NAMED = {"/v1/calls/": "id", "/passthrough/": "provider"}
"""What those begin with, for whoever is shown what is served."""


def served_at(method: str, path: str) -> ServedPath:
    """The endpoint at ``path``.

    Raises:
        NotServed: There is none, or none that may be asked by ``method``.
    """
    found = _exact().get(path) or _below(path)
    if found is None:
        raise NotServed(f"{method} {path} is not served here{_nearest(path)}")
    if method not in found.methods:
        allowed = ", ".join(found.methods)
        raise NotServed(f"{method} {path} is not served here; allowed: {allowed}", 405, allowed)
    return found


@cache
def _exact() -> dict[str, ServedPath]:
    """Every path that is known as a whole; in each alias too, where clients of vendors ask."""
    paths = {}
    for base in ("", *ALIASES):
        for dialect, operation, end in _calls():
            if end.startswith("/"):
                called = ServedPath(Kind.CALL, _POST, (dialect, operation))
                paths[f"{base}{VERSIONS[0]}{end}"] = called
        for version in VERSIONS:
            paths[f"{base}{version}/models"] = ServedPath(
                Kind.MODELS, _GET, takes_key_in_query=version == VERSIONS[1]
            )
    return paths | OWN


@cache
def _methods() -> dict[str, Called]:
    """What stands behind the colon of ``/models/NAME:method``."""
    return {
        end.removeprefix(":"): (dialect, operation)
        for dialect, operation, end in _calls()
        if end.startswith(":")
    }


def _calls() -> list[tuple[Dialect, Operation, str]]:
    answers = [
        (one, Operation.GENERATE, end) for one in DIALECTS.values() for end in one.serving.paths
    ]
    others = [
        (one, operation, end)
        for one in DIALECTS.values()
        for operation, spec in one.operations.items()
        for end in spec.paths
    ]
    return [*answers, *others]


def _below(path: str) -> ServedPath | None:
    """What is served at a path that goes on in the caller's own words."""
    for begin, endpoint in _BELOW.items():
        if path.startswith(begin) and len(path) > len(begin):
            return attrs.evolve(endpoint, rest=path[len(begin) :])
    base = next((one for one in ALIASES if path.startswith(f"{one}/")), "")
    version, _, name = path.removeprefix(base).partition("/models/")
    if version not in VERSIONS or not name:
        return None
    _, colon, method = name.rpartition(":")
    if colon and method in _methods():
        return ServedPath(Kind.CALL, _POST, _methods()[method], takes_key_in_query=True)
    in_query = version == VERSIONS[1]
    return ServedPath(Kind.MODELS, _GET, rest=name, takes_key_in_query=in_query)


def _nearest(path: str) -> str:
    """The paths that are meant, perhaps; else all that take a call."""
    methods = [f"/v1beta/models/{{model}}:{method}" for method in _methods()]
    served = [*_exact(), *methods, *(f"{begin}{{{of}}}" for begin, of in _NAMED.items())]
    ends = [one for one in served if one.endswith(path) and path.count("/") > 0 and len(path) > 1]
    near = ends[:1] or difflib.get_close_matches(path, served, 1, 0.8)
    if near:
        return f"; did you mean {near[0]}?"
    base = next((one for one in ("", *ALIASES) if path.startswith(f"{one}{VERSIONS[0]}/")), None)
    rest = "" if base is None else path.removeprefix(f"{base}{VERSIONS[0]}/")
    if rest:
        return f"; what one provider alone has is at /passthrough/{{provider}}/{rest}"
    own = [one for one in served if not one.startswith((*ALIASES, "/health/", "/inspector/"))]
    return f"; served are {', '.join(own)}"
