"""A recorded call as a script: what each of its attempts met, to be met again.

The record holds classified errors; a script holds answers. So each error becomes the answer
that is nearest to the recorded one and is classified alike today.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs

from orchestrator.classification import classify
from orchestrator.config.config import DEFAULT_ROUTE, Config
from orchestrator.lab.simulation.provider_model import AttemptOutcome, outcomes
from orchestrator.lab.simulation.replay_config import pools
from orchestrator.lab.simulation.script import AttemptScript
from orchestrator.lab.simulation.script_items import (
    CONNECT,
    CUT,
    OK,
    STALL,
    SYNONYMS,
    TEXT,
    TIMEOUT,
    TOOL,
    WITHOUT_PIECES,
    Item,
    is_whole,
)
from orchestrator.lab.simulation.scripted_answers import answer
from orchestrator.ledger import Recording
from orchestrator.pooling import Strategy
from orchestrator.provider import Credential, Provider
from orchestrator.secrets import Secret
from orchestrator.states import Cancelled, Error, Reason, Streaming, Target

_STALLS = ("timeout.idle", "timeout.stream_total")
_STREAM_LIMITS = ("timeout.first_token", *_STALLS)


def script_of(recording: Recording, config: Config) -> AttemptScript:
    """The script of a recorded call: an item for each attempt, bound to its target and key.

    Where the caller went away, the attempt under way is silent. ``stream`` is true where the
    record shows content before the end, or a limit of streams alone.

    Args:
        recording: The call.
        config: Whose classification the answers must pass.
    """
    met = tuple(outcomes(recording.transitions))
    stream = any(_is_streamed(each) for each in met) or any(
        isinstance(move.facts, Streaming) for move in recording.transitions
    )
    return AttemptScript(tuple(_item(each, config, stream=stream) for each in met), stream)


def left_early(recording: Recording) -> bool:
    """True where the caller went away, which no script says."""
    return any(isinstance(move.facts, Cancelled) for move in recording.transitions)


def own_config(calls: Iterable[Recording]) -> Config:
    """A config with the targets, keys and policy of the calls themselves.

    The route is that of the first call, and so is the policy; a provider is a chat endpoint
    under an address that nobody has, and each key is made up.
    """
    calls = tuple(calls)
    first = calls[0].opened
    providers: dict[str, dict[str, None]] = {}
    strategies: dict[str, Strategy] = {}
    targets = {target.name: target for call in calls for target in call.opened.route}
    for target in targets.values():
        providers.setdefault(target.provider, {})
    for call in calls:
        for provider, pool in pools(call).items():
            providers.setdefault(provider, {}).update(dict.fromkeys(pool.labels))
            strategies.setdefault(provider, Strategy(pool.strategy))
    return Config(
        path=f"the config of {calls[0].source}",
        health="memory",
        policy=first.policy,
        providers={
            name: _provider(name, labels, strategies.get(name, Strategy.FILL_FIRST))
            for name, labels in providers.items()
        },
        routes={DEFAULT_ROUTE: first.route, **_others(calls)},
    )


def _others(calls: tuple[Recording, ...]) -> Mapping[str, tuple[Target, ...]]:
    """The other routes that the calls took, under names of their own."""
    routes = dict.fromkeys(call.opened.route for call in calls)
    return {f"recorded#{number}": route for number, route in enumerate(routes, 1) if number > 1}


def _provider(name: str, labels: Iterable[str], strategy: Strategy) -> Provider:
    pool = tuple(
        Credential(label, Secret(f"made-up-{number}"), "literal")
        for number, label in enumerate(sorted(labels, key=_natural), 1)
    )
    return Provider(
        name,
        base_url=f"http://{name}.invalid/v1",
        credentials=pool or (Credential("anonymous"),),
        strategy=strategy,
    )


def _natural(label: str) -> tuple[str, int, str]:
    """``key#2`` before ``key#10``."""
    head = label.rstrip("0123456789")
    number = label[len(head) :]
    return head, int(number[:9] or 0), number


def _is_streamed(met: AttemptOutcome) -> bool:
    return met.error is not None and met.error.rule in _STREAM_LIMITS


def _item(met: AttemptOutcome, config: Config, *, stream: bool) -> Item:
    item = Item(OK) if met.error is None else _failing(met.error, met.target, config)
    if met.silent:
        item = Item(TIMEOUT)
    item = attrs.evolve(item, names=(met.target, met.credential), seconds=met.seconds)
    return _in_pieces(item, met) if stream else item


def _in_pieces(item: Item, met: AttemptOutcome) -> Item:
    """``item`` as it came in a stream: when its first content did, and what came then."""
    first, whole = met.content_after, is_whole(item)
    if first is None:
        before = met.seconds - met.idle if item.word == STALL else met.seconds
        item = attrs.evolve(item, seconds=max(0.0, before))
        pieces = {STALL: 1, CUT: 0}.get(item.word, 1 if whole else None)
        return attrs.evolve(item, pieces=pieces)
    if item.word in WITHOUT_PIECES:  # it came after content all the same
        item = attrs.evolve(item, word=STALL if item.word == TIMEOUT else CUT)
    later = met.seconds - first - (met.idle if item.word == STALL else 0.0)
    return attrs.evolve(
        item,
        seconds=first,
        pieces=2 if whole or item.word == STALL else 1,
        pace=max(0.0, later),
        content=TOOL if met.tool_call else TEXT,
    )


def _failing(error: Error, target: str, config: Config) -> Item:
    if error.rule.startswith("timeout."):
        return Item(STALL if error.rule in _STALLS else TIMEOUT)
    word = SYNONYMS.get(error.reason.value, error.reason.value)
    if word in (CONNECT, CUT):
        return Item(word)
    name = target.partition("/")[0]
    provider = config.providers.get(name, Provider(name))
    made = tuple(_candidates(error, word))
    return next((item for item in made if _reason(item, provider) is error.reason), made[-1])


def _candidates(error: Error, word: str) -> Iterator[Item]:
    """What may have been answered, the nearest to the record first."""
    message = error.message or None
    for waits in dict.fromkeys((error.retry_after, None)):
        if error.status is not None and 300 <= error.status < 600:
            yield Item(str(error.status), message=message, retry_after=waits)
        yield Item(word, message=message, retry_after=waits)
        yield Item(word, retry_after=waits)


def _reason(item: Item, provider: Provider) -> Reason | None:
    if item.word in (TIMEOUT, Reason.OUTPUT_TRUNCATED):
        return Reason(item.word)
    made = answer(item, spoken=provider.dialect, model="")
    return classify(
        status=made.head.status,
        headers=made.head.headers,
        body=made.content,
        provider=provider.vendor or provider.name,
        dialect=provider.dialect,
        rules=provider.rules,
    ).reason
