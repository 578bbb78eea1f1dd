"""Whether a refusal names a field, by the words of the provider."""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"\w+://\S+")


def without_addresses(text: str) -> str:
    """``text`` without web addresses: what a page is called names no field."""
    return _ADDRESS.sub(" ", text)


def is_named(name: str, text: str) -> bool:
    """Whether ``text`` names the field ``name``, in camel or in snake case.

    A name that is an ordinary word counts only where it is marked as a name: quoted, at the
    end of a path such as ``messages.1.name``, or called a field, parameter or the like.
    """
    spellings = {name, snake(name), _camel(name)}
    return any(_marked(one, text) if _is_word(one) else is_said(one, text) for one in spellings)


def is_said(name: str, text: str) -> bool:
    """Whether ``name`` stands in ``text`` as a whole word."""
    return re.search(rf"(?<![\w$]){re.escape(name)}(?!\w)", text) is not None


def snake(name: str) -> str:
    """``maxLength`` as ``max_length``."""
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _camel(name: str) -> str:
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _is_word(name: str) -> bool:
    return name.isalpha() and name == name.lower()


def _marked(name: str, text: str) -> bool:
    quoted = rf"[`'\"]{name}[`'\"]"
    last = rf"[\w\])]\.{name}(?![\w.\[])"
    called = rf"(?:argument|attribute|field|key|name|parameter|property)(?: supplied)?:? {name}\b"
    return re.search(f"{quoted}|{last}|{called}", text) is not None
