"""Key file of the gateway: who may ask, what, and how much; no key itself, only its hash.

The hash is a plain SHA-256. Slow, salted hashes protect passwords, which can be guessed; a key
here is 256 random bits, of which nobody guesses one, whatever a guess costs. A slow hash would
only let strangers keep the gateway busy, since it is computed for every request.

A writer takes a lock, reads, and puts a whole new file in place of the old one. So of two that
write at once none loses what the other wrote, and a reader never sees half a file.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from operator import attrgetter
from pathlib import Path
from typing import Annotated, Any, Never

import attrs
import msgspec
from msgspec import Meta

from orchestrator.config.errors import ConfigError, Problem, nearest

if sys.platform != "win32":
    import fcntl

FORMAT = 1
"""The version of the file's format."""

PREFIX = "ork-"
"""How a key begins, so that people, logs and scanners for leaked keys know one."""

MOST_PER_MINUTE = 1_000_000
MOST_TOKENS = 10**12
"""Limits of limits: what is more is meant as none. A request's instant takes 32 bytes for a
minute, and SQLite counts to 2⁶³."""

ANY = "*"
"""At the end of a pattern: whatever follows."""

_MODE = 0o600
_BYTES = 32
_ENDS = 4

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}"
NAME = re.compile(_NAME, re.ASCII)
"""What a key may be called: names stand in logs and in labels of metrics."""

NAMES = "letters, digits, '.', '_' and '-', at most 64, the first a letter or digit"


@attrs.frozen
class GatewayKey:
    """What a key of the gateway stands for; the key itself is nowhere.

    Attributes:
        name: Who has it.
        routes: What may be asked: routes, ``provider/model``, or the beginning of such names
            before a ``*``; ``None`` for all.
        rpm: Requests in any minute; ``None`` for any number, here and below.
        concurrency: Requests at once, in one process.
        tokens_per_day: Tokens of a day (UTC).
        expires: The instant (epoch) from which it is refused.
        admin: Whether it may see the calls of all keys.
        created: The instant (epoch) at which it was made.
    """

    name: str
    routes: tuple[str, ...] | None = None
    rpm: int | None = None
    concurrency: int | None = None
    tokens_per_day: int | None = None
    expires: float | None = None
    admin: bool = False
    created: float = 0.0

    def is_expired(self, now: float) -> bool:
        """Whether it is refused at an instant (epoch)."""
        return self.expires is not None and now >= self.expires

    def allows(self, name: str) -> bool:
        """Whether the route or target of that name may be asked."""
        return self.routes is None or any(_covers(one, name) for one in self.routes)


def is_route_pattern(text: str) -> bool:
    """Whether ``text`` is what :attr:`GatewayKey.routes` may hold."""
    return bool(text) and ANY not in text[:-1]


def _covers(pattern: str, name: str) -> bool:
    # No glob and no expression: a name is the caller's, as long as it likes.
    return name.startswith(pattern[:-1]) if pattern.endswith(ANY) else name == pattern


@attrs.frozen
class StoredKey:
    """A key as the file has it.

    Attributes:
        key: What it stands for.
        digest: Its SHA-256.
        ends: Its last characters, by which its owner knows it.
    """

    key: GatewayKey
    digest: bytes = attrs.field(repr=False)
    ends: str


def digest_of(token: str) -> bytes:
    """The SHA-256 of a key; of any text, also one that is no key."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


_Count = Annotated[int, Meta(ge=1, le=MOST_PER_MINUTE)] | None


class _Row(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A key, as it is written. An unknown field is refused: it may be a limit, misspelled."""

    name: Annotated[str, Meta(pattern=rf"\A{_NAME}\Z")]
    sha256: Annotated[str, Meta(pattern=r"\A[0-9a-f]{64}\Z")]
    ends: Annotated[str, Meta(max_length=_ENDS)]
    created: float
    routes: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    rpm: _Count = None
    concurrency: _Count = None
    tokens_per_day: Annotated[int, Meta(ge=1, le=MOST_TOKENS)] | None = None
    expires: float | None = None
    admin: bool = False


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    keys: list[_Row]


_FIELDS = (*_Row.__struct_fields__, *_Rows.__struct_fields__)
_own_of = attrgetter(*(field.name for field in attrs.fields(GatewayKey)))


