"""Stores of marks: this process's memory, or a file that processes share."""

from __future__ import annotations

from pathlib import Path

from orchestrator.health.stores.store import MemoryStore, Store

APP = "llm-request-orchestrator"
FILE = "health.sqlite3"


def state_folder() -> Path:
    """The user's state folder."""
    import platformdirs  # it loads tempfile and shutil, for who keeps a file alone

    return platformdirs.user_state_path(APP)


def default_path() -> Path:
    """The health file in the user's state folder."""
    return state_folder() / FILE


def open_store(health: str) -> Store:
    """The store that the config's ``health`` asks for.

    Raises:
        ValueError: ``health`` is neither ``"file"`` nor ``"memory"``.
    """
    if health == "memory":
        return MemoryStore()
    if health == "file":
        from orchestrator.health.stores.file import FileStore  # with SQLite, for those who need it

        return FileStore(default_path())
    found = f"found {_shown(health)!r}"
    allowed = 'allowed: "file" (shared by the processes of this user), "memory" (this process only)'
    if "://" in health:
        raise ValueError(f"{found}: shared stores are not available yet; {allowed}")
    raise ValueError(f"{found} is not a store; {allowed}")


def _shown(health: str) -> str:
    """``health`` without a URL's user and password."""
    # From the last @ on: a password may hold one itself.
    scheme, mark, rest = health.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}" if mark else health
