"""The rules of the house: what keeps it a place where a newcomer finds things."""

from __future__ import annotations

import ast
import builtins
import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FOREIGN = {"asyncio", "attrs", "httpx", "hypothesis", "logging", "pytest"}
SHIPPED = sorted((ROOT / "states").rglob("*.py")) + [
    path
    for path in sorted((ROOT / "orchestrator").rglob("*.py"))
    if "states" not in path.relative_to(ROOT).parts  # the same files by another way
]
OURS = [
    path
    for folder in ("states", "orchestrator", "tests", "scripts", "benchmarks", "verification")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if path.relative_to(ROOT).parts[:2] != ("orchestrator", "states")
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All that a shipped file says; several rules look at it."""
    return tuple(ast.walk(tree(path)))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def broken(paths: Iterable[Path], faults: Callable[[Path], Collection[str]]) -> dict[str, Any]:
    """What is wrong, by file; a test a file would take longer to start than to look."""
    return {named(path): found for path in paths if (found := faults(path))}


def dotted(node: ast.expr) -> str:
    """``time.monotonic`` for the expression of that name."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


# Size and names.


def test_no_file_is_too_long_to_be_read() -> None:
    lines = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in OURS}

    assert {name: count for name, count in lines.items() if count >= 500} == {}


def test_a_class_name_is_used_once() -> None:
    """Who reads it in a trace or a review knows which one it is."""
    names = Counter(
        node.name
        for path in SHIPPED
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )

    assert [name for name, count in names.items() if count > 1] == []


REFERENCE = re.compile(r":(?:class|func|meth|mod|data|attr|exc):`~?([\w.]+)`")


