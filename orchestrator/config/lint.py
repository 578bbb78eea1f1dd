"""What ``orchestrator check`` says of a config that loads but will not do what it seems to."""

from __future__ import annotations

import bisect
import enum
import math
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import attrs

from orchestrator.config.accounts import shared_accounts
from orchestrator.config.config import PASSTHROUGH_MODEL, Config, makes_vectors, model_name
from orchestrator.config.weaknesses import deadline_used_up, no_other_provider, one_account
from orchestrator.connections.proxies import UnusableProxy, proxy_of
from orchestrator.connections.tls import UnusableCertificates, ssl_context
from orchestrator.health.retry_budget import COST, THROTTLED_COST
from orchestrator.http_messages import Address
from orchestrator.states.facts import Target
from orchestrator.states.limits import (
    FIRST_TOKEN_ALONE,
    FIRST_TOKEN_WITH_OTHERS,
    LARGEST_SHARE,
    STREAMED_NEEDS,
    WHOLE_NEEDS,
)
from orchestrator.states.policy import OnInterrupted, Policy
from orchestrator.states.reasons import Move, Reason


class Level(enum.StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    WARNING = "warning"


@attrs.frozen
class Finding:
    """One thing that is probably not meant.

    Attributes:
        level: ``error`` where something cannot work, ``warning`` where it may surprise.
        where: The key's path in the file.
        what: What was found.
        fix: What to do about it; empty where another finding says so.
        line: The line of the file at which it stands, from 1; ``None`` where there is none.
    """

    level: Level
    where: str
    what: str
    fix: str
    line: int | None = None


def lint(config: Config) -> tuple[Finding, ...]:
    """Everything that is doubtful about ``config``, errors first. It opens no connection."""
    findings = [
        *_warnings(config),
        *_routes(config),
        *_retries(config),
        *_unused(config),
        *_same_account(config),
        *_balances(config),
        *_readable(config),
        *_ledger(config),
        *_dead_rules(config),
        *_tls_options_without_tls(config),
        *dict.fromkeys(_connections(config)),  # what a variable names is many providers'
    ]
    return tuple(sorted(findings, key=lambda one: one.level is not Level.ERROR))


def _warning(where: str, what: str, fix: str) -> Finding:
    return Finding(Level.WARNING, where, what, fix)


def _warnings(config: Config) -> Iterator[Finding]:
    """What loading passed over: missing keys, targets without one, targets named twice."""
    for one in config.warnings:
        yield Finding(Level.WARNING, one.where, one.what, one.fix, one.line)


# Routes.


def _routes(config: Config) -> Iterator[Finding]:
    falls_back = any(Move.FALLBACK in moves for moves in config.policy.on.values())
    for name, route in config.routes.items():
        where = f"routes.{name}"
        if not route:
            fix = "give one of its providers a credential"
            yield Finding(Level.ERROR, where, "no target is left in it", fix)
        if len(route) > 1:
            yield from _chain(config, where, route, falls_back=falls_back)
        yield from _other_spaces(where, config.first_model(name), route)
        for target in route:
            yield from _own_limits(config, where, target)


def _chain(
    config: Config, where: str, route: tuple[Target, ...], *, falls_back: bool
) -> Iterator[Finding]:
    policy = config.policy
    if not falls_back:
        what = f"{route[1]} is never reached: no reason allows fallback"
        yield Finding(Level.ERROR, where, what, "list fallback in [policy.on]")
    if policy.max_attempts < len(route):
        what = f"{len(route)} targets, but only {policy.max_attempts} attempts: the last ones "
        yield _warning(where, f"{what}are never reached", "raise policy.max_attempts")
    if falls_back:
        yield from _time(config, where, route)
    if len({target.provider for target in route}) == 1:
        name = route[0].provider
        trouble = "down" if config.providers[name].keyless else "out of money"
        what = no_other_provider(f"{name} {trouble}")
        yield _warning(where, what, "add a target of another provider")


def _retries(config: Config) -> Iterator[Finding]:
    size = config.retry_budget
    if 0 < size < COST:
        least = "but after a rate limit" if size >= THROTTLED_COST else "at all"
        what = f"{size} tokens pay for no retry {least}: one costs {COST}"
        fix = f"write {COST} or more, or 0 for retries without a limit"
        yield _warning("policy.retry_budget", what, fix)


def _other_spaces(where: str, model: str, route: tuple[Target, ...]) -> Iterator[Finding]:
    """Targets that stand by for vectors in vain: those of other models lie in another space."""
    if not makes_vectors(model):
        return
    for target in route:
        if model_name(target.model) != model:
            what = f"{target} is never asked for embeddings: its model is another than {model}"
            yield _warning(where, what, "give it a route, and an index, of its own")


def _time(config: Config, where: str, route: tuple[Target, ...]) -> Iterator[Finding]:
    """Where a silent target costs those behind it their time, or all of it."""
    policy = config.policy
    if Move.FALLBACK not in policy.moves(Reason.TIMEOUT, first_target=True):
        what = deadline_used_up(f"{route[0]} silent", policy.deadline, str(route[1]))
        yield _warning(where, what, "list fallback for timeout in [policy.on]")
        return
    short = shortages(route, policy)
    if short:
        least = min(short, key=lambda one: one.seconds)
        what = (
            f"{len(route)} targets share {policy.deadline:g} s: where none answers, "
            f"{least.target} has {_amount(least.seconds)} s, but an answer may need "
            f"{least.needs:g} s"
        )
        yield _warning(where, what, _more_time(route, policy))


def _amount(seconds: float) -> str:
    return "less than 0.1" if seconds < 0.1 else f"{round(seconds, 1):g}"


def _more_time(route: tuple[Target, ...], policy: Policy) -> str:
    """What to write, so that each target has the time that it needs."""
    streamed = [attrs.evolve(target, stream=True) for target in route]
    longer = f'write deadline = "{enough(route, policy)}s" in [policy]'
    if shortages(streamed, policy):
        return f"{longer}, or shorten the route"
    return f'{longer}, or stream = "always" at the providers'


def _own_limits(config: Config, where: str, target: Target) -> Iterator[Finding]:
    needed = target.timeouts.connect + target.timeouts.total
    if needed > config.policy.deadline:
        what = f"{target} has {needed:g} s for an attempt, more than policy.deadline"
        yield _warning(where, what, "raise policy.deadline, or lower the target's total")


# Entries.


def _unused(config: Config) -> Iterator[Finding]:
    routed = {target for route in config.routes.values() for target in route}
    providers = {target.provider for target in routed}
    names = {target.name for target in routed}
    for name, provider in config.providers.items():
        # One without a credential has been reported as such.
        if name not in providers and provider.credentials:
            fix = "add a target of it to a route, or take it out"
            yield _warning(f"providers.{name}", "no route uses it", fix)
    for name in config.targets:
        entry, _, model = name.partition("/")
        # The limits of what the gateway passes through to a provider stand there.
        if model == PASSTHROUGH_MODEL:
            if entry not in config.providers:
                what = "nothing is passed through to it, since no route and no table names it"
                fix = f"write [providers.{entry}], or take this out"
                yield _warning(f'targets."{name}"', what, fix)
        elif name not in names:
            fix = "compare its spelling with the routes'"
            yield _warning(f'targets."{name}"', "no route names this target", fix)


def _same_account(config: Config) -> Iterator[Finding]:
    """Two entries with one key: a billing error of the one says nothing to the other."""
    for names in shared_accounts(config.providers):
        if len(names) > 1:
            yield _warning(f"providers.{names[-1]}", one_account(names), "name each account once")


def _balances(config: Config) -> Iterator[Finding]:
    """What is said of money where no vendor tells of it, or nobody asks."""
    for name, provider in config.providers.items():
        where = f"providers.{name}.warn_below"
        if provider.warn_below is None:
            continue
        if not provider.balances:
            what = "nothing says how much money is left there, so nobody is ever warned"
            yield _warning(where, what, "take it out, or watch the vendor's own page")
        elif not provider.balance_every:
            what = "balance is 0, so its vendor is never asked, and nobody is warned"
            yield _warning(where, what, 'write balance = "5m", or take this out')


def _readable(config: Config) -> Iterator[Finding]:
    """Files with secrets that every user of this machine can read, each once."""
    found: dict[Path | str, list[tuple[str, str]]] = {}
    for name, provider in config.providers.items():
        for one in provider.credentials:
            scheme, _, path = one.source.partition(":")
            file = config.path if scheme == "literal" else _beside(config, path)
            if scheme in ("literal", "file") and _world_readable(file):
                found.setdefault(file, []).append((name, one.label))
    for file, keys in found.items():
        labels = ", ".join(f"{label} of {name}" for name, label in keys)
        what = f"every user of this machine can read {file}, which holds {labels}"
        fix = f"chmod 600 {file}" + (", or write env:NAME" if file == config.path else "")
        yield _warning(f"providers.{keys[0][0]}.credentials", what, fix)


def _beside(config: Config, path: str) -> Path:
    folder = config.path.parent if isinstance(config.path, Path) else Path()
    return folder / Path(path).expanduser()


def _world_readable(file: Path | str) -> bool:
    try:
        return isinstance(file, Path) and bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False


def _ledger(config: Config) -> Iterator[Finding]:
    """A ledger that could not be written: a call would go on without it."""
    file = config.ledger
    if file is None:
        return
    why = fix = ""
    if file.exists():
        if file.is_dir():
            why, fix = "it is a folder", "name a file in it"
        elif not os.access(file, os.W_OK):
            why, fix = "you may not write it", "change its permissions, or name another file"
    elif not file.parent.is_dir():
        why, fix = f"there is no folder {file.parent}", "make the folder, or name another file"
    elif not os.access(file.parent, os.W_OK | os.X_OK):
        why, fix = f"you may not write in {file.parent}", "name a file in another folder"
    if why:
        yield Finding(Level.ERROR, "ledger", f"{file} cannot be written: {why}", fix)


def _dead_rules(config: Config) -> Iterator[Finding]:
    ruled = {name: one.rules for name, one in config.providers.items() if one.rules}
    if not ruled:
        return
    from orchestrator.classification.user_rules import shadowed_by

    for name, rules in ruled.items():
        shadows = shadowed_by(rules)
        for index, rule in enumerate(rules):
            if rule.id in shadows:
                where, fix = f"providers.{name}.rules[{index}]", "change it, or take it out"
                why = f"{shadows[rule.id]} comes first and takes all that it could match"
                yield _warning(where, f"never matches: {why}", fix)


def _tls_options_without_tls(config: Config) -> Iterator[Finding]:
    """What is said of TLS where none is spoken: perhaps ``https`` is meant."""
    for name, provider in config.providers.items():
        if not provider.credentials:
            continue  # nobody asks it, and what the environment says of it may be missing too
        address, options = Address.parse(provider.base_url), provider.connection
        if address.scheme != "http":
            continue
        # The certificates are those of a proxy too, to which TLS may be spoken.
        proxied = options.proxy is not None and bool(options.proxy)
        said = {"verify": options.verify != "" and not proxied, "http2": options.http2}
        for key, given in said.items():
            if given:
                what = f"has no effect: {address.scheme}://{address.host} is asked without TLS"
                yield _warning(f"providers.{name}.{key}", what, "write https://, or take it out")


def _connections(config: Config) -> Iterator[Finding]:
    """Proxies and certificates of the environment that no connection can be made with."""
    fix = "correct it, or unset it"
    for provider in config.providers.values():
        if not provider.credentials:
            continue
        url, options = Address.parse(provider.base_url), provider.connection
        try:
            proxy_of(url, options)
            if url.scheme == "https":
                ssl_context(options.verify, http2=options.http2)
        except UnusableProxy as error:
            yield Finding(Level.ERROR, error.source, error.why, fix)
        except UnusableCertificates as error:
            what = f"names {error.path}, which cannot be used: {error.why}"
            yield Finding(Level.ERROR, error.source, what, fix)


# What a route's deadline leaves each target where nobody answers, as calls share it out.


@attrs.frozen
class Share:
    """The time of one target.

    Attributes:
        target: The target.
        seconds: What an attempt there has, where all before it used up theirs.
        needs: What an attempt there needs: until its whole answer, or its first content.
    """

    target: Target
    seconds: float
    needs: float


def shares(route: Sequence[Target], policy: Policy) -> tuple[Share, ...]:
    """The time of each target of ``route`` where every one is silent, callers not streaming."""
    left, found = policy.deadline, []
    for place, target in enumerate(route):
        kept = min(sum(_needs(each, policy) for each in route[place + 1 :]), left * LARGEST_SHARE)
        limit = _limit(target, policy, others=place + 1 < len(route))
        given = min(limit, left - kept)
        found.append(Share(target, given, min(limit, _needs(target, policy))))
        left -= given
    return tuple(found)


def shortages(route: Sequence[Target], policy: Policy) -> tuple[Share, ...]:
    """The targets that have less than they need."""
    return tuple(one for one in shares(route, policy) if one.seconds < one.needs)


def enough(route: Sequence[Target], policy: Policy) -> int:
    """The shortest deadline, in whole tens of seconds, that leaves each target what it needs."""
    limits = sum(
        _limit(target, policy, others=place + 1 < len(route)) for place, target in enumerate(route)
    )
    # Twice all limits is enough for sure: then none of them is shortened.
    tens = range(1, 1 + math.ceil(limits / LARGEST_SHARE / 10))
    place = bisect.bisect_left(tens, True, key=lambda ten: _is_enough(route, policy, 10 * ten))
    return 10 * (place + 1)


def _is_enough(route: Sequence[Target], policy: Policy, deadline: float) -> bool:
    return not shortages(route, attrs.evolve(policy, deadline=deadline))


def _needs(target: Target, policy: Policy) -> float:
    return STREAMED_NEEDS if _streams(target, policy) else WHOLE_NEEDS


def _limit(target: Target, policy: Policy, *, others: bool) -> float:
    if not _streams(target, policy):
        return target.timeouts.total
    patient = target.reasoning or not others
    usual = FIRST_TOKEN_ALONE if patient else FIRST_TOKEN_WITH_OTHERS
    return usual if target.timeouts.first_token is None else target.timeouts.first_token


def _streams(target: Target, policy: Policy) -> bool:
    """Whether silence is noticed at the first content although the caller does not stream."""
    return target.stream is True and policy.on_interrupted is not OnInterrupted.HOLD
