"""Which proxy is chosen: as httpx chooses, and networks besides."""
# ruff: noqa: SLF001 - httpx tells nobody what it chose

from __future__ import annotations

import base64
import importlib.util
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.connections.proxies import CONFIGURED, UnusableProxy, choose_proxy, read_proxy
from orchestrator.http_messages import Address
from orchestrator.secrets import Secret

ROOT = Path(__file__).parents[3]

_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """The process's environment, with these and no other proxies."""
    before = dict(os.environ)
    for name in before:
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            del os.environ[name]
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


Choice = tuple[str, str, int, str] | None


def ours(url: httpx.URL) -> Choice:
    proxy = choose_proxy(url.scheme, url.host, url.port)
    if proxy is None:
        return None
    return proxy.scheme, proxy.host, proxy.port, proxy.authorization.reveal()


def of_httpx(url: httpx.URL) -> Choice:
    with httpx.Client(verify=_TRUSTS_NOBODY) as client:
        transport = client._transport_for_url(url)
        if transport is client._transport:
            return None
        assert isinstance(transport, httpx.HTTPTransport)
        pool = transport._pool
        address = pool._proxy_url  # type: ignore[attr-defined]
        headers = dict(pool._proxy_headers)  # type: ignore[attr-defined]
    scheme = address.scheme.decode()
    port = address.port or {"http": 80, "https": 443}[scheme]
    authorization = headers.get(b"Proxy-Authorization", b"").decode()
    return scheme, address.host.decode(), port, authorization


hosts = st.sampled_from(
    [
        *("example.com", "www.example.com", "wwwexample.com", "a.b.example.com", "com", "corp"),
        *("localhost", "my.localhost", "LOCALHOST", "Example.COM", "example.com.", "münchen.de"),
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "[::1]", "[fd00::5]"),
    ]
)
ports = st.sampled_from(["", ":80", ":443", ":8080", ":11434"])
schemes = st.sampled_from(["http", "https"])
urls = st.builds("{}://{}{}/v1".format, schemes, hosts, ports)
plain = st.builds(
    "{}{}{}".format,
    st.sampled_from(["", "", ".", "*", "*."]),
    hosts.filter(lambda host: host.isascii() and not host.startswith("[")),
    ports,
).filter(lambda entry: not entry.startswith(("*127", "*.127", ".127")))
addresses = st.sampled_from(["127.0.0.1", "::1", "fd00::5", "10.1.2.3", " 10.1.2.3 "])
patterns = st.builds(
    "{}://{}{}".format,
    st.sampled_from(["http", "https", "all"]),
    hosts | st.sampled_from(["", "*", "*.example.com", "*example.com"]),
    ports,
)
exclusions = st.lists(
    st.one_of(plain, addresses, patterns, st.sampled_from(["", " ", "*", "localhost", "all://"])),
    max_size=4,
).map(",".join)
users = st.sampled_from(["", "ann@", "ann:p%40ss@", ":only@", "a%3Ab:p:w@", "ann:pass@word@"])
proxies = st.one_of(
    st.just(""),
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "http://", "https://", "HTTP://"]),
        users,
        st.sampled_from(["proxy", "Proxy.corp", "127.0.0.1", "[::1]", "münchen.de"]),
        st.sampled_from(["", ":3128", ":80", ":443"]),
        st.sampled_from(["", "/", "/path?query"]),
    ),
)
variables = st.dictionaries(
    st.sampled_from(["http_proxy", "https_proxy", "all_proxy"]).flatmap(
        lambda name: st.sampled_from([name, name.upper()])
    ),
    proxies,
    max_size=4,
)


@given(
    proxied=variables,
    excluded=st.dictionaries(st.sampled_from(["no_proxy", "NO_PROXY"]), exclusions),
    method=st.sampled_from([None, None, "", "GET"]),
    asked=urls,
)
def test_the_choice_is_that_of_httpx(
    proxied: dict[str, str], excluded: dict[str, str], method: str | None, asked: str
) -> None:
    url = httpx.URL(asked)
    cgi = {} if method is None else {"REQUEST_METHOD": method}

    with environment({**proxied, **excluded, **cgi}):
        assert ours(url) == of_httpx(url)


