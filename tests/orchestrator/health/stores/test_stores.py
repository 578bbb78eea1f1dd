"""Which store a config's ``health`` opens, and what it says where there is none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from orchestrator.health import MemoryStore, default_path, open_store
from orchestrator.health.stores.file import FileStore
from orchestrator.health.stores.redis_store import RedisStore
from orchestrator.secrets import Secret


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
        ("redis:/user:hunter2@host/0", "'host/0' is not a store"),
    ],
)
def test_another_value_is_refused_with_what_is_allowed(health: str, words: str) -> None:
    with pytest.raises(ValueError, match=r'allowed: "file" .*, "memory"') as raised:
        open_store(health)

    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_url_is_a_store_that_hosts_share_and_opens_nothing() -> None:
    store = open_store(Secret("redis://user:hunter2@host.invalid/0"))

    assert isinstance(store, RedisStore)
    assert repr(store) == "RedisStore('redis://host.invalid/0')"


def test_a_missing_extra_is_named_with_how_to_install_it() -> None:
    program = """
import sys
sys.modules["redis"] = None
from orchestrator.health import open_store
open_store("redis://user:hunter2@host/0")
"""

    command = [sys.executable, "-c", program]
    done = subprocess.run(command, check=False, capture_output=True, text=True)

    assert "ValueError: a shared store needs an extra: " in done.stderr
    assert "pip install '.[redis]'" in done.stderr
    assert "hunter2" not in done.stderr
