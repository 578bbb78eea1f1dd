"""How long ``import orchestrator`` takes, and what it loads.

    python benchmarks/import_speed.py [--limit MILLISECONDS]

Each import is a new process; the time of an empty interpreter is subtracted. With
``--limit`` the exit status is 1 where the median is above it, or where a library for the
command line, a server or drawing was loaded.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

UNWANTED = ("cyclopts", "rich", "graphviz", "resvg_py", "uvicorn", "starlette", "keyring")


def seconds(code: str) -> float:
    """The wall time of a new interpreter that runs ``code``."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - began


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, help="ms that the import may take")
    limit = parser.parse_args().limit
    seconds("import orchestrator")  # writes the bytecode
    empty = statistics.median(seconds("pass") for _ in range(7))
    whole = statistics.median(seconds("import orchestrator") for _ in range(7))
    httpx = statistics.median(seconds("import httpx") for _ in range(7))
    # httpx loads a command line of its own where it finds what that needs.
    code = (
        "import httpx, sys; before = set(sys.modules); import orchestrator; "
        f"print(*[m for m in {UNWANTED} if m in sys.modules and m not in before])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True
    ).stdout.split()
    milliseconds = (whole - empty) * 1000
    print(f"import orchestrator  {milliseconds:6.0f} ms")
    print(f"import httpx alone   {(httpx - empty) * 1000:6.0f} ms")
    print(f"unwanted libraries   {', '.join(loaded) or 'none'}")
    return int(bool(loaded) or (limit is not None and milliseconds > limit))


if __name__ == "__main__":
    sys.exit(main())
