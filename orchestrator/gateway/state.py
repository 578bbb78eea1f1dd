"""What the requests of one gateway share."""

from __future__ import annotations

import logging
import time

import attrs

from orchestrator.api.client import Orchestrator
from orchestrator.config.config import Config, GatewaySettings
from orchestrator.execution.call_run import CallRun
from orchestrator.gateway.client_request import ClientRequest
from orchestrator.serving.refusals import RequestRefused

_log = logging.getLogger("orchestrator")


@attrs.define(eq=False)
class Gateway:
    """One gateway.

    Attributes:
        orchestrator: Whose routes are served; another one once the config was read again.
        instance: What tells one start from another.
        is_loopback: True where only this machine can reach it.
        started: The wall clock at its start, seconds since the epoch.
        in_flight: Calls that are under way.
        is_draining: True once it is to stop: a connection serves no further request.
        nested_retries: Requests that a client's own package repeated.
    """

    orchestrator: Orchestrator
    instance: str
    is_loopback: bool = True
    started: float = attrs.field(factory=time.time)
    in_flight: int = 0
    is_draining: bool = False
    nested_retries: int = 0

    @property
    def config(self) -> Config:
        """The config of calls that begin now."""
        return self.orchestrator.config

    @property
    def settings(self) -> GatewaySettings:
        """What of it is the gateway's."""
        return self.config.gateway

    def begin(self, handling: Handling) -> None:
        """Count a call that is to begin.

        Raises:
            RequestRefused: There are as many as there may be.
        """
        most = self.settings.max_in_flight
        if self.in_flight >= most:
            raise RequestRefused(
                503,
                "overloaded",
                f"{most} calls are in flight, and [gateway] max_in_flight allows no more",
                retry_after=1,
            )
        self.in_flight += 1
        handling.is_counted = True

    def end(self, handling: Handling) -> None:
        """A request was answered, or its client has left."""
        if handling.is_counted:
            self.in_flight -= 1


@attrs.define(eq=False)
class Handling:
    """One request while it is answered.

    Attributes:
        incoming: What the client sent.
        call: The call that it asked for, once there is one.
        caller: Whose it is: the name of the key; empty where nobody needs one.
        is_counted: True once it is one of those that are in flight.
    """

    incoming: ClientRequest
    call: CallRun | None = None
    caller: str = ""
    is_counted: bool = False
