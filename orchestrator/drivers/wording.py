"""The request in the words of each target: its dialect, with what was repaired there."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from orchestrator.config.records import Provider
from orchestrator.dialects import dialect
from orchestrator.dialects.anthropic_messages.models import takes_prefill
from orchestrator.drivers.continuation import continued
from orchestrator.drivers.repairs import REPAIRS
from orchestrator.request import Request
from states import Target

Payload = Mapping[str, Any]


class Wording:
    """The payload to send to each target. The caller's own is never changed.

    Args:
        request: What the caller asked.
        remembered: Repairs that cured earlier calls, by target name; shared by the calls
            of an orchestrator, so that only the first one fails.
    """

    def __init__(self, request: Request, remembered: MutableMapping[str, tuple[str, ...]]) -> None:
        self._request = request
        self._remembered = remembered
        self._repairs: dict[str, tuple[str, ...]] = {}
        self._delivered = ""

    def repair(self, target: Target, name: str) -> None:
        """Change what is sent to ``target`` from now on."""
        self._repairs[target.name] = (*self._of(target), name)

    def cured(self, target: Target) -> None:
        """``target`` has answered: what was repaired there is right for other calls too."""
        if target.name in self._repairs:
            self._remembered[target.name] = self._repairs[target.name]

    def go_on_from(self, delivered: str) -> None:
        """The caller has this text already; whoever is asked next goes on from it."""
        self._delivered = delivered

    def payload(self, target: Target, provider: Provider) -> Payload:
        """What to send to ``target``, in the dialect of its provider."""
        payload = self._in_dialect(target, provider)
        for name in self._of(target):
            payload = REPAIRS[name](payload)
        return payload

    def _of(self, target: Target) -> tuple[str, ...]:
        return self._repairs.get(target.name) or self._remembered.get(target.name, ())

    def _in_dialect(self, target: Target, provider: Provider) -> Payload:
        own, theirs = self._request.dialect, provider.dialect
        if own == theirs and not self._delivered:
            return self._request.payload
        conversation = dialect(own).read_request(self._request.payload)
        if self._delivered:
            prefill = theirs == "anthropic-messages" and takes_prefill(target.model)
            conversation = continued(conversation, self._delivered, prefill=prefill)
        return dialect(theirs).write_request(conversation)
