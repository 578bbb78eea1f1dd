"""What `make test` leaves to `make test-all`: tests that take long, each with the reason.

Every kind of test keeps a quick one of its kind, so that a slow one is a second look at what
has been looked at. CI runs all of them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

Case = TypeVar("Case")


def slow(why: str) -> pytest.MarkDecorator:
    """Leaves a test, or a case of it, to `make test-all`.

    Args:
        why: What takes long, and what quick test of its kind is left.
    """
    return pytest.mark.slow(why)


def slow_but(quick: Collection[Case], cases: Iterable[Case], why: str) -> list[ParameterSet]:
    """The cases of a parametrised test, of which only some are quick.

    Args:
        quick: Those that `make test` runs.
        cases: All of them, in order.
        why: As of :func:`slow`.
    """
    missing = set(quick) - set(cases := list(cases))
    assert quick, "every kind of test keeps a quick one"
    assert not missing, f"no such cases: {missing}"
    return [pytest.param(one, marks=() if one in quick else slow(why)) for one in cases]
