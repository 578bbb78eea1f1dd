from __future__ import annotations

from orchestrator import Orchestrator
from orchestrator.batch.tables import KnownBatch
from orchestrator.batch.terms import difference, make_terms, options_of


def with_routes(**routes: list[str]) -> Orchestrator:
    tables = {
        name: {"base_url": "http://127.0.0.1:9", "credentials": ["literal-x"]} for name in "ab"
    }
    return Orchestrator.from_dict({"health": "memory", "routes": routes, "providers": tables})


def begun(orchestrator: Orchestrator, *wanted: str, route: tuple[str, ...] = ()) -> KnownBatch:
    terms = make_terms(orchestrator, wanted, route, 60.0)
    return KnownBatch("name", "digest", 1, "out.jsonl", terms.write(), is_open=True)


def test_the_same_routes_may_help_whatever_else_is_configured() -> None:
    with with_routes(default=["a/m", "b/m"]) as here:
        batch = begun(here, "", "default", "a/other")
        with with_routes(default=["a/m", "b/m"], besides=["b/m"]) as there:
            assert difference(there, batch) == ""


def test_who_would_ask_others_is_told_which_route_differs() -> None:
    with with_routes(default=["a/m"]) as here, with_routes(default=["b/m"]) as there:
        assert difference(there, begun(here, "default")) == "default is a/m there, b/m here"
        # What the lines name is of no matter where a route stands in its place.
        assert difference(there, begun(here, "default", route=("a/m", "b/m"))) == ""


def test_a_route_that_is_not_known_is_named() -> None:
    with with_routes(mine=["a/m"]) as here, with_routes(default=["a/m"]) as there:
        assert "'mine'" in difference(there, begun(here, "mine"))


def test_a_helper_asks_as_the_batch_says() -> None:
    with with_routes(default=["a/m"]) as here:
        options = options_of(begun(here, "default", route=("a/m", "b/m")))

    assert (options.batch, options.route, options.timeout) == ("name", ("a/m", "b/m"), 60.0)
