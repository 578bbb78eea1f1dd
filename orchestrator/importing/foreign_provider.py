"""What another tool's name of a provider stands for here."""

from __future__ import annotations

import attrs

from orchestrator.importing.carrying import Unwanted
from orchestrator.vendors import CATALOGUE, Vendor


@attrs.frozen
class ForeignProvider:
    """A provider as another tool names it.

    Attributes:
        vendor: The vendor's name here; empty where it has no module here.
        base_url: Where the other tool asks, if that is not the vendor's own address.
        key: The variable in which the other tool looks for the key, if it is not the vendor's.
        dialect: What is spoken there, if it is not the vendor's own, or the default.
        path: What is missing from an address that names the host alone.
        refused: Why nothing here can ask it; ``None`` where something can.
        own_server: Whether users run it themselves, so that its address names it.
        lends_its_name: Whether the other tool uses the name for anybody who speaks its API.
        has_resources: Whether each customer has an address of his own, whose models he names.
        is_unknown: Whether nothing is known of it.
    """

    vendor: str = ""
    base_url: str = ""
    key: str = ""
    dialect: str = ""
    path: str = ""
    refused: Unwanted | None = None
    own_server: bool = False
    lends_its_name: bool = False
    has_resources: bool = False
    is_unknown: bool = False

    @property
    def known(self) -> Vendor | None:
        """The vendor's record, where a config may name it."""
        return CATALOGUE.get(self.vendor)

    @property
    def variable(self) -> str:
        """The variable of its key; empty where it needs none."""
        known = self.known
        if self.key or known is None or known.keyless:
            return self.key
        return known.keys[0]
