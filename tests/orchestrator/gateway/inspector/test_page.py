"""The inspector's page, as somebody has it before him: in a real browser, over real calls."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from orchestrator.gateway.inspector import document
from orchestrator.gateway.keys import GatewayKey, KeyFile
from orchestrator.sim import Reply, replies
from tests.orchestrator.gateway.inspector.browsing import (
    WIDTHS,
    Looking,
    chromium,
    left_waiting,
    looking_at,
)
from tests.orchestrator.gateway.running import running
from tests.slow import slow

in_a_browser = slow("a browser is started; the quick test reads the page as text")

MARKUP = "Insufficient <b>Balance</b> <img src=x onerror=document.title='mine'>"
"""Words of a provider that would be more than words, if a page let them."""

BROKE = replies.error(402, json.dumps({"error": {"message": MARKUP}}).encode())

VOID = {"meta", "link", "input", "br", "img"}


# As text.


class _Outline(HTMLParser):
    """What is written in a page: its ids, and what it refers to."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.named: set[str] = set()
        self.stray: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("for", "aria-labelledby", "aria-describedby"):
                self.named |= set((value or "").split())

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.stray.append(tag)


def test_the_page_is_whole_and_its_script_makes_no_markup_of_words() -> None:
    outline = _Outline()
    outline.feed(document.part("page.html"))
    script = "".join(map(document.part, document.SCRIPTS))

    assert outline.stray == []
    assert outline.open == []
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.named <= set(outline.ids)
    assert set(re.findall(r'\$\("([\w-]+)"\)', script)) <= set(outline.ids)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script)


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


def rescued(*more: Reply) -> dict[str, list[Reply]]:
    """Providers whose first is out of money."""
    return {"broke": [BROKE], "up": [replies.ok("hello"), *more]}


def is_live(looking: Looking) -> Looking:
    looking.wait("#link[data-state=live]")
    return looking


@in_a_browser
def test_a_running_call_lights_its_state_until_it_ends(browser: Browser) -> None:
    with running({"up": [replies.ok("a"), replies.hang()]}) as served:
        served.post()
        with looking_at(browser, served.url) as looking:
            is_live(looking)
            looking.wait("#call-rows .chip", "answered")
            assert looking.find("#machine .lit").count() == 0
            with left_waiting(served):
                looking.wait("#machine .state[data-state=attempt].lit .badge text", "1")
                looking.wait("#call-rows tr:first-child .chip.live", "attempt")
                assert looking.find("#in-flight").inner_text() == "1"
                row = looking.find("#call-rows tr:first-child .open-call")
                row.click()
                looking.wait("#panel .chip.live", "attempt")
            looking.wait("#panel .chip", "failed: cancelled")
            looking.wait_until("document.querySelectorAll('#machine .lit').length === 0")
            looking.wait(".edge[data-from=attempt][data-to=fail_terminal] .count", "1")
            looking.wait(".edge[data-from=ready][data-to=attempt] .count", "2")
            assert looking.complaints == []


@in_a_browser
def test_a_gateway_that_goes_is_told_of_and_no_stream_holds_it_up(browser: Browser) -> None:
    with running() as served, looking_at(browser, served.url) as looking:
        is_live(looking)
        looking.wait("#calls-empty", f"Send one to {served.url}/v1/chat/completions")
        served.call(served.server.drain())
        looking.wait("#link", "reconnecting")
        assert looking.find("#reconnect").is_visible()


@in_a_browser
def test_a_click_on_an_edge_lists_calls_with_the_provider_s_words_as_words(
    browser: Browser,
) -> None:
    with running(rescued()) as served:
        served.post()
        with looking_at(browser, served.url) as looking:
            is_live(looking)
            edge = ".edge[data-from=classify][data-to=eager_fallback]"
            looking.wait(f"{edge} .count", "1").click()
            looking.wait("#panel .words", MARKUP)
            looking.wait("#panel .listed", "billing_fallback")
            looking.wait("#panel .listed code", ".")
            looking.find("#panel .open-call").click()
            looking.wait("#panel .attempt .words", MARKUP)
            looking.find("#panel-back").click()
            looking.wait("#panel-title", "classify → eager fallback")
            looking.wait_until("document.activeElement.className === 'open-call'")
            looking.press("Escape")
            assert looking.find("#panel").is_hidden()
            assert looking.focused == "classify to eager fallback: 1 move"

            looking.wait("#providers .words", MARKUP)
            assert looking.find("main img, #panel img, main b", "Balance").count() == 0
            assert looking.page.title() != "mine"
            assert looking.complaints == []


