"""Lines of a batch's input: OpenAI's batch-file format, checked before anything is asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

import attrs
import msgspec

from orchestrator.api.request import Request, RequestError
from orchestrator.config.errors import ConfigError, nearest
from orchestrator.dialects import DIALECTS
from orchestrator.serving.parse import called_at, parse_request
from orchestrator.serving.refusals import NotServed

LONGEST_LINE = 100_000_000
"""Bytes. OpenAI's whole files have at most 200 MB; a longer line is another kind of file."""

LONGEST_ID = 512
"""Characters of a ``custom_id``: it is told in every file and event of the batch."""

SHOWN = 10
"""Problems that are told one by one."""

_BOM = b"\xef\xbb\xbf"


class InputError(Exception):
    """The input cannot be used, and nothing was asked.

    Attributes:
        problems: The first of them, each with its line.
        count: How many lines have one.
    """

    def __init__(self, path: Path, problems: tuple[str, ...], count: int) -> None:
        self.problems, self.count = problems, count
        more = f"; and {count - len(problems):,} more" if count > len(problems) else ""
        super().__init__(f"{path}: nothing was asked: " + "; ".join(problems) + more)


@attrs.frozen
class BatchLine:
    """One line.

    Attributes:
        number: Where it stands in the file, from 1.
        custom_id: What its caller calls it.
        url: What would be asked of a gateway, such as ``/v1/chat/completions``.
        body: The request, in JSON.
    """

    number: int
    custom_id: str
    url: str
    body: str

    def request(self, route: tuple[str, ...], timeout: float | None) -> Request:
        """The request of a call that the line is.

        Args:
            route: Targets or a route in place of the model that its body names; may be empty.
            timeout: The call's deadline in seconds.

        Raises:
            RequestError: It makes no sense.
        """
        asked = LineRequest(self.url, self.body.encode())
        wanted = route[0] if len(route) == 1 else route or None
        return parse_request(asked, called_at(asked), route=wanted, timeout=timeout)


@attrs.frozen
class _Url:
    path: str
    params: Mapping[str, str]


class LineRequest:
    """A line as the HTTP request that a client would have sent; a :class:`.HttpRequest`.

    Attributes:
        content: The body.
    """

    method = "POST"
    headers: Mapping[str, str] = {}
    extensions: Mapping[str, Any] = {}

    def __init__(self, url: str, content: bytes) -> None:
        parts = urlsplit(url)
        self.url = _Url(parts.path, dict(parse_qsl(parts.query)))
        self.content = content


@attrs.frozen
class BatchInput:
    """A whole input that was checked.

    Attributes:
        path: The file.
        digest: SHA-256 of its bytes.
        count: How many lines it has.
        wanted: What the lines ask for, each once: routes or models.
    """

    path: Path
    digest: str
    count: int
    wanted: frozenset[str]


class _Line(msgspec.Struct):
    custom_id: str
    url: str
    body: msgspec.Raw
    method: str = "POST"


_DECODER = msgspec.json.Decoder(_Line)
_FIELDS = ("custom_id", "method", "url", "body")


def check_input(
    path: Path,
    find_target: Callable[[str], object] | None,
    progress: Callable[[int], None] | None = None,
) -> BatchInput:
    """Read all of ``path``, and refuse it where a line cannot be asked.

    Takes some 160 bytes of memory for each line: every ``custom_id`` is known once.

    Args:
        path: The file.
        find_target: Raises where a line's model names nobody; ``None`` where the batch's route
            stands in its place.
        progress: Called now and then with how many bytes were read since.

    Raises:
        InputError: Lines have problems.
        OSError: The file cannot be read.
    """
    checking = _Checking(find_target)
    digest, count, bad = hashlib.sha256(), 0, 0
    problems: list[str] = []
    with path.open("rb") as file:
        _refuse_compressed(path, file)
        for number, raw in _raw_lines(file):
            digest.update(raw)
            if progress is not None:
                progress(len(raw))
            if not raw.strip():
                continue
            count += 1
            if problem := checking.problem(number, raw):
                bad += 1
                if len(problems) < SHOWN:
                    problems.append(f"line {number}: {problem}")
    if not count:
        problems, bad = ["it has no line"], 1
    if bad:
        raise InputError(path, tuple(problems), bad)
    return BatchInput(path, digest.hexdigest(), count, frozenset(checking.wanted))


def read_lines(path: Path) -> Iterator[BatchLine]:
    """The lines of an input that was checked, one after the other."""
    with path.open("rb") as file:
        for number, raw in _raw_lines(file):
            if raw.strip():
                line = _DECODER.decode(raw.decode("utf-8", "surrogatepass").encode())
                yield BatchLine(number, line.custom_id, line.url, bytes(line.body).decode())


