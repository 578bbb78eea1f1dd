"""Config: files and environment in, frozen values out.

The rules of the room: a config is either whole or refused, with everything that is
wrong in one error; no secret is shown, not even a wrong one; nothing here decides
about a call or opens a connection.
"""

from orchestrator.config.errors import ConfigError, Problem, UnknownRoute
from orchestrator.config.lint import Finding, Level, lint
from orchestrator.config.loading import find, load, loads
from orchestrator.config.records import (
    Config,
    Credential,
    Provider,
    TargetSettings,
)
from orchestrator.config.starter import starter

__all__ = [
    "Config",
    "ConfigError",
    "Credential",
    "Finding",
    "Level",
    "Problem",
    "Provider",
    "TargetSettings",
    "UnknownRoute",
    "find",
    "lint",
    "load",
    "loads",
    "starter",
]
