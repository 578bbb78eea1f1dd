"""Authentication: who signs a request once it is whole, with which secret, and whether it is new.

A secret that came from a file, a command or a keyring is read again:
where a file has changed, and where a provider refused it. So a token that lives for an hour
serves a process that lives for weeks. Reading may block, so it is done in threads; calls wait
for them by an effect, within their own time, and those that want the same secret at the same
time share one reading.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Collection, Generator, Mapping
from concurrent.futures import Future
from functools import partial
from typing import Protocol

import attrs

from orchestrator.clock import Clock
from orchestrator.connections.errors import LimitPassed
from orchestrator.dialects import dialect
from orchestrator.dialects.encoding import KeyForm
from orchestrator.execution.effects import AwaitThread
from orchestrator.http_messages import OutgoingRequest
from orchestrator.provider import Provider
from orchestrator.secrets import Masker, Secret
from orchestrator.secrets.sources import (
    COMMAND_SECONDS,
    FileSource,
    MissingSecret,
    SecretSource,
    UnusableSecret,
    Version,
)

RELOAD = "reload_credential"
"""The repair of an auth failure whose secret, read again, was another: it is sent again."""

HINT_RELOADED = (
    "The credential was read again and has changed: the request is sent again with it, and "
    "nothing needs to be done."
)

LOOK_SECONDS = 1.0
"""A file is looked at no more often: that costs a thread."""

WAIT_SECONDS = 0.5
"""How long a call waits for such a look; a file system that hangs holds up nobody."""

RETRY_SECONDS, LONGEST_PAUSE = 30.0, 3600.0
"""Seconds from a refusal that a new reading did not cure until the next reading, and how far
they double: a bench may last an hour, what ails a vault a minute."""

OLD_SECRETS = 16
"""Secrets of a credential that stay masked after it changed: a provider may quote an old one."""

_log = logging.getLogger("orchestrator")


# Signing a request.


class Auth(Protocol):
    """Whatever makes a request one of an account's."""

    def sign(self, request: OutgoingRequest) -> None:
        """Sign ``request``, which is whole: nothing of it changes afterwards."""
        ...


@attrs.frozen
class NoAuth:
    """A local server asks nobody who he is."""

    def sign(self, request: OutgoingRequest) -> None:
        """Leave ``request`` as it is."""


@attrs.frozen
class KeyAuth:
    """A key in a header, a bearer token among them.

    Attributes:
        key: The key or token.
        form: The header, and how it carries the key.
        configured: Names, in lower case, of headers that the config sets or removes: those
            stay as the config has them.
    """

    key: Secret
    form: KeyForm
    configured: frozenset[str] = frozenset()

    def sign(self, request: OutgoingRequest) -> None:
        """Put the key into ``request``."""
        for name, value in self.form.headers(self.key.reveal()).items():
            if name not in self.configured:
                request.headers[name] = value


def auth_of(provider: Provider, secret: Secret) -> Auth:
    """Who signs requests to ``provider``; nobody where ``secret`` is empty."""
    if not secret:
        return NoAuth()
    # A header that the config names is its own, also where it is set to nothing.
    configured = frozenset(name.lower() for name in provider.headers)
    return KeyAuth(secret, key_form(provider, secret.reveal()), configured)


def key_form(provider: Provider, key: str = "") -> KeyForm:
    """In which header ``key`` is sent to ``provider``, and how."""
    form = dialect(provider.dialect).key_form(key)
    if provider.key_header and not form.prefix:
        return KeyForm.in_header(provider.key_header)
    return form


# Reading a secret again.


class Renewal(Protocol):
    """Who must know that a credential's secret has changed before it is sent."""

    def __call__(self, provider: str, label: str, secret: Secret) -> None:
        """Take ``secret`` for the credential ``label`` of ``provider``."""
        ...


@attrs.frozen
class SecretReading:
    """One reading of a secret, shared by all who want it meanwhile.

    Attributes:
        began: When it began, by the runtime's clock.
        until: When its thread is given up.
        done: Set once it is over, to what kept it from a secret, ``""`` for nothing.
    """

    began: float
    until: float
    done: Future[str] = attrs.field(factory=Future)


