"""Scripted providers as a program: ``python -m orchestrator.sim --script FILE.json``.

The file holds one object: the script of each provider, by its name. ``-`` reads it
from the first line of standard input. The first line printed is the port, for programs; on a
terminal it is the ``base_url`` of each provider, ``http://127.0.0.1:PORT/NAME/v1``. The
program ends when its standard input does, and so never outlives the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading
from collections.abc import Sequence
from typing import NoReturn

from orchestrator.sim.book import Book
from orchestrator.sim.codec import load_scripts
from orchestrator.sim.control import Channel
from orchestrator.sim.script import ScriptError
from orchestrator.sim.server import Server


def main() -> None:
    """Serve until standard input ends; exit with 2 where the script cannot be used."""
    arguments = _arguments()
    path, port = arguments.script, arguments.port
    try:
        scripts = load_scripts(_read(path))
        book = Book(scripts)
    except (ScriptError, ValueError) as error:  # what is no JSON, or not even text
        _fail(f"{path}: {error}")
    except OSError as error:
        _fail(f"cannot read {path}: {error.strerror or error}")
    try:
        asyncio.run(_serve(book, tuple(scripts), port))
    except OverflowError:
        _fail(f"--port {port}: allowed is 0 to 65535; 0 takes one that is free")
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        _fail(f"cannot listen on 127.0.0.1:{port}: {why}")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(words: str) -> NoReturn:
    print(f"error: {words}", file=sys.stderr)  # noqa: T201 - a program's own output
    sys.exit(2)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m orchestrator.sim")
    parser.add_argument(
        "--script", required=True, metavar="FILE.json", help="- for one line of standard input"
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    return parser.parse_args()


def _read(path: str) -> object:
    if path == "-":
        return json.loads(sys.stdin.readline())
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would slow the start
        return json.load(file)


async def _serve(book: Book, names: Sequence[str], port: int) -> None:
    stop = asyncio.Event()
    server: Server
    server = Server(book, Channel(book, lambda: server.connections))
    found = await server.start(port)
    # A program waits for the port alone; a person copies the addresses.
    addresses = [f"{name}  http://127.0.0.1:{found}/{name}/v1" for name in names]
    lines = addresses if sys.stdout.isatty() else [str(found)]
    print("\n".join(lines), flush=True)  # noqa: T201 - a program's own output
    loop = asyncio.get_running_loop()
    threading.Thread(target=_await_end, args=(loop, stop), daemon=True).start()
    await stop.wait()
    await server.stop()


def _await_end(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # Not sys.stdin: a thread inside its lock would break the interpreter's exit.
    while os.read(0, 65536):
        pass
    loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    main()
