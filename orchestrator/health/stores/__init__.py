"""Stores of marks: this process's memory, a file that processes share, a server for hosts."""

from __future__ import annotations

from pathlib import Path

from orchestrator.extras import how_to_install
from orchestrator.health.stores.store import MemoryStore, Store
from orchestrator.secrets import Secret

APP = "llm-request-orchestrator"
FILE = "health.sqlite3"


def state_folder() -> Path:
    """The user's state folder."""
    import platformdirs  # it loads tempfile and shutil, for who keeps a file alone

    return platformdirs.user_state_path(APP)


def default_path() -> Path:
    """The health file in the user's state folder."""
    return state_folder() / FILE


ALLOWED = (
    'allowed: "file" (shared by the processes of this user), "memory" (this process only), the URL '
    'of a store that hosts share ("redis://host:6379/0"), "env:NAME" of a variable that holds one'
)


def open_store(health: str | Secret) -> Store:
    """The store that the config's ``health`` asks for; nothing is opened before it is used.

    Raises:
        ValueError: It asks for none that there is, or for one that an extra is missing for.
    """
    named = health.reveal() if isinstance(health, Secret) else health
    if named == "memory":
        return MemoryStore()
    if named == "file":
        from orchestrator.health.stores.file import FileStore  # with SQLite, for those who need it

        return FileStore(default_path())
    if "://" not in named:
        from orchestrator.health.stores.redis_address import shown_url

        raise ValueError(f"{shown_url(named)!r} is not a store; {ALLOWED}")
    return _open_shared(named)


def _open_shared(url: str) -> Store:
    try:
        from orchestrator.health.stores.redis_store import RedisStore
    except ModuleNotFoundError as error:
        if error.name != "redis":
            raise
        raise ValueError(f"a shared store needs an extra: {how_to_install('redis')}") from None
    return RedisStore(url)
