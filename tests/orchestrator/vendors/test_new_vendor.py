"""A vendor with an odd error is one new file, and nothing else changes."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

MODULE = '''
"""Oddball, whose errors look like nobody's."""

from orchestrator.classification.rule import Rule
from orchestrator.states.reasons import Reason, Scope
from orchestrator.vendors.record import Vendor

VENDOR = Vendor(
    "odd-ball",
    base_url="https://api.oddball.test/v1",
    keys=("ODDBALL_API_KEY",),
    documentation="https://oddball.test/docs",
    aliases=("oddie",),
    starter="odd-1",
    rules=(
        Rule("odd-ball.dry", Reason.BILLING, "https://oddball.test/errors (2026-11-29)",
             field="oops.n", codes={"E77"}, scope=Scope.ACCOUNT, hint="Fill the wallet: there."),
    ),
)
'''

# A program of its own: what a process has found of the vendors it keeps.
PROGRAM = """
import sys
from orchestrator import classify, vendors

vendors.__path__.append(sys.argv[1])
from orchestrator.config.loading import loads
from orchestrator.config.starter import starter

environ = {"ODDBALL_API_KEY": "quiet"}
(target,) = loads(starter(environ), environ).route()
assert (target.provider, target.model) == ("odd-ball", "odd-1"), target
config = loads('[routes]\\ndefault = ["odd-ball/odd-2"]', environ)
assert config.providers["odd-ball"].base_url == "https://api.oddball.test/v1"
assert vendors.at_address("https://api.oddball.test/v2").name == "odd-ball"

body = {"oops": {"why": "wallet is dry", "n": "E77"}}
for name in ("odd-ball", "oddie", "odd-ball-2", "oddie_work"):
    error = classify(status=418, body=body, provider=name)
    assert (error.reason, error.rule, error.scope) == ("billing", "odd-ball.dry", "account"), error
    assert (error.message, error.hint) == ("wallet is dry", "Fill the wallet: there."), error
assert classify(status=418, body=body, provider="deepseek").rule == "status.4xx"
"""


def run(folder: Path, module: str, program: str = PROGRAM) -> subprocess.CompletedProcess[str]:
    (folder / "odd_ball.py").write_text(module, encoding="utf-8")
    command = [sys.executable, "-c", program, str(folder)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False, text=True)


def test_a_vendor_with_an_odd_error_is_one_new_file(tmp_path: Path) -> None:
    done = run(tmp_path, MODULE)

    assert (done.returncode, done.stderr) == (0, "")


def test_a_vendor_with_a_rule_that_no_body_can_bring_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, MODULE.replace('field="oops.n", codes={"E77"}, ', ""))

    assert "the rule odd-ball.dry of odd-ball never matches: nothing points at it" in done.stderr


def test_a_vendor_under_anothers_name_is_refused(tmp_path: Path) -> None:
    done = run(tmp_path, MODULE.replace('    "odd-ball",', '    "even-ball",'))

    assert "odd_ball.py holds the vendor even-ball" in done.stderr
