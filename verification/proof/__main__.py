"""Search the settings that stand for every config up to a size; the proof that ships is of them.

    python -m verification.proof [--targets N] [--contexts N] [--jobs N] [--write]

Each route shape of up to ``--targets`` targets is searched, each of up to ``--contexts`` with
known contexts too. With ``--write`` the proof is written to ``orchestrator/lab/verify/proof.json``,
where ``orchestrator verify`` finds it. Exit status: 0 all holds, 1 a property is broken; then
nothing is written.
"""

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import version

from orchestrator.lab.invariants import EXACT
from orchestrator.lab.verify.premises import premises
from orchestrator.lab.verify.proof import (
    CONFIG_FREE,
    PATH,
    Proof,
    as_text,
    checker_hash,
    states_hash,
)
from orchestrator.states import STATES, TABLE
from verification.proof.searching import Job, Result, jobs, search

TARGETS, CONTEXTS, JOBS = 3, 2, 2
"""What is proved unless asked otherwise: some minutes on two processors."""


def main() -> int:
    """Search, say what was found, and write it where all holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, default=TARGETS)
    parser.add_argument("--contexts", type=int, default=CONTEXTS)
    parser.add_argument("--jobs", type=int, default=JOBS)
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    began = time.monotonic()
    todo = jobs(asked.targets, asked.contexts)
    results = _searched(todo, asked.jobs)
    broken = [(result, one) for result in results for one in result.searched.broken]
    for result, one in broken:
        _say(f"BROKEN  {one.name}: {one.what}\n  {result.job}: {', '.join(one.rows)}")
    if broken:
        return 1
    small = premises(TABLE, STATES)
    for violation in small.violations:
        words = ", ".join(violation.trace.words)
        _say(f"BROKEN  {violation.name}: {violation.what}\n  {words}")
    if small.violations:
        return 1
    proof = _proof(results, asked.targets, asked.contexts)
    _say(
        f"PROVED  {len(proof.properties)} properties of every route of up to "
        f"{proof.targets} targets (states/ {proof.short}): {proof.nodes:,} states, "
        f"{proof.edges:,} edges of {proof.routes} routes in {time.monotonic() - began:.0f} s"
    )
    if asked.write:
        PATH.write_text(as_text(proof))
        _say(f"wrote {PATH.name}")
    return 0


def _searched(todo: list[Job], processes: int) -> list[Result]:
    """The results, told as they come; the longest searches begin first."""
    results: list[Result] = []
    with ProcessPoolExecutor(processes, max_tasks_per_child=1) as pool:
        for done in as_completed([pool.submit(search, job) for job in todo]):
            result = done.result()
            results.append(result)
            found = result.searched
            _say(
                f"{len(results)} of {len(todo)}: {result.job}, {found.nodes:,} states, "
                f"{found.steps:,} steps, {result.seconds:.0f} s, {result.memory:.0f} MB"
            )
    return results


def _proof(results: list[Result], targets: int, contexts: int) -> Proof:
    return Proof(
        states=states_hash(),
        checker=checker_hash(),
        targets=targets,
        contexts=contexts,
        properties=CONFIG_FREE,
        small=tuple(EXACT),
        routes=len(results),
        nodes=sum(result.searched.nodes for result in results),
        edges=sum(result.searched.edges for result in results),
        steps=sum(result.searched.steps for result in results),
        seconds=round(sum(result.seconds for result in results), 1),
        version=version("llm-request-orchestrator"),
        date=dt.datetime.now(dt.UTC).date().isoformat(),
    )


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
