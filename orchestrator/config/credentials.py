"""Credentials: from what a file names to the secrets themselves.

No secret is ever part of a text made here, not even a wrong one.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config import scalars
from orchestrator.config.errors import NotAllowed, Problem, UnsetVariable
from orchestrator.provider import ANONYMOUS, Credential
from orchestrator.secrets import Secret
from orchestrator.secrets.sources import (
    CommandSource,
    FileSource,
    KeyringSource,
    MissingSecret,
    SecretSource,
    clean,
)

_SCHEMES = ("env", "file", "command", "keyring")
_FORMS = (
    '"env:NAME", "file:PATH", "command:PROGRAM …", which prints a token, "keyring:SERVICE/NAME", '
    "or the key itself"
)
_VARIABLE = re.compile(r"\$\{?\w+\}?|os\.environ/\w+")
"""A variable as a shell, or LiteLLM's config, names one."""

_LIKE_A_NAME = re.compile(r"[A-Z]+(_[A-Z]+)+(_?\d{1,3})?", re.ASCII)
"""``CORP_KEY``: no key of any vendor is words in capitals."""
_MOST_KEYS = 1000

UNSET = "set it, or take the entry out"
"""What to do about an environment variable that is not set."""


@attrs.frozen
class CredentialPool:
    """What came of a provider's entries: its credentials, and what to say about them."""

    credentials: tuple[Credential, ...] = ()
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def anonymous() -> CredentialPool:
    """The pool of a keyless provider."""
    return CredentialPool((Credential(ANONYMOUS),))


def implied(keys: Sequence[str], environ: Mapping[str, str]) -> tuple[str, ...]:
    """The entries of the key variables that are set: ``KEY``, ``KEY_2``, ``KEY_3``, ...

    The first of ``keys`` of which any is set counts.
    """
    for key in keys:
        numbered = re.compile(rf"{re.escape(key)}_([1-9][0-9]{{0,2}})", re.ASCII)
        found = [(int(match[1]), name) for name in environ if (match := numbered.fullmatch(name))]
        names = [key, *(name for _, name in sorted(found))]
        present = tuple(f"env:{name}" for name in names if environ.get(name, "").strip())
        if present:
            return present
    return ()


def resolve(
    entries: Sequence[Any],
    where: str,
    environ: Mapping[str, str],
    folder: Path,
    *,
    reads: bool = True,
) -> CredentialPool:
    """The pool that ``entries`` name.

    Args:
        entries: What the file lists, each a text or ``{label, value}``.
        where: The path of the list in the file.
        environ: Where ``env:NAME`` is looked up.
        folder: Where a relative ``file:PATH`` begins.
        reads: False where nothing is sent: no file, command or keyring is read, and a made-up
            secret stands in.
    """
    credentials: list[Credential] = []
    problems: list[Problem] = []
    warnings: list[Problem] = []
    for index, entry in enumerate(entries[:_MOST_KEYS]):
        place = f"{where}[{index}]"
        try:
            one = _credential(entry, f"key#{index + 1}", environ, folder, reads=reads)
            _distinct(one, credentials)
            credentials.append(one)
        except MissingSecret as missing:
            warnings.append(_warning(place, missing))
        except ValueError as error:
            problems.append(Problem(place, str(error)))
    return CredentialPool(tuple(credentials), tuple(problems), tuple(warnings))


def _warning(where: str, missing: MissingSecret) -> Problem:
    if isinstance(missing, _NotSet):
        return UnsetVariable(where, str(missing), missing.fix, variable=missing.variable)
    return Problem(where, str(missing), missing.fix)


class _NotSet(MissingSecret):
    """The environment has no variable of that name."""

    def __init__(self, variable: str) -> None:
        super().__init__(f"the environment variable {variable} is not set", UNSET)
        self.variable = variable


def _distinct(one: Credential, others: Sequence[Credential]) -> None:
    for other in others:
        if other.label == one.label:
            raise NotAllowed(f"the label {one.label!r} is taken; each credential needs its own")
        if other.secret == one.secret:
            raise MissingSecret(
                f"{one.label} is the same key as {other.label}", "list each key once"
            )


def _credential(
    entry: Any, label: str, environ: Mapping[str, str], folder: Path, *, reads: bool
) -> Credential:
    if isinstance(entry, dict):
        if not {"value"} <= set(entry) <= {"label", "value"}:
            raise NotAllowed("found a table with other keys; allowed: label and value")
        label, entry = _label(entry.get("label", label)), entry["value"]
    if not isinstance(entry, str):
        raise NotAllowed(f"found {scalars.kind(entry)}; allowed: {_FORMS}")
    scheme, colon, name = entry.partition(":")
    if not colon or scheme not in _SCHEMES:
        _refuse_mistakes(entry, environ)
        return Credential(label, clean(entry, "the key"), "literal")
    if not name.strip():
        raise NotAllowed(f'found "{scheme}:" and no name; allowed: {_FORMS}')
    name = name.strip()
    if scheme == "env":
        return _from_environment(label, name, environ)
    origin = _origin(scheme, name, folder)
    if not reads:
        return Credential(label, Secret(f"made-up-{scheme}-{label}"), origin.shown)
    return Credential(label, origin.read(), origin.shown, origin)


def _label(label: Any) -> str:
    if not isinstance(label, str) or not re.fullmatch(r"[\w#.@+-]{1,64}", label):
        raise NotAllowed(
            "the label is not fit to be shown; allowed: 1 to 64 letters, digits and _#.@+-"
        )
    return label


def _refuse_mistakes(entry: str, environ: Mapping[str, str]) -> None:
    """Refuse what was surely not meant as the key itself, such as ``evn:NAME``."""
    if _VARIABLE.fullmatch(entry) or entry in environ or _LIKE_A_NAME.fullmatch(entry):
        raise NotAllowed('found the name of a variable; write "env:NAME"')
    scheme, colon, _ = entry.partition(":")
    near = difflib.get_close_matches(scheme.lower(), _SCHEMES, 1, 0.6) if colon else []
    if near:
        raise NotAllowed(f"found {scheme!r} before the colon; did you mean {near[0]!r}?")


def _from_environment(label: str, name: str, environ: Mapping[str, str]) -> Credential:
    if not environ.get(name, "").strip():
        raise _NotSet(name)
    source = f"env:{name}"
    return Credential(label, clean(environ[name], source), source)


def _origin(scheme: str, name: str, folder: Path) -> SecretSource:
    """What the entry ``scheme:name`` is read from, now and again."""
    if scheme == "command":
        return CommandSource(Secret(name), folder)
    if scheme == "file":
        try:
            return FileSource(folder / Path(name).expanduser(), f"file:{name}")
        except RuntimeError as error:  # the "~" of a user who has no home
            raise NotAllowed(f"file:{name}: {error}") from None
    service, slash, user = name.partition("/")
    if not (service and slash and user):
        raise NotAllowed(f'found "keyring:{name}"; allowed: "keyring:SERVICE/NAME"')
    return KeyringSource(service, user)
