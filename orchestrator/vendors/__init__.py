"""Vendors, as data: one module a vendor, found by itself.

The rules of the room: a module holds all of one vendor, with the pages that it was read from
(``VENDOR``, a :class:`.record.Vendor`: address, key variables, dialect, quirks, rules, a model
to start from); code only where data cannot say it. Environment values come in as a mapping, and
nothing here opens a connection. Nobody lists the modules: :mod:`.registry` finds them, and
imports one when it is named.
"""

from orchestrator.vendors.not_found import explain_not_found
from orchestrator.vendors.reasoning_models import always_reasons
from orchestrator.vendors.record import (
    AmountPlace,
    BalanceEndpoint,
    Endpoint,
    EndpointUnknown,
    Vendor,
)
from orchestrator.vendors.registry import (
    CATALOGUE,
    all_vendors,
    at_address,
    family,
    known,
    maker,
    vendor,
)

__all__ = [
    "CATALOGUE",
    "AmountPlace",
    "BalanceEndpoint",
    "Endpoint",
    "EndpointUnknown",
    "Vendor",
    "all_vendors",
    "always_reasons",
    "at_address",
    "explain_not_found",
    "family",
    "known",
    "maker",
    "vendor",
]
