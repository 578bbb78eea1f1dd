"""A redirect says where to, and nothing that could be a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.classification import classify


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://llm.corp/v1/chat?token=hidden", "redirects to https://llm.corp"),
        ("http://me:hidden@llm.corp:8080/v1", "redirects to http://llm.corp:8080"),
        ("//llm.corp/hidden", "redirects to llm.corp"),
        ("/login?session=hidden", "redirects to another path of the same host"),
        ("http://[hidden", "redirects to what is no address"),
        ("http://a:hidden/", "redirects to what is no address"),
    ],
)
def test_where_it_leads_is_told_without_path_query_or_user(location: str, said: str) -> None:
    error = classify(status=308, headers={"Location": location}, provider="corp")

    assert (error.reason, error.rule, error.message) == ("invalid_response", "status.3xx", said)
    assert "base_url" in error.hint


@given(location=st.text(), status=st.integers(100, 599))
def test_no_location_makes_anything_but_a_redirect_one(location: str, status: int) -> None:
    told = classify(status=status, headers={"Location": location}, body="").message

    assert told.startswith("redirects to") == (bool(location) and 300 <= status < 400)
