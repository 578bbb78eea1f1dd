"""What it costs to import the library, and what that loads.

    python benchmarks/import_speed.py [--limits]

Prints milliseconds of the processor and MB of memory for ``import orchestrator``, for all that a
call needs (:mod:`orchestrator.api.client`), and for httpx beside them. Each import is a new
process, bytecode written before; the time of an empty interpreter is subtracted, its memory is
not. With ``--limits`` the exit status is 1 where a call needs more than 200 ms or 45 MB, or where
a library for the command line, a server or drawing was loaded.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile

UNWANTED = ("cyclopts", "rich", "graphviz", "resvg_py", "uvicorn", "starlette", "keyring")
LIBRARY, CALL, PEER = "import orchestrator", "import orchestrator.api.client", "import httpx"
MOST_MILLISECONDS, MOST_MEGABYTES = 200.0, 45.0
TOLD = """
import resource
own = resource.getrusage(resource.RUSAGE_SELF)
try:  # since this process began; what getrusage tells is that of who started it, where that is more
    with open("/proc/self/status") as status:
        kilobytes = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
except OSError:
    kilobytes = own.ru_maxrss
print(own.ru_utime + own.ru_stime, kilobytes / 1024)
"""


def output(code: str, folder: str) -> list[str]:
    """The words that a new interpreter prints, with its bytecode in ``folder``."""
    options = ["-X", f"pycache_prefix={folder}"]
    environment = {"PYTHONPATH": ":".join(sys.path[1:])}
    done = subprocess.run(
        [sys.executable, *options, "-c", code],
        check=True, capture_output=True, text=True, env=environment,
    )  # fmt: skip
    return done.stdout.split()


def cost(code: str, folder: str) -> tuple[float, float]:
    """Milliseconds of the processor and MB of a new interpreter; the least, since noise adds."""
    output(code, folder)  # writes the bytecode
    runs = [tuple(map(float, output(code + TOLD, folder))) for _ in range(15)]
    return min(seconds for seconds, _ in runs) * 1000, min(memory for _, memory in runs)


def measure() -> dict[str, tuple[float, float]]:
    """Milliseconds, less those of an empty interpreter, and MB of each import."""
    with tempfile.TemporaryDirectory() as folder:
        empty, _ = cost("", folder)
        costs = {code: cost(code, folder) for code in (LIBRARY, CALL, PEER)}
    return {code: (spent - empty, memory) for code, (spent, memory) in costs.items()}


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limits", action="store_true")
    limits = parser.parse_args().limits
    costs = measure()
    with tempfile.TemporaryDirectory() as folder:
        loaded = output(f"{CALL}, sys; print(*[m for m in {UNWANTED} if m in sys.modules])", folder)
    print(f"{'':<34}{'ms':>8}{'MB':>8}")
    for code, (milliseconds, memory) in costs.items():
        print(f"{code:<34}{milliseconds:>8.0f}{memory:>8.1f}")
    print(f"unwanted libraries                {', '.join(loaded) or 'none'}")
    milliseconds, memory = costs[CALL]
    late = milliseconds > MOST_MILLISECONDS or memory > MOST_MEGABYTES
    return int(bool(loaded) or (limits and late))


if __name__ == "__main__":
    sys.exit(main())
