"""The page is one document, which nothing from elsewhere can become a part of."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from orchestrator.gateway.inspector import document
from tests.orchestrator.gateway.running import running

SOURCES = {"src", "srcset", "href", "action", "data", "poster", "background", "style", "ping"}

FOLDER = Path(document.__file__).parent / "page"

MOST_LINES = 400
"""Of a part of the page: what is longer holds two things."""


class Tags(HTMLParser):
    """What a document consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.attributes: list[tuple[str, str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.attributes += [(tag, name, value or "") for name, value in attrs]


def text() -> str:
    body = document.page().body
    assert isinstance(body, bytes)
    return body.decode()


def policy() -> dict[str, str]:
    said = document.page().headers["content-security-policy"]
    parts = (part.strip().partition(" ") for part in said.split(";"))
    return {name: value for name, _, value in parts}


def test_the_files_of_the_folder_are_those_that_the_page_is_made_of() -> None:
    found = sorted(path.name for path in FOLDER.iterdir())

    assert found == sorted(["page.html", *document.STYLES, *document.SCRIPTS])


@pytest.mark.parametrize("name", [*document.STYLES, *document.SCRIPTS])
def test_a_part_says_first_what_it_holds_and_holds_no_more(name: str) -> None:
    lines = document.part(name).splitlines()

    assert re.match(r"/\* [A-Z].*[.:a-z]", lines[0])
    assert len(lines) < MOST_LINES


def test_no_two_files_give_the_same_name_to_what_all_of_them_know() -> None:
    # A second function would take the place of the first without a word.
    beginning = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+|\$)", re.MULTILINE)
    names = [
        name for script in document.SCRIPTS for name in beginning.findall(document.part(script))
    ]

    assert {name for name in names if names.count(name) > 1} == set()
    assert {"$", "model", "ask", "Refused", "listedCalls"} <= set(names)


@pytest.mark.parametrize(("tag", "directive"), [("script", "script-src"), ("style", "style-src")])
def test_the_policy_allows_the_one_that_is_in_it(tag: str, directive: str) -> None:
    (inner,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text(), re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(inner.encode()).digest()).decode()

    assert policy()[directive] == f"'sha256-{digest}'"
    assert len(re.findall(rf"<{tag}\b", text())) == 1


def test_nothing_else_is_allowed() -> None:
    said = {name: value for name, value in policy().items() if name[-4:] != "-src"}

    assert policy()["default-src"] == "'none'"
    assert policy()["connect-src"] == "'self'"
    assert policy()["img-src"] == "data:"
    assert said == dict.fromkeys(("base-uri", "form-action", "frame-ancestors"), "'none'")


def test_nothing_comes_from_elsewhere_and_no_attribute_needs_leave() -> None:
    tags = Tags()
    tags.feed(text())
    outside = [
        (tag, name, value)
        for tag, name, value in tags.attributes
        if name in SOURCES and not value.startswith(("#", "data:"))
    ]

    assert outside == []
    assert [name for _, name, _ in tags.attributes if name.startswith("on")] == []


def test_it_is_served_without_being_kept() -> None:
    with running() as served:
        page = served.get("/")
        with served.client() as client:
            head = client.head("/")
        rebound = served.get("/", headers={"host": "rebound.example"})
        posted = served.post("/")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert page.content == document.page().body
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(page.content))
    assert rebound.status_code == 403
    assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
