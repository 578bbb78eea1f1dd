"""Faults of a shared store, in words that say what to do."""

from __future__ import annotations

import re

import attrs

from orchestrator.health.stores.redis_address import RedisAddress
from orchestrator.health.stores.redis_script import TAG

GUIDE = "docs/fleet.md"


@attrs.frozen
class StoreFault:
    """Why a shared store cannot be used.

    Attributes:
        words: The cause, and what to do about it.
        is_lasting: True where a person has to do something first, so that to try again soon is
            of no use.
    """

    words: str
    is_lasting: bool = False


_ADVICE = {
    "it refuses the user or the password; correct the URL in health": (
        *("WRONGPASS", "invalid username-password", "invalid password"),
    ),
    "it wants a password; write it into the URL, which health may take from the environment": (
        *("NOAUTH", "Authentication required"),
    ),
    "it has no password, and the URL in health holds one": ("without any password configured",),
    f"its user may not do all that the board needs; {GUIDE} has the ACL line": (
        *("NOPERM", "no permissions", "has no permission", "can't run this command"),
        *("can't access", "ACL failure"),
    ),
    "it lacks a command that the board needs; use Redis 6.2 or later, Valkey or KeyDB": (
        *("unknown command", "Unknown Redis command"),
    ),
    "it is a replica, which may not be written; name the primary": (
        *("READONLY", "read only replica", "read-only replica"),
    ),
    "it has no memory left for a write; raise its maxmemory, or give the board its own server": (
        *("OOM ", "used memory > 'maxmemory'"),
    ),
    "it refuses writes, since it cannot save to its disk": ("MISCONF",),
    "it is a node of a cluster, which the board does not speak to; name a single server": (
        *("MOVED", "CLUSTERDOWN", "CROSSSLOT"),
    ),
    "it has no database of that number; correct the URL in health": (
        *("DB index is out of range", "invalid DB index", "Invalid Database"),
    ),
    "what answers there does not speak the Redis protocol; check host and port": (
        *("Protocol Error", "HTTP/1"),
    ),
    f"another program keeps something else under keys that begin with {TAG}": ("WRONGTYPE",),
    "its certificate is not trusted; name who signed it by ?ssl_ca_certs=FILE": (
        "CERTIFICATE_VERIFY_FAILED",
    ),
    "it does not speak TLS there; write redis://, or the port that does": (
        *("WRONG_VERSION_NUMBER", "record layer failure"),
    ),
}
"""What to do, by what servers and their client say of it: Redis 7.0 and Valkey 8, 2026-11."""


_PREFIX = re.compile(r"^Error (-?\d+ )?connecting to \S+\. ")
"""What redis-py puts before the cause; the address stands in our own words."""


def explain(error: BaseException, address: RedisAddress) -> StoreFault:
    """What is wrong, as far as ``error`` tells."""
    said = _PREFIX.sub("", address.masked(" ".join(str(error).split()))).rstrip(".")
    said = said or type(error).__name__
    for advice, signs in _ADVICE.items():
        if any(sign.lower() in said.lower() for sign in signs):
            return StoreFault(f"{advice} ({said[:300]})", is_lasting=True)
    return StoreFault(said[:300])
