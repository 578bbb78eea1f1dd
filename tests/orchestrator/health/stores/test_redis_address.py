"""URLs of shared stores: which are taken, and what is said of the others."""

from __future__ import annotations

import pytest

from orchestrator.health.stores.redis_address import read_address


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("redis://host:6379/0", "redis://host:6379/0", ""),
        ("redis://host", "redis://host", ""),
        ("rediss://user:hunter2@host:1/2", "rediss://host:1/2", "hunter2"),
        ("redis://:p%40ss@host", "redis://host", "p@ss"),
        ("rediss://host/0?ssl_ca_certs=/etc/ca.pem", "rediss://host/0", ""),
        ("unix:///run/redis.sock?db=3", "unix:///run/redis.sock", ""),
    ],
)
def test_a_sound_url_is_read(url: str, shown: str, password: str) -> None:
    address = read_address(url)

    assert (address.url.reveal(), address.shown) == (url, shown)
    assert address.password.reveal() == password
    assert "hunter2" not in repr(address)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("reddis://u:hunter2@host/0", "scheme is 'reddis'; did you mean redis://"),
        ("postgresql://u:hunter2@host/0", "allowed: redis://, rediss://, unix://"),
        ("redis://u:hunter2@/0", "names no host"),
        ("redis://u:hunter2@host:99999/0", "port is none; allowed: 1 to 65535"),
        ("redis://u:hunter2@host:port/0", "port is none"),
        ("redis://u:hunter2@host:0/0", "port is none"),
        ("redis://u:hunter2@host/zero", "database is 'zero'; allowed: a number"),
        ("redis://u:hunter2@host/0?ssl_ca_cert=x", "did you mean ssl_ca_certs"),
        ("redis://u:hunter2@host/0?db=x", "database is 'x'"),
        ("redis://u:hunter2#@host/0", "%23"),
        ("redis://[hunter2@host/0", "is no URL"),
        ("unix://", "names no socket"),
        ("redis://u:12/hunter2@host/0", "/ is written %2F"),
        ("redis://u?hunter2@host/0", "? %3F"),
        ("redis://host/0?ssl_ca_certs=x", "with rediss:// alone"),
    ],
)
def test_another_is_refused_with_what_is_allowed(url: str, words: str) -> None:
    with pytest.raises(ValueError, match="found ") as raised:
        read_address(url)

    assert words in str(raised.value)
    assert "hunter2" not in str(raised.value)


def test_a_scheme_in_capitals_is_written_as_the_client_takes_it() -> None:
    assert read_address("REDIS://host/0").url.reveal() == "redis://host/0"
