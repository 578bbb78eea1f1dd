"""JSON logs: each record of the logger ``orchestrator`` as one object on one line."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec

from orchestrator.execution.call_log import CALL_ID, FIELDS
from orchestrator.secrets import mask, masked_for_logs
from orchestrator.tracing.calls_under_way import span_ids

_ENCODER = msgspec.json.Encoder()


class JsonLogFormatter(logging.Formatter):
    """Writes a record as a JSON object on one line.

    ``{"time":"2026-11-30T13:14:37.123Z","level":"WARNING","logger":"orchestrator",
    "message":"…"}``, with ``call`` where the record is about one call, ``trace_id`` and ``span_id``
    where that is under way and traced, and ``exception`` where it has a traceback. What the message
    tells of a call or a mark stands beside it by name too (``target``, ``provider``, ``to``,
    ``reason``, ``status``, …). Every text is masked as the logs of the HTTP libraries are. What a
    record's arguments hold beside its message is not written.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of ``record``, without its end."""
        said: dict[str, Any] = {
            "time": _rfc3339(record.created),
            "level": record.levelname,
            "logger": _text(record.name),
            "message": _text(_message(record)),
        }
        call = getattr(record, CALL_ID, None)
        if isinstance(call, str):
            said["call"] = call
            if (ids := span_ids(call)) is not None:
                said |= ids._asdict()
        for name, value in getattr(record, FIELDS, {}).items():
            if value is not None:
                said.setdefault(name, _text(value) if isinstance(value, str) else value)
        if record.exc_info:
            said["exception"] = _text(self.formatException(record.exc_info))
        return _ENCODER.encode(said).decode()


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001 - a handler would print the record's arguments, unmasked
        return f"a record that cannot be written: {record.msg!r}"


def _text(said: str) -> str:
    """``said``, masked; JSON can say half a character, which no file takes."""
    return mask(masked_for_logs(said)).encode("utf-8", "replace").decode()


def _rfc3339(created: float) -> str:
    text = datetime.fromtimestamp(created, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