class LiveSecret:
    """A credential's secret as it is now, and how it is read again.

    No lock is held while a source is read, and none may be waited for where a signal's handler
    makes a call: who wants a reading puts one up, and the first that stands there is it.

    Attributes:
        secret: The newest that was read.
        trouble: What keeps it from being read; empty where nothing does.
    """

    def __init__(
        self, provider: str, label: str, secret: Secret, source: SecretSource, owner: LiveSecrets
    ) -> None:
        self.provider, self.label, self.secret = provider, label, secret
        self.trouble = ""
        self._source, self._owner = source, owner
        self._version: Version | None = None
        self._is_file = isinstance(source, FileSource)
        # A file is read once more by the first call: it may have changed since the config was
        # loaded, of which no version is known.
        self._next_look = -math.inf if self._is_file else math.inf
        self._pause = LOOK_SECONDS if self._is_file else RETRY_SECONDS
        self._readings: dict[str, SecretReading] = {}

    def look(self, now: float) -> SecretReading | None:
        """A reading where one is due, and nobody else is at it."""
        if now < self._next_look or self._under_way(now) is not None:
            return None
        # Set before the reading begins, so that calls which come meanwhile do not ask for another.
        self._next_look = now + self._pause
        # Of a file, a look costs next to nothing.
        self._pause = self._pause if self._is_file else min(2 * self._pause, LONGEST_PAUSE)
        return self.read(now, COMMAND_SECONDS, only_changed=True)

    def refused(self, now: float) -> None:
        """The secret is no good, and is the same read again: look for a new one from time to time.

        Of a file that is done anyway.
        """
        if not self._is_file:
            self._next_look = now + self._pause

    def read(self, now: float, seconds: float, *, only_changed: bool = False) -> SecretReading:
        """A new reading, or the one that is under way.

        Args:
            now: By the runtime's clock.
            seconds: How long it may take.
            only_changed: A file that has not changed is left alone.
        """
        if (known := self._under_way(now)) is not None:
            return known
        # A little longer than the reader's own limit, which ends it in order.
        mine = SecretReading(now, now + seconds + 1.0)
        reading = self._readings.setdefault("now", mine)
        if reading is mine:
            self._begin(mine, partial(self._renew, seconds, only_changed=only_changed))
        return reading

    def _begin(self, reading: SecretReading, renew: Callable[[], None]) -> None:
        # From here on nobody's cancelled wait can cancel it for the others.
        reading.done.set_running_or_notify_cancel()
        try:
            # Not of a pool: a command that hangs must keep no place from those that look up names.
            threading.Thread(target=self._work, args=(reading, renew), daemon=True).start()
        except RuntimeError:
            # The process is at its limit of threads; the last secret may still do.
            self._readings.pop("now", None)
            reading.done.set_result("no thread can be started")

    def _under_way(self, now: float) -> SecretReading | None:
        reading = self._readings.get("now")
        if reading is not None and now >= reading.until:
            # Its thread hangs, or was left behind by a fork, or by what interrupted its start.
            self._readings.pop("now", None)
            return None
        return reading

    def _work(self, reading: SecretReading, renew: Callable[[], None]) -> None:
        trouble = f"{self._source.shown} cannot be read"
        try:
            trouble = self._trouble_of(renew)
            # Said once, not at each look: a vault that is down for an hour is one event.
            if trouble and trouble != self.trouble:
                _log.warning("%s: %s; its last secret is used on", self, trouble)
            self.trouble = trouble
        finally:
            # Taken down before it is done: whoever comes now begins another, and misses no change.
            if self._readings.get("now") is reading:
                self._readings.pop("now", None)
            reading.done.set_result(trouble)

    def _trouble_of(self, renew: Callable[[], None]) -> str:
        try:
            renew()
        except (MissingSecret, UnusableSecret) as error:
            # A command may print its old secret when it refuses to give a new one.
            return self._owner.mask(str(error))
        except BaseException as error:  # noqa: BLE001 - a keyring's backend may raise, or exit, as it likes
            return f"{self._source.shown} cannot be read ({type(error).__name__})"
        return ""

    def _renew(self, seconds: float, *, only_changed: bool) -> None:
        # Looked at before it is read: a change in between shows at the next look.
        version = self._source.version() if isinstance(self._source, FileSource) else None
        if only_changed and version is not None and version == self._version:
            return
        secret = self._source.read(seconds)
        # Only once it was read: what could not be read is tried again at the next look.
        self._version = version
        if secret == self.secret:
            return
        # In this order: it is sent as soon as it stands here, and what is sent may be quoted.
        self._owner.learn(self, secret)
        self.secret = secret
        if not self._is_file:
            self._next_look, self._pause = math.inf, RETRY_SECONDS
        _log.info("%s was read again from %s: it has changed", self, self._source.shown)

    def __str__(self) -> str:
        return f"{self.provider} {self.label}"


