"""Keeps secrets out of the logs of the libraries that speak HTTP.

At DEBUG, httpcore writes each answer's head and each error with the bytes that caused it, and a
provider may have put a key there; httpx writes addresses at INFO. Those loggers are not ours,
but the secrets are.
"""

from __future__ import annotations

import logging
import weakref

from orchestrator.secrets.masker import Masker

_LOGGERS = (
    "httpx",
    *("httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2"),
    *("httpcore.proxy", "httpcore.socks"),
)
"""A filter of a logger does not hold for those below it, so each is named (httpcore 1.0.9)."""

_maskers: weakref.WeakSet[Masker] = weakref.WeakSet()


def masked_for_logs(said: str) -> str:
    """``said`` without the secrets of any config in use."""
    for masker in tuple(_maskers):
        said = masker(said)
    return said


class LogFilter(logging.Filter):
    """Masks the secrets of every config in use in the records that pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let ``record`` pass, masked; what cannot be written at all is left as it is."""
        try:
            said = record.getMessage()
        except Exception:  # noqa: BLE001 - the handler tells of a record that is broken
            return True
        masked = masked_for_logs(said)
        if masked != said:
            record.msg, record.args = masked, None
        return True


_FILTER = LogFilter()


def guard_logs(masker: Masker) -> None:
    """Have ``masker`` stand before the logs of the HTTP libraries for as long as it lives."""
    _maskers.add(masker)
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_FILTER)
