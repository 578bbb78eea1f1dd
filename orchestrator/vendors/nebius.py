"""Nebius."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "nebius",
    runs_models=True,
)
