"""Targets and routes: names become targets, those without a credential are passed over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import attrs

from orchestrator.config.draft import Draft
from orchestrator.config.errors import nearest
from orchestrator.config.records import TargetSettings
from orchestrator.config.scalars import found
from orchestrator.states.facts import Target
from orchestrator.vendors import CATALOGUE


def implied(draft: Draft) -> Iterator[str]:
    """Known providers that routes name and the file does not configure."""
    listed = (name for route in draft.document.routes.values() for name in route)
    providers = dict.fromkeys(name.partition("/")[0] for name in listed if "/" in name)
    return (n for n in providers if n in CATALOGUE and n not in draft.document.providers)


def settings(draft: Draft, name: str) -> TargetSettings:
    """What ``[targets.NAME]`` says, over the limits of the whole config."""
    table, where = draft.document.targets[name], f'targets."{name}"'
    _check_target(draft, name, where)
    given = draft.table["targets"][name].get("timeouts", {})
    timeouts = {key: getattr(table.timeouts, key) for key in given}
    return TargetSettings(
        context=table.context,
        overrides=table.overrides,
        timeouts=attrs.evolve(draft.document.timeouts, **timeouts),
        reasoning=table.reasoning,
    )


def _check_target(draft: Draft, name: str, where: str) -> bool:
    provider, _, model = name.partition("/")
    known_names = [*draft.document.providers, *CATALOGUE]
    if not provider or not model.strip():
        draft.refuse(where, f'{found(name)}; allowed: "provider/model"')
    elif provider not in known_names:
        near = nearest(provider, known_names)
        names = ", ".join(draft.document.providers) or "none"
        draft.refuse(
            where,
            f"{found(name)}, but there is no provider of that name{near}; configured: {names}; "
            "another needs its own table with a base_url",
        )
    else:
        return True
    return False


def route(draft: Draft, route: str, settings: Mapping[str, TargetSettings]) -> tuple[Target, ...]:
    """The targets of a route that can be sent to, in order, each once."""
    where, names = f"routes.{route}", draft.document.routes[route]
    if "/" in route:
        draft.refuse(where, "a route's name holds no '/', which would make it a target")
    if not names:
        draft.refuse(where, "is empty; a route lists at least one target")
    targets: dict[str, Target] = {}
    for index, name in enumerate(names):
        place = f"{where}[{index}]"
        if not _check_target(draft, name, place):
            continue
        if name in targets:
            what = f"{name!r} stands earlier in this route; it is asked only once"
            draft.warn(place, what, "take it out here")
        elif not draft.providers[name.partition("/")[0]].credentials:
            draft.passed_over.setdefault(route, {})[name] = None
        else:
            own = settings.get(name, TargetSettings(timeouts=draft.document.timeouts))
            provider, _, model = name.partition("/")
            targets[name] = own.target(draft.providers[provider], model)
    return tuple(targets.values())


def warn_of_passed_over(draft: Draft) -> None:
    """One warning for each provider without a credential: which routes do without it."""
    routes: dict[str, dict[str, None]] = {}
    for route, names in draft.passed_over.items():
        for name in names:
            routes.setdefault(name.partition("/")[0], {})[route] = None
    for provider, without in routes.items():
        # What to do is said where the credential is missing.
        which = f"route{'s' if len(without) > 1 else ''} {', '.join(without)}"
        draft.warn(f"providers.{provider}", f"has no credential: passed over in {which}")