class KeyFile:
    """The file of keys at ``path``; read and written whole, by any number of processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __repr__(self) -> str:
        return f"KeyFile({str(self.path)!r})"

    def add(self, key: GatewayKey) -> str:
        """Make a key, and store what it stands for; the key, which is never seen again.

        Raises:
            ConfigError: There is one of that name, or the file cannot be read.
            OSError: The file cannot be written.
        """
        token = PREFIX + secrets.token_urlsafe(_BYTES)
        with _locked(self.path):
            stored = self._read(is_needed=False)
            if any(one.key.name == key.name for one in stored):
                self._refuse(
                    f"there is a key {key.name!r} already; give it another name, or remove "
                    f"the old one first: orchestrator key remove {key.name}"
                )
            self._write([*stored, StoredKey(key, digest_of(token), token[-_ENDS:])])
        return token

    def remove(self, name: str) -> GatewayKey:
        """Forget the key of that name; what it stood for.

        Raises:
            ConfigError: There is none, or the file cannot be read.
            OSError: The file cannot be written.
        """
        with _locked(self.path):
            stored = self._read(is_needed=True)
            names = [one.key.name for one in stored]
            if name not in names:
                known = f"known: {', '.join(names)}" if names else "it holds none"
                self._refuse(f"there is no key {name!r}{nearest(name, names)}; {known}")
            self._write([one for one in stored if one.key.name != name])
        return stored[names.index(name)].key

    def list(self) -> tuple[StoredKey, ...]:
        """The keys, the oldest first.

        Raises:
            ConfigError: The file is not there, damaged, or may not be read.
        """
        return self._read(is_needed=True)

    def stamp(self) -> tuple[int, ...] | None:
        """What changes with the file; ``None`` where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def _read(self, *, is_needed: bool) -> tuple[StoredKey, ...]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            if is_needed:
                self._refuse("there is no such file; `orchestrator key new NAME` makes it")
            return ()
        except OSError as error:
            self._refuse(error.strerror or type(error).__name__)
        return self._decoded(content)

    def _decoded(self, content: bytes) -> tuple[StoredKey, ...]:
        try:
            rows = _rows(msgspec.json.decode(content))
        except msgspec.ValidationError as error:
            self._refuse(*_where(str(error)))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._refuse(f"is no JSON: {error}", line=_line(content, str(error)))
        except _Unreadable as error:
            self._refuse(str(error))
        seen: set[str] = set()
        for index, row in enumerate(rows):
            if not seen.isdisjoint((row.name, row.sha256)):
                self._refuse("the same key stands above; allowed: each once", f"keys[{index}]")
            seen.update((row.name, row.sha256))
            self._check_routes(row, f"keys[{index}].routes")
        return tuple(_stored(row) for row in rows)

    def _check_routes(self, row: _Row, where: str) -> None:
        for route in row.routes or ():
            if not is_route_pattern(route):
                self._refuse(
                    f"found {route!r:.100}; allowed: a route, provider/model, or the beginning of "
                    "such names and a * at its end",
                    where,
                )

    def _write(self, stored: Sequence[StoredKey]) -> None:
        rows = _Rows(FORMAT, [_row(one) for one in stored])
        content = msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n"
        self._decoded(content)  # what could not be read again is not written
        # What a link leads to is replaced, not the link.
        path = Path(os.path.realpath(self.path))
        draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        try:
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb"
            ) as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _refuse(self, what: str, where: str = "", *, line: int | None = None) -> Never:
        raise ConfigError(str(self.path), [Problem(where, what, line=line)]) from None


class _Unreadable(ValueError):
    """Sound JSON that is no file of keys."""


def _rows(value: Any) -> list[_Row]:
    found = value.get("format") if isinstance(value, dict) else None
    if type(found) is not int:
        raise _Unreadable('is no file of keys; allowed: {"format": 1, "keys": […]}')
    if found != FORMAT:
        raise _Unreadable(
            f"has the format {found}, which another version of this program writes; "
            f"known here: {FORMAT}"
        )
    return msgspec.convert(value, _Rows).keys


def _stored(row: _Row) -> StoredKey:
    return StoredKey(GatewayKey(*_own_of(row)), bytes.fromhex(row.sha256), row.ends)


def _row(stored: StoredKey) -> _Row:
    return _Row(
        **attrs.asdict(stored.key, recurse=False), sha256=stored.digest.hex(), ends=stored.ends
    )


_PLACED = re.compile(r"(?P<what>.*?)(?: - at `\$\.?(?P<where>[^`]*)`)?", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")
_BYTE = re.compile(r"\(byte (\d+)\)")


def _where(told: str) -> tuple[str, str]:
    """What is wrong, and where, of what msgspec says."""
    found = _PLACED.fullmatch(told)
    what, where = (found["what"], found["where"] or "") if found else (told, "")
    unknown = _UNKNOWN.search(what)
    near = nearest(unknown[1], _FIELDS) if unknown else ""
    return f"{what[:1].lower()}{what[1:]}{near}", where


def _line(content: bytes, told: str) -> int | None:
    """The line at which the JSON breaks; ``None`` where nobody says."""
    found = _BYTE.search(told)
    return content.count(b"\n", 0, int(found[1])) + 1 if found else None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Alone among those that write to the file."""
    # A file of its own, which stays: the other is replaced, and a lock with it.
    name = f"{os.path.realpath(path)}.lock"
    descriptor = os.open(name, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _MODE)
    try:
        if sys.platform != "win32":
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