def _refuse_compressed(path: Path, file: BinaryIO) -> None:
    head = file.read(4)
    file.seek(0)
    if head[:2] == b"\x1f\x8b" or head == b"(\xb5/\xfd":
        raise InputError(path, ("it is compressed; allowed: JSON lines, unpacked",), 1)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(path, ("it is UTF-16; allowed: UTF-8",), 1)


def _raw_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines with their numbers; one that is too long in pieces of what is allowed."""
    number = 0
    while raw := file.readline(LONGEST_LINE + 1):
        number += 1
        yield number, raw.removeprefix(_BOM) if number == 1 else raw
        while len(raw) > LONGEST_LINE and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE + 1)


class _Checking:
    """What is known of the lines so far."""

    def __init__(self, find_target: Callable[[str], object] | None) -> None:
        self._find_target = find_target
        self._known: dict[bytes, int] = {}
        self._refused: dict[str, str] = {}
        self.wanted: set[str] = set()

    def problem(self, number: int, raw: bytes) -> str:
        """What is wrong with a line; empty where nothing is."""
        if len(raw) > LONGEST_LINE:
            return f"it is longer than {LONGEST_LINE // 1_000_000} MB"
        try:
            line = _DECODER.decode(raw)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            return _undecodable(raw, error)
        return self._id(number, line) or self._asked(line)

    def _id(self, number: int, line: _Line) -> str:
        if not line.custom_id or len(line.custom_id) > LONGEST_ID:
            return f"custom_id has {len(line.custom_id):,} characters; allowed: 1 to {LONGEST_ID}"
        if "\0" in line.custom_id:
            return "custom_id has a NUL, which PostgreSQL cannot hold"
        key = hashlib.blake2b(
            line.custom_id.encode("utf-8", "surrogatepass"), digest_size=16
        ).digest()
        if (first := self._known.setdefault(key, number)) != number:
            return f"custom_id {line.custom_id!r:.60} is that of line {first} too"
        return ""

    def _asked(self, line: _Line) -> str:
        if line.method != "POST":
            return f"method is {line.method!r:.20}; allowed: 'POST'"
        if not bytes(line.body).lstrip().startswith(b"{"):
            return "body is no object; allowed: a request in JSON"
        try:
            request = BatchLine(0, line.custom_id, line.url, bytes(line.body).decode()).request(
                (), None
            )
        except NotServed:
            paths = served_paths()
            return f"url is {line.url!r:.80}{nearest(line.url, paths)}; allowed: {_listed(paths)}"
        except (RequestError, UnicodeError, ValueError) as error:
            return f"body: {error}"
        if request.stream:
            return "body asks for a stream; allowed: an answer in one piece"
        return self._target(request)

    def _target(self, request: Request) -> str:
        if self._find_target is None:
            return ""
        wants = request.wants
        name = wants if isinstance(wants, str) else ""
        if name not in self._refused:
            self._refused[name] = _refusal(self._find_target, name)
            self.wanted.add(name)
        return self._refused[name]


def _refusal(find_target: Callable[[str], object], name: str) -> str:
    try:
        find_target(name)
    except (ConfigError, RequestError) as error:
        said = " ".join(str(error).split())
        return f"{said} (`--route NAME` asks that route whatever the lines name)"
    return ""


def served_paths() -> tuple[str, ...]:
    """What ``url`` may end with."""
    answers = [path for one in DIALECTS.values() for path in one.serving.paths]
    others = (
        path for one in DIALECTS.values() for spec in one.operations.values() for path in spec.paths
    )
    # As the vendors' own addresses begin.
    served = dict.fromkeys((*answers, *others))
    return tuple(f"/v1{path}" if path.startswith("/") else path for path in served)


def _listed(paths: tuple[str, ...]) -> str:
    return ", ".join(path if path.startswith("/") else f"…{path}" for path in paths)


def _undecodable(raw: bytes, error: Exception) -> str:
    """Why a line is none, in the words of a file of lines."""
    try:
        found = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as broken:
        return f"it is no JSON: {broken}"
    if not isinstance(found, dict):
        return f"it is no object; allowed: {{{', '.join(_FIELDS)}}}"
    for name in ("custom_id", "url", "body"):
        if name not in found:
            return f"it has no {name}{_meant(name, found)}"
    return str(error)


def _meant(name: str, found: Mapping[str, Any]) -> str:
    other = [key for key in found if key not in _FIELDS]
    return nearest(name, other)
