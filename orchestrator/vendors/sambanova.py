"""SambaNova."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "sambanova",
    runs_models=True,
)
