"""Make the pictures of docs/inspector.md: an hour of a gateway's calls, as its page shows them.

    python -m scripts.inspector_pictures

Needs Chromium, and takes half a minute. The providers are scripted and stand on this machine. The
calls go by a clock that jumps from one to the next, so that an hour of them has passed in seconds;
their ids and times are others each time, and nothing holds the pictures to the last byte.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import attrs

from orchestrator import sim
from tests.orchestrator.gateway.inspector.browsing import (
    MISSING,
    WIDTHS,
    Looking,
    chromium,
    chromium_program,
    left_waiting,
    looking_at,
)
from tests.orchestrator.gateway.running import ServedGateway, config, running_over

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"

MOST_BYTES = 150_000
"""Of one picture."""

MINUTES = 60

ROUTE = ("deepseek/deepseek-v4-pro", "openrouter/gpt-oss-120b", "openai/gpt-5-mini")

THROTTLED = sim.replies.openai_error(
    429,
    "Rate limit reached for requests on tokens per min (TPM): limit 200000, used 199480.",
    code="rate_limit_exceeded",
)

MONEY = sim.Reply(body=json.dumps({"data": {"total_credits": 50.0, "total_usage": 46.8}}).encode())
"""What OpenRouter says of an account with 3.20 USD left."""


@attrs.define
class LeapingClock:
    """The machine's own clock, behind by what is left of the hour; waits take no time.

    Attributes:
        behind: Seconds by which it is.
    """

    behind: float = MINUTES * 60.0

    def monotonic(self) -> float:
        """See :class:`orchestrator.clock.Clock`."""
        return time.monotonic() - self.behind

    def time(self) -> float:
        """See :class:`orchestrator.clock.Clock`."""
        return time.time() - self.behind

    def sleep(self, seconds: float) -> None:
        """See :class:`orchestrator.clock.Clock`."""
        self.leap(seconds)

    def leap(self, seconds: float) -> None:
        """Let so many of them pass at once; never beyond the present."""
        self.behind = max(0.0, self.behind - seconds)

    async def sleep_async(self, seconds: float) -> None:
        """See :class:`orchestrator.clock.Clock`."""
        self.leap(seconds)


def script(minute: int) -> dict[str, sim.AnyScript]:
    """What the providers answer in a minute of the hour."""
    ok = attrs.evolve(sim.replies.ok("hello"), delay=0.05)
    said: dict[str, sim.AnyScript] = {"deepseek": ok, "openrouter": ok, "openai": ok}
    if minute % 13 == 5:
        said["deepseek"] = [THROTTLED, ok]
    if 22 <= minute < 25:
        said["deepseek"] = sim.replies.overloaded()
    if minute == 24:
        said |= {"openrouter": sim.replies.overloaded(), "openai": sim.replies.server_error()}
    if minute >= 44:
        said["deepseek"] = sim.replies.billing_402()
    if minute >= 57:
        said["openrouter"] = [ok, THROTTLED, ok]
    return said


def play_hour(served: ServedGateway, providers: sim.ScriptedProviders, clock: LeapingClock) -> None:
    """Make the calls of an hour, the last of which waits for its answer."""
    ends = clock.behind
    for minute in range(MINUTES):
        clock.leap(clock.behind - ends * (1 - minute / MINUTES))
        for name, answers in script(minute).items():
            providers.set(name, answers)
        for _ in range(1 + minute % 3):
            served.post()
            clock.leap(7)
    clock.behind = 0.0
    providers.set("openrouter", sim.replies.hang())


def save(looking: Looking, name: str, part: str | None = None) -> None:
    """The page as it is seen now, or a part of it, as a file of the docs."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.png"
    looking.page.wait_for_timeout(300)
    seen = looking.page if part is None else looking.find(part)
    seen.screenshot(path=path)
    size = path.stat().st_size
    assert size < MOST_BYTES, f"{path.name} has {size} bytes"
    print(f"{path.relative_to(FOLDER.parents[1])}: {size:,} bytes")


def take_pictures(url: str) -> None:
    """The page of the gateway at ``url``, and the parts that docs/inspector.md tells of."""
    with chromium() as browser:
        with looking_at(browser, url) as looking:
            looking.page.set_viewport_size({"width": 1280, "height": 740})
            looking.wait("#machine .lit")
            looking.wait("#figures svg")
            looking.wait("#providers .money")
            save(looking, "inspector")

            looking.page.emulate_media(color_scheme="dark")
            looking.wait("#outcome").select_option("rescued")
            looking.find("#call-rows tr", "402 billing").first.locator("button").click()
            looking.wait("#policy")
            looking.wait_until("document.querySelector('#policy').value.includes('billing')")
            policy = looking.find("#policy").input_value()
            other = policy.replace('billing = ["fallback"]', "billing = []")
            looking.find("#policy").fill(other)
            looking.find("button", "Play again").click()
            looking.wait(".sides").scroll_into_view_if_needed()
            save(looking, "inspector-replay", "#panel")
        with looking_at(browser, url, width=min(WIDTHS)) as looking:
            looking.page.emulate_media(color_scheme="dark")
            looking.wait("#machine .lit")
            edge = ".edge[data-from=classify][data-to=eager_fallback]"
            looking.wait(f"{edge} .count").click()
            looking.wait("#panel .listed")
            save(looking, "inspector-edge")


def main() -> None:
    """Make them."""
    if chromium_program() is None:
        sys.exit(MISSING)
    clock = LeapingClock()
    names = [target.partition("/")[0] for target in ROUTE]
    scripts: dict[str, sim.AnyScript] = {name: sim.replies.ok() for name in names}
    # Money is asked for at the origin of an address, whose first part is a script's name here.
    scripts["api"] = sim.Script(by_path={"/v1/credits": sim.Script((MONEY,))})
    with sim.ScriptedProviders(scripts) as providers:
        said = config(providers, names)
        said["routes"] = {"default": list(ROUTE)}
        said["providers"]["openrouter"]["credentials"] = ["made-up-key-0123456789", "made-up-key-2"]
        said["providers"]["openrouter"]["warn_below"] = 5
        said["providers"]["deepseek"]["balance"] = 0  # or it would be benched before a call is
        with running_over(said, clock=clock) as served:
            play_hour(served, providers, clock)
            with left_waiting(served), left_waiting(served):
                take_pictures(served.url)


if __name__ == "__main__":
    main()
