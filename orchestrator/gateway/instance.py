"""Instances: one start of a gateway each, and the files by which commands find what runs.

Theory of operation. A running gateway keeps one JSON file in the user's state folder, and holds
a lock on it (``flock``) for as long as its process lives, however that ends. So a file that can be
locked is one that a dead process left behind, whoever has its process id by now; whoever finds it
removes it. The file holds the token that :mod:`.control` asks for: only its user can read it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import re
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import attrs
import msgspec

from orchestrator.gateway.surroundings import TERMINAL, read_surroundings
from orchestrator.health.stores import state_folder
from orchestrator.secrets import Secret

if sys.platform != "win32":
    import fcntl

FORMAT = 1
"""Of the file. A reader takes what it knows, so that a newer program restarts an older one."""

_NO_NAME = re.compile(r"[^0-9A-Za-z.]+")

_log = logging.getLogger("orchestrator")


class NotRunning(LookupError):
    """No gateway runs that is meant; the text says what does."""


class SeveralRunning(LookupError):
    """More than one gateway could be meant; the text says how to name one."""


@attrs.frozen
class Instance:
    """One start of a gateway.

    Attributes:
        id: Names this start: kept when the config is read anew, another one after a restart.
        pid: The process.
        started: When (epoch).
        host: What it is bound to.
        port: The port that it really has.
        config: The config's absolute path; empty where there is none.
        version: The version of the package.
        unit: The systemd unit that it runs in; empty where it runs in none.
        log: Where its log is, in words.
        supervisor: Who would take its exit for the end of the service; empty where nobody does.
        instead: What restarts it then.
    """

    id: str
    pid: int
    started: float
    host: str
    port: int
    config: str = ""
    version: str = ""
    unit: str = ""
    log: str = TERMINAL
    supervisor: str = ""
    instead: str = ""

    @property
    def address(self) -> str:
        """``host:port``, as a URL has it."""
        return host_and_port(self.host, self.port)

    def __str__(self) -> str:
        return f"{self.id} ({self.address}, process {self.pid})"


def host_and_port(host: str, port: int) -> str:
    """``host:port``, as a URL has it."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def new_instance(host: str, port: int, config: Path | None, started: float) -> Instance:
    """The instance that this process is from now on.

    Args:
        host: What it is bound to.
        port: The port that it really has.
        config: The config.
        started: Now (epoch).
    """
    here = read_surroundings()
    return Instance(
        id=secrets.token_hex(6),
        pid=os.getpid(),
        started=started,
        host=host,
        port=port,
        config="" if config is None else str(config.absolute()),
        version=program_version(),
        **attrs.asdict(here),
    )


def program_version() -> str:
    """The version of the package; empty where it runs from a folder that is none."""
    try:
        return importlib.metadata.version("llm-request-orchestrator")
    except importlib.metadata.PackageNotFoundError:
        return ""


def instances_folder() -> Path:
    """The folder of the files, beside the health file."""
    return state_folder() / "gateways"


