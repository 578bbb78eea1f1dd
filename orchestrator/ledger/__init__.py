"""The record of a call: its entries, the ledger that holds them, their lines, and the file."""

from orchestrator.ledger.codec import FORMAT, BrokenLedger, line, read_entries, read_objects
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
from orchestrator.ledger.file import OLD, FiledCall, LedgerFile, append
from orchestrator.ledger.record import Ledger, Observer, Watcher, ended, watch
from orchestrator.ledger.recording import (
    Recording,
    as_far_as_whole,
    read_ledger,
    recorded_call,
    recorded_calls,
)

__all__ = [
    "FORMAT",
    "OLD",
    "Attempt",
    "Billed",
    "BrokenLedger",
    "Closed",
    "Entry",
    "FiledCall",
    "Ledger",
    "LedgerFile",
    "Observer",
    "Opened",
    "Pools",
    "RecordedPool",
    "Recording",
    "Skipped",
    "Transition",
    "Watcher",
    "append",
    "as_far_as_whole",
    "billed",
    "ended",
    "line",
    "read_entries",
    "read_ledger",
    "read_objects",
    "recorded_call",
    "recorded_calls",
    "watch",
]
