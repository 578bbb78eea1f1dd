"""The file that ``orchestrator init`` writes: the keys found, and every default as a comment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.config import credentials
from orchestrator.config.defaults import commented
from orchestrator.vendors import CATALOGUE, EndpointUnknown, Vendor

_HEAD = """\
# Written by `orchestrator init`. Lines that begin with "#" show the defaults.
# Keys stay where they are: "env:NAME" names a variable and is no secret.
"""


def starter(environ: Mapping[str, str]) -> str:
    """The text of a commented ``orchestrator.toml`` for the keys in ``environ``.

    It holds no secret and loads as it is. Without any key it names a local server.
    """
    found = _found(environ)
    targets = [f"{name}/{CATALOGUE[name].starter}" for name in found or _local()]
    parts = [
        _HEAD + commented(""),
        *(f"[{table}]\n{commented(table)}" for table in ("policy", "policy.on", "timeouts")),
        *(_provider(CATALOGUE[name], entries) for name, entries in found.items()),
        _custom(),
        _routes(targets),
    ]
    return "\n\n".join(parts) + "\n"


def _found(environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The hosted providers that have a key, with their entries; local ones need none.

    One without a model to start from (it is retired), or of which the environment does not say
    where it is, is left out.
    """
    entries = {
        name: credentials.implied(entry.keys, environ)
        for name, entry in CATALOGUE.items()
        if entry.starter and not entry.keyless and _is_located(entry, environ)
    }
    return {name: listed for name, listed in entries.items() if listed}


def _local() -> list[str]:
    """The server on the user's own machine that is named where no key was found."""
    return [one.name for one in CATALOGUE.values() if one.keyless and one.starter][:1]


def _is_located(entry: Vendor, environ: Mapping[str, str]) -> bool:
    try:
        return bool(entry.endpoint(environ).base_urls)
    except (EndpointUnknown, ValueError):
        return False


def _provider(entry: Vendor, entries: Sequence[str]) -> str:
    listed = ", ".join(f'"{one}"' for one in entries)
    return f"[providers.{entry.name}]  # {entry.documentation}\ncredentials = [{listed}]"


def _custom() -> str:
    tables = ("providers.NAME", 'targets."NAME/MODEL"')
    return "\n\n".join(f"# [{table}]\n{commented(table)}" for table in tables)


def _routes(targets: Sequence[str]) -> str:
    listed = "".join(f'    "{target}",\n' for target in targets)
    head = "# Asked in this order; change it, and the models, to what you want."
    return f"{head}\n[routes]\ndefault = [\n{listed}]"
