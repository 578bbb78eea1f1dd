"""Config: files and environment in, frozen values out.

The rules of the room: a config is either whole or refused, with everything that is
wrong in one error; no secret is shown, not even a wrong one; nothing here decides
about a call or opens a connection.

Errors are what everybody may meet; whoever has a config imports the rest from its own module:
:mod:`.config` (as used), :mod:`.loading`, :mod:`.lint`, :mod:`.starter`.
"""

from orchestrator.config.errors import ConfigError, Problem, UnknownRoute

__all__ = ["ConfigError", "Problem", "UnknownRoute"]
