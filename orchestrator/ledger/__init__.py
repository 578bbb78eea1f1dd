"""The record of a call: its entries, the ledger that holds them, and the file that keeps them."""

from orchestrator.ledger.entries import (
    Attempt,
    Billed,
    Closed,
    Entry,
    Opened,
    Pools,
    RecordedPool,
    Skipped,
    Transition,
    billed,
)
from orchestrator.ledger.file import LedgerFile, append
from orchestrator.ledger.lines import FORMAT, line
from orchestrator.ledger.record import Ledger, Observer, Watcher, ended, watch

__all__ = [
    "FORMAT",
    "Attempt",
    "Billed",
    "Closed",
    "Entry",
    "Ledger",
    "LedgerFile",
    "Observer",
    "Opened",
    "Pools",
    "RecordedPool",
    "Skipped",
    "Transition",
    "Watcher",
    "append",
    "billed",
    "ended",
    "line",
    "watch",
]
