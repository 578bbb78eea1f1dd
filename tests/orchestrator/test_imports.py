"""The arrows between the rooms: who may import whom, and what `import` loads.

Imports inside functions count too: an arrow that is put off is still an arrow.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Each room of orchestrator/ (a folder, or one file; those of api/, lab/ and health/ by
# themselves), and the rooms that it may import. `states`: it may import the machine.
ROOMS = """
states             |
clock              |
extras             |
secrets            | extras
http_messages      | secrets
connections        | states clock extras http_messages secrets
json_values        |
header_rules       |
dialects           | http_messages
api.request        | dialects json_values header_rules
classification.rule | states
vendors            | states classification.rule dialects
pooling            |
provider           | classification.rule dialects http_messages pooling secrets vendors
health             | states extras pooling secrets
classification     | states classification.rule secrets vendors
ledger             | states dialects json_values
config             | states classification classification.rule connections dialects extras header_rules health http_messages json_values pooling provider secrets vendors
api.response       | dialects ledger
api.errors         | states ledger
api.chunks         | dialects
api.streams        | api.chunks api.response dialects execution
api.routing        | states classification config dialects execution ledger vendors
api.default        | api.client clock config
api.options        | api.request clock health ledger
api.embeddings     | api.options api.request api.response dialects ledger
api.given_config   | classification config dialects health
api.client         | states api.embeddings api.given_config api.options api.request api.response api.routing api.streams clock config connections dialects execution health ledger secrets tracing
execution          | states api.errors api.request api.response classification clock config connections dialects health http_messages ledger provider secrets vendors
tracing            | states api.errors config dialects execution ledger provider secrets vendors
serving            | states api.client api.default api.errors api.options api.request api.response clock config dialects execution http_messages ledger
temporal           | api.errors api.options api.request api.response config execution extras
gateway            | states api.client api.errors api.request clock config dialects execution extras health http_messages lab.audit lab.simulation ledger provider secrets serving tracing
batch              | states api.client api.errors api.request api.response classification clock config dialects execution ledger serving states
importing          | states config dialects header_rules json_values pooling vendors
sim                |
lab.diagrams       | states extras ledger
lab.simulation     | states api.client api.errors api.request api.response classification clock config connections dialects execution health http_messages ledger pooling provider secrets vendors
lab.fleet          | states api.errors api.request config connections execution health lab.simulation pooling
lab.fault_matrix   | states api.errors api.request api.response clock config execution health lab.simulation provider
lab.invariants     | states
lab.audit          | states lab.invariants ledger secrets
lab.policy_check   | lab.verify ledger
lab.verify         | states lab.invariants ledger
testing            | states clock config extras ledger sim lab.audit lab.invariants lab.simulation
cli                | states batch api.client api.errors api.request api.response api.routing classification classification.rule config connections dialects execution extras gateway health http_messages importing lab.audit lab.diagrams lab.fault_matrix lab.simulation lab.verify ledger provider secrets sim vendors
"""  # noqa: E501 - a table is read by its rows

DIVIDED = ("api", "lab")
"""Rooms whose parts are rooms of their own."""

APART = ("classification.rule",)
"""Files that are rooms of their own: what a rule is stands below those who write rules."""

# The projects that each room may import from; any room may use attrs.
OTHERS = {
    "api.chunks": {"msgspec"},
    "api.options": {"httpx"},
    "classification": {"msgspec"},
    "batch": {"dbos", "msgspec", "sqlalchemy"},
    "cli": {"cyclopts", "genai_prices", "httpx", "msgspec", "pygal", "rich"},
    "config": {"cattrs", "platformdirs"},
    "connections": {"certifi", "h11", "httpcore", "httptools", "httpx"},
    "dialects": {"msgspec"},
    "execution": {"cattrs", "msgspec"},
    "gateway": {
        *("httptools", "msgspec", "opentelemetry", "prometheus_client", "uvicorn", "uvloop"),
    },
    "health": {"msgspec", "platformdirs", "redis"},
    "http_messages": {"idna", "msgspec"},
    "importing": {"yaml"},
    "lab.audit": {"msgspec"},
    "lab.diagrams": {"rich"},
    "lab.fleet": {"msgspec"},
    "lab.policy_check": {"msgspec"},
    "ledger": {"cattrs", "msgspec"},
    "secrets": {"keyring", "msgspec"},
    "serving": {"httpx", "httpx2", "msgspec"},
    "temporal": {"msgspec", "temporalio"},
    "testing": {"hypothesis", "pytest"},
    "tracing": {"opentelemetry"},
}

# What only a part of the users needs, or what only draws: nobody else waits for it.
NOT_LOADED = (
    "asyncio",
    "cattrs",
    "cyclopts",
    "dbos",
    "httpcore",
    "httpx",
    "httpx2",
    "keyring",
    "opentelemetry",
    "prometheus_client",
    "temporalio",
    "redis",
    "rich",
    "sqlalchemy",
    "sqlite3",
    "uvicorn",
    "yaml",
)


def allowed_rooms() -> dict[str, set[str]]:
    rows = (line.partition("|") for line in ROOMS.strip().splitlines())
    return {room.strip(): set(others.split()) for room, _, others in rows}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def room_of(module: str) -> str:
    """The room of a dotted name within orchestrator; "" is the package's front page."""
    parts = module.split(".")[1:]
    if ".".join(parts[:2]) in APART:
        return ".".join(parts[:2])
    return ".".join(parts[: 2 if parts[:1] and parts[0] in DIVIDED else 1])