@in_a_browser
@pytest.mark.parametrize("width", WIDTHS)
def test_the_keyboard_alone_opens_a_call_and_comes_back(browser: Browser, width: int) -> None:
    with running(rescued()) as served:
        served.post()
        with looking_at(browser, served.url, width=width) as looking:
            is_live(looking)
            name = looking.wait(".open-call").get_attribute("aria-label") or ""
            looking.press("Tab", "Enter")
            assert looking.page.evaluate("document.activeElement.id") == "calls"
            for _ in range(9):
                looking.press("Tab")
                if looking.focused == name:
                    break
            assert looking.focused == name
            looking.press("Enter")
            looking.wait("#panel .attempt .words", MARKUP)
            assert looking.page.evaluate("document.activeElement.id") == "panel-title"
            # Where it covers the page, Tab stays in it.
            is_alone = looking.find("#panel").get_attribute("aria-modal") == "true"
            assert is_alone == (width == min(WIDTHS))
            assert looking.page.evaluate("document.querySelector('#main').inert") == is_alone
            looking.press("Escape")
            assert looking.find("#panel").is_hidden()
            assert looking.focused == name

            # The machine is one stop; arrow keys go from state to state.
            looking.find("#machine .state").first.focus()
            looking.press("End", "Home")
            for _ in range(10):
                if looking.focused.startswith("attempt: "):
                    break
                looking.press("ArrowRight")
            looking.press("Enter")
            looking.wait("#panel-title", "Calls in attempt now")
            looking.press("Escape")
            assert looking.focused.startswith("attempt: ")
            assert looking.complaints == []


@in_a_browser
def test_a_list_that_is_read_stands_still_and_is_searched(browser: Browser) -> None:
    with running(rescued()) as served:
        served.post()
        with looking_at(browser, served.url) as looking:
            is_live(looking)
            first = looking.wait("#call-rows .open-call")
            name = first.inner_text()
            first.focus()
            served.post()
            looking.wait("#newer", "Show 1 newer")
            assert looking.find("#call-rows .open-call").all_inner_texts() == [name]
            looking.find("#newer").click()
            looking.wait("#call-rows tr:nth-child(2)", name)
            looking.find("#text").fill("402")
            looking.wait_until("document.querySelectorAll('#call-rows tr').length === 1")
            assert looking.find("#call-rows .open-call").inner_text() == name
            looking.find("#text").fill("no such thing")
            looking.wait("#calls-empty", "No call is like that.")
            looking.find("button", "Show all").click()
            looking.find("#outcome").select_option("fail_terminal")
            looking.wait("#calls-empty", "No call is like that.")
            looking.page.goto(f"{served.url}/#call={name}")
            looking.page.reload()
            looking.wait("#panel-title", f"Call {name}")
            looking.wait("#panel .attempt .words", MARKUP)
            assert looking.complaints == []


@in_a_browser
def test_money_that_is_low_is_marked(browser: Browser) -> None:
    with running(rescued()) as served, looking_at(browser, served.url) as looking:
        is_live(looking)
        told = served.get("/inspector/board").json()
        money = {"amount": 1234.5, "currency": "USD", "asked": time.time() - 130}
        poor = {"amount": 0.5, "currency": "CNY", "asked": time.time(), "is_low": True}
        told["providers"][0]["balance"], told["providers"][1]["balance"] = money, poor
        looking.page.route("**/inspector/board", lambda route: route.fulfill(json=told))
        looking.wait("#providers .money", "1,234.50 USD, asked 2 min ago")
        looking.wait("#providers .money.low", "0.50 CNY: below the line")
        looking.wait("#money-low.warn", "up")
        assert looking.complaints == []


@in_a_browser
def test_a_bench_is_reset_after_a_question(browser: Browser) -> None:
    with running(rescued()) as served:
        served.post()
        with looking_at(browser, served.url) as looking:
            is_live(looking)
            looking.wait("#providers .chip.bad", "benched")
            looking.wait("#providers .due", "due in 4:")
            looking.wait("#providers-out", "broke")
            reset = looking.find("button", "Reset")
            reset.focus()
            looking.press("Enter")
            assert looking.focused == "Forget them"
            looking.press("Escape")
            assert looking.focused == "Reset broke"
            assert looking.find("#providers .chip.bad").count() == 1
            looking.press("Enter", "Enter")
            looking.wait("#news", "Forgot 1 mark of broke.")
            looking.wait_until("!document.querySelector('#providers .chip.bad')")
            looking.wait("#providers-out", "none")
            assert looking.focused == "broke"
            assert looking.complaints == []


