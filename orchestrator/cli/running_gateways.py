"""Running gateways of this user, as ``orchestrator status`` shows them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import attrs
from rich.text import Text

from orchestrator.cli.format import count, lasting
from orchestrator.cli.screen import Screen
from orchestrator.gateway.control import GatewayStatus
from orchestrator.gateway.instance import Instance


@attrs.frozen
class RunningGateways:
    """The gateways that run now, and what each says of itself.

    Attributes:
        found: By where they serve; a text is why one says nothing.
    """

    found: dict[str, GatewayStatus | str]

    @classmethod
    def read(cls) -> Self:
        """Those of this user, on this machine."""
        try:
            # Loaded here: it needs what Windows has not.
            from orchestrator.cli.gateway_client import ControlFailed, read_status
            from orchestrator.gateway.instance import find_instances
        except ModuleNotFoundError:
            return cls({})
        found: dict[str, GatewayStatus | str] = {}
        for running in find_instances():
            address = f"http://{running.instance.address}"
            try:
                found[address] = read_status(running)
            except ControlFailed as error:
                found[address] = str(error)
        return cls(found)

    @classmethod
    def of_config(cls, config: Path | None) -> Iterator[tuple[Instance, GatewayStatus]]:
        """Those that were started with a config, and answer."""
        for said in cls.read().found.values():
            if config is None or isinstance(said, str) or not said.instance.config:
                continue
            if Path(said.instance.config).resolve() == config.resolve():
                yield said.instance, said

    def object(self) -> list[dict[str, Any]]:
        """As a JSON-ready list."""
        return [
            {
                "address": address,
                "problem": said if isinstance(said, str) else "",
                "status": None if isinstance(said, str) else attrs.asdict(said),
            }
            for address, said in self.found.items()
        ]

    def show(self, screen: Screen) -> None:
        """On stdout, before all else: nothing where none runs."""
        for address, said in self.found.items():
            if isinstance(said, str):
                screen.result(Text.assemble(f"gateway {address}  ", (said, "red")))
                continue
            state = ("draining", "yellow") if said.draining else ("serves", "green")
            calls = f"{count(said.in_flight, 'call')} in flight, {count(said.streams, 'stream')}"
            up = lasting(max(1.0, said.uptime))  # "serves just now" says nothing
            screen.result(Text.assemble(f"gateway {address}  ", state, (f" {up}; {calls}", "dim")))
            named = f"instance {said.instance.id}, process {said.instance.pid}"
            screen.result(Text(named, style="dim"), margin=_MARGIN)
            config = f"config {said.instance.config or 'in code'} ({said.config})"
            screen.result(Text(config, style="dim"), margin=_MARGIN)
            if money := _money(said):
                screen.result(Text(f"money left: {money}", style="dim"), margin=_MARGIN)
            if said.audited is not None:
                screen.result(_audited(said.audited), margin=_MARGIN)
        if self.found:
            screen.result("")


def _money(status: GatewayStatus) -> str:
    """What it knows of the money of its providers; one without a figure is left out."""
    known = ((name, one.said) for name, one in status.balances.items())
    return ", ".join(f"{name} {said}" for name, said in known if said and said.amounts)


def _audited(counts: Mapping[str, int]) -> Text:
    """What came of the audit of its calls; what failed stands out."""
    failed, left_out = counts.get("failed", 0), counts.get("left_out", 0)
    more = f", {count(left_out, 'call')} left out" if left_out else ""
    said = f"audit: {count(counts.get('held', 0), 'call')} held, {failed:,} failed{more}"
    return Text(said, style="bold red" if failed else "dim")


_MARGIN = 6
"""Columns by which what explains a line is set in under it, as in the rest of the status."""
