"""What is wrong with a config, in words that say where and what is allowed instead."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

import attrs

from orchestrator.secrets import mask


@attrs.frozen
class Problem:
    """One thing that is wrong.

    Attributes:
        where: The key's path in the file, ``"providers.corp.base_url"``; empty for the file.
        what: What was found, and what is allowed.
        fix: What to do about it, where ``what`` does not say.
        line: The line of the file at which it stands, from 1; ``None`` where there is none.
    """

    where: str
    what: str
    fix: str = ""
    line: int | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


@attrs.frozen
class UnsetVariable(Problem):
    """An environment variable that a config names, and that is not set.

    Attributes:
        variable: Its name.
    """

    variable: str = ""


class ConfigError(Exception):
    """A config cannot be used. It lists everything that is wrong, not only the first thing.

    Attributes:
        source: The file, or a name for text that came from nowhere.
        problems: What is wrong, in the order of the file.
    """

    def __init__(self, source: str, problems: Iterable[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        super().__init__(source, self.problems)

    def __str__(self) -> str:
        return "\n".join(f"{placed(self.source, one.line)}{one}" for one in self.problems)


def placed(source: object, line: int | None) -> str:
    """What stands before a problem: ``"orchestrator.toml:12: "``, as editors open it."""
    if not source:
        return ""
    return f"{source}: " if line is None else f"{source}:{line}: "


class UnknownRoute(ConfigError, LookupError):
    """A request names neither a route nor a ``provider/model`` that is configured.

    Attributes:
        name: What was asked for; ``None`` where nothing was, and there is no route ``default``.
        near: Names that it may have meant.
        routes: The routes that there are.
    """

    def __init__(
        self, name: str | None, near: tuple[str, ...] = (), routes: tuple[str, ...] = ()
    ) -> None:
        self.name = name
        self.near = near
        self.routes = routes
        known = f"near: {', '.join(near)}" if near else f"routes: {', '.join(routes) or 'none'}"
        what = (
            "no model was named, and there is no route default"
            if name is None
            else f"{mask(repr(name))} is neither a route nor a provider/model of a configured "
            "provider"
        )
        super().__init__("", (Problem("", f"{what}; {known}"),))

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.name, self.near, self.routes)


def nearest(name: str, known: Iterable[str]) -> str:
    """``" (did you mean 'x'?)"`` where a known name is close to ``name``, else ``""``."""
    names = {str(one).lower(): str(one) for one in known}
    found = difflib.get_close_matches(name.lower(), names, 1, 0.6)
    return f" (did you mean {names[found[0]]!r}?)" if found else ""


class NotAllowed(ValueError):
    """A single value that a config may not hold; becomes a :class:`Problem` with its path."""
