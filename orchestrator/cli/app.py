"""The commands, and the last place where anything can go wrong."""

from __future__ import annotations

import contextlib
import importlib.metadata
import logging
import os
import shlex
import sys
from collections.abc import Sequence
from typing import get_args

from cyclopts import App
from cyclopts.exceptions import (
    CycloptsError,
    MissingArgumentError,
    UnknownCommandError,
    UnusedCliTokensError,
)

from orchestrator.cli.exit_codes import INTERRUPTED, MISUSED, OneLineHandler
from orchestrator.cli.format import one_line
from orchestrator.cli.screen import Screen
from orchestrator.config.errors import nearest

COMMANDS = {
    "demo": "Watch a call meet a 402 and take its fallback: no key, no network.",
    "init": "Write a commented config from the keys found in the environment.",
    "import": "Write a config from one of LiteLLM or Hermes, and say what is not in it.",
    "run": "Ask a model, and show each attempt as it happens.",
    "check": "Find what is wrong with the config before a call does.",
    "classify": "Say what an error of a provider means, and what would be done about it.",
    "status": "Show what is known of each provider, credential and target.",
    "stats": "Sum up recorded calls: answered, rescued, lost, tokens, money, by target and day.",
    "verify": "Say which failures lose a call, and check every sequence of errors.",
    "diagram": "Draw the state machine: under a config, as calls took it, or as configs differ.",
    "simulate": "Run the machine against a script: no network, no keys, no waiting.",
    "replay": "Put recorded calls through a changed config: what would have been lost.",
    "audit": "Say which recorded calls went otherwise than the state machine goes.",
    "batch": "Answer a file of requests, line by line; a kill or a limit loses nothing.",
    "serve": "Serve the APIs that agents speak: any language, any SDK, one address.",
    "restart": "Put a new gateway process in the place of the running one, without a gap.",
    "service": "Run the gateway as a systemd user unit: write its file, show it, remove it.",
    "key": "Make, list and remove the keys of the gateway's callers.",
    "completion": "Print what lets a shell complete commands and options.",
}

EXAMPLES = {
    "demo": ("orchestrator demo", "orchestrator demo --keep incident"),
    "init": ("orchestrator init", "orchestrator init --output staging.toml"),
    "import": (
        "orchestrator import litellm config.yaml",
        "orchestrator import hermes ~/.hermes/config.yaml --output orchestrator.toml",
    ),
    "run": (
        'orchestrator run "Why is the sky blue?"',
        "orchestrator run --route openai/gpt-5-mini --explain < question.txt",
        "orchestrator run --file request.json --json > answer.json",
    ),
    "check": (
        "orchestrator check",
        "orchestrator check --live",
        "orchestrator check --request request.json --dialect anthropic-messages",
    ),
    "classify": (
        "orchestrator classify --status 402 --provider deepseek",
        "curl -i https://api.openai.com/v1/models | orchestrator classify -p openai",
        "orchestrator classify --exception httpx.ReadTimeout",
    ),
    "status": ("orchestrator status", "orchestrator status deepseek --reset"),
    "stats": (
        "orchestrator stats --since 7d",
        "orchestrator stats --plot",
        "orchestrator stats calls.jsonl.1 calls.jsonl --plot calls.svg",
    ),
    "verify": (
        "orchestrator verify",
        "orchestrator verify --max-attempts 16 --max-seconds 300",
    ),
    "diagram": (
        "orchestrator diagram --state classify",
        "orchestrator diagram --config orchestrator.toml --output machine.svg",
        "orchestrator diagram --call calls.jsonl --output path.svg",
    ),
    "simulate": (
        'orchestrator simulate "402, ok"',
        'orchestrator simulate "429(retry_after=2)@key#1, 503*3, ok" --calls 5',
        "orchestrator simulate --random 2000 --mix brown-out --picture day.svg",
    ),
    "replay": (
        "orchestrator replay calls.jsonl --config new.toml",
        "orchestrator replay calls.jsonl --config new.toml --max-lost 0",
    ),
    "audit": (
        "orchestrator audit calls.jsonl",
        "orchestrator audit --since 7d",
        "zstdcat calls.jsonl.zst | orchestrator audit -",
    ),
    "batch": (
        "orchestrator batch requests.jsonl -o answers.jsonl",
        "orchestrator batch in.jsonl -o out.jsonl --route default --max-cost 20",
        'orchestrator batch work --database "postgresql://me@db.example/llm"',
    ),
    "serve": (
        "orchestrator serve",
        "orchestrator serve --config orchestrator.toml --port 8400",
    ),
    "restart": ("orchestrator restart", "orchestrator restart --port 8400 --limit 2m"),
    "service": (
        "orchestrator service install --config ~/llm/orchestrator.toml",
        "orchestrator service install --print",
        "orchestrator service uninstall",
    ),
    "key": (
        "orchestrator key new ci --routes default --rpm 60 --expires 30d",
        'export OPENAI_API_KEY="$(orchestrator key new laptop)"',
        "orchestrator key list",
    ),
    "completion": (
        'eval "$(orchestrator completion bash)"',
        "orchestrator completion fish > ~/.config/fish/completions/orchestrator.fish",
    ),
}
"""What is typed, at the end of a command's help; each fits into 80 columns."""

STATUSES = {
    "verify": "0 holds, 1 broken, or a limit exceeded, 2 usage or config, 3 left before its end",
    "audit": "0 no call failed, 1 a call failed, 2 usage, config or file",
}
"""What the exit status of a command says where a script goes by it."""