@pytest.mark.parametrize(
    ("networks", "host", "inside"),
    [
        ("127.0.0.0/8", "127.0.0.1", True),
        ("127.0.0.0/8", "127.255.3.4", True),
        ("10.0.0.0/8", "127.0.0.1", False),
        ("10.0.0.0/255.0.0.0", "10.9.8.7", True),
        ("10.1.2.3/8", "10.9.8.7", True),
        ("192.168.0.0/16, fd00::/8", "fd12::1", True),
        ("192.168.0.0/16, fd00::/8", "fe80::1", False),
        ("::/0", "127.0.0.1", False),
        ("0.0.0.0/0", "localhost", False),
        ("10.0.0.0/99", "10.0.0.0", True),
        ("::0001", "::1", True),
        ("[::1]", "::1", True),
        ("[::1]:8080", "::1", True),
        ("[::1]:8081", "::1", False),
    ],
)
def test_no_proxy_may_name_networks(networks: str, host: str, *, inside: bool) -> None:
    with environment({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": networks}):
        assert (choose_proxy("http", host, 8080) is None) == inside


@pytest.mark.parametrize("named", ["straße.de", "xn--strae-oqa.de", "例え.jp"])
def test_no_proxy_names_a_host_as_an_address_does(named: str) -> None:
    host = Address.parse(f"http://{named}/v1").host

    with environment({"HTTP_PROXY": "http://proxy:3128", "NO_PROXY": named}):
        assert choose_proxy("http", host, 80) is None
        assert choose_proxy("http", f"other{host}", 80) is not None


def test_the_config_comes_before_the_environment() -> None:
    with environment({"HTTP_PROXY": "http://one:1", "NO_PROXY": "corp"}):
        chosen = choose_proxy("http", "corp", None, configured=Secret("https://two"))

        assert str(chosen) == f"two:443 ({CONFIGURED})"
        assert choose_proxy("http", "elsewhere", None, configured=Secret("")) is None


def test_a_change_of_the_environment_is_seen() -> None:
    seen = []
    for url in ("http://one:1", "http://two:2", ""):
        with environment({"https_proxy": url}):
            seen.append(str(choose_proxy("https", "corp", 443)))

    assert seen == ["one:1 (https_proxy)", "two:2 (https_proxy)", "None"]


SECRET = "hunter2-of-the-proxy"


def test_no_secret_is_shown() -> None:
    proxy = read_proxy(f"http://ann:{SECRET}@[::1]:3128", "ALL_PROXY")

    assert str(proxy) == "[::1]:3128 (ALL_PROXY)"
    assert SECRET not in repr(proxy)
    token = proxy.authorization.reveal().removeprefix("Basic ")
    assert base64.b64decode(token).decode() == f"ann:{SECRET}"
    assert proxy.url.reveal() == f"http://ann:{SECRET}@[::1]:3128"
    assert token not in repr(proxy)


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("ann:p%40ss", b"ann:p@ss"),
        ("j\u00f6:p%C3%A9", "j\u00f6:p\u00e9".encode()),
        # A variable in Latin-1, and what is percent-encoded so.
        ("j\udcf6:p%E9", b"j\xf6:p\xe9"),
    ],
)
def test_a_login_is_sent_in_the_bytes_that_it_is_written_in(written: str, sent: bytes) -> None:
    proxy = read_proxy(f"http://{written}@proxy:3128", "ALL_PROXY")

    assert base64.b64decode(proxy.authorization.reveal().removeprefix("Basic ")) == sent


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://{SECRET}@proxy:21",
        f"http://ann:{SECRET}@",
        f"http://ann:{SECRET}@:3128",
        f"http://ann:{SECRET}@proxy:port",
        f"http://ann:{SECRET}@proxy:0",
        f"http://ann:{SECRET}@proxy:65536",
        f"http://ann:{SECRET}/rest@proxy:3128",
        f"http://ann:{SECRET}@pro xy:3128",
        f"http://ann:{SECRET}@pro\udcffxy:3128",
        f"http://ann:{SECRET}@[::1:3128",
        f"ann:{SECRET}@//proxy",
        f"://{SECRET}",
    ],
)
def test_what_is_no_proxy_is_named_by_its_variable_and_without_its_secret(url: str) -> None:
    with environment({"HTTPS_PROXY": url, "HTTP_PROXY": "http://proxy:3128"}):
        assert str(choose_proxy("http", "corp", None)) == "proxy:3128 (HTTP_PROXY)"
        with pytest.raises(UnusableProxy, match=r"^HTTPS_PROXY .*allowed: http, http") as refused:
            choose_proxy("https", "corp", None)

    assert SECRET not in str(refused.value)


SOCKS = """
from orchestrator.connections.proxies import choose_proxy
chosen = choose_proxy("https", "corp", 443)
print(chosen, chosen.is_socks)
"""


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_socks_is_spoken_where_its_package_is_there(tmp_path: Path, scheme: str) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        variables = {"ALL_PROXY": f"{scheme}://ann:{SECRET}@proxy", "PYTHONPATH": str(path)}
        return subprocess.run(
            [sys.executable, "-c", SOCKS],
            cwd=ROOT, env=variables, capture_output=True, text=True, check=False,
        )  # fmt: skip

    (tmp_path / "with").mkdir()
    (tmp_path / "with" / "socksio.py").write_text("")

    assert run(tmp_path / "with").stdout == "proxy:1080 (ALL_PROXY) True\n"
    if importlib.util.find_spec("socksio") is None:
        said = run(tmp_path).stderr
        assert 'ALL_PROXY names a SOCKS proxy, which needs pip install "llm-request' in said
        assert SECRET not in said.splitlines()[-1]