def defined(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that code defines: classes, functions, attributes, constants."""
    for node in nodes:
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def is_defined(name: str, others: Mapping[Path, str]) -> bool:
    """Whether one of the files that are not shipped, by their text, defines it."""
    word = re.compile(rf"\b{name}\b")
    return any(
        name in defined(ast.walk(tree(path))) for path, text in others.items() if word.search(text)
    )


def test_what_a_docstring_refers_to_is_there() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in OURS}
    modules = {path.parent.name if path.stem == "__init__" else path.stem for path in OURS}
    shipped = {name for path in SHIPPED for name in defined(nodes(path))}
    known = modules | shipped | set(dir(builtins))
    wanted = {
        target.split(".")[-1]: f"{named(path)}: {target}"
        for path, text in texts.items()
        for target in REFERENCE.findall(text)
        if target.split(".")[-1] not in known and target.split(".")[0] not in FOREIGN
    }
    others = {path: text for path, text in texts.items() if path not in set(SHIPPED)}

    assert [where for name, where in wanted.items() if not is_defined(name, others)] == []


# What runs calls is explained where it takes a reader more than a minute.

EXPLAINED = ("execution", "health", "api")
LEAST_COMMENTS = 0.03


def comments(path: Path) -> int:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    kinds = (each for each in tokens if each.type == tokenize.COMMENT)
    return sum("noqa" not in each.string for each in kinds)


@pytest.mark.parametrize("room", EXPLAINED)
def test_code_that_runs_calls_says_why(room: str) -> None:
    files = sorted((ROOT / "orchestrator" / room).rglob("*.py"))
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)

    assert sum(map(comments, files)) >= LEAST_COMMENTS * lines


# The world is touched in few places.

TOUCHING = {"fcntl", "select", "selectors", "socket", "sqlite3", "ssl", "subprocess", "tempfile"}
"""Modules of the world: sockets, files, processes."""

WORLDLY = {
    "connections",  # sockets, and whom they trust
    "secrets/sources.py",  # runs the command that prints a token
    "health/stores/file.py",
    "health/stores/sqlite_file.py",
    "ledger/file.py",
    "batch/database.py",  # keeps a lock on its file
    "gateway/server.py",  # listens
    "gateway/run.py",
    "gateway/standard_streams.py",  # asks whether anybody reads them
    "gateway/lifecycle.py",
    "gateway/handover.py",  # hands its sockets on, and starts who follows it
    "gateway/instance.py",  # keeps a lock on its file
    "gateway/notify.py",  # tells systemd
    "gateway/key_file.py",
    "gateway/policy_check.py",  # asks a process of its own
    "gateway/daily_tokens.py",
    *("cli", "lab", "sim", "testing"),  # what looks at machines and plays providers
}


def worldly(path: Path) -> bool:
    parts = path.relative_to(ROOT / "orchestrator").parts
    return parts[0] in WORLDLY or "/".join(parts) in WORLDLY


RUNNING = [path for path in SHIPPED if path.is_relative_to(ROOT / "orchestrator")]


def touched(path: Path) -> set[str]:
    found = {
        name.split(".")[0]
        for node in nodes(path)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [str(node.module)]
        )
    }

    return found & TOUCHING


def test_sockets_files_and_processes_have_their_places() -> None:
    assert broken([one for one in RUNNING if not worldly(one)], touched) == {}


SLEEPING = {"time.sleep", "asyncio.sleep"}
SLEEPERS = {
    *("clock.py", "ledger/file.py", "health/stores/sqlite_file.py", "health/stores/file.py"),
    # A server waits in real time, and tells a time of its own.
    *("health/stores/committer.py", "health/stores/outage.py", "health/stores/redis_link.py"),
    *("health/stores/redis_store.py", "health/stores/store_clock.py"),
    "connections/loops.py",  # for no time: the loop closes a socket in its next round
    "gateway/server.py",  # for no time: who was accepted has its connection some turns later
    "temporal/activities.py",  # between two signs of life of a worker
}
READING = {"time.time", "time.monotonic", "time.perf_counter", "datetime.now", "time.time_ns"}
READERS = SLEEPERS | {
    "connections/dialing.py",  # sockets wait in real time, whatever clock the call has
    "connections/httpx_adapter.py",
    "connections/httpx_pools.py",
    "connections/sockets.py",
    "execution/blocking.py",
    "execution/tasks.py",
    "gateway/server.py",  # dates its answers
    "classification/failure_reader.py",  # a caller who classifies hands in no clock
}


def calls(path: Path) -> set[str]:
    return {dotted(node.func) for node in nodes(path) if isinstance(node, ast.Call)}


CLOCKLESS = [
    path
    for path in RUNNING
    if path.relative_to(ROOT / "orchestrator").parts[0] not in ("cli", "lab", "sim", "testing")
]


def timed(path: Path) -> set[str]:
    name = str(path.relative_to(ROOT / "orchestrator"))
    sleeps = set() if name in SLEEPERS else calls(path) & SLEEPING
    return sleeps | (set() if name in READERS else calls(path) & READING)


def test_time_comes_from_the_clock() -> None:
    assert broken(CLOCKLESS, timed) == {}


TAKING = (
    *("time.", "secrets.token", "uuid.", "os.urandom", "os.open", "open", "socket."),
    *("threading.Thread", "subprocess.", "sqlite3.connect", "tempfile."),
)
"""Beginnings of the names of what reads a clock, draws, opens or takes something."""


def taken_by_constructors(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef) and node.name in ("__init__", "__attrs_post_init__"):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Call) and dotted(inner.func).startswith(TAKING):
                    yield f"{node.name}:{inner.lineno}: {dotted(inner.func)}"


def test_constructors_only_construct() -> None:
    assert broken(CLOCKLESS, lambda path: list(taken_by_constructors(path))) == {}


# One loop performs what the machine asks for.

COMMANDS = {"Rotate", "Switch", "Wait", "Repair", "Diagnose"}
LOOP = "execution/flow.py"
TELLING = ("states", "ledger", "lab", "testing")  # they may name commands


def told_apart(path: Path) -> set[str]:
    """The names that a file tells apart: by ``case``, by ``isinstance``, or by a dictionary."""
    found: set[str] = set()
    for node in nodes(path):
        match node:
            case ast.MatchClass(cls=cls):
                found.add(dotted(cls))
            case ast.Call(func=ast.Name(id="isinstance"), args=[_, kinds]):
                found |= {dotted(each) for each in ast.walk(kinds) if isinstance(each, ast.Name)}
            case ast.Dict(keys=keys):
                found |= {dotted(key) for key in keys if key is not None}
    return found


def performed(path: Path) -> set[str]:
    name = str(path.relative_to(ROOT / "orchestrator"))
    if name == LOOP or name.split("/", maxsplit=1)[0] in TELLING:
        return set()
    found = told_apart(path) & COMMANDS
    # One or two may be named by who shows a call to a person; who tells them all performs them.
    return found if len(found) >= 3 else set()


def test_one_file_performs_commands() -> None:
    assert broken(RUNNING, performed) == {}


def test_the_loop_is_seen_where_it_is() -> None:
    assert told_apart(ROOT / "orchestrator" / LOOP) >= COMMANDS


# Budgets, counted and not timed.

MOST_CALLS = 255
"""Own Python calls of a success, over a transport that answers at once."""

MOST_FILES = 46
"""Own files that a success enters, those of the machine among them."""

COUNTED = r'''
import json, os, sys
import httpx
import orchestrator
from orchestrator.config.loading import loads

ANSWER = json.dumps({"choices": [{"message": {"content": "hello"}, "finish_reason": "stop"}]})
TEXT = """
health = "memory"
[providers.a]
base_url = "http://a.test/v1"
credentials = ["a-key-of-some-length"]
[routes]
default = ["a/m"]
"""
HI = {"messages": [{"role": "user", "content": "hi"}]}
transport = httpx.MockTransport(lambda _: httpx.Response(200, text=ANSWER))
root = os.path.dirname(os.path.abspath(orchestrator.__file__))
calls, files = 0, set()

def count(frame, event, _):
    global calls
    name = frame.f_code.co_filename
    if event == "call" and os.path.abspath(name).startswith(root):
        calls += 1
        files.add(name)

with orchestrator.Orchestrator(loads(TEXT, {}), transport=transport) as orc:
    for _ in range(3):
        orc.run(HI)
    sys.setprofile(count)
    orc.run(HI)
    sys.setprofile(None)
print(json.dumps({"calls": calls, "files": sorted(files)}))
'''


@pytest.fixture(scope="module")
def counted() -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", COUNTED], cwd=ROOT, capture_output=True, check=True, text=True
    )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_success_keeps_to_its_budget(counted: dict[str, object]) -> None:
    files = counted["files"]

    own = counted["calls"]

    assert isinstance(files, list)
    assert isinstance(own, int)
    assert 100 < own <= MOST_CALLS
    assert len(files) <= MOST_FILES, files
