"""Addresses, headers and keys: what all dialects share of a request."""

from __future__ import annotations

import pytest

from orchestrator.dialects.encoding import KeyForm, address, post
from orchestrator.provider import Provider


@pytest.mark.parametrize(
    ("base_url", "suffix", "whole"),
    [
        ("http://a.corp/v1", "chat/completions", "http://a.corp/v1/chat/completions"),
        ("http://a.corp/v1/", "/messages", "http://a.corp/v1/messages"),
        ("http://a.corp", "responses", "http://a.corp/responses"),
        ("http://a.corp/d?api-version=1", "x", "http://a.corp/d/x?api-version=1"),
        ("http://a.corp/v1", "m:stream?alt=sse", "http://a.corp/v1/m:stream?alt=sse"),
        ("http://a.corp/v1?key=k", "m:stream?alt=sse", "http://a.corp/v1/m:stream?alt=sse&key=k"),
        ("http://a.corp/a%20b", "x", "http://a.corp/a%20b/x"),
    ],
)
def test_the_suffix_goes_below_the_base(base_url: str, suffix: str, whole: str) -> None:
    assert str(address(base_url, suffix)) == whole


def test_configured_headers_win_over_ours_and_ours_over_the_common_ones() -> None:
    provider = Provider(
        "corp", base_url="http://a.corp", headers={"X-Version": "configured", "ACCEPT": ""}
    )
    ours = {"x-version": "ours", "user-agent": "mine"}

    assert dict(post(provider, "x", {}, stream=False, ours=ours).headers) == {
        "content-type": "application/json",
        "user-agent": "mine",
        "x-version": "configured",
    }


def test_a_key_is_sent_in_its_form() -> None:
    assert KeyForm.in_header("authorization").headers("k") == {"authorization": "Bearer k"}
    assert KeyForm.in_header("api-key").headers("k") == {"api-key": "k"}
    assert KeyForm("x", "Key", added={"y": "1"}).headers("k") == {"x": "Key k", "y": "1"}
