"""Hyperbolic."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "hyperbolic",
    runs_models=True,
)
