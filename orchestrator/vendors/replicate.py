"""Replicate."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "replicate",
    runs_models=True,
)