def room_of_file(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return room_of(".".join(parts))


@cache
def imported(path: Path) -> tuple[str, ...]:
    """Every module that the file names in an import, wherever in it."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative imports hide the arrow"
            if node.module == "orchestrator":  # `from orchestrator import sim` names a room
                yield from (f"orchestrator.{alias.name}" for alias in node.names)
            else:
                yield str(node.module)


def arrows(path: Path) -> set[str]:
    """The rooms, `states` among them, that a file of orchestrator imports."""
    own = {room_of(name) for name in imported(path) if name.split(".")[0] == "orchestrator"}
    return own - {room_of_file(path)}


def from_others(path: Path) -> set[str]:
    tops = {name.split(".")[0] for name in imported(path)}
    return tops - sys.stdlib_module_names - {"orchestrator", "attrs"}


_FRONT = ("__init__", "__main__")  # pages that lead into rooms, and the program's entry
ROOM_FILES = [
    path
    for path in files("orchestrator")
    if not (path.stem in _FRONT and path.parent.name in ("orchestrator", *DIVIDED))
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_room_has_a_row_and_every_row_a_room() -> None:
    assert {room_of_file(path) for path in ROOM_FILES} == set(allowed_rooms()) - {"states"}


def broken(paths: Iterable[Path], faults: Callable[[Path], set[str]]) -> dict[str, set[str]]:
    """What is wrong, by file; a test a file would take longer to start than to look."""
    return {named(path): found for path in paths if (found := faults(path))}


def test_a_room_imports_only_the_rooms_in_its_row() -> None:
    allowed = allowed_rooms()

    assert broken(ROOM_FILES, lambda path: arrows(path) - allowed[room_of_file(path)]) == {}


def test_a_room_imports_only_its_own_libraries() -> None:
    def foreign(path: Path) -> set[str]:
        return from_others(path) - OTHERS.get(room_of_file(path), set())

    assert broken(ROOM_FILES, foreign) == {}


def test_every_arrow_and_every_library_that_is_allowed_is_used() -> None:
    """What nobody needs is a way in for what should not be there."""
    used: dict[str, set[str]] = {}
    libraries: dict[str, set[str]] = {}
    for path in ROOM_FILES:
        used.setdefault(room_of_file(path), set()).update(arrows(path))
        libraries.setdefault(room_of_file(path), set()).update(from_others(path))

    assert {room: arrows - used.get(room, set()) for room, arrows in allowed_rooms().items()} == {
        room: set() for room in allowed_rooms()
    }
    assert {room: those - libraries[room] for room, those in OTHERS.items()} == {
        room: set() for room in OTHERS
    }


def test_the_arrows_make_no_circle() -> None:
    left = allowed_rooms()
    while free := {room for room, others in left.items() if not others & left.keys()}:
        for room in free:
            del left[room]

    assert left == {}


@pytest.mark.parametrize("path", files("states"), ids=named)
def test_states_is_pure_and_imports_only_what_it_is_allowed(path: Path) -> None:
    allowed = {"orchestrator", "attrs"} | ({"transitions"} if path.name == "machine.py" else set())
    found = {name.split(".")[0] for name in imported(path)}
    ours = {room_of(name) for name in imported(path) if name.startswith("orchestrator")}
    acting = {
        *("asyncio", "datetime", "http", "io", "logging", "os", "pathlib", "random", "secrets"),
        *("socket", "sqlite3", "ssl", "subprocess", "tempfile", "threading", "time", "uuid"),
    }

    assert found - sys.stdlib_module_names - allowed == set()
    assert found & acting == set()
    assert ours <= {"states"}


EVERYWHERE = [
    path
    for folder in ("orchestrator", "states", "tests", "benchmarks", "examples", "scripts")
    for path in files(folder)
] + files("verification")


def test_the_machine_has_one_name() -> None:
    """Two modules would be two enums, and a user's own ``states.py`` would be taken for ours."""
    wrong = broken(
        EVERYWHERE, lambda path: {one.split(".")[0] for one in imported(path)} & {"states"}
    )

    assert wrong == {}


def test_nobody_imports_the_command_line() -> None:
    def importing(path: Path) -> set[str]:
        entry = path == ROOT / "orchestrator" / "__main__.py"
        importers = {"cli"} if entry or room_of_file(path) == "cli" else set()
        return ({room_of(name) for name in imported(path)} & {"cli"}) - importers

    assert broken(files("orchestrator"), importing) == {}


def loaded_by(module: str) -> set[str]:
    """The modules that a fresh interpreter holds after importing ``module``."""
    program = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    return set(done.stdout.split())


MOST_MODULES = 70
"""Of ours that ``import orchestrator`` may load: 63 on 2026-11-29, of some 370. More is a decision:
whoever imports the library to catch an error, or to make a call in an hour, pays for each."""

CALLS = """
import sys, httpx, orchestrator
from orchestrator.config.loading import loads

text = '''health = "memory"
[policy]
attempts_per_target = 1
[providers.a]
base_url = "http://a.invalid"
credentials = ["quiet-key-of-a"]
[providers.b]
dialect = "anthropic-messages"
base_url = "http://b.invalid"
credentials = ["quiet-key-of-b"]
[routes]
default = ["a/m", "b/m"]
'''

def answer(request):
    if request.url.host == "a.invalid":
        statuses.append(STATUSES[len(statuses) % len(STATUSES)])
        return httpx.Response(statuses[-1], json={"error": {"message": "no", "code": "x"}})
    text = {"type": "text", "text": "ok"}
    return httpx.Response(200, json={"content": [text], "stop_reason": "end_turn", "usage": {}})

STATUSES, statuses = (402, 429, 503, 404, 400), []
transport = httpx.MockTransport(answer)
made = orchestrator.Orchestrator(loads(text, {}), transport=transport)
before = set(sys.modules)
for _ in STATUSES:
    try:
        made.run("hi").to_dict()
    except orchestrator.CallFailed as failed:
        str(failed)
    made.board.reset()
[chunk.to_dict() for chunk in made.stream("hi", route="b/m")]
print(*sorted(name for name in set(sys.modules) - before if name.startswith("orchestrator")))
"""


def test_importing_the_library_loads_few_modules() -> None:
    ours = {name for name in loaded_by("orchestrator") if name.split(".")[0] == "orchestrator"}

    assert len(ours) <= MOST_MODULES
    assert {room_of(name) for name in ours} & {"execution", "health", "sim", "testing"} == set()


def test_no_call_loads_a_module() -> None:
    """It would hold the event loop; what a config needs is loaded with its orchestrator."""
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=ROOT, capture_output=True, check=True, text=True
    )

    assert done.stdout.split() == []