@in_a_browser
def test_a_call_is_played_again_on_another_policy(browser: Browser) -> None:
    with running(rescued()) as served:
        served.post()
        with looking_at(browser, served.url) as looking:
            is_live(looking)
            looking.wait("#call-rows .chip", "rescued")
            looking.find("#call-rows .open-call").click()
            looking.wait("#policy")
            looking.wait_until("document.querySelector('#policy').value.includes('billing')")
            looking.find("#policy").press("Control+Enter")
            looking.wait(".verdict.same", "Nothing would go otherwise.")

            policy = looking.find("#policy").input_value()
            assert 'billing = ["fallback"]' in policy
            other = policy.replace('billing = ["fallback"]', "billing = []")
            looking.find("#policy").fill(other)
            looking.find("button", "Play again").click()
            looking.wait(".verdict", "it would be failed with billing")
            looking.wait(".sides", "As it would be")
            assert looking.find(".side").nth(0).locator("li").count() == 2
            assert looking.find(".side").nth(1).locator("li").count() == 1

            looking.find("#policy").fill("max_attempts = [")
            looking.find("button", "Play again").click()
            looking.wait(".bad-words", "the policy")
            looking.find("button", "The policy that it had").click()
            looking.wait_until("document.querySelector('#policy').value.includes('[policy]')")
        assert all("422" in one for one in looking.complaints)


@in_a_browser
def test_a_gateway_with_keys_asks_for_one_and_shows_what_it_may_see(
    browser: Browser, tmp_path: Path
) -> None:
    file = KeyFile(tmp_path / "keys.json")
    mine, admin = file.add(GatewayKey("mine")), file.add(GatewayKey("boss", admin=True))
    with running(rescued(), gateway={"keys": str(tmp_path / "keys.json")}) as served:
        for key in (mine, admin):
            served.post(headers={"authorization": f"Bearer {key}"})
        with looking_at(browser, served.url) as looking:

            def enter(key: str) -> None:
                looking.wait("#key").fill(key)
                looking.press("Enter")

            looking.wait("label", "Key of this gateway")
            assert looking.violations(colours=True) == []
            enter("ork-made-up")
            looking.wait("#key-error", "does not know that key")
            enter(mine)
            is_live(looking)
            looking.wait("#providers-empty", "For admin keys")
            looking.wait("#figures", "For admin keys")
            looking.wait("#call-rows tr")
            assert looking.find("#call-rows tr").count() == 1
            assert looking.violations() == []
            looking.page.reload()
            is_live(looking)
            looking.find("#forget-key").click()
            enter(admin)
            is_live(looking)
            looking.wait("#providers .chip", "benched")
            looking.wait("#call-rows tr:nth-child(2)")
            looking.find("#forget-key").click()
            looking.wait("#key")
            kept = "JSON.stringify([{...sessionStorage}, {...localStorage}, location.href])"
            assert looking.page.evaluate(kept) == f'[{{}},{{}},"{served.url}/"]'
        assert all("401" in one or "403" in one for one in looking.complaints)


@in_a_browser
@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_in_the_way_of_anybody_as_far_as_axe_can_see(
    browser: Browser, width: int
) -> None:
    with running(rescued()) as served, looking_at(browser, served.url, width=width) as looking:
        is_live(looking)
        looking.wait("#calls-empty", "No call yet.")
        looking.wait("#providers .chip", "ready")
        assert looking.violations() == []

        served.post()
        served.post()
        looking.wait("#call-rows tr:nth-child(2) .chip", "rescued")
        looking.wait("#providers .chip", "benched")
        looking.wait("#figures-details summary").click()
        looking.find("#moves summary").click()
        looking.wait("#edge-list b")
        # Upon a narrow page the panel hides the rest; beside a wide one all is seen at once, below.
        assert looking.violations(colours=width == min(WIDTHS)) == []
        assert looking.page.evaluate("document.documentElement.scrollWidth") == width

        looking.find("#call-rows tr:nth-child(2) .open-call").click()
        looking.wait("#panel .attempt .words")
        looking.wait_until("document.querySelector('#policy').value.includes('billing')")
        assert looking.violations() == []

        looking.find("#policy").fill("[policy]\nmax_attempts = 1\n")
        looking.find("button", "Play again").click()
        looking.wait(".sides")
        assert looking.violations(colours=width == max(WIDTHS)) == []
        assert looking.complaints == []
