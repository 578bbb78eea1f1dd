"""A real browser that looks at the page: Chromium without a window, one for a module's tests."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Literal

import attrs
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, sync_playwright

from tests.orchestrator.gateway.running import CHAT, HI, ServedGateway
from tests.waiting import AMPLE, eventually

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
"""What the program is called on Debian, Ubuntu and elsewhere."""

QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--no-proxy-server",
)
"""Options by which it asks nobody but the page's own gateway."""

WIDTHS = (1280, 390)
"""Pixels of a screen: a desk's, and a telephone's."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
"""What a reader may like."""

CONTRAST = "color-contrast"
"""The rule of axe that looks at the colours."""

MISSING = (
    "no Chromium is installed here (Debian: apt-get install chromium), so no browser has looked "
    "at the inspector's page"
)


def chromium_program() -> str | None:
    """Where it is installed; ``None`` where it is not."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, until the block ends; the test is skipped where there is none."""
    program = chromium_program()
    if program is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


@attrs.frozen
class Looking:
    """The page as somebody has it before him.

    Attributes:
        page: In the browser.
        complaints: What the browser said of it: errors of its script, and of its requests.
    """

    page: Page
    complaints: list[str]

    def find(self, selector: str, text: str | None = None) -> Locator:
        """What ``selector`` and ``text`` fit; waits for nothing."""
        return self.page.locator(selector, has_text=text)

    def wait(self, selector: str, text: str | None = None) -> Locator:
        """The first that fits, once it is seen."""
        found = self.find(selector, text).first
        found.wait_for()
        return found

    def wait_until(self, script: str) -> None:
        """Until ``script`` is true in the page, whose policy lets no browser poll for it."""
        assert eventually(lambda: bool(self.page.evaluate(script))), script

    def press(self, *keys: str) -> None:
        """Keys, one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    @property
    def focused(self) -> str:
        """The label or the text of what has the focus."""
        script = "(one => one.getAttribute('aria-label') || one.innerText)(document.activeElement)"
        return str(self.page.evaluate(script)).strip()

    def violations(self, *, colours: bool = False) -> list[str]:
        """What axe finds wrong with the page as it is now, by rule and place.

        Args:
            colours: Whether to look at the contrast of every text too, in light and dark, which
                takes as long as all other rules and depends on nothing but the colours.
        """
        self.page.evaluate(_axe())
        found = self._axe_finds({"rules": {CONTRAST: {"enabled": False}}})
        for scheme in SCHEMES if colours else ():
            self.page.emulate_media(color_scheme=scheme)
            found += self._axe_finds({"runOnly": [CONTRAST]})
        return found

    def _axe_finds(self, options: dict[str, object]) -> list[str]:
        script = "options => axe.run(options).then(found => found.violations)"
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in self.page.evaluate(script, options)
        ]


@contextlib.contextmanager
def looking_at(browser: Browser, url: str, *, width: int = WIDTHS[0]) -> Iterator[Looking]:
    """The page at ``url`` in a window of its own.

    Args:
        browser: In which.
        url: Of the gateway.
        width: Of the window, in pixels.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(AMPLE * 1000)
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    try:
        page.goto(url)
        yield Looking(page, complaints)
    finally:
        context.close()


@contextlib.contextmanager
def left_waiting(served: ServedGateway) -> Iterator[None]:
    """A call whose client goes away when the block ends."""
    body = json.dumps(HI).encode()
    head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    with socket.create_connection(("127.0.0.1", served.port)) as client:
        client.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        yield


@cache
def _axe() -> str:
    folder = resources.files("axe_playwright_python")
    return folder.joinpath("axe.min.js").read_text(encoding="utf-8")
