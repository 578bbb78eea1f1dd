"""Which store a config's ``health`` opens, and what it says where there is none."""

from __future__ import annotations

import pytest

from orchestrator.health import MemoryStore, default_path, open_store
from orchestrator.health.stores.file import FileStore


def test_memory_is_a_memory_store() -> None:
    assert isinstance(open_store("memory"), MemoryStore)


def test_file_is_the_file_in_the_users_state_folder() -> None:
    store = open_store("file")

    assert isinstance(store, FileStore)
    assert repr(store) == f"FileStore({str(default_path())!r})"
    assert default_path().name == "health.sqlite3"
    assert default_path().parent.name == "llm-request-orchestrator"


@pytest.mark.parametrize(
    ("health", "words"),
    [
        ("files", "'files' is not a store"),
        ("", "'' is not a store"),
    ],
)
def test_another_value_is_refused_with_what_is_allowed(health: str, words: str) -> None:
    with pytest.raises(ValueError, match=r'allowed: "file" .*, "memory"') as raised:
        open_store(health)

    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)
