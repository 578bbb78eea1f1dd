"""The credential pool and the health board: what is known across calls.

Rules of this room:

* The core is pure. :mod:`.steps` takes the marks, the call's own state and an
  instant, and returns an answer, the marks that changed and the call's new state.
  It reads no clock, draws nothing, and does no I/O.
* The stores are thin. A store keeps the marks and runs one step at a time; it
  does not know what a mark means.
* A step runs twice where it changes something: first on the view that is at hand,
  then inside the store's critical section. So a step must not have side effects.
* A step is short and never sleeps: threads and event loops call it alike.
* A store never fails a call. What cannot be kept in the file is kept in memory.

Inside this room instants are wall-clock seconds (epoch), because processes share
them; at the border (:class:`Session`) they are seconds since the call's ``Started``.
"""

# What other rooms may import; the questions of a call are in orchestrator.health.session, as
# those of its flow alone.
from orchestrator.health.balance import AccountBalance, BalanceStatement, Money
from orchestrator.health.board import HealthBoard
from orchestrator.health.pool import Pool, PoolCredential
from orchestrator.health.portable_session import SessionState
from orchestrator.health.session import Session
from orchestrator.health.snapshot import BoardRow
from orchestrator.health.stores import default_path, open_store
from orchestrator.health.stores.store import MemoryStore, Store

__all__ = [
    "AccountBalance",
    "BalanceStatement",
    "BoardRow",
    "HealthBoard",
    "MemoryStore",
    "Money",
    "Pool",
    "PoolCredential",
    "Session",
    "SessionState",
    "Store",
    "default_path",
    "open_store",
]
