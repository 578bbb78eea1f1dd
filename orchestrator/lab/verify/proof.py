"""The proof that ships: what was shown once, of the machine as it is, for every config of a size.

``python -m verification.proof --write`` searches the settings of
:mod:`orchestrator.lab.verify.universal` and writes what it found to ``proof.json`` beside this
file. It speaks of one state of ``states/``, as one state of the checker saw it; both are named by
their hashes. A property that is written anew under its old name was not shown.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from importlib.machinery import all_suffixes
from pathlib import Path
from typing import Any

import attrs

from orchestrator import states
from orchestrator.lab.invariants import EXACT
from orchestrator.lab.verify.properties import NAMES, SHADOWED, SHORT
from orchestrator.lab.verify.setting import Setting

PATH = Path(__file__).with_name("proof.json")
"""Where the proof is."""

COMMAND = "python -m verification.proof --write"
"""What makes it again."""

FORMAT = 2

SHORT_HASH = 8
"""Digits of a hash that a person is shown."""


@attrs.frozen
class Proof:
    """What was shown, and of which machine.

    Attributes:
        states: The hash of ``states/``, as :func:`states_hash` has it.
        checker: The hash of what it was shown by, as :func:`checker_hash` has it.
        targets: Routes of up to so many targets are covered, over any providers with any keys.
        contexts: Of those, the ones with known contexts up to so many targets.
        properties: What was shown of each of them, by name.
        small: What needs instants, and was shown of small settings with nothing merged.
        routes: How many routes were searched; each stands for all of its shape.
        nodes, edges, steps: How many calls and moves, and how often the machine moved.
        seconds: How long it took, all processes together.
        version: The version of the project.
        date: When, as ``2026-12-01``.
    """

    states: str
    checker: str
    targets: int
    contexts: int
    properties: tuple[str, ...]
    small: tuple[str, ...]
    routes: int
    nodes: int
    edges: int
    steps: int
    seconds: float
    version: str
    date: str

    @property
    def short(self) -> str:
        """The hash as a person is shown it."""
        return self.states[:SHORT_HASH]

    def covers(self, setting: Setting) -> bool:
        """Whether what was shown holds of ``setting``, whatever its policy and keys are.

        The machine must be the one that it was shown of, the checker the one that showed it, and
        each property be among those.
        """
        sizes = [target.context for target in setting.route if target.context is not None]
        names = {target.name for target in setting.route}
        most = self.contexts if sizes else self.targets
        return (
            len(setting.route) == len(names) <= most
            and set(CONFIG_FREE) <= set(self.properties)
            and self.has_premises
        )

    @property
    def has_premises(self) -> bool:
        """Whether the small settings were searched with it, under the machine that runs now."""
        is_of_this = self.states == states_hash() and self.checker == checker_hash()
        return is_of_this and set(EXACT) <= set(self.small)


CONFIG_FREE = tuple(name for name in NAMES if name not in (SHADOWED, SHORT, *EXACT))
"""The properties that depend on no config: all but that each target can be reached, that one
attempt fits the deadline, and those that need instants, which small settings are searched for."""


CHECKER = (
    "board", "choices", "clocked_board", "clocked_events", "clocked_search", "footprint", "graph",
    "merging", "moves", "nodes", "properties", "setting", "small_settings", "universal",
    "universal_graph",
)  # fmt: skip
"""The modules beside this one that decide what a proof shows: all that its searches import."""


@functools.cache
def states_hash() -> str:
    """The SHA-256 of ``states/``, the same in a checkout and in an installed wheel."""
    return folder_hash(Path(str(states.__file__)).parent)


@functools.cache
def checker_hash() -> str:
    """The SHA-256 of the invariants and of :data:`CHECKER`."""
    beside = [PATH.with_name(f"{name}.py") for name in CHECKER]
    invariants = PATH.parents[1] / "invariants"
    return _hash((*invariants.glob("*.py"), *beside))


def folder_hash(folder: Path) -> str:
    """The SHA-256 of all that can be imported from a folder.

    Whatever stands beside a module may be imported in its place: a package of its name, an
    extension module.
    """
    return _hash(
        path
        for path in folder.rglob("*")
        if path.name.endswith(_IMPORTED) and path.parent.name != "__pycache__" and path.is_file()
    )


_IMPORTED = tuple(all_suffixes())


def _hash(files: Iterable[Path]) -> str:
    """The SHA-256 of the names and the bytes of files, in order of folder and name.

    Each is preceded by its length, so that no two lists have the same bytes.
    """
    told = hashlib.sha256()
    for path in sorted(files, key=lambda path: (path.parent.name, path.name)):
        # A checkout may have the line ends of its system; what it says is the same.
        for part in (path.name.encode(), path.read_bytes().replace(b"\r\n", b"\n")):
            told.update(len(part).to_bytes(8, "big"))
            told.update(part)
    return told.hexdigest()


def shipped() -> Proof | None:
    """The proof that ships; ``None`` where there is none that can be read."""
    try:
        return parse(json.loads(PATH.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        # Then everything is searched, and the report says so.
        return None


def parse(value: Mapping[str, Any]) -> Proof:
    """A proof from the content of its file.

    Raises:
        KeyError, TypeError, ValueError: It is none, or of another format.
    """
    if value["format"] != FORMAT:
        raise ValueError(f"the format is {value['format']!r}, not {FORMAT}")
    named = {field.name: value[field.name] for field in attrs.fields(Proof)}
    lists = {name: tuple(value[name]) for name in ("properties", "small")}
    return Proof(**{**named, **lists})


def as_text(proof: Proof) -> str:
    """The content of the file."""
    content = {"format": FORMAT, **attrs.asdict(proof)}
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