def test_a_config_loads_the_vendors_that_it_names() -> None:
    text = '[providers.deepseek]\ncredentials = ["a-key"]\n[routes]\ndefault = ["deepseek/m"]'
    program = (
        "import sys; from orchestrator.config.loading import loads; "
        f"loads({text!r}, {{}}); print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, text=True
    )
    vendors = {path.stem for path in files("orchestrator/vendors")}
    loaded = {name.rpartition(".")[2] for name in done.stdout.split() if ".vendors." in name}

    assert "deepseek" in loaded
    assert {"openai", "anthropic", "groq", "databricks"} & vendors & loaded == set()


@pytest.mark.parametrize(("health", "loads"), [("memory", False), ("file", True)])
def test_sqlite_is_loaded_for_a_file_of_health_alone(
    tmp_path: Path, health: str, *, loads: bool
) -> None:
    program = (
        "import sys; from orchestrator.health import open_store; "
        f"open_store({health!r}); print('sqlite3' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT, capture_output=True, check=True, text=True,
        env={"XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip

    assert done.stdout.split() == [str(loads)]


def test_importing_the_library_loads_no_command_line_and_nothing_that_draws() -> None:
    # httpx loads a command line of its own where it finds what that needs.
    ours = loaded_by("orchestrator") - loaded_by("httpx")
    assert ours & set(NOT_LOADED) == set()


def test_a_gateway_loads_nothing_that_plays_calls_before_one_is_played() -> None:
    ours = {name for name in loaded_by("orchestrator.gateway.server") if "orchestrator" in name}

    assert {name for name in ours if name.startswith("orchestrator.lab")} == set()
    assert "orchestrator.gateway.inspector.replayed_call" not in ours
