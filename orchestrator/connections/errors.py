"""What goes wrong on a connection, by the names that the field has for it.

The names are what classification reads (:mod:`orchestrator.classification.rules.transport`).
"""

from __future__ import annotations


class LimitPassed(Exception):
    """A limit of ours has passed.

    Raised only where the time is over: who refuses at once and calls it a timeout has refused.

    Attributes:
        connect: True where it is the limit of the connection.
    """

    def __init__(self, *, connect: bool = False) -> None:
        super().__init__()
        self.connect = connect


class TransportError(Exception):
    """An exchange with a server broke."""


class ConnectError(TransportError):
    """No connection came about: no request was sent."""


class ConnectTimeout(ConnectError):
    """A transport says that its limit of the connection has passed."""


class ProxyError(ConnectError):
    """The proxy between us and the server refused."""


class UnsendableRequest(TransportError):
    """The request holds what HTTP cannot say; nothing of it was sent."""


class UnsupportedProtocol(UnsendableRequest):
    """A transport knows no way to such an address; nothing was sent."""


class ReadError(TransportError):
    """The connection broke while an answer was read, or was to come."""


class ReadTimeout(ReadError):
    """A transport says that its limit of a read has passed."""


class WriteError(TransportError):
    """The connection broke while the request was written."""


class StaleConnection(TransportError):
    """A kept connection turned out closed once the request was written, with nothing come."""


class RemoteProtocolError(TransportError):
    """What came is no HTTP, or not all of it."""


class PerformerLost(TransportError):
    """The process that sent the request went away: what came of it nobody knows."""


class DecodingError(Exception):
    """The body is packed in a way that was not asked for, or cannot be unpacked."""
