"""Baseten."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "baseten",
    runs_models=True,
)
