"""Keys of the gateway's callers: found in a request, recognised, and held to their routes."""

from __future__ import annotations

import hmac
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from orchestrator.clock import Clock, SystemClock
from orchestrator.config.config import DEFAULT_ROUTE
from orchestrator.config.errors import ConfigError, nearest
from orchestrator.dialects import DIALECTS
from orchestrator.gateway.key_file import GatewayKey, KeyFile, StoredKey, digest_of
from orchestrator.secrets import mask
from orchestrator.serving.refusals import RequestRefused
from orchestrator.states.reasons import Reason

__all__ = ["GatewayKey", "KeyFile", "KeyRing", "check_routes", "presented_key"]

LOOK_SECONDS = 1.0
"""Between two looks at the file: a key that was removed is refused a second later."""

PARAMETER = "key"
"""The parameter of an address that holds a key, as Google's clients over REST send it."""

_CARRIERS = {form.header: form.scheme for one in DIALECTS.values() for form in one.keys}
"""Where clients of each dialect send their key: the header, and the word before the key."""

_WAYS = ", ".join(
    (*(f"{name}: {f'{scheme} KEY'.strip()}" for name, scheme in _CARRIERS.items()), "?key=KEY")
)

_SHOWN = 100
"""Characters of a caller's own text that an error repeats."""

_log = logging.getLogger("orchestrator")


class KeyRing:
    """The keys of a running gateway: those of the file, read again when it changes.

    A file that is damaged or gone leaves the keys that it held: a slip of the pen must not lock
    everybody out. Each fault is said once, in the log.

    Args:
        path: The file.
        clock: By which keys expire.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.file = KeyFile(path)
        self._clock = clock or SystemClock()
        self._by_digest: dict[bytes, StoredKey] = {}
        self._stamp: tuple[int, ...] | None = None
        self._looked_at = -math.inf
        self._fault = ""

    def load(self) -> None:
        """Read the file; once before the first request.

        Raises:
            ConfigError: It is not there, damaged, or may not be read.
        """
        self._looked_at = self._clock.monotonic()
        # Before it is read: a change in between is noticed by the next look.
        self._stamp = self.file.stamp()
        self._by_digest = {one.digest: one for one in self.file.list()}

    def find(self, presented: str) -> GatewayKey | None:
        """The key that ``presented`` is; ``None`` where it is none.

        Raises:
            RequestRefused: It was one, and has expired.
        """
        self.look()
        # It is looked up by its hash, which who asks cannot steer towards one that is stored: how
        # long it takes tells of hashes of his own texts, and nothing of a key. The comparison
        # that decides takes as long for any hash.
        digest = digest_of(presented)
        stored = self._by_digest.get(digest)
        if stored is None or not hmac.compare_digest(stored.digest, digest):
            return None
        if stored.key.is_expired(self._clock.time()):
            raise RequestRefused(
                401,
                Reason.AUTH.value,
                f"the key {stored.key.name!r} has expired; ask for a new one",
            )
        return stored.key

    def authenticate(
        self, headers: Mapping[str, str] | Iterable[tuple[str, str]], params: Mapping[str, str]
    ) -> GatewayKey:
        """The key of a request; see :func:`presented_key`.

        Raises:
            RequestRefused: There is none, it is wrong, or it has expired.
        """
        presented = presented_key(headers, params)
        if presented is None:
            raise RequestRefused(401, Reason.AUTH.value, f"no key came; allowed: {_WAYS}")
        key = self.find(presented)
        if key is None:
            raise RequestRefused(401, Reason.AUTH.value, "the key that came is not known here")
        return key

    def look(self) -> None:
        """Read the file again where it has changed, once a second at most.

        To be called now and then, so that what is wrong is told before somebody asks.
        """
        now = self._clock.monotonic()
        if now < self._looked_at + LOOK_SECONDS:
            return
        self._looked_at = now
        if self.file.stamp() == self._stamp and not self._fault:
            return
        try:
            self.load()
        except ConfigError as error:
            if str(error) != self._fault:
                _log.warning("%s; the keys that were read before go on", error)
            self._fault = str(error)
        else:
            self._fault = ""
            number = len(self._by_digest)
            keys = "1 key" if number == 1 else f"{number:,} keys"
            _log.info("%s: read again, it holds %s", self.file.path, keys)


def presented_key(
    headers: Mapping[str, str] | Iterable[tuple[str, str]], params: Mapping[str, str]
) -> str | None:
    """The key that came with a request, however its client sends one; ``None`` where none did.

    Args:
        headers: By name in whatever case; pairs where one may come twice.
        params: The parameters of the address.

    Raises:
        RequestRefused: Several came that are not the same, or what came is no key.
    """
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    found: dict[str, str] = {}
    for name, value in (*_carried(pairs), (f"?{PARAMETER}", params.get(PARAMETER, "").strip())):
        if value:
            found.setdefault(value, name)
    if len(found) > 1:
        # Which of them is meant would be a guess, and a key that is tried is a guess of others.
        places = " and in ".join(found.values())
        raise RequestRefused(
            401, Reason.AUTH.value, f"different keys came in {places}; allowed: one key"
        )
    return next(iter(found), None)


def _carried(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """The headers that carry a key, with the key alone."""
    for given, value in pairs:
        scheme = _CARRIERS.get(name := given.lower())
        if scheme is None or not value.strip():
            continue
        if not scheme:
            yield name, value.strip()
            continue
        word, _, key = value.strip().partition(" ")
        if word.lower() != scheme.lower():
            raise RequestRefused(
                401,
                Reason.AUTH.value,
                f"the header {name} does not begin with {scheme!r}; allowed: {name}: {scheme} KEY",
            )
        yield name, key.strip()


def check_routes(key: GatewayKey, wanted: str | Sequence[str] | None) -> None:
    """Refuse what a key may not ask.

    Args:
        key: Whose request it is.
        wanted: The route or target that the request names, or several; ``None`` for the default.

    Raises:
        RequestRefused: One of them is not for this key.
    """
    names = (wanted or DEFAULT_ROUTE,) if isinstance(wanted, str | None) else wanted
    for name in names:
        if not key.allows(name):
            # Cut before it is compared: a name may be as long as a body.
            shown, allowed = name[:_SHOWN], key.routes or ()
            raise RequestRefused(
                403,
                Reason.FORBIDDEN.value,
                f"the key {key.name!r} may not ask {mask(repr(shown))}{nearest(shown, allowed)}; "
                f"it may ask: {', '.join(allowed)}",
            )
