"""Check an installed wheel: that it is the one imported, what that loads, and what it has with it.

Run it with the interpreter of the environment under test, from outside the
checkout: ``python -I check_installed.py``.
"""

from __future__ import annotations

import sys
from importlib import import_module, metadata, resources
from pathlib import Path

import orchestrator
from orchestrator import states

_NOT_LOADED = ("cyclopts", "rich", "resvg_py", "keyring", "orchestrator.cli")


def main() -> None:
    """Exit with a message where something is wrong with the installed wheel."""
    home = Path(sys.prefix).resolve()
    for package in (orchestrator, states):
        where = Path(str(package.__file__)).resolve()
        if home not in where.parents or "site-packages" not in where.parts:
            sys.exit(f"{package.__name__} comes from {where}, not from the wheel in {home}")
        if not resources.files(package).joinpath("py.typed").is_file():
            sys.exit(f"{package.__name__} ships no py.typed")
    loaded = [name for name in _NOT_LOADED if name in sys.modules]
    if loaded:
        sys.exit(f"`import orchestrator` loads {', '.join(loaded)}")
    try:
        import_module("orchestrator.gateway.inspector.document").page()
    except FileNotFoundError as error:
        sys.exit(f"the wheel has no {error.filename}, which the inspector's page is made of")
    print("installed:", "llm-request-orchestrator", metadata.version("llm-request-orchestrator"))


main()
