"""Routing: which targets a call may ask, for what its request names."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from orchestrator.classification import prepare
from orchestrator.config import loading
from orchestrator.config.config import Config
from orchestrator.dialects import dialect
from orchestrator.execution.capabilities import without_credential
from orchestrator.execution.runtime import Runtime
from orchestrator.ledger import Skipped
from orchestrator.states import Target
from orchestrator.vendors import CATALOGUE

_log = logging.getLogger("orchestrator")

MOST_ROUTES = 256
"""Routes that are kept once they were named; a caller who makes them up has more."""

Wanted = str | tuple[str, ...] | None
"""What a request names: a route or a target, several of them, or nothing."""


class Routing:
    """The targets that calls of an orchestrator may ask. Safe from threads.

    A known provider that the config does not have is admitted when a call names it: its address,
    dialect and key variable are known, so that nothing but a key in the environment is needed.

    Attributes:
        config: The orchestrator's, with the known providers that calls named besides.
    """

    def __init__(self, config: Config, runtime: Runtime) -> None:
        self.config = config
        self._runtime = runtime
        # Again from within: a call inside a signal handler may interrupt the one that has it.
        self._lock = threading.RLock()
        self._routes: dict[Wanted, tuple[Target, ...]] = {}
        self._keyless: dict[Wanted, tuple[Skipped, ...]] = {}
        self._without_key: frozenset[str] = frozenset()

    def unknown(self, wanted: Wanted) -> tuple[str, ...]:
        """The known providers that ``wanted`` names and that are to be admitted first."""
        # Nearly always: it was named before, and of all that it names there is a key.
        if wanted is None or (wanted in self._routes and not self._without_key):
            return ()
        providers = dict.fromkeys(loading.providers_named(self.config, wanted))
        return tuple(name for name in providers if name in CATALOGUE and self._is_news(name))

    def admit(self, providers: Sequence[str]) -> None:
        """Let calls ask these known providers. It reads the environment and loads their rules.

        Raises:
            ConfigError: What the environment says of one cannot be used.
        """
        with self._lock:
            names = [name for name in providers if self._is_news(name)]
            config = loading.with_implied(self.config, names)
            found = [config.providers[name] for name in names]
            prepare({one.vendor for one in found}, {one.dialect for one in found})
            for one in found:
                dialect(one.dialect)
                if one.credentials:
                    self._runtime.admit(one)
                elif one.name not in self._without_key:
                    # As of a config: a fallback that nobody can ask is found out before it is
                    # needed.
                    _log.warning("%s has no credential: %s", one.name, "; ".join(one.missing))
            self._without_key -= {one.name for one in found if one.credentials}
            # Nothing is ever sent to one without a key, which may be set by the next call.
            self._without_key |= {one.name for one in found if not one.credentials}
            self.config = config

    def route(self, wanted: Wanted) -> tuple[Target, ...]:
        """The targets of a route, in order; the same tuple for the same names.

        Raises:
            ConfigError: Nothing is named, and there is no config; or what the environment says
                of a known provider cannot be used.
            UnknownRoute: There is no such route or target.
        """
        if unknown := self.unknown(wanted):
            self.admit(unknown)
        known = self._routes.get(wanted)
        if known is not None:
            return known
        if wanted is None and not self.config.routes:
            raise loading.no_config()
        targets = self.config.route(wanted)
        if len(self._routes) >= MOST_ROUTES:
            self._routes.clear()
            self._keyless.clear()
        # The board keeps what it prepared for a route by its identity.
        self._routes[wanted] = targets
        return targets

    def without_credential(self, wanted: Wanted) -> tuple[Skipped, ...]:
        """The targets that a route lists and that are not in it, because they have no key."""
        if not self.config.passed_over:
            return ()
        known = self._keyless.get(wanted)
        if known is None:
            known = self._keyless[wanted] = without_credential(wanted, self.config)
        return known

    def _is_news(self, provider: str) -> bool:
        """True where the config does not name it, and no call did while its key was there."""
        if provider not in self.config.providers:
            return True
        return provider in self._without_key and loading.has_key(provider)
