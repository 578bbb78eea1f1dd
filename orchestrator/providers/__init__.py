"""Known providers, as data.

The rules of the room: one record a provider, each with the page it was read from;
a module of its own only where a vendor needs code.
"""

from orchestrator.providers.catalogue import CATALOGUE, KnownProvider, Quirk, at_address, known

__all__ = ["CATALOGUE", "KnownProvider", "Quirk", "at_address", "known"]
