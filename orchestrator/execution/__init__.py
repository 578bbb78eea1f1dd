"""Perform what the machine asks for, and tell it what happened.

A driver is a loop: perform the command, step the machine with the event, until
``Finish``. It never asks itself what to do next; where it would have to, a row is
missing from :mod:`orchestrator.states.table`. :class:`.Performer` holds
what needs no waiting, so that the drivers differ only in how they send and sleep.
"""
