"""Through whom a provider is asked, whom it trusts, how much of an answer is read."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest
import trustme

from orchestrator.config import ConfigError
from orchestrator.config.loading import from_mapping, loads
from orchestrator.connections.proxies import proxy_of
from orchestrator.http_messages import DEFAULT_OPTIONS, Address
from orchestrator.provider import LARGEST_ANSWER, Provider
from orchestrator.secrets import MASK, Masker, Secret

ROOT = Path(__file__).parents[3]
SECRET = "hunter2-of-the-proxy"
URL = f"http://ann:{SECRET}@proxy.corp:3128"


def text(keys: str, top: str = "") -> str:
    return (
        f'{top}\n[providers.corp]\nbase_url = "https://llm.corp/v1"\n{keys}\n'
        '[routes]\ndefault = ["corp/m"]\n'
    )


def provider(keys: str, environ: dict[str, str] | None = None, top: str = "") -> Provider:
    return loads(text(keys, top), environ or {}).providers["corp"]


def refused(keys: str, environ: dict[str, str] | None = None, source: Path | str = "c") -> str:
    with pytest.raises(ConfigError) as error:
        loads(text(keys), environ or {}, source)
    (problem,) = error.value.problems
    assert SECRET not in str(error.value)
    assert SECRET not in repr(error.value)
    return str(problem)


def test_what_a_file_does_not_say_is_left_to_the_environment() -> None:
    found = provider("")

    assert found.connection == DEFAULT_OPTIONS
    assert found.largest_answer == LARGEST_ANSWER


def test_a_proxy_is_held_as_a_secret() -> None:
    found = provider(f'proxy = " {URL} "')

    assert found.connection.proxy == Secret(URL)
    assert SECRET not in repr(found)
    token = "YW5uOmh1bnRlcjItb2YtdGhlLXByb3h5"
    for said in (SECRET, f"ann:{SECRET}", token, SECRET.replace("-", "%2D")):
        assert Masker(found.secrets())(f"407, {said}!") == f"407, {MASK}!"


def test_a_proxy_may_be_named_by_a_variable_or_refused_altogether() -> None:
    assert provider('proxy = "env:CORP_PROXY"', {"CORP_PROXY": URL}).connection.proxy == Secret(URL)
    assert provider('proxy = ""', {"HTTPS_PROXY": URL}).connection.proxy == Secret("")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (f'"ann:{SECRET}@proxy:3128"', "is no address of a proxy; allowed: http, https, socks5"),
        (f'"ftp://ann:{SECRET}@proxy"', "has a scheme that no proxy is spoken to by"),
        (f'"http://ann:{SECRET}@"', "has no host, or one that cannot be"),
        ('"env:CORP_PROXY"', "the environment variable CORP_PROXY is not set"),
        (f'["{URL}"]', 'found a list; allowed: "http://proxy.corp:3128", "env:NAME", or ""'),
        ("false", 'found a boolean; allowed: "http://proxy.corp:3128", "env:NAME", or ""'),
    ],
)
def test_what_is_no_proxy_is_refused_without_its_secret(written: str, said: str) -> None:
    assert refused(f"proxy = {written}").startswith(f"providers.corp.proxy: {said}")


def test_a_private_authority_lies_beside_the_config(tmp_path: Path) -> None:
    trustme.CA().cert_pem.write_to_path(str(tmp_path / "corp-ca.pem"))

    found = loads(text('verify = "corp-ca.pem"'), {}, tmp_path / "orchestrator.toml")

    assert found.providers["corp"].connection.verify == str(tmp_path / "corp-ca.pem")
    assert provider(f'verify = "{tmp_path}/corp-ca.pem"').connection.verify == str(
        tmp_path / "corp-ca.pem"
    )


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("missing.pem", "cannot be used: No such file or directory"),
        ("empty.pem", "cannot be used: it holds no certificate in PEM form"),
        ("folder", "cannot be used: it holds no certificate under its hash"),
    ],
)
def test_certificates_that_cannot_be_used_are_named(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty.pem").write_text("")
    (tmp_path / "folder").mkdir()
    written = f'verify = "{name}"'

    problem = refused(written, source=tmp_path / "orchestrator.toml")

    assert problem.startswith(f"providers.corp.verify: {tmp_path / name} {said}")
    # Where nothing is sent, nobody has to be trusted.
    loads(text(written), {}, tmp_path / "orchestrator.toml", reads=False)


@pytest.mark.parametrize(
    ("written", "said"), [("\\u0000", "embedded null byte"), ("a" * 5000, "File name too long")]
)
def test_what_no_path_can_be_is_refused(written: str, said: str) -> None:
    problem = refused(f'verify = "{written}"')

    assert problem.startswith("providers.corp.verify: ")
    assert said in problem


def test_certificates_are_checked_but_on_the_same_machine() -> None:
    said = refused("verify = false")

    assert said.startswith("providers.corp.verify: found false, and the provider is not on this")
    assert "private authority" in said
    assert "allowed: a PEM file" in refused("verify = true")


@pytest.mark.parametrize("host", ["127.0.0.1:8443", "[::1]", "localhost", "llm.localhost"])
def test_nobody_is_checked_where_the_config_says_so_of_this_machine(host: str) -> None:
    written = text("verify = false").replace("llm.corp", host)

    assert loads(written, {}).providers["corp"].connection.verify is False


def test_who_is_not_checked_is_asked_through_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", URL)
    monkeypatch.setenv("no_proxy", "")
    here = "https://localhost:8443/v1"
    written = text("verify = false").replace("https://llm.corp/v1", here)
    unchecked = loads(written, {}).providers["corp"].connection

    assert proxy_of(Address.parse(here), unchecked) is None
    assert proxy_of(Address.parse(here), DEFAULT_OPTIONS) is not None
    with pytest.raises(ConfigError, match="is asked through a proxy"):
        loads(written.replace("verify", f'proxy = "{URL}"\nverify'), {})


@pytest.mark.parametrize(
    ("written", "meant"),
    [("proxi", "proxy"), ("ca_bundle", "verify"), ("http_2", "http2"), ("https_proxy", "proxy")],
)
def test_the_nearest_name_is_told(written: str, meant: str) -> None:
    assert f"(did you mean {meant!r}?)" in refused(f"{written} = true")


PACKAGED = """
import sys
from orchestrator.config.loading import from_mapping
corp = {"base_url": "https://llm.corp", "http2": True, "proxy": "socks5h://proxy.corp"}
table = {"providers": {"corp": corp}, "routes": {"default": ["corp/m"]}}
print(from_mapping(table, {}).providers["corp"].connection.http2)
"""


def test_what_needs_a_package_names_its_extra(tmp_path: Path) -> None:
    def run(path: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", PACKAGED],
            cwd=ROOT, env={"PYTHONPATH": str(path)}, capture_output=True, text=True, check=False,
        )  # fmt: skip

    (tmp_path / "with").mkdir()
    for name in ("h2", "socksio"):
        (tmp_path / "with" / f"{name}.py").write_text("")

    assert run(tmp_path / "with").stdout == "True\n"
    for name, extra in (("h2", "http2"), ("socksio", "socks")):
        if importlib.util.find_spec(name) is None:
            assert f"-m pip install '.[{extra}]'" in run(tmp_path).stderr


def test_the_largest_answer_is_that_of_every_provider() -> None:
    assert provider("", top='[policy]\nlargest_answer = "8 MiB"').largest_answer == 8 * 2**20
    table = {"policy": {"largest_answer": 5_000_000}, "routes": {"default": ["ollama/m"]}}
    assert from_mapping(table, {}).providers["ollama"].largest_answer == 5_000_000
    with pytest.raises(ConfigError, match=r"policy.largest_answer: found '1 kB'; allowed: a size"):
        provider("", top='[policy]\nlargest_answer = "1 kB"')
