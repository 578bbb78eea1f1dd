"""Providers and credentials: found by label, and never shown."""

from __future__ import annotations

import pytest

from orchestrator.provider import Credential, Provider
from orchestrator.secrets import Secret


def test_a_credential_is_found_by_its_label() -> None:
    one = Credential("key#1", Secret("sk-quiet"))
    provider = Provider("corp", credentials=(one,))

    assert provider.credential("key#1") is one
    with pytest.raises(LookupError, match="corp has no credential 'key#2'; it has: key#1"):
        provider.credential("key#2")


def test_no_repr_shows_a_secret_or_a_header() -> None:
    provider = Provider(
        "corp", headers={"X-Key": "quiet"}, credentials=(Credential("key#1", Secret("quiet")),)
    )

    assert "quiet" not in repr(provider)