MODULES = {"import": "import_config"}
"""The modules of commands whose names are words of Python."""

_WORDS = {
    "import": "[OPTIONS] TOOL FILE",
    "run": "[OPTIONS] [PROMPT...]",
    "status": "[OPTIONS] [PROVIDER]",
    "stats": "[OPTIONS] [LEDGERS...]",
    "simulate": "[OPTIONS] [SCRIPT]",
    "replay": "[OPTIONS] LEDGERS...",
    "audit": "[OPTIONS] [LEDGERS...]",
    "batch": "[OPTIONS] INPUT|work",
    "service": "[OPTIONS] ACTION",
    "key": "[OPTIONS] ACTION [NAME]",
    "completion": "[SHELL]",
}
"""What stands behind a command that takes words, by the names that its help explains."""

_HELP = "LLM calls that fail over as an explicit finite-state machine."

_EPILOGUE = (
    "Begin with `orchestrator demo`, then `orchestrator init`. "
    "Exit status: 0 done, 1 the call failed, 2 usage or config."
)


BROKEN_PIPE = 141
"""128 + SIGPIPE, as shells count."""


def serve(arguments: Sequence[str] | None = None) -> int:
    """Run the command that ``arguments`` name; the exit status.

    Args:
        arguments: What stands after the program's name; the process's own by default.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    screen = Screen()
    handler = OneLineHandler(screen)
    logger = logging.getLogger("orchestrator")
    logger.addHandler(handler)
    propagates, logger.propagate = logger.propagate, False
    try:
        return _run(tokens, screen)
    except KeyboardInterrupt:
        screen.say("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read has seen enough.
        _discard_rest()
        return BROKEN_PIPE
    except OSError as error:
        # Help and the version are written outside of any command: to a full disk, say.
        _discard_rest()
        with contextlib.suppress(OSError):
            screen.say(f"error: {error.strerror or error}")
        return MISUSED
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagates


def _discard_rest() -> None:
    """Lead what is still buffered nowhere: the interpreter flushes once more at its end."""
    descriptor = os.open(os.devnull, os.O_WRONLY)
    os.dup2(descriptor, sys.stdout.fileno())
    os.close(descriptor)


def _run(tokens: list[str], screen: Screen) -> int:
    if tokens[:1] == ["help"]:
        tokens = [*tokens[1:], "--help"]
    try:
        status = build_app(screen)(
            tokens,
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except UnknownCommandError as error:
        name = next(iter(error.unused_tokens or ()), "")
        screen.say(f"error: {_unknown(name, tokens)}")
        screen.say("see: orchestrator --help")
        return MISUSED
    except UnusedCliTokensError as error:
        words = shlex.join(error.unused_tokens or ())
        screen.say(f"error: too many words: {words}; what belongs together stands in quotes")
        screen.say(f"see: orchestrator {_command(tokens)}--help")
        return MISUSED
    except MissingArgumentError as error:
        screen.say(f"error: {_missing(error)}")
        screen.say(f"see: orchestrator {_command(tokens)}--help")
        return MISUSED
    except CycloptsError as error:
        screen.say(f"error: {one_line(str(error))}")
        screen.say(f"see: orchestrator {_command(tokens)}--help")
        return MISUSED
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0
    return status if isinstance(status, int) else 0


def _unknown(name: str, tokens: Sequence[str]) -> str:
    """What is wrong where no command is first."""
    if not name.startswith("-"):
        near = nearest(name, COMMANDS)
        return f"unknown command {name!r}{near}; allowed: {', '.join(COMMANDS)}"
    command = next((token for token in tokens if token in COMMANDS), "COMMAND")
    return f"options stand behind the command: orchestrator {command} {name} …"


def _missing(error: MissingArgumentError) -> str:
    """What a command lacks; of words that are few, which there are."""
    argument = error.argument
    words = () if argument is None else get_args(argument.hint)
    if argument is None or not all(isinstance(word, str) for word in words) or not words:
        return one_line(str(error))
    return f"{argument.name} is missing; allowed: {', '.join(words)}"


def build_app(screen: Screen) -> App:
    """The commands and their options, as they are read, explained and completed."""
    app = App(
        name="orchestrator",
        help=_HELP,
        help_epilogue=_EPILOGUE,
        version=_version,
        console=screen.out,
        error_console=screen.err,
        suppress_keyboard_interrupt=False,
    )
    for order, (name, words) in enumerate(COMMANDS.items()):
        # By name, so that a command's own imports wait until it is run.
        module = MODULES.get(name, name)
        app.command(
            f"orchestrator.cli.{module}:{module}",
            name=name,
            help=words,
            help_epilogue=_examples(name),
            usage=f"Usage: orchestrator {name} {_WORDS[name]}" if name in _WORDS else None,
            sort_key=order,
        )
    return app


def _examples(name: str) -> str:
    """The examples of a command in Markdown, one a line, and what its exit status says."""
    lines = "".join(f"\n- `{example}`" for example in EXAMPLES[name])
    status = f"\n\nExit status: {STATUSES[name]}." if name in STATUSES else ""
    return f"Examples:\n{lines}{status}"


def _command(tokens: list[str]) -> str:
    return f"{tokens[0]} " if tokens and tokens[0] in COMMANDS else ""


def _version() -> str:
    try:
        return importlib.metadata.version("llm-request-orchestrator")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
