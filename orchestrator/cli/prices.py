"""Prices of models, with the extra ``prices``: a list of genai-prices, on this machine.

A model is looked up by the address that its provider is asked at, so that one of the same name on
somebody's own server has no price; by the provider's known name where the list has not the address.
"""

from __future__ import annotations

import importlib.util
from datetime import datetime
from decimal import Decimal
from typing import Any

from orchestrator.config.config import Config
from orchestrator.dialects import Usage
from orchestrator.ledger.statistics import Price
from orchestrator.vendors import CATALOGUE


def read_prices(config: Config | None) -> Price | None:
    """What attempts at the providers of ``config``, and at known ones, cost.

    Returns:
        ``None`` where the extra is not installed.
    """
    if importlib.util.find_spec("genai_prices") is None:
        return None
    import genai_prices

    def price(provider: str, model: str, usage: Usage, when: datetime) -> Decimal | None:
        counted = genai_prices.Usage(
            input_tokens=usage.prompt_tokens,
            output_tokens=usage.completion_tokens,
            cache_read_tokens=min(usage.cached_tokens, usage.prompt_tokens),
        )
        for place in _places(config, provider):
            try:
                found = genai_prices.calc_price(
                    counted, model, genai_request_timestamp=when, **place
                )
            except (LookupError, ValueError):
                continue
            return Decimal(found.total_price)
        return None

    return price


def _places(config: Config | None, provider: str) -> list[dict[str, Any]]:
    """Where the list may have the provider: at its address, or under its name."""
    configured = None if config is None else config.providers.get(provider)
    known = CATALOGUE.get(provider)
    address = configured.base_url if configured is not None else known.base_url if known else ""
    # A name counts only at that vendor's own address: whose models a proxy serves is its affair.
    is_own = known is not None and address == known.base_url
    places: list[dict[str, Any]] = [{"provider_api_url": address}] if address else []
    return [*places, {"provider_id": provider}] if is_own else places