class InstanceFile:
    """The file of this process's instance; a context manager that removes it.

    Attributes:
        path: The file.
        token: What a control request must bring.
    """

    def __init__(self, path: Path, token: Secret, descriptor: int) -> None:
        self.path = path
        self.token = token
        self._descriptor = descriptor

    @classmethod
    def write(cls, instance: Instance, folder: Path | None = None) -> Self:
        """Write the file and hold it.

        Args:
            instance: Whose it is.
            folder: Where it lies; the user's state folder unless given.

        Raises:
            OSError: It cannot be written.
        """
        folder = instances_folder() if folder is None else folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = Secret(secrets.token_urlsafe(32))
        path = folder / f"{_NO_NAME.sub('_', instance.host)}-{instance.port}-{instance.pid}.json"
        # It gets its name when it is locked: a reader in between would take it for a dead one's.
        unnamed = path.with_suffix(".new")
        unnamed.unlink(missing_ok=True)  # of a process that died right here
        descriptor = os.open(unnamed, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            if sys.platform != "win32":
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.write(descriptor, _encoded(instance, token))
            unnamed.rename(path)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(path, token, descriptor)

    def remove(self) -> None:
        """Let nobody find this instance any more; its end can still be watched for."""
        # The lock stays: it tells when the process has gone.
        with contextlib.suppress(OSError):
            self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove the file and let it go, as the end of the process does."""
        self.remove()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _encoded(instance: Instance, token: Secret) -> bytes:
    value = {"format": FORMAT, "instance": attrs.asdict(instance), "token": token.reveal()}
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"


@attrs.frozen
class RunningInstance:
    """A running instance, as its file tells of it.

    Attributes:
        instance: The instance.
        token: What a control request must bring.
        path: The file.
    """

    instance: Instance
    token: Secret
    path: Path


def find_instances(folder: Path | None = None) -> tuple[RunningInstance, ...]:
    """Every running instance of this user, the newest first; files of dead ones are removed.

    Args:
        folder: Where the files lie; the user's state folder unless given.
    """
    folder = instances_folder() if folder is None else folder
    found = [_read(path) for path in sorted(folder.glob("*.json"))]
    running = [one for one in found if one is not None]
    return tuple(sorted(running, key=lambda one: one.instance.started, reverse=True))


def choose_instance(
    found: Sequence[RunningInstance], *, port: int | None = None, config: Path | None = None
) -> RunningInstance:
    """The running instance that is meant.

    Args:
        found: Those that run, the newest first.
        port: Its port, where that is given.
        config: Its config, where that is given.

    Raises:
        NotRunning: None is.
        SeveralRunning: More than one could be.
    """
    meant = _newest_of_each([one for one in found if _is_meant(one.instance, port, config)])
    if len(meant) == 1:
        return meant[0]
    named = f" on port {port}" if port is not None else ""
    named += f" with the config {config}" if config is not None else ""
    if meant:
        raise SeveralRunning(
            f"{len(meant)} gateways run{named}: {_listed(meant)}; name one with --port"
        )
    others = f"; running: {_listed(_newest_of_each(found))}" if found else ""
    raise NotRunning(f"no gateway runs{named}{others}")


def _is_meant(instance: Instance, port: int | None, config: Path | None) -> bool:
    if port is not None and instance.port != port:
        return False
    return config is None or Path(instance.config).resolve() == config.resolve()


def _newest_of_each(found: Sequence[RunningInstance]) -> list[RunningInstance]:
    """Of each address the newest: for an instant of a restart there are two."""
    newest: dict[str, RunningInstance] = {}
    for one in found:
        newest.setdefault(one.instance.address, one)
    return list(newest.values())


def _listed(found: Sequence[RunningInstance]) -> str:
    return ", ".join(
        f"port {one.instance.port} ({one.instance.config or 'no config'})" for one in found
    )


def _read(path: Path) -> RunningInstance | None:
    """The instance whose file this is; ``None`` where it has ended or cannot be told."""
    try:
        with path.open("rb") as file:
            if _is_free(file.fileno()):
                path.unlink(missing_ok=True)
                return None
            value = msgspec.json.decode(file.read())
        return RunningInstance(_instance(value["instance"]), Secret(value["token"]), path)
    except FileNotFoundError:  # it ended just now
        return None
    except (OSError, ValueError, TypeError, LookupError) as error:
        # Never its words: they may quote what the file holds.
        _log.warning("%s cannot be read and is passed over: %s", path, type(error).__name__)
        return None


def _instance(value: dict[str, Any]) -> Instance:
    known = {field.name for field in attrs.fields(Instance)}
    return msgspec.convert({name: value[name] for name in known & value.keys()}, Instance)


def _is_free(descriptor: int) -> bool:
    """Whether nobody holds the file any more."""
    if sys.platform == "win32":
        return False
    try:
        # Shared, so that two who look at once do not take each other for the process.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return True


class InstanceWatch:
    """Tells when the process of an instance has gone; a context manager.

    Args:
        running: The instance; its file may be removed while it is watched.
    """

    def __init__(self, running: RunningInstance) -> None:
        self._path = running.path
        self._descriptor = -1

    def __enter__(self) -> Self:
        with contextlib.suppress(FileNotFoundError):  # it has gone already
            self._descriptor = os.open(self._path, os.O_RDONLY)
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)

    @property
    def has_ended(self) -> bool:
        """Whether it has gone."""
        return self._descriptor < 0 or _is_free(self._descriptor)