class LiveSecrets:
    """The secrets of all credentials as they are now.

    Args:
        providers: By name.
        masker: Learns each secret before it is sent.
        renew: Told of each, for the marks of a credential are those of its secret.
        clock: The time to read.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        masker: Masker,
        renew: Renewal,
        clock: Clock,
    ) -> None:
        self._masker, self._renew, self._clock = masker, renew, clock
        self._lock = threading.Lock()  # only taken by threads that read, never by a call
        # A pool may have a thousand: none is looked for among them.
        self._fixed = {
            (provider.name, one.label): one.secret
            for provider in providers.values()
            for one in provider.credentials
        }
        self._auths: dict[tuple[str, str], tuple[Secret, Auth]] = {}
        self._live = {
            (provider.name, one.label): LiveSecret(
                provider.name, one.label, one.secret, one.origin, self
            )
            for provider in providers.values()
            for one in provider.credentials
            if one.origin is not None
        }

    def admit(self, provider: Provider) -> None:
        """Know the secrets of ``provider`` too, none of which changes."""
        for one in provider.credentials:
            self._fixed[provider.name, one.label] = one.secret

    def secret(self, provider: Provider, label: str) -> Secret:
        """What to send as the credential ``label`` of ``provider``."""
        # Most never change: those are the config's own, for one look-up.
        live = self._live.get((provider.name, label))
        return self._fixed[provider.name, label] if live is None else live.secret

    def auth(self, provider: Provider, label: str) -> tuple[Secret, Auth]:
        """The same, and who signs with it: made once for each secret."""
        secret, known = self.secret(provider, label), self._auths.get((provider.name, label))
        if known is None or known[0] is not secret:
            known = self._auths[provider.name, label] = secret, auth_of(provider, secret)
        return known

    @property
    def may_change(self) -> bool:
        """True where a secret is read from what may hold another by now."""
        return bool(self._live)

    def mask(self, text: str) -> str:
        """``text`` without any secret that is known."""
        return self._masker(text)

    def learn(self, live: LiveSecret, secret: Secret) -> None:
        """Let the masker and the health board know ``secret`` before anybody sends it."""
        # One after the other, since both are read, changed and put back.
        with self._lock:
            self._masker.learn(secret, str(live), OLD_SECRETS)
            self._renew(live.provider, live.label, secret)

    def look(self, providers: Collection[str]) -> Generator[AwaitThread, None, None]:
        """Wait, for a moment, for secrets of ``providers`` whose sources may have changed."""
        if not self._live:
            return
        now = self._clock.monotonic()
        looks = [each.look(now) for each in self._live.values() if each.provider in providers]
        for reading in filter(None, looks):
            # What hangs is left to its thread: the last secret may well be good. All of them
            # share one moment, since a call must not wait for each of a dozen in turn.
            left = now + WAIT_SECONDS - self._clock.monotonic()
            if left <= 0:
                return
            try:
                yield AwaitThread(reading.done, left)
            except LimitPassed:
                continue

    def reload(
        self, provider: Provider, label: str, sent: Secret, seconds: float
    ) -> Generator[AwaitThread, str, str | None]:
        """Read the secret again that was refused; what came of it, ``None`` for no such secret.

        Args:
            provider: Who refused it.
            label: The credential.
            sent: What was sent.
            seconds: How long it may take.
        """
        live = self._live.get((provider.name, label))
        if live is None:
            # From the environment, or the config itself: read again it would be the same.
            return None
        now = self._clock.monotonic()
        trouble, ends_at = "", now + seconds
        # Two at most: a reading that began before the refusal may have missed what is new.
        while live.secret == sent and (left := ends_at - self._clock.monotonic()) > 0:
            reading = live.read(self._clock.monotonic(), left)
            try:
                trouble = yield AwaitThread(reading.done, left)
            except LimitPassed:
                trouble = "it could not be read in time"
            if reading.began >= now:
                break
        # Also where somebody else's reading brought it, or this one came too late for the wait.
        if live.secret != sent:
            return "has changed"
        live.refused(self._clock.monotonic())
        return trouble or "is the same"
