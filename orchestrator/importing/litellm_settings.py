"""``litellm_settings``, ``router_settings`` and ``general_settings`` of LiteLLM."""

from __future__ import annotations

from typing import Any, Final

import attrs

from orchestrator.config import scalars
from orchestrator.importing.draft import ConfigBuilder
from orchestrator.importing.settings import ForeignSetting
from orchestrator.importing.values import ValueReader, written
from orchestrator.states.policy import Policy, Timeouts

_BY_LOAD: Final = ("least-busy", "usage-based-routing", "usage-based-routing-v2")
_LARGEST_BODY: Final = 1024
"""Mebibytes of the largest request that ``max_body`` may allow."""


def convert_settings(root: ForeignSetting, values: ValueReader, builder: ConfigBuilder) -> str:
    """Put what holds for all calls into a document.

    Returns:
        How the keys of a provider are to be chosen.
    """
    convert = _Settings(root, values, builder)
    convert.policy()
    convert.timeouts()
    convert.gateway()
    return convert.strategy()


@attrs.frozen
class _Settings:
    root: ForeignSetting
    values: ValueReader
    builder: ConfigBuilder

    def _first(self, *keys: str) -> ForeignSetting | None:
        """The setting that holds: the router's, or the library's. Another one is left."""
        found: list[ForeignSetting] = []
        for section in ("router_settings", "litellm_settings"):
            table = self.root.get(section)
            for key in keys:
                one = table.get(key) if table is not None else None
                if one is not None:
                    found.append(one)
        for other in found[1:]:
            self.values.carrying.leave(other, f"{found[0].where} goes before it")
        return found[0] if found else None

    def _put(self, table: str, **pairs: Any) -> None:
        said = {key: value for key, value in pairs.items() if value is not None}
        if said:
            self.builder.document[table] = {**self.builder.document.get(table, {}), **said}

    def policy(self) -> None:
        """``num_retries`` and ``drop_params``."""
        retries = self.values.whole(self._first("num_retries"), least=0)
        if retries is not None:
            self._put("policy", attempts_per_target=retries + 1)
        drops = self._first("drop_params")
        if drops is not None and isinstance(drops.value, bool):
            self.values.carrying.carry(drops)
            self._put("policy", drop=["*"] if drops.value else None)

    def timeouts(self) -> None:
        """``timeout`` and ``stream_timeout``; the deadline grows where an attempt would not fit."""
        setting = self._first("timeout", "request_timeout")
        total = self.values.seconds(setting)
        silence = self.values.seconds(self._first("stream_timeout"))
        self._put("timeouts", total=total, first_token=silence, idle=silence)
        if total is None or setting is None:
            return
        needed = scalars.seconds(total) + Timeouts().connect
        if needed > Policy().deadline:
            self._put("policy", deadline=written(needed))
            self.values.carrying.tell(
                setting,
                "a whole call has a deadline here, which is raised so that one attempt fits",
            )

    def gateway(self) -> None:
        """What of ``general_settings`` the gateway has too."""
        general = self.root.get("general_settings")
        if general is None:
            return
        most = self.values.whole(general.get("global_max_parallel_requests"))
        self._put("gateway", max_in_flight=most)
        size = general.get("max_request_size_mb")
        megabytes = self.values.whole(size) if size is not None else None
        if megabytes is not None:
            self._put("gateway", max_body=f"{min(megabytes, _LARGEST_BODY)} MiB")
        master = general.get("master_key")
        if master is not None:
            self._put("gateway", keys="keys.json")
            self.values.carrying.change(
                master,
                "callers have keys of their own here, stored as hashes; this one opens nothing",
                "make one for each: orchestrator key new NAME (--admin sees all calls)",
            )

    def strategy(self) -> str:
        """How keys of one provider are chosen, where there are several."""
        setting = self._first("routing_strategy")
        by_load = setting is not None and setting.text in _BY_LOAD
        return "least_used" if by_load else "random"
