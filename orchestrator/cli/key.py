"""``orchestrator key``: keys of the gateway's callers, made, listed and removed."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
from cyclopts import Parameter
from rich.text import Text

from orchestrator.api.errors import whole_duration
from orchestrator.cli.exit_codes import DONE, UsageError, exit_on_error
from orchestrator.cli.format import count
from orchestrator.cli.gateway_table import keys_path, unknown_routes
from orchestrator.cli.inputs import check_writable, read_duration
from orchestrator.cli.running_gateways import RunningGateways
from orchestrator.cli.screen import Screen
from orchestrator.config import loading
from orchestrator.gateway.daily_tokens import DailyTokens, day_of
from orchestrator.gateway.key_file import (
    MOST_PER_MINUTE,
    MOST_TOKENS,
    NAME,
    NAMES,
    GatewayKey,
    KeyFile,
    StoredKey,
    is_route_pattern,
)

_DAY = 86_400.0
_DAYS = re.compile(r"(\d{1,5})\s*d", re.ASCII)
_SWITCH = Parameter(negative="", show_default=False)
_MARGIN = 2

Action = Literal["new", "list", "remove"]


def key(  # noqa: PLR0913 - its options
    action: Action,
    name: str | None = None,
    /,
    *,
    routes: str | None = None,
    rpm: int | None = None,
    concurrency: int | None = None,
    tokens_per_day: int | None = None,
    expires: str | None = None,
    admin: Annotated[bool, _SWITCH] = False,
    keys: Annotated[Path | None, Parameter(name=["--keys", "-k"])] = None,
    config: Annotated[Path | None, Parameter(name=["--config", "-c"])] = None,
    json: Annotated[bool, _SWITCH] = False,
) -> int:
    """Make, list and remove the keys of the gateway's callers.

    A new key is printed once; the file holds its hash.

    Parameters
    ----------
    action
        new, list or remove.
    name
        Whose key it is: of a person, a machine or a service.
    routes
        What it may ask: routes, provider/model, or provider/*; commas between. Default: all.
    rpm
        Requests in any minute. Default, here and below: no limit.
    concurrency
        Requests at once.
    tokens_per_day
        Tokens of a day (UTC), of requests and answers.
    expires
        When it ends to be valid: 30d, 12h, or a day such as 2027-01-01. Default: never.
    admin
        Let it see the calls of all keys.
    keys
        The key file. Default: the one that the config names under [gateway].
    config
        The config. Default: $ORCHESTRATOR_CONFIG, ./orchestrator.toml, the user's folder.
    json
        Print one JSON object.
    """
    screen = Screen()
    with exit_on_error(screen, json=json):
        now = time.time()
        asked = {
            "--routes": routes,
            "--rpm": rpm,
            "--concurrency": concurrency,
            "--tokens-per-day": tokens_per_day,
            "--expires": expires,
            "--admin": admin or None,
        }
        _check(action, name, asked)
        if keys is not None and config is not None:
            raise UsageError("both --keys and --config are given; allowed: one of them")
        if action == "new":
            made = GatewayKey(
                name=_name(name),
                routes=_routes(routes),
                rpm=_limit("--rpm", rpm, MOST_PER_MINUTE),
                concurrency=_limit("--concurrency", concurrency, MOST_PER_MINUTE),
                tokens_per_day=_limit("--tokens-per-day", tokens_per_day, MOST_TOKENS),
                expires=_expires(expires, now),
                admin=admin,
                created=round(now, 3),
            )
            file = KeyFile(keys or keys_path(config))
            _warn_of_routes(screen, config, made, json=json)
            _make(screen, file, made, json=json)
            if keys is None and not json:
                _tell_who_asks_for_none(screen, file, config)
        elif action == "remove":
            _remove(screen, KeyFile(keys or keys_path(config)), _name(name), json=json)
        else:
            _list(screen, KeyFile(keys or keys_path(config)), now, json=json)
    return DONE


def _make(screen: Screen, file: KeyFile, made: GatewayKey, *, json: bool) -> None:
    check_writable(file.path)
    token = file.add(made)
    if json:
        screen.json({"keys_file": str(file.path), "made": made.name, "key": token})
        return
    # First the words: whoever sees both streams has the key last, to be copied.
    screen.say(f"made a key for {made.name} in {file.path}: {', '.join(_limits(made))}")
    screen.say("it is shown this once, since the file holds its hash:")
    screen.text(token)


def _warn_of_routes(screen: Screen, config: Path | None, made: GatewayKey, *, json: bool) -> None:
    """Say what of its routes nobody serves: they may come later, or are a slip of the pen."""
    for words in () if json else unknown_routes(config, made.routes or ()):
        screen.say(f"warning: --routes: {words}")


def _tell_who_asks_for_none(screen: Screen, file: KeyFile, config: Path | None) -> None:
    """Name the gateways of this config that let everybody in, as long as they have not read it."""
    for running, said in RunningGateways.of_config(loading.find(config)):
        if said.keys_file is None or said.keys_file == str(file.path.absolute()):
            continue
        what = "asks for other keys" if said.keys_file else "does not ask for keys yet"
        screen.say(
            f"note: the gateway on port {running.port} {what}; unless it serves with --watch, "
            f"which takes a few seconds: kill -HUP {running.pid}"
        )


def _remove(screen: Screen, file: KeyFile, name: str, *, json: bool) -> None:
    check_writable(file.path)
    file.remove(name)
    if json:
        screen.json({"keys_file": str(file.path), "removed": name})
    else:
        screen.result(f"removed the key of {name}; a running gateway refuses it in a second")


def _list(screen: Screen, file: KeyFile, now: float, *, json: bool) -> None:
    stored = file.list()
    used = _used_today(file, stored, now)
    if json:
        listed = [_listed(one, used, now) for one in stored]
        screen.json({"keys_file": str(file.path), "keys": listed})
        return
    if not stored:
        screen.result(f"no key is in {file.path}; `orchestrator key new NAME` makes one")
    width = max((len(one.key.name) for one in stored), default=0)
    for one in stored:
        screen.result(_headline(one, width, now))
        parts = _limits(one.key)
        if one.key.tokens_per_day is not None:
            parts.append(f"{used.get(one.key.name, 0):,} used")
        screen.result(Text(", ".join(parts), style="dim"), margin=_MARGIN)


def _used_today(file: KeyFile, stored: tuple[StoredKey, ...], now: float) -> Mapping[str, int]:
    if all(one.key.tokens_per_day is None for one in stored):
        return {}
    tokens = DailyTokens.of_keys(file.path)
    try:
        return tokens.used(day_of(now))
    finally:
        tokens.close()


def _headline(stored: StoredKey, width: int, now: float) -> Text:
    own = stored.key
    words, style = "valid", "green"
    if own.is_expired(now):
        words, style = f"expired {whole_duration(now - (own.expires or now))} ago", "red"
    elif own.expires is not None:
        words = f"valid for {whole_duration(own.expires - now)}"
    age = (f", made {whole_duration(now - own.created)} ago", "dim")
    return Text.assemble(own.name.ljust(width), f"  …{stored.ends}  ", (words, style), age)


def _limits(own: GatewayKey) -> list[str]:
    """What a key may, in words."""
    parts = ["any route" if own.routes is None else " ".join(own.routes)]
    if own.rpm is not None:
        parts.append(f"{count(own.rpm, 'request')} a minute")
    if own.concurrency is not None:
        parts.append(f"{own.concurrency:,} at once")
    if own.tokens_per_day is not None:
        parts.append(f"{own.tokens_per_day:,} tokens a day")
    return [*parts, "sees all calls"] if own.admin else parts


def _listed(stored: StoredKey, used: Mapping[str, int], now: float) -> dict[str, Any]:
    own = stored.key
    has_budget = own.tokens_per_day is not None
    return {
        **attrs.asdict(own),
        "ends": stored.ends,
        "expired": own.is_expired(now),
        "tokens_today": used.get(own.name, 0) if has_budget else None,
    }


def _check(action: Action, name: str | None, asked: Mapping[str, object]) -> None:
    if action == "list" and name is not None:
        raise UsageError(f"key list takes no name, found {name!r}; it lists all keys")
    if action != "list" and name is None:
        raise UsageError(f"key {action} needs a name: orchestrator key {action} NAME")
    given = next((option for option, value in asked.items() if value is not None), None)
    if action != "new" and given is not None:
        raise UsageError(f"{given} is for `key new`; to change a key, remove it and make a new one")


def _name(name: str | None) -> str:
    if name is None or not NAME.fullmatch(name):
        raise UsageError(f"the name is {name!r:.80}; allowed: {NAMES}")
    return name


def _routes(given: str | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    routes = tuple(route.strip() for route in given.split(","))
    for route in routes:
        if not is_route_pattern(route):
            raise UsageError(
                f"--routes: found {route!r:.80}; allowed: routes, provider/model, or provider/*, "
                "commas between"
            )
    return routes


def _limit(option: str, given: int | None, most: int) -> int | None:
    if given is not None and not 1 <= given <= most:
        raise UsageError(f"{option}: found {given}; allowed: 1 to {most:,}")
    return given


def _expires(given: str | None, now: float) -> float | None:
    if given is None:
        return None
    instant = _instant(given.strip(), now)
    if instant <= now:
        raise UsageError(f"--expires: {given!r} has passed; allowed: what is to come, such as 30d")
    return round(instant, 3)


def _instant(given: str, now: float) -> float:
    if days := _DAYS.fullmatch(given):
        return now + int(days[1]) * _DAY
    # Of a day that no clock of this system knows it is an overflow.
    with suppress(ValueError, OverflowError, OSError):
        return datetime.fromisoformat(given).astimezone().timestamp()
    with suppress(UsageError):
        return now + (read_duration(given, "--expires") or 0.0)
    raise UsageError(
        f"--expires: found {given!r:.80}; allowed: 30d, 12h, 90m, or a day such as 2027-01-01"
    )
