"""Scripted providers on real loopback sockets, which misbehave as real ones were reported to.

For tests and demonstrations: yours too. A script says what each provider answers,
in order; the last answer repeats::

    from orchestrator.sim import ScriptedProviders, replies

    scripts = {"deepseek": replies.billing_402(), "openrouter": replies.ok("hello")}
    with ScriptedProviders(scripts) as providers:
        providers.url("deepseek")          # "http://127.0.0.1:PORT/deepseek/v1"
        ...                                # point a config at it, and make the call
        providers.received("deepseek")     # what really arrived there
        providers.set("deepseek", replies.ok())  # a top-up

The room's rules: only the standard library and attrs are imported, so that a
process of it (:class:`SimProcess`) starts quickly; nothing else of ``orchestrator``
is imported, so that what is tested and what it is tested against share no code;
no server framework, because it has to send bytes that no framework would.
"""

from __future__ import annotations

from orchestrator.sim import replies
from orchestrator.sim.closed_port import ClosedPort
from orchestrator.sim.process import SimProcess
from orchestrator.sim.received import Received
from orchestrator.sim.reply import Completion, Cut, Ending, Framing, Reply
from orchestrator.sim.script import AnyScript, Script, ScriptError
from orchestrator.sim.thread import ScriptedProviders

__all__ = [
    "AnyScript",
    "ClosedPort",
    "Completion",
    "Cut",
    "Ending",
    "Framing",
    "Received",
    "Reply",
    "Script",
    "ScriptError",
    "ScriptedProviders",
    "SimProcess",
    "replies",
]
