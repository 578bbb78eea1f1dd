"""What `make test` leaves out: tests that take long, each with the reason.

Every kind of test keeps a quick one of its kind, so that a slow one is a second look at what
has been looked at. `make test-all` has the slow ones too; what costs most and finds least of them
is left to `make test-nightly`. CI runs both by night.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable
from typing import TypeVar

import pytest
from _pytest.mark.structures import ParameterSet

Case = TypeVar("Case", bound=Hashable)


def slow(why: str) -> pytest.MarkDecorator:
    """Leaves a test, or a case of it, to `make test-all`.

    Args:
        why: What takes long, and what quick test of its kind is left.
    """
    return pytest.mark.slow(why)


def nightly(why: str) -> pytest.MarkDecorator:
    """Leaves a test, or a case of it, to `make test-nightly`, which no change waits for.

    Args:
        why: What takes long, and what of its kind every change is held to.
    """
    return pytest.mark.nightly(why)


def slow_but(
    quick: Collection[Case],
    cases: Iterable[Case],
    why: str,
    *,
    night: Collection[Case] = (),
) -> list[ParameterSet]:
    """The cases of a parametrised test, of which only some are quick.

    Args:
        quick: Those that `make test` runs.
        cases: All of them, in order.
        why: As of :func:`slow`.
        night: Those of the others that are left to `make test-nightly`.
    """
    missing = {*quick, *night} - set(cases := list(cases))
    assert quick, "every kind of test keeps a quick one"
    assert not missing, f"no such cases: {missing}"
    marks = {one: nightly(why) if one in night else slow(why) for one in cases if one not in quick}
    return [pytest.param(one, marks=marks.get(one, ())) for one in cases]
