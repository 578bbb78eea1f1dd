"""How the credentials of a provider are used: words of the config that the health board acts on."""

from __future__ import annotations

import enum

RETRY_BUDGET = 500
"""Tokens that retries at a provider entry may spend unless the config says otherwise: the size of
the AWS SDKs' retry quota (botocore/retries/quota.py, 1.43.67); see :mod:`.health.retry_budget`."""


class Strategy(enum.StrEnum):
    """Which of the ready credentials a take prefers. The value is what configs say.

    The turns of ``round_robin`` and the counts of ``least_used`` are kept in the
    process, not in the store: a write for each call would cost more than an uneven
    share between processes does.
    """

    FILL_FIRST = "fill_first"
    ROUND_ROBIN = "round_robin"
    LEAST_USED = "least_used"
    RANDOM = "random"


class Accounts(enum.StrEnum):
    """Whose limits the credentials of a pool meet. The value is what configs say.

    ``SEPARATE``: each key's own, so that each is tried. ``ONE``: those of one account, so
    that a limit which speaks of the account is a limit of all.
    """

    SEPARATE = "separate"
    ONE = "one"
