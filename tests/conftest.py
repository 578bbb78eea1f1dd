"""What all tests share: how hypothesis draws its examples, and a place of no one's own."""

from __future__ import annotations

import gc
import os
import re
import signal

from hypothesis import HealthCheck, settings

# Every call that a test makes, and every ledger file that it leaves, is replayed on its own
# policy, and must be the same bit for bit.
pytest_plugins = ("orchestrator.testing.plugin", "tests.ledgers", "tests.golden", "tests.progress")

# Either would make a property depend on what else the machine is doing.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", PATIENT)
# Always the same examples, so that a hundred of them find hardly more than fifty.
settings.register_profile(
    "ci", PATIENT, derandomize=True, database=None, print_blob=True, max_examples=50
)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if "CI" in os.environ else "dev")
)

# What a user set for this project, for a network or for a terminal is no concern of the tests.
_THEIRS = re.compile(
    r"(?i)orchestrator_.*|otel_.*|.*_proxy|columns|lines|no_color|force_color|tty_.*"
)
for _name in filter(_THEIRS.fullmatch, tuple(os.environ)):
    del os.environ[_name]

# A shell starts what runs in the background, and all that it starts, deaf to interrupts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Without a network the resolver asks a server that never answers, for longer than a connection
# may take: a name that nobody knows would look like one that is slow.
os.environ["RES_OPTIONS"] = "timeout:1 attempts:1"


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of every later look for garbage.

    It lasts to the end: sixteen thousand tests and the modules of all clients, over which a test
    that looks for what it left behind would go again and again (51 s, and 2 without; 2026-11).
    """
    gc.collect()
    gc.freeze()
