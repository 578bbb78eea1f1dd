"""The values that a config becomes. Each field's default is its documented default.

They are frozen and hold no open file, no clock and no environment: reading those
is :mod:`orchestrator.config.loading`'s work.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs

from orchestrator.config.errors import Problem, UnknownRoute
from orchestrator.pooling import RETRY_BUDGET
from orchestrator.provider import LARGEST_ANSWER, Provider
from orchestrator.secrets import Secret
from orchestrator.states.facts import Target
from orchestrator.states.policy import Policy, Timeouts
from orchestrator.vendors import CATALOGUE, always_reasons

DEFAULT_ROUTE = "default"
"""The route of a request that names none."""


PASSTHROUGH_MODEL = "passthrough"
"""What stands for a model where none is asked: of all that the gateway passes through."""


def model_name(model: str) -> str:
    """What tells models apart, whoever serves them: the last part of the name, in lower case.

    ``text-embedding-3-small`` at one provider is ``openai/text-embedding-3-small`` at another.
    """
    return model.rpartition("/")[2].lower()


def makes_vectors(model: str) -> bool:
    """True where the name of a model tells that it makes vectors, and no answers."""
    return "embed" in model_name(model)


@attrs.frozen
class TargetSettings:
    """What ``[targets."provider/model"]`` says.

    Attributes:
        context: The context window in tokens; ``None`` is unknown, which fits.
        overrides: Fields that replace those of the request at this target.
        timeouts: The limits of an attempt here, in seconds; those that the entry does
            not name are the config's.
        reasoning: Whether the model thinks before it speaks; ``None`` is what is known of it.
    """

    context: int | None = None
    overrides: Mapping[str, Any] = attrs.field(factory=dict, hash=False)
    timeouts: Timeouts = Timeouts()
    reasoning: bool | None = None

    def reasons(self, model: str) -> bool:
        """Whether ``model`` thinks before it speaks: what is said of it, or else known."""
        return always_reasons(model) if self.reasoning is None else self.reasoning

    def target(self, provider: Provider, model: str) -> Target:
        """The target ``provider/model``, as these settings make it."""
        stream = True if provider.always_streams else None if provider.stream else False
        return Target(
            provider.name, model, self.context, self.reasons(model), stream, self.timeouts
        )


@attrs.frozen
class GatewaySettings:
    """What ``[gateway]`` says.

    Attributes:
        keys: The file that holds the callers' keys, hashed; ``None``: anybody who reaches the
            gateway may use it, so it binds to loopback alone.
        drain: Seconds that calls in flight may take once it is to stop.
        max_body: Bytes of the largest request that is read.
        max_in_flight: Calls at once; more are refused at once, with the seconds to wait.
        cors: The origins whose pages may use it from a browser.
        calls_kept: Finished calls that it can tell of.
    """

    keys: Path | None = None
    drain: float = 60.0
    max_body: int = 32 * 1024 * 1024
    max_in_flight: int = 1_000
    cors: tuple[str, ...] = ()
    calls_kept: int = 1_000


@attrs.frozen
class OtelSettings:
    """What ``[otel]`` says; see :mod:`orchestrator.tracing`.

    Attributes:
        traces: Whether calls are traced where the application uses OpenTelemetry.
        propagate: Which providers are told of the trace, by ``traceparent``: all, none, or those
            of these names.
        clean_ratio: How many of the gateway's calls are traced that the first attempt at the
            first target answered, from 0 to 1; all others are.
    """

    traces: bool = True
    propagate: bool | frozenset[str] = False
    clean_ratio: float = 0.05

    def tells(self, provider: str) -> bool:
        """Whether the provider of that name is told of the trace."""
        named = self.propagate
        return named if isinstance(named, bool) else provider in named


@attrs.frozen
class Config:
    """A whole config: what ``orchestrator.toml`` and the environment say.

    Attributes:
        path: The file it was read from, or a name for text that came from nowhere.
        health: ``"file"``, ``"memory"`` or the URL of a shared store, which may hold a password.
        ledger: Where every call's ledger is appended, ``None`` for nowhere.
        policy: What a call may do.
        timeouts: The limits of an attempt, unless the target has its own.
        providers: By name: those of the file, and those that a route implies.
        targets: What the file says of single targets, by ``provider/model``.
        routes: By name, each in order, without targets whose provider has no credential.
        largest_answer: Bytes of the largest answer that is read, decoded.
        retry_budget: Tokens that retries at each provider may spend; 0: without a limit.
        drop: What of a request may be left out where a target's dialect cannot say it, by
            name; ``"*"`` is any parameter, never what somebody said. A target is passed over
            for the others.
        passed_over: By route, the names of its targets whose provider has no credential.
        preferred: By route, the name of its first target, whether it has a credential or not.
        warnings: What was passed over, and what to do about it.
        ledger_max: Bytes that the ledger may hold before it is renamed to ``NAME.1``; ``None``:
            any number.
        gateway: What holds for ``orchestrator serve``.
        otel: What holds for traces.
        digest: What tells this text of a config from others; empty where it was made in code.
    """

    path: Path | str = "orchestrator.toml"
    health: str | Secret = "file"
    ledger: Path | None = None
    policy: Policy = Policy()
    timeouts: Timeouts = Timeouts()
    providers: Mapping[str, Provider] = attrs.field(factory=dict, hash=False)
    targets: Mapping[str, TargetSettings] = attrs.field(factory=dict, hash=False)
    routes: Mapping[str, tuple[Target, ...]] = attrs.field(factory=dict, hash=False)
    passed_over: Mapping[str, tuple[str, ...]] = attrs.field(factory=dict, hash=False)
    preferred: Mapping[str, str] = attrs.field(factory=dict, hash=False)
    warnings: tuple[Problem, ...] = ()
    drop: frozenset[str] = frozenset()
    largest_answer: int = LARGEST_ANSWER
    retry_budget: int = RETRY_BUDGET
    ledger_max: int | None = None
    gateway: GatewaySettings = GatewaySettings()
    otel: OtelSettings = OtelSettings()
    digest: str = attrs.field(default="", eq=False)

    def settings(self, target: Target | str) -> TargetSettings:
        """What holds at ``target``: its own entry, or the config's timeouts."""
        known = self.targets.get(str(target))
        return known if known is not None else TargetSettings(timeouts=self.timeouts)

    def target(self, name: str) -> Target:
        """The target named ``provider/model``, split at the first slash.

        Raises:
            UnknownRoute: ``name`` has no slash, or its provider is not configured.
        """
        provider, slash, model = name.partition("/")
        if not (slash and model and provider in self.providers):
            raise UnknownRoute(name, self._near(name), tuple(self.routes))
        return self.settings(name).target(self.providers[provider], model)

    def route(self, named: str | Sequence[str] | None = None) -> tuple[Target, ...]:
        """The targets of a route, or the one target ``provider/model``; ``None``: ``default``.

        Args:
            named: Such a name, or several in order: then each target is in it once.

        Raises:
            UnknownRoute: There is no such route, and no such provider. A LookupError.
        """
        if named is not None and not isinstance(named, str):
            return tuple(dict.fromkeys(target for name in named for target in self.route(name)))
        name = DEFAULT_ROUTE if named is None else named
        if name in self.routes:
            return self.routes[name]
        if named is None:
            raise UnknownRoute(None, routes=tuple(self.routes))
        return (self.target(name),)

    def first_model(self, named: str | Sequence[str] | None = None) -> str:
        """The :func:`model_name` of a route's first target, whether it can be sent to or not.

        Args:
            named: A route, ``provider/model``, or several in order; ``None`` is ``default``.

        Raises:
            UnknownRoute: There is no such route.
        """
        if named is not None and not isinstance(named, str):
            return self.first_model(named[0])
        name = DEFAULT_ROUTE if named is None else named
        first = self.preferred.get(name) or next(map(str, self.route(named)), "")
        return model_name(first.partition("/")[2])

    def _near(self, name: str) -> tuple[str, ...]:
        """Names that are close to ``name``."""
        known = [*self.routes, *sorted({str(t) for route in self.routes.values() for t in route})]
        provider, slash, model = name.partition("/")
        if name in self.providers:
            of = [one for one in known if one.startswith(f"{provider}/")]
            return tuple(of) or (f"{provider}/MODEL",)
        providers = [*self.providers, *CATALOGUE]
        near = difflib.get_close_matches(provider, providers, 1, 0.6) if slash else []
        repaired = [f"{found}/{model}" for found in near if model and found != provider]
        return tuple(repaired or difflib.get_close_matches(name, known, 3, 0.6))
