"""How an entry is written: one line of JSON, which the lab reads again."""

from __future__ import annotations

import attrs
import msgspec

from orchestrator.ledger.entries import Entry

FORMAT = 1
"""Version of what this library writes for programs to read: each line of a ledger, and each
``--json`` output, says it as ``format``. It grows where a field changes its meaning or goes;
new fields may come at any time. The schemas are in ``docs/schemas/``."""


def line(entry: Entry) -> bytes:
    """One entry as a line of JSON."""
    fields = {field.name: getattr(entry, field.name) for field in attrs.fields(type(entry))}
    return _ENCODER.encode({"kind": entry.kind, "format": FORMAT, **fields}) + b"\n"


def _encode_unknown(value: object) -> object:
    return repr(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_encode_unknown)
