"""What a package index shows of the project: where it lives, and a README whose links lead there.

A hook of the build. The address is nowhere in the sources, since a fork's is another: it is that
of the clone that is built (its remote ``origin``), or what ``PROJECT_URL`` says. An index shows the
README far from the files that it links, so each link gets the whole address; where none is known,
as in a clone of a folder, the words stay and lead nowhere, and no picture is shown broken.
"""

from __future__ import annotations

import os
import re
import subprocess
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

VARIABLE = "PROJECT_URL"

_LINK = re.compile(r"(?P<picture>!?)\[(?P<words>[^\]]*)\]\((?P<to>[^)\s#]+)(?P<at>#[^)]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_COMMENT = re.compile(r"^<!--.*?-->\n", re.MULTILINE)
_REMOTE = re.compile(
    r"(?:(?:https?|ssh)://)?(?:[^@/\s]+@)?(?P<host>[\w-]+(?:\.[\w-]+)+)(?::\d+)?[:/]"
    r"(?P<path>[\w.~-]+(?:/[\w.~-]+)+)/?"
)


class IndexMetadata(MetadataHookInterface):
    """Fills in ``readme`` and ``urls`` of ``[project]``."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Called once, with the rest of ``[project]``."""
        root = Path(self.root)
        urls = urls_of(root)
        readme = (root / "README.md").read_text(encoding="utf-8")
        text = readme_for_index(readme, urls.get("Repository"))
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = urls


def urls_of(root: Path) -> dict[str, str]:
    """The project's addresses by their labels; empty where none is known."""
    if (packed := root / "PKG-INFO").is_file():  # a source distribution, which has no remote
        told = HeaderParser().parsestr(packed.read_text(encoding="utf-8"))
        pairs = (str(each).partition(", ") for each in told.get_all("Project-URL", []))
        return {label: url for label, _, url in pairs}
    url = address(os.environ.get(VARIABLE) or _origin(root))
    if url is None:
        return {}
    return {
        "Repository": url,
        "Documentation": f"{url}/blob/HEAD/docs/index.md",
        "Changelog": f"{url}/blob/HEAD/CHANGELOG.md",
        "Issues": f"{url}/issues",
    }


def address(remote: str) -> str | None:
    """The page of a remote, without name and password; ``None`` where it is a folder's path."""
    found = _REMOTE.fullmatch(remote.strip())
    return f"https://{found['host']}/{found['path'].removesuffix('.git')}" if found else None


def readme_for_index(text: str, url: str | None) -> str:
    """The README with whole addresses, or with words in their place where there is none."""

    def whole(link: re.Match[str]) -> str:
        picture, words, to, at = link.group("picture", "words", "to", "at")
        if "://" in to:
            return link[0]
        if url is None:
            return "" if picture else words
        return f"{picture}[{words}]({url}/{'raw' if picture else 'blob'}/HEAD/{to}{at or ''})"

    parts = _FENCE.split(_COMMENT.sub("", text))
    return "".join(part if part.startswith("```") else _LINK.sub(whole, part) for part in parts)


def _origin(root: Path) -> str:
    command = ["git", "-C", str(root), "remote", "get-url", "origin"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""  # no git, or none that answers: an address less
    return done.stdout if done.returncode == 0 else ""
