"""Known providers, as data.

The rules of the room: one record a provider, each with the page it was read from; a module
of its own only where a vendor needs code. Environment values come in as a mapping, and only
:mod:`.reachability` opens a connection, where it is asked to.
"""

from orchestrator.vendors.catalogue import CATALOGUE, at_address, known
from orchestrator.vendors.endpoint import Endpoint, EndpointUnknown
from orchestrator.vendors.known import KnownProvider, Quirk
from orchestrator.vendors.not_found import explain_not_found
from orchestrator.vendors.reasoning_models import always_reasons

__all__ = [
    "CATALOGUE",
    "Endpoint",
    "EndpointUnknown",
    "KnownProvider",
    "Quirk",
    "always_reasons",
    "at_address",
    "explain_not_found",
    "known",
]
