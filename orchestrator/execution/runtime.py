"""What the calls of one orchestrator share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping
from random import random

import attrs

from orchestrator.clock import Clock
from orchestrator.config.config import TargetSettings
from orchestrator.dialects import Operation
from orchestrator.execution.addresses import Addresses
from orchestrator.execution.auth import LiveSecrets
from orchestrator.execution.call_log import CallLog
from orchestrator.execution.recorder import pool_of, pools
from orchestrator.health import HealthBoard, Pool, PoolCredential
from orchestrator.ledger import RecordedPool
from orchestrator.provider import Provider, masker
from orchestrator.secrets import Masker

_GENERATE = Operation.GENERATE


@attrs.frozen
class Runtime:
    """What a call needs of its orchestrator.

    Attributes:
        providers: By name.
        targets: Settings by target name; a target without an entry has none.
        board: What is known across calls.
        clock: The time to read.
        jitter: A random number in [0, 1) for each backoff, and for each wait for a mark's end.
        addresses: Which of a provider's addresses could be reached.
        repairs: Repairs that cured earlier calls, by target name.
        warned: Providers of whose streams a person was warned.
        masker: Knows the secrets of all providers.
        secrets: Those of their credentials, as they are now.
        pools: The labels of their credentials, as the record of a call says them.
        log: Tells people what befalls calls.
    """

    providers: MutableMapping[str, Provider]
    targets: Mapping[str, TargetSettings]
    board: HealthBoard
    clock: Clock
    jitter: Callable[[], float] = random
    addresses: Addresses = attrs.Factory(lambda self: Addresses(self.clock.monotonic), True)
    repairs: MutableMapping[str, tuple[str, ...]] = attrs.field(factory=dict)
    warned: set[str] = attrs.field(factory=set)
    masker: Masker = attrs.Factory(lambda self: masker(self.providers.values()), takes_self=True)
    secrets: LiveSecrets = attrs.Factory(
        lambda self: LiveSecrets(self.providers, self.masker, self.board.renew, self.clock),
        takes_self=True,
    )
    pools: dict[str, RecordedPool] = attrs.Factory(
        lambda self: pools(self.providers.values()), takes_self=True
    )
    log: CallLog = attrs.field(factory=CallLog)
    _by_operation: dict[Operation, Runtime] = attrs.field(factory=dict, init=False, repr=False)

    def admit(self, provider: Provider) -> None:
        """Let calls ask ``provider`` too from now on; its keys come from the environment."""
        # The masker first: nothing of it may be sent, or fail, before its secrets are known.
        secrets = tuple(provider.secrets())
        for secret in secrets:
            self.masker.learn(secret, provider.name, len(secrets))
        self.secrets.admit(provider)
        self.pools[provider.name] = pool_of(provider)
        self.board.admit(board_pool(provider))
        self.providers[provider.name] = provider

    def of(self, operation: Operation) -> Runtime:
        """What calls of ``operation`` share: what they learn of a target is no news for others."""
        if operation is _GENERATE:
            return self
        known = self._by_operation.get(operation)
        if known is None:
            new = attrs.evolve(self, board=operation_board(self.board, operation), repairs={})
            if operation is Operation.COUNT_TOKENS:
                # What such a board learns keeps nobody from being asked for answers.
                new = attrs.evolve(new, log=CallLog(is_muted=True))
            # Two threads may make it at once; setdefault lets the first one stay.
            known = self._by_operation.setdefault(operation, new)
        return known


def operation_board(board: HealthBoard, operation: Operation) -> HealthBoard:
    """The board of calls of ``operation``, beside ``board``, which is that of answers."""
    if operation is _GENERATE:
        return board
    # A count is free, and vendors limit it by itself: that an account without money counts is no
    # news of its money, and one that may not count for a minute may still answer
    # (https://platform.claude.com/docs/en/build-with-claude/token-counting, 2026-11-30).
    return board.for_operation(operation.value, own_store=operation is Operation.COUNT_TOKENS)


def board_pool(provider: Provider) -> Pool:
    """The pool of ``provider``, as the health board has it."""
    # By the hashes of its secrets: what the board keeps in a file is no place for secrets.
    credentials = tuple(
        PoolCredential(credential.label, credential.secret) for credential in provider.credentials
    )
    return Pool(
        provider.name,
        provider.base_url,
        credentials,
        provider.strategy,
        provider.accounts,
        provider.free_models,
        provider.retry_budget,
    )
