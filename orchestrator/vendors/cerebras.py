"""Cerebras."""

from __future__ import annotations

from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "cerebras",
    base_url="https://api.cerebras.ai/v1",
    keys=("CEREBRAS_API_KEY",),
    documentation="https://inference-docs.cerebras.ai/resources/openai",
    checked="2026-11-21",
    limits_by_model=True,  # inference-docs.cerebras.ai/support/rate-limits
    runs_models=True,
    starter="gpt-oss-120b",
)
