"""The logs of the HTTP libraries pass a masker for as long as its config is in use."""

from __future__ import annotations

import gc
import logging

import pytest

from orchestrator.secrets import Masker, guard_logs

SECRET = "quiet.Q7x.plumber"


@pytest.mark.parametrize("name", ["httpx", "httpcore.connection", "httpcore.http11"])
def test_a_record_is_masked_in_its_text_and_its_arguments(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    masker = Masker([SECRET])
    guard_logs(masker)
    logging.getLogger(name).debug("sent %r to %s", SECRET.encode(), "h")

    (record,) = caplog.records
    assert record.getMessage() == "sent b'***' to h"
    assert SECRET not in repr(vars(record))


def test_a_record_without_a_secret_stays_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    masker = Masker([SECRET])
    guard_logs(masker)
    logging.getLogger("httpx").info("HTTP Request: %s", "GET")
    logging.getLogger("httpx").info("broken")

    assert [(record.msg, record.args) for record in caplog.records] == [
        ("HTTP Request: %s", ("GET",)),
        ("broken", ()),
    ]


def test_a_masker_that_nobody_has_masks_nothing(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    guard_logs(Masker(["another.secret.Q7x"]))
    gc.collect()
    logging.getLogger("httpx").info("another.secret.Q7x")

    assert caplog.records[0].getMessage() == "another.secret.Q7x"
