"""Scripted providers as a program: ``python -m orchestrator.sim --script FILE.json``.

The file holds one object: the script of each provider, by its name. ``-`` reads it
from the first line of standard input. The first line printed is the port; the
providers are at ``http://127.0.0.1:PORT/NAME/v1``. The program ends when its standard
input does, and so never outlives the process that started it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import threading

from orchestrator.sim.book import Book
from orchestrator.sim.codec import load_scripts
from orchestrator.sim.control import Channel
from orchestrator.sim.script import ScriptError
from orchestrator.sim.server import Server


def main() -> None:
    """Serve until standard input ends; exit with 2 where the script cannot be used."""
    arguments = _arguments()
    try:
        book = Book(load_scripts(_read(arguments.script)))
        asyncio.run(_serve(book, arguments.port))
    except (OSError, ScriptError, json.JSONDecodeError) as error:
        print(f"{arguments.script}: {error}", file=sys.stderr)  # noqa: T201 - a program's own output
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


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


async def _serve(book: Book, port: int) -> None:
    stop = asyncio.Event()
    server: Server
    server = Server(book, Channel(book, lambda: server.connections))
    found = await server.start(port)
    print(found, flush=True)  # noqa: T201 - the parent waits for it
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
