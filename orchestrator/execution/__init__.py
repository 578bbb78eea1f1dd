"""Perform what the machine asks for, and tell it what happened.

:mod:`.flow` is the sequence of a call, written once as a generator of :mod:`.effects`. It never
asks itself what to do next; where it would have to, a row is missing from
:mod:`orchestrator.states.table`. What a call knows is a :class:`.CallRun`, what an attempt knows
an :class:`.Exchange`. A pump performs the effects: :mod:`.blocking` on a thread, :mod:`.tasks` on
an event loop.
"""
