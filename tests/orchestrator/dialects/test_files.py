"""Files: what kind they are, and the addresses that are the content itself."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.dialects import files
from orchestrator.dialects.neutral import File


@given(st.binary(), st.sampled_from(["application/pdf", "text/plain", "audio/wav"]))
def test_content_comes_out_of_its_address_as_it_went_in(content: bytes, media_type: str) -> None:
    data = base64.b64encode(content).decode()

    address = files.data_address(File(media_type, data))

    assert files.is_data(address)
    assert files.taken_apart(address) == (media_type, data)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("data:text/plain;charset=utf-8;base64,aGk=", ("text/plain", "aGk=")),
        ("DATA:Application/PDF;BASE64,JVBE", ("application/pdf", "JVBE")),
        ("data:,hi%20you", (None, "aGkgeW91")),
        ("data:;base64,aGk=", (None, "aGk=")),
        ("data:text/html,<p>", ("text/html", "PHA+")),
    ],
)
def test_an_address_that_is_the_content_is_taken_apart(
    address: str, parts: tuple[str | None, str]
) -> None:
    assert files.taken_apart(address) == parts


@given(st.text())
def test_words_come_back_as_they_were(text: str) -> None:
    assert files.text_of(files.of_text(text)) == text


@pytest.mark.parametrize(
    "file",
    [
        File("application/pdf", "aGk="),
        File("text/plain", url="https://a.example/a.txt"),
        File("text/plain", "not base64!"),
        File("text/plain", base64.b64encode(b"\xff").decode()),
        File(None, "aGk="),
    ],
)
def test_what_is_no_file_of_words_has_none(file: File) -> None:
    assert files.text_of(file) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.PDF", "application/pdf"),
        ("https://a.example/b.c/report.pdf?x=a.txt#d.md", "application/pdf"),
        ("https://a.example/download", None),
        ("", None),
    ],
)
def test_the_ending_shows_the_kind(name: str, kind: str | None) -> None:
    assert files.media_type_of(name) == kind


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("https://a.example/a.pdf", True),
        ("http://a.example/a.pdf", True),
        ("gs://bucket/a.pdf", False),
        ("https://generativelanguage.googleapis.com/v1beta/files/1", False),
        ("file:///etc/passwd", False),
    ],
)
def test_what_a_vendor_keeps_is_open_to_nobody_else(address: str, *, public: bool) -> None:
    assert files.is_public(address) is public


def test_a_file_without_a_name_gets_one_of_its_kind() -> None:
    assert files.name_for(File("application/pdf", "")) == "file.pdf"
    assert files.name_for(File("application/x-odd", "")) == "file.bin"
    assert files.name_for(File("application/pdf", "", name="a")) == "a"
