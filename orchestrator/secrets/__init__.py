"""Secrets: held so that they cannot be printed, and masked wherever others print them.

A provider's error may echo what it was sent, in whatever spelling it likes. So everything that
leaves the process as text (message, ledger, log, trace) is masked first and cut afterwards:
a secret that is cut first is a piece of a secret that nobody knows any more.

* :class:`Secret` holds one value; :class:`SecretHeaders` and :class:`SecretAddress` hold what
  has secrets inside.
* :class:`Masker` knows the secrets of a config and finds them in any spelling.
* :func:`mask` finds what has the shape of a key, whoever's it is.
* :func:`guard_logs` puts a masker before the logs of the HTTP libraries.
"""

from orchestrator.secrets.held import (
    Secret,
    SecretAddress,
    SecretHeaders,
    fingerprint,
    is_public_name,
    values_of_header,
    values_of_query,
    values_of_userinfo,
)
from orchestrator.secrets.log_filter import guard_logs, masked_for_logs
from orchestrator.secrets.masker import Masker, mask
from orchestrator.secrets.shapes import MASK

__all__ = [
    "MASK",
    "Masker",
    "Secret",
    "SecretAddress",
    "SecretHeaders",
    "fingerprint",
    "guard_logs",
    "is_public_name",
    "mask",
    "masked_for_logs",
    "values_of_header",
    "values_of_query",
    "values_of_userinfo",
]
