"""Configs whose failures are known by hand, and their matrices."""

from __future__ import annotations

from functools import cache

from orchestrator.config.config import Config
from orchestrator.lab.fault_matrix import FaultCase, FaultDepth, FaultReport, fault_report
from orchestrator.lab.simulation.loading import loads

HEAD = 'health = "memory"\n'


def provider(name: str, *keys: str, url: str = "") -> str:
    """A provider's table; its key is the variable of its name where none is given."""
    named = ", ".join(f'"env:{key}"' for key in keys or (f"{name.upper()}_KEY",))
    address = url or f"http://{name}.invalid/v1"
    return f'[providers.{name}]\nbase_url = "{address}"\ncredentials = [{named}]\n'


def route(*targets: str) -> str:
    """The table of the route ``default``."""
    named = ", ".join(f'"{one}"' for one in targets)
    return f"[routes]\ndefault = [{named}]\n"


README = (
    HEAD
    + '[policy]\nmax_attempts = 16\npatience = "10s"\n'
    + provider("deepseek", "KEY_1", "KEY_2")
    + provider("openai")
    + provider("corp")
    + route("deepseek/deepseek-v4-pro", "openai/gpt-5-mini", "corp/llama")
)
TWO = HEAD + provider("acme") + provider("beta") + route("acme/one", "beta/two")
STARVING = TWO + '[policy]\ndeadline = "126s"\n[policy.on]\ntimeout = ["retry"]\n'
ONE_KEY = HEAD + provider("acme") + route("acme/x", "acme/y", "acme/z")
ONE_ACCOUNT = HEAD + provider("acme") + provider("beta") + route("acme/x", "beta/y", "beta/z")
ALONE = HEAD + provider("acme") + route("acme/x")
SHARED = (
    HEAD
    + provider("acme", "KEY", url="http://one.invalid/v1")
    + provider("beta", "KEY", url="http://one.invalid/v1")
    + route("acme/x", "beta/y")
)
ONE_ADDRESS = (
    HEAD
    + provider("acme", url="http://one.invalid/v1")
    + provider("beta", url="http://one.invalid/v1")
    + route("acme/x", "beta/y")
)


def config(text: str) -> Config:
    """The config of ``text``; no key is set."""
    return loads(text, {}).config


@cache
def report(text: str, depth: FaultDepth = FaultDepth.SINGLE) -> FaultReport:
    """The report on its route, made once."""
    made = config(text)
    return fault_report(made, made.route(), depth=depth)


def case(text: str, name: str, *, streamed: bool = False) -> FaultCase:
    """The single fault of that name, ``acme: 402``."""
    singles = report(text).matrix.singles
    (found,) = (one for one in singles if (one.name, one.streamed) == (name, streamed))
    return found


def lines(text: str, depth: FaultDepth = FaultDepth.SINGLE) -> list[str]:
    """The single points of failure, as they are said."""
    return [point.text for point in report(text, depth).single_points]
