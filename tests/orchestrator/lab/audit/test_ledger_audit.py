"""Ledgers as they are found: interleaved, rotated, cut off, damaged, of another version."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.lab.audit import AuditReport, LedgerAudit
from orchestrator.ledger import FORMAT
from tests.orchestrator.lab.audit.recorded import SCRIPTS, Line, audited, first_call, lines_of


def numbered(lines: Iterable[Line], name: str) -> list[Line]:
    """The same as the lines of another call."""
    return [{**line, "call": name} for line in lines]


def verdicts(report: AuditReport) -> dict[str, int]:
    return {verdict.value: count for verdict, count in report.calls.items()}


def read(text: bytes, now: float = 0.0) -> AuditReport:
    audit = LedgerAudit(now)
    audit.read(text.splitlines(keepends=True), "calls.jsonl")
    return audit.end()


def text_of(lines: Iterable[Line]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_calls_that_interleave_are_judged_each_for_itself(data: st.DataObject) -> None:
    calls = [
        numbered(lines_of(script, stream=stream), f"call-{number}")
        for number, (script, stream) in enumerate(
            data.draw(st.lists(st.sampled_from(SCRIPTS), min_size=2, max_size=4))
        )
    ]
    bad = data.draw(st.integers(0, len(calls) - 1))
    calls[bad][-1]["attempts"] += 1
    left, mixed = [list(call) for call in calls], []
    while any(left):
        mixed.append(data.draw(st.sampled_from([call for call in left if call])).pop(0))

    report = audited(mixed)
    assert verdicts(report) == {"held": len(calls) - 1, "failed": 1}
    assert [one.call for one in report.failed] == [f"call-{bad}"]


@settings(max_examples=50, deadline=None)
@given(st.sampled_from(SCRIPTS), st.data())
def test_what_is_cut_off_anywhere_held_as_far_as_it_goes(
    script: tuple[str, bool], data: st.DataObject
) -> None:
    lines = lines_of(script[0], stream=script[1])
    text = text_of(lines)
    cut = data.draw(st.integers(1, len(text) - 1))

    report = read(text[:cut])
    assert report.holds
    assert report.damaged_lines == 0
    assert report.torn_ends == (not text[:cut].endswith(b"\n") and text[cut : cut + 1] != b"\n")
    assert report.total <= 1


def test_a_call_goes_on_in_the_next_file_and_one_begun_before_is_told() -> None:
    lines = lines_of("402, ok")

    assert verdicts(audited(lines[:4], lines[4:])) == {"held": 1}
    assert verdicts(audited(lines[4:])) == {"begun_before": 1}


def test_a_line_that_is_missing_is_a_fault_and_one_that_is_damaged_is_none() -> None:
    lines = first_call("503*3, ok")
    missing = audited([*lines[:4], *lines[5:]])
    damaged = read(text_of(lines[:4]) + text_of([lines[4]])[:70] + b"\n" + text_of(lines[5:]))

    assert verdicts(missing) == {"failed": 1}
    assert verdicts(damaged) == {"damaged": 1}
    assert damaged.damaged_at == ["calls.jsonl, line 5: it is not JSON"]


def test_what_is_before_a_damaged_line_is_judged_all_the_same() -> None:
    lines = first_call("503*3, ok")
    lines[1]["row"] = "started_wait"
    damaged = read(text_of(lines[:6]) + b"#\n" + text_of(lines[7:]))

    assert verdicts(damaged) == {"failed": 1}


def test_lines_of_nobody_are_counted_and_never_quoted() -> None:
    secret = b"sk-1234567890abcdef"
    other = b'{"kind": "opened", "call": 3, "key": "%b"}\n[1]\n\n  \n"%b"\n\xff\n' % (
        secret,
        secret,
    )
    report = read(other + text_of(lines_of("ok")) + secret + b"\n")

    assert (verdicts(report), report.damaged_lines) == ({"held": 1}, 5)
    assert secret.decode() not in str(report)


def test_another_version_is_named_and_not_judged() -> None:
    later, other = first_call("402, ok"), numbered(first_call("402, ok"), "other")
    for line in later:
        line["format"] = FORMAT + 1
    next(line for line in other if line.get("row") == "billing_fallback")["row"] = "former_row"

    report = audited([*later, *other])
    assert verdicts(report) == {"other_version": 2}
    assert any(f"format {FORMAT + 1}" in version for version in report.versions)
    assert any("'former_row'" in version for version in report.versions)


def test_of_calls_without_an_end_a_bounded_number_is_held() -> None:
    begun = [line for number in range(50) for line in numbered(lines_of("ok")[:2], str(number))]
    begun[3]["row"] = "started_wait"

    report = audited(begun, most_open=10)
    assert verdicts(report) == {"unended": 49, "failed": 1}
    assert report.let_go == 40


def test_whether_a_call_without_an_end_may_run_is_told_by_its_own_limits() -> None:
    lines = lines_of("ok")[:2]
    began = lines[0]["time"]

    assert read(text_of(lines), now=began + 60).may_run == 1
    assert read(text_of(lines), now=began + 86_400).may_run == 0


def test_a_call_without_a_target_is_judged_too() -> None:
    lines = lines_of("ok")[:2]
    lines[0]["route"] = []

    assert verdicts(audited(lines)) == {"failed": 1}
    assert verdicts(audited(lines[:1])) == {"unended": 1}


def test_calls_of_before_are_passed_over() -> None:
    old, new = numbered(lines_of("ok"), "old"), numbered(lines_of("402, ok"), "new")
    old[0]["time"] -= 1000.0

    report = audited([*old, *new], since=new[0]["time"] - 1)
    assert verdicts(report) == {"held": 1}


def test_a_file_that_is_read_twice_counts_twice_and_holds() -> None:
    lines = lines_of("402, ok")

    assert verdicts(audited(lines, lines)) == {"held": 2}
    assert verdicts(audited(lines[:3], lines)) == {"unended": 1, "held": 1}


def test_what_follows_the_end_of_a_call_is_a_fault() -> None:
    lines = lines_of("402, ok")

    assert verdicts(audited([*lines, lines[-2]])) == {"held": 0, "failed": 1}
