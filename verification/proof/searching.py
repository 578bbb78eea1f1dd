"""What is searched for the proof, and one search of it, in a process of its own."""

from __future__ import annotations

import gc
import time

import attrs

from orchestrator.lab.verify.stopping import peak_memory
from orchestrator.lab.verify.universal import Shape, free_setting, shapes
from orchestrator.lab.verify.universal_graph import FreeGraph, Searched, UniversalSearch
from orchestrator.states import OnInterrupted, step


@attrs.frozen
class Job:
    """One setting that stands for many.

    Attributes:
        shape: How many targets each provider of the route has, the first one's first.
        on_interrupted: What the policy says of broken streams.
        contexts: Whether the contexts of targets are known.
    """

    shape: Shape
    on_interrupted: OnInterrupted
    contexts: bool

    def __str__(self) -> str:
        sizes = " + ".join(map(str, self.shape))
        known = ", contexts known" if self.contexts else ""
        return f"route of {sizes} targets a provider, {self.on_interrupted}{known}"


@attrs.frozen
class Result:
    """What a search found, and what it took: processor seconds, and megabytes at its peak."""

    job: Job
    searched: Searched
    seconds: float
    memory: float


def jobs(targets: int, contexts: int) -> list[Job]:
    """What is searched for routes of up to so many targets, the longest searches first."""
    return [
        Job(shape, policy, known)
        for size in range(targets, 0, -1)
        for known in ((True, False) if size <= contexts else (False,))
        for policy in (OnInterrupted if size <= _EACH and not known else _GOES_ON)
        for shape in shapes(size)
    ]


_GOES_ON = (OnInterrupted.CONTINUE,)
"""What a policy says of broken streams is looked at in two guards: after content, where only this
allows to go on (and a part of a tool call forbids it, as the others do); and in how much is kept
back for other targets, which is free in any case. So it stands for all."""

_EACH = 2
"""Targets up to which each is searched all the same."""


def search(job: Job) -> Result:
    """One search."""
    gc.disable()  # as in orchestrator.lab.verify: nothing that it makes is in a circle
    began = time.process_time()
    setting = free_setting(job.shape, job.on_interrupted, contexts=job.contexts)
    found = UniversalSearch(FreeGraph(setting, step)).run()
    return Result(job, found, time.process_time() - began, peak_memory())
