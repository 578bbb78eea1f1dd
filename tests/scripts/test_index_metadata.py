"""An index shows no link that leads nowhere, whatever is known of where the project lives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.index_metadata import VARIABLE, address, readme_for_index, urls_of

ROOT = Path(__file__).parents[2]
URL = "https://git.example.org/someone/project"
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("remote", "page"),
    [
        (f"{URL}.git\n", URL),
        (f"{URL}/", URL),
        ("https://ann:s3cret@git.example.org/someone/project", URL),
        ("git@git.example.org:someone/project.git", URL),
        ("ssh://git@git.example.org:2222/someone/project.git", URL),
        ("https://git.example.org/a/group/project", "https://git.example.org/a/group/project"),
        ("/home/ann/project", None),
        ("../project", None),
        ("file:///home/ann/project", None),
        ("C:\\work\\project", None),
        ("", None),
    ],
)
def test_a_remote_is_an_address_without_secrets_or_none(remote: str, page: str | None) -> None:
    assert address(remote) == page


def links(text: str) -> list[str]:
    return re.findall(r"\]\(([^)]+)\)", text)


def test_every_link_of_the_readme_is_whole_where_the_address_is_known() -> None:
    text = readme_for_index(README, URL)

    assert "![An attempt" in text
    assert f"({URL}/raw/HEAD/docs/diagrams/overview.svg)" in text
    assert f"({URL}/blob/HEAD/docs/index.md)" in text
    assert all("://" in link for link in links(text))
    assert "<!--" not in text


def test_where_it_is_not_known_the_words_stay_and_no_picture_is_broken() -> None:
    text = readme_for_index(README, None)

    assert links(text) == []
    assert "![" not in text
    assert "All pages, by shelf:" in text


def test_code_is_left_as_it_is() -> None:
    code = "```python\nlist[int](x)\n```\n[a](b.md#c)\n"

    assert (
        readme_for_index(code, URL)
        == f"```python\nlist[int](x)\n```\n[a]({URL}/blob/HEAD/b.md#c)\n"
    )


def test_the_environment_names_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, URL)

    assert urls_of(tmp_path)["Repository"] == URL
    assert urls_of(tmp_path)["Changelog"] == f"{URL}/blob/HEAD/CHANGELOG.md"


def test_a_source_distribution_keeps_what_it_was_built_with(tmp_path: Path) -> None:
    told = f"Metadata-Version: 2.4\nName: x\nProject-URL: Repository, {URL}\n\nText\n"
    (tmp_path / "PKG-INFO").write_text(told, encoding="utf-8")

    assert urls_of(tmp_path) == {"Repository": URL}


def test_a_folder_that_came_from_nowhere_has_no_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)

    assert urls_of(tmp_path) == {}
