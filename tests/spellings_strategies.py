"""Secrets, and the spellings in which a provider may echo one: :func:`spelled`."""

from __future__ import annotations

import base64
from collections.abc import Callable

from hypothesis import strategies as st

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~+/=:"

secret_values = st.text(st.sampled_from(LETTERS), min_size=8, max_size=48).filter(
    lambda value: len(set(value)) > 5
)

BY_CHARACTER: dict[str, Callable[[str], str]] = {
    "plain": str,
    "swapped": str.swapcase,
    "percent": lambda char: f"%{ord(char):02x}",
    "PERCENT": lambda char: f"%{ord(char):02X}",
    "percent_twice": lambda char: f"%25{ord(char):02X}",
    "u": lambda char: f"\\u{ord(char):04x}",
    "u_in_json": lambda char: f"\\\\u{ord(char):04x}",
    "x": lambda char: f"\\x{ord(char):02x}",
    "entity": lambda char: f"&#{ord(char)};",
    "hex_entity": lambda char: f"&#x{ord(char):X};",
}

FOLDS = ("", " ", "\n", "\r\n ", "\\n", "%0A", "\u200b")


@st.composite
def by_character(draw: st.DrawFn, value: str) -> str:
    """``value`` with each character in a spelling of its own, folded anywhere."""
    kinds = draw(st.lists(st.sampled_from(sorted(BY_CHARACTER)), min_size=1, max_size=4))
    folds = draw(st.lists(st.sampled_from(FOLDS), min_size=1, max_size=3))
    chars = [BY_CHARACTER[kinds[at % len(kinds)]](char) for at, char in enumerate(value)]
    return "".join(
        char + (folds[at % len(folds)] if at % 5 == 4 and at + 1 < len(chars) else "")
        for at, char in enumerate(chars)
    )


@st.composite
def as_base64(draw: st.DrawFn, value: str) -> str:
    """``value`` in base64 behind up to six other bytes, url-safe or not, padded or not."""
    before = draw(st.binary(max_size=6))
    encode = draw(st.sampled_from([base64.b64encode, base64.urlsafe_b64encode]))
    text = encode(before + value.encode()).decode()
    text = text.rstrip("=") if draw(st.booleans()) else text
    width = draw(st.sampled_from([0, 7, 76]))
    lines = [text[at : at + width] for at in range(0, len(text), width)] if width else [text]
    return draw(st.sampled_from(["\n", "\r\n"])).join(lines)


@st.composite
def as_hex(draw: st.DrawFn, value: str) -> str:
    """``value`` in hex, in one piece or byte by byte."""
    between = draw(st.sampled_from(["", ":", "-", " "]))
    text = value.encode().hex(between) if between else value.encode().hex()
    return text.upper() if draw(st.booleans()) else text


@st.composite
def spelled(draw: st.DrawFn, value: str) -> str:
    """``value`` in one of the spellings that others echo."""
    cased = draw(st.sampled_from([value, value.lower(), value.upper()]))
    return draw(st.one_of(by_character(cased), as_base64(cased), as_hex(cased)))
